/**
 * Every code that a problem document can carry, with its HTTP status and title. Codes are stable: clients may decide by them.
 * A rejection of the domain whose code is not listed is a conflict (409).
 */
export const problemCodes = {
  'malformed-json': [400, 'The body is not JSON'],
  'validation-failed': [400, 'The request has invalid fields'],
  unauthenticated: [401, 'A valid credential is needed'],
  'enrolment-refused': [401, 'The enrolment token is not valid'],
  'enrolment-used': [401, 'The enrolment token is used up'],
  'enrolment-expired': [401, 'The enrolment token has expired'],
  forbidden: [403, 'The caller may not do this'],
  'self-approval': [403, 'Nobody approves what they requested'],
  'not-an-approver': [403, 'Only the named approvers may decide'],
  'second-person-required': [403, 'A second person has to do this'],
  'route-not-found': [404, 'There is no such route'],
  'upgrade-not-found': [404, 'There is no such upgrade'],
  'target-not-found': [404, 'There is no such target'],
  'profile-not-found': [404, 'There is no such profile'],
  'assignment-job-not-found': [404, 'There is no such assignment job'],
  'calendar-not-found': [404, 'There is no such calendar'],
  'release-not-found': [404, 'There is no such release'],
  'job-not-found': [404, 'There is no such job'],
  'not-a-member': [404, 'The target is no member of the upgrade'],
  conflict: [409, 'The present state does not allow this'],
  'profile-deleted': [410, 'The profile was deleted'],
  'precondition-failed': [412, 'Somebody changed it in the meantime'],
  'body-too-large': [413, 'The body is too large'],
  'unsupported-media-type': [415, 'The body has to be application/json'],
  'idempotency-key-reused': [422, 'The idempotency key was used with another body'],
  'release-not-registered': [422, 'The release is not registered'],
  'release-withdrawn': [422, 'The release was withdrawn'],
  'nothing-to-upgrade': [422, 'No target is left to upgrade'],
  'too-many-waves': [422, 'There would be too many waves'],
  'window-over': [422, 'The window is over'],
  'version-invalid': [422, 'The version is not one'],
  'window-too-short': [422, 'The window is too short'],
  'internal-error': [500, 'Something went wrong'],
  contention: [503, 'Too many changes at once'],
  unavailable: [503, 'A part of the service does not answer'],
} as const satisfies Record<string, readonly [status: number, title: string]>

export type ProblemCode = keyof typeof problemCodes

/** One invalid field: where it is, what it was, and what would be right. */
export interface FieldError {
  readonly field: string
  readonly value: unknown
  readonly expected: string
}

/** An RFC 9457 problem document. */
export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance: string
  readonly code: string
  readonly correlationId: string
  readonly errors?: readonly FieldError[]
}

/** An answer other than success, thrown anywhere below a handler and mapped once by the problems middleware. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: string
  readonly errors: readonly FieldError[]
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: string,
    detail: string,
    { errors = [], retryAfterSeconds }: { errors?: readonly FieldError[]; retryAfterSeconds?: number } = {},
  ) {
    super(detail)
    this.code = code
    this.errors = errors
    this.retryAfterSeconds = retryAfterSeconds
  }
}

const known = (code: string): code is ProblemCode => Object.hasOwn(problemCodes, code)

/** Returns the HTTP status of a code. */
export function statusOf(code: string): number {
  return problemCodes[known(code) ? code : 'conflict'][0]
}

/** Returns the document that tells a client about a problem. What caused a 5xx stays in the log: its detail is generic. */
export function problemDocument(problem: Problem, instance: string, correlationId: string): ProblemDocument {
  const [status, title] = problemCodes[known(problem.code) ? problem.code : 'conflict']
  return {
    type: `urn:drydock:problem:${problem.code}`,
    title,
    status,
    detail:
      status >= 500
        ? `${title}. Try again; if it goes on, quote the correlation id ${correlationId}.`
        : problem.message,
    instance,
    code: problem.code,
    correlationId,
    ...(problem.errors.length > 0 && { errors: problem.errors }),
  }
}
