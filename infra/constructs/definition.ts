import { readFileSync } from 'node:fs'

/** A state machine in the Amazon States Language, or the part of one that is a branch or done with each item. */
export interface Definition {
  readonly States: Readonly<Record<string, State>>
  readonly [field: string]: unknown
}

interface State {
  readonly Type: string
  readonly Resource?: string
  readonly Retry?: unknown
  /** A Map's, for each item. */
  readonly ItemProcessor?: Definition
  /** A Parallel's. */
  readonly Branches?: readonly Definition[]
  readonly [field: string]: unknown
}

const patience = { BackoffRate: 2, MaxDelaySeconds: 60, JitterStrategy: 'FULL' } as const

const lambdaItself = {
  Comment: 'Lambda itself is in trouble: the errors that AWS recommends to retry',
  ErrorEquals: [
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
  ],
  IntervalSeconds: 1,
  MaxAttempts: 6,
  ...patience,
} as const

const anythingElse = {
  Comment:
    'Anything else may be a passing fault; one that persists ends this generation, and the next asks the log',
  ErrorEquals: ['States.TaskFailed', 'States.Timeout'],
  IntervalSeconds: 2,
  MaxAttempts: 5,
  ...patience,
} as const

/** A wait that took longer than expected has not failed: its timeout is caught and asks the log. */
const butTimeouts = { ...anythingElse, ErrorEquals: ['States.TaskFailed'] } as const

/**
 * Returns a state machine of `statemachines/` by its name, with what every Task tries again: the file shows the story alone. Throws
 * where a state brings a Retry of its own, which would be a second place for the rule.
 */
export function definitionOf(machine: string): Definition {
  const file = new URL(`../../statemachines/${machine}.asl.json`, import.meta.url)
  // asl-validator checks the form of the file and of what is made of it.
  return withRetries(JSON.parse(readFileSync(file, 'utf8')) as Definition)
}

/** Gives every Task its retriers, those inside of a Parallel and a Map too. */
export function withRetries(definition: Definition): Definition {
  const states = Object.entries(definition.States).map(([name, state]) => [name, retrying(name, state)])
  return { ...definition, States: Object.fromEntries(states) }
}

function retrying(name: string, state: State): State {
  const { Type, Resource, Retry, ItemProcessor, Branches } = state
  if (Retry !== undefined)
    throw new Error(`The state "${name}" has a Retry: leave it out, every Task is given the same ones.`)
  const waits = Resource?.endsWith('.waitForTaskToken')
  return {
    ...state,
    ...(Type === 'Task' && { Retry: [lambdaItself, waits ? butTimeouts : anythingElse] }),
    ...(ItemProcessor && { ItemProcessor: withRetries(ItemProcessor) }),
    ...(Branches && { Branches: Branches.map(withRetries) }),
  }
}
