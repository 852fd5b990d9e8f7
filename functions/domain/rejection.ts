/** Why a command is refused: a typed value, not an exception. The API maps the code to an HTTP status. */
export interface Rejection {
  /** Stable, kebab-case: clients may branch on it. */
  readonly code: string
  /** What was wrong and what would be right, in words for the person who reads it. */
  readonly detail: string
}
