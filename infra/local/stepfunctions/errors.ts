/** What a state ends with when it fails: AWS's Error and Cause, both optional as in a Fail state. */
export interface Failure {
  readonly error?: string
  readonly cause?: string
}

/** Thrown while a state runs; Retry and Catch decide what becomes of it. */
export class StateFailed extends Error {
  override readonly name: string = 'StateFailed'
  readonly failure: Failure

  constructor(error: string, cause?: string) {
    super(cause === undefined ? error : `${error}: ${cause}`)
    this.failure = cause === undefined ? { error } : { error, cause }
  }
}

/** A JSONata expression that could not give what its field needs; `location` is the field, such as `Output/result`, if there is one. */
export class EvaluationFailed extends StateFailed {
  override readonly name = 'EvaluationFailed'
  readonly location: string | undefined

  constructor(location: string | undefined, cause: string) {
    super('States.QueryEvaluationError', cause)
    this.location = location
  }
}

/** A request refused on the wire: `type` is the name of AWS's exception. */
export class StepFunctionsError extends Error {
  override readonly name = 'StepFunctionsError'
  readonly type: string

  constructor(type: string, message: string) {
    super(message)
    this.type = type
  }
}

/** A definition refused at creation: names the state and the field. */
export class InvalidDefinition extends StepFunctionsError {
  constructor(machine: string, place: string, problem: string) {
    super('InvalidDefinition', `Invalid State Machine Definition '${machine}': ${place}: ${problem}`)
  }
}

/**
 * Whether a Retry or Catch naming `errorEquals` takes an error. States.Runtime is never taken;
 * States.DataLimitExceeded only by its own name; States.TaskFailed is everything but a timeout; a missed
 * heartbeat also counts as States.Timeout.
 * Source: Visit Functions Developer Guide, "Handling errors in Step Functions workflows".
 */
export function matchesError(errorEquals: readonly string[], error: string | undefined): boolean {
  if (error === undefined || error === 'States.Runtime') return false
  if (errorEquals.includes(error)) return true
  if (error === 'States.DataLimitExceeded') return false
  const timeout = error === 'States.Timeout' || error === 'States.HeartbeatTimeout'
  return (
    errorEquals.includes('States.ALL') ||
    (errorEquals.includes('States.TaskFailed') && !timeout) ||
    (errorEquals.includes('States.Timeout') && timeout)
  )
}
