/** An error of ours that passes by itself: whoever meets it tries again, later and without change. */
export abstract class PassingError extends Error {}

/** An error of ours that the same data meets again however often it is tried: the data, or this version of the code, is at fault. */
export abstract class LastingError extends Error {}

/** Some of many could not be done; all others were. */
export class SomeFailed extends Error {
  override readonly name = 'SomeFailed'
  readonly failed: readonly Failed[]
  constructor(failed: readonly Failed[]) {
    const [first] = failed
    const told = failed.slice(0, namedAtMost).map(({ what }) => what)
    const others = failed.length > told.length ? ` and ${failed.length - told.length} more` : ''
    super(`${failed.length} failed: ${told.join(', ')}${others}. The first: ${String(first?.error)}`, {
      cause: first?.error,
    })
    this.failed = failed
  }
}

/** One of many that could not be done. */
export interface Failed {
  readonly what: string
  readonly error: unknown
}

/** So many of those that failed are named in words. */
const namedAtMost = 20

/** Something that the log must hold, since it is cited there, and does not: run the audit. */
export class NotInTheLog extends LastingError {
  override readonly name = 'NotInTheLog'
  constructor(what: string) {
    super(`${what} is not in the log.`)
  }
}

/** By these DynamoDB says that it has done nothing, and that the same request may succeed later. */
const putOff = [
  'TransactionConflictException',
  'ReplicatedWriteConflictException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
]

/** By these a service, or the network on the way, says that it does not answer now; the request may have been carried out. */
const unanswered = [
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
]

/** By these a library, a service or the language says that what it was given is wrong, or that the code is. */
const wrong = [
  'ItemCollectionSizeLimitExceededException',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'ValidationException',
  'ZodError',
]

/** Is an error known by one of these names? The SDK gives it as the name, Node and the statements of DynamoDB as a code. */
function isKnownAs(error: Error, names: readonly string[]): boolean {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return names.includes(error.name) || names.includes(code)
}

/** Did DynamoDB refuse without having done anything, for now? */
export function isPutOff(error: Error): boolean {
  return isKnownAs(error, putOff)
}

/** Is it known to pass by itself? The same call goes through later, without anybody mending anything. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  // What passes is tried again; what remains then lasts.
  if (error instanceof SomeFailed) return error.failed.some((one) => isPassing(one.error))
  if (error instanceof PassingError || isPutOff(error) || isKnownAs(error, unanswered)) return true
  const { $retryable, $metadata } = error as {
    $retryable?: unknown
    $metadata?: { httpStatusCode?: number }
  } // what the SDK adds to its errors
  return $retryable !== undefined || ($metadata?.httpStatusCode ?? 0) >= 500
}

/**
 * Is it known to last? Only what the data, or this version of the code, is at fault for: whoever meets it sets it aside and goes on. All
 * else may pass, and is tried again: rights that are not granted yet, credentials that ran out, names that do not resolve, limits, and
 * whatever nobody has met before. Projector and reactor both decide by this (design: #passing-errors).
 */
export function isLasting(error: unknown): boolean {
  if (error instanceof SomeFailed) return error.failed.every((one) => isLasting(one.error))
  return error instanceof LastingError || (error instanceof Error && isKnownAs(error, wrong))
}
