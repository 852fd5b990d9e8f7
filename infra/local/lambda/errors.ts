/** How an invocation failed; `name` and `errorType` are the type as Lambda reports it. */
export class FunctionError extends Error {
  readonly errorType: string
  readonly errorMessage: string
  readonly trace: readonly string[]

  constructor(errorType: string, errorMessage: string, trace: readonly string[] = []) {
    super(errorMessage)
    this.name = errorType
    this.errorType = errorType
    this.errorMessage = errorMessage
    this.trace = trace
  }
}

/** Returns what Lambda would report of anything that a function threw. */
export function functionErrorOf(error: unknown): FunctionError {
  if (error instanceof FunctionError) return error
  if (error instanceof Error)
    return new FunctionError(error.name, error.message, (error.stack ?? '').split('\n'))
  return new FunctionError(
    'Error',
    typeof error === 'string' ? error : (JSON.stringify(error) ?? String(error)),
  )
}

// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const maximumPayloadBytes = 6 * 1024 * 1024

/** Returns an event or an answer as it goes over the wire. Throws a FunctionError for one that is larger than Lambda takes. */
export function wire(value: unknown, what: 'event' | 'response'): string {
  const text = JSON.stringify(value) ?? 'null'
  if (text.length <= maximumPayloadBytes) return text
  throw new FunctionError(
    what === 'event' ? 'RequestEntityTooLargeException' : 'Function.ResponseSizeTooLarge',
    `The ${what} has ${text.length} bytes, Lambda takes at most ${maximumPayloadBytes}.`,
  )
}
