/** Why a command is refused: a typed value, not an exception. The API maps the code to an HTTP status. */
export interface Rejection {
  /** Stable, kebab-case: clients may branch on it. */
  readonly code: string
  /** What was wrong and what would be right, in words for the person who reads it. */
  readonly detail: string
  /** The fields of the request that it is about, a hundred at most. */
  readonly fields?: readonly RefusedField[]
}

/** One field of a request that is refused: where it is, as `targets.ids.3`, what it is, and what would be right. */
export interface RefusedField {
  readonly field: string
  readonly value: string
  readonly expected: string
}
