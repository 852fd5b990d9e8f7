/** An error of ours that passes by itself: whoever meets it tries again, later and without change. */
export abstract class PassingError extends Error {}

/** By these DynamoDB says that it has done nothing, and that the same request may succeed later. */
const putOff: ReadonlySet<string> = new Set([
  'TransactionConflictException',
  'ReplicatedWriteConflictException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
])

/** By these a service, or the network on the way, says that it does not answer now; the request may have been carried out. */
const unanswered: ReadonlySet<string> = new Set([
  'InternalServerError',
  'InternalFailure',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  'TimeoutError',
  'NetworkingError',
  'AbortError',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
])

/** Errors that the same data meets again however often it is tried. */
const lasting: ReadonlySet<string> = new Set([
  'BrokenStream',
  'ItemCollectionSizeLimitExceededException',
  'ProjectionFault',
  'SyntaxError',
  'UndecodableEvent',
  'ValidationException',
  'ZodError',
])

/** Did DynamoDB refuse without having done anything, for now? */
export function isPutOff(error: Error): boolean {
  return putOff.has(error.name)
}

/** Is it known to pass by itself? The same call goes through later, without anybody mending anything. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof PassingError || isPutOff(error)) return true
  const { code, $retryable, $metadata } = error as {
    code?: unknown
    $retryable?: unknown
    $metadata?: { httpStatusCode?: number }
  } // what the SDK adds to its errors
  if (unanswered.has(error.name) || (typeof code === 'string' && unanswered.has(code))) return true
  return $retryable !== undefined || ($metadata?.httpStatusCode ?? 0) >= 500
}

/** Is it known to last? The data, or this version of the code, is at fault. */
export function isLasting(error: unknown): boolean {
  return error instanceof Error && lasting.has(error.name)
}
