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
  'release-held-back': [422, 'The release is held back'],
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
