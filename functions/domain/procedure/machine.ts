import type { ProcedureDocument, ProcedureStep } from '../../../events/procedure.ts'
import type { Direction } from '../../../events/target.ts'
import { actionsOf, inverseOf, kindOf, longestCall, mayRepeat, type NamedAction } from './steps.ts'

/** A state machine in the Amazon States Language. */
export interface MachineDefinition {
  readonly Comment: string
  readonly QueryLanguage: 'JSONata'
  readonly StartAt: string
  readonly States: Readonly<Record<string, object>>
}

/** What the task of a step throws so that its state does not go on: each has a meaning for the state machine (ADR 0037). */
export const stateErrors = {
  /** Not over yet: the state is tried again, which is one transition. */
  notYet: 'NotYet',
  /** It waits for a person, or for a callback. */
  held: 'Held',
  /** It failed, and the way back begins. */
  failed: 'StepFailed',
  /** It failed, and nothing more is done. */
  stopped: 'Stopped',
  /** Another execution has taken over, or the attempt is over. */
  superseded: 'Superseded',
} as const

const where = 'Where are we?'
const goOn = 'Go on there'
const done = 'Upgraded'
const back = 'Taken back'
const stopped = 'Stopped where it is'
const elsewhere = 'Continued by another execution'
const unknown = 'This place is unknown'

/** Names of states that no step may have. */
export const reservedStates: readonly string[] = [where, goOn, done, back, stopped, elsewhere, unknown]

/** How often the task of a step is called while it is not over, and no other rule says how often, in seconds. */
const lookEvery = 5
/** While it waits for the start, a stop may hold it: asked so often, in seconds. */
const lookBeforeStart = 15
/** A person has so long to say whether a step was done before it is looked at again, in seconds: the attempt may be over. */
const lookWhileHeld = 3600
const forever = 99_999_999

const lambdaItself = {
  Comment: 'Lambda itself is in trouble: the errors that AWS recommends to retry',
  ErrorEquals: [
    'Lambda.ClientExecutionTimeoutException',
    'Lambda.ServiceException',
    'Lambda.AWSLambdaException',
    'Lambda.SdkClientException',
    'Lambda.TooManyRequestsException',
  ],
  ...{ IntervalSeconds: 1, MaxAttempts: 6, BackoffRate: 2, MaxDelaySeconds: 60, JitterStrategy: 'FULL' },
} as const
const anythingElse = {
  Comment:
    'Anything else may be a passing fault; one that persists ends this execution, and the next asks the log',
  ErrorEquals: ['States.TaskFailed', 'States.Timeout'],
  ...{ IntervalSeconds: 2, MaxAttempts: 5, BackoffRate: 2, MaxDelaySeconds: 60, JitterStrategy: 'FULL' },
} as const
const notOver = (seconds: number) => ({
  Comment: 'Not over yet: looked at again',
  ErrorEquals: [stateErrors.notYet],
  ...{ IntervalSeconds: seconds, MaxAttempts: forever, BackoffRate: 1 },
})
/** What the log has decided is followed, and not tried again. */
const decided = {
  Comment: 'Decided in the log',
  ErrorEquals: [stateErrors.held, stateErrors.failed, stateErrors.stopped, stateErrors.superseded],
  MaxAttempts: 0,
}
const superseded = { ErrorEquals: [stateErrors.superseded], Next: elsewhere }

/** Returns the place of a step within its machine, as the tasks and the choice name it. */
export function placeKey(direction: Direction, step: string): string {
  return `${direction}:${step}`
}

/** The places where nothing more is to be done than to record the end. */
export const endKeys = { succeeded: 'end:succeeded', back: 'end:back', stopped: 'end:stopped' } as const

function call(task: string, payload: object) {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: {
      FunctionName: task,
      Payload: {
        ...payload,
        target: '{% $states.context.Execution.Input.target %}',
        attempt: '{% $states.context.Execution.Input.attempt %}',
        generation: '{% $states.context.Execution.Input.generation %}',
      },
    },
    TimeoutSeconds: 90,
  }
}

/** Returns how often a step that is not over is looked at, in seconds. */
function looksOf({ poll, health, ssm, retries }: NamedAction): number {
  return (
    poll?.everySeconds ??
    health?.everySeconds ??
    ssm?.everySeconds ??
    Math.min(lookEvery, retries.delaySeconds)
  )
}

/** May a step have to wait for a callback, or for a person: as it asks one, or as nobody may know whether it was done? */
function mayBeHeld(action: NamedAction): boolean {
  return waitsByItsNature(action) || !mayRepeat(action)
}

function waitsByItsNature({ acknowledge, webhook, agent }: NamedAction): boolean {
  return acknowledge !== undefined || agent !== undefined || webhook?.callback === true
}

function holdName({ name, acknowledge, webhook, agent }: NamedAction): string {
  if (agent) return `${name}: await its agent`
  if (webhook) return `${name}: await the callback`
  return acknowledge ? `${name}: await a person` : `${name}: was it done?`
}

function whoEnds({ webhook, agent }: NamedAction): string {
  if (agent) return 'The agent says how it ended; the log keeps what it said'
  return webhook
    ? 'The receiver calls back; the log keeps what it said'
    : 'A person decides; the log keeps what was decided'
}

function sentenceOf(action: NamedAction): string {
  switch (kindOf(action)) {
    case 'http':
      return `${action.http?.request.method ?? ''} ${action.http?.request.url ?? ''}`.slice(0, 256)
    case 'poll':
      return `Until ${action.poll?.until ?? ''}`.slice(0, 256)
    case 'wait':
      return `Wait ${action.wait?.seconds ?? 0} seconds`
    case 'health':
      return `Healthy: ${action.health?.checks.map(({ name }) => name).join(', ') ?? ''}`.slice(0, 256)
    case 'acknowledge':
      return action.acknowledge?.ask.slice(0, 256) ?? ''
    case 'helm':
      return sentenceOfHelm(action).slice(0, 256)
    case 'ssm':
      return `${action.ssm?.document ?? ''} on ${action.ssm?.instance ?? ''}`.slice(0, 256)
    case 'webhook':
      return `A message to ${action.webhook?.url ?? ''}`.slice(0, 256)
    case 'agent':
      return `The agent runs ${action.agent?.command ?? ''}`
  }
}

function sentenceOfHelm({ helm }: NamedAction): string {
  const { release = '', namespace = '', chart } = helm ?? {}
  const what = chart
    ? `helm upgrade ${release} to ${chart.name} ${chart.version}`
    : `helm rollback ${release}`
  return `${what} in ${namespace}`
}

/** A wait: its task says how long it still is, and the state after it waits for that. It is ended by the next task. */
function restOf(state: object, name: string, next: string): Record<string, object> {
  const rest = `${name}: wait`
  return {
    [name]: { ...state, Output: '{% $states.result.Payload %}', Next: rest },
    [rest]: { Type: 'Wait', Seconds: '{% $states.input.seconds ? $states.input.seconds : 0 %}', Next: next },
  }
}

/** The functions that look after steps, by their ARNs: those of helm have one of their own, with the program and more time. */
export interface StepTasks {
  readonly step: string
  readonly helm: string
}

/** Calls of helm last for minutes, and few run at once: who is turned away waits for its turn. */
const itsTurn = {
  Comment: 'As many run at once as the function may',
  ErrorEquals: ['Lambda.TooManyRequestsException'],
  ...{
    IntervalSeconds: 5,
    MaxAttempts: forever,
    BackoffRate: 1.5,
    MaxDelaySeconds: 60,
    JitterStrategy: 'FULL',
  },
}

/** Returns the call of the function that looks after a step, and how it is tried again. */
function taskOf(tasks: StepTasks, action: NamedAction, payload: object) {
  const Comment = sentenceOf(action)
  const rest = [lambdaItself, notOver(looksOf(action)), anythingElse]
  if (!action.helm) return { ...call(tasks.step, payload), Comment, Retry: [decided, ...rest] }
  const TimeoutSeconds = longestCall(action) + 30
  return { ...call(tasks.helm, payload), TimeoutSeconds, Comment, Retry: [decided, itsTurn, ...rest] }
}

/** Returns the states of one step: itself, and where it may have to, its wait for a person. */
function statesOf(
  tasks: StepTasks,
  action: NamedAction,
  { next, failed }: { readonly next: string; readonly failed: string },
): Record<string, object> {
  const { name, direction, id } = action
  const key = placeKey(direction, id)
  const held = mayBeHeld(action)
  const state = {
    ...taskOf(tasks, action, { action: 'step', place: key }),
    Catch: [
      superseded,
      ...(held ? [{ ErrorEquals: [stateErrors.held], Next: holdName(action) }] : []),
      ...(failed === stopped ? [] : [{ ErrorEquals: [stateErrors.failed], Next: failed }]),
      { ErrorEquals: [stateErrors.stopped], Next: stopped },
    ],
    Output: '{% $states.context.Execution.Input %}',
    Next: next,
  }
  if (action.wait) return restOf(state, name, next)
  if (!held) return { [name]: state }
  const { Arguments, ...waiting } = call(tasks.step, { action: 'await', place: key })
  return {
    [name]: state,
    [holdName(action)]: {
      ...waiting,
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Comment: `${whoEnds(action)}, and the step goes on by it`,
      Arguments: {
        ...Arguments,
        Payload: { ...Arguments.Payload, token: '{% $states.context.Task.Token %}' },
      },
      TimeoutSeconds: waitsByItsNature(action) ? action.timeoutSeconds + 5 : lookWhileHeld,
      Retry: [lambdaItself, { ...anythingElse, ErrorEquals: ['States.TaskFailed'] }],
      Catch: [{ Comment: 'Asked again', ErrorEquals: ['States.Timeout'], Next: name }],
      Output: '{% $states.context.Execution.Input %}',
      Next: name,
    },
  }
}

function ends(task: string): Record<string, object> {
  const end = (name: string, place: string, Comment: string) => ({
    [name]: {
      ...call(task, { action: 'end', place }),
      Comment,
      Retry: [decided, lambdaItself, anythingElse],
      Catch: [superseded],
      Output: '{% $states.context.Execution.Input %}',
      End: true,
    },
  })
  return {
    ...end(done, endKeys.succeeded, 'Record in the log that the attempt has succeeded'),
    ...end(back, endKeys.back, 'Record in the log that everything that was done has been undone'),
    ...end(stopped, endKeys.stopped, 'Record in the log that the attempt has failed and stays where it is'),
    [elsewhere]: { Type: 'Succeed', Comment: 'There is nothing left to do here' },
    [unknown]: {
      Type: 'Fail',
      Error: 'UnknownPlace',
      Cause: 'The log names a step that this state machine does not have',
    },
  }
}

/** Returns the first state of the way back of a step that failed. The log may leave some of it out: those states are passed through. */
function wayBackFrom(steps: readonly ProcedureStep[], place: number): string {
  const [first] = steps
    .slice(0, place + 1)
    .toReversed()
    .flatMap((step) => inverseOf(step)?.name ?? [])
  return first ?? stopped
}

/**
 * Returns the state machine of a procedure, the same for the same document: each step is a state that bears its name, and the way back is a branch
 * of its own. The states keep nothing: where an attempt is, the log says.
 */
export function machineOf(
  name: string,
  revision: number,
  document: ProcedureDocument,
  tasks: StepTasks,
): MachineDefinition {
  const { steps } = document
  const wayBack = [...actionsOf(document)].filter(({ direction }) => direction === 'back')
  const states: Record<string, object> = {}
  const places: [key: string, state: string][] = []
  const keep = (action: NamedAction, next: string, failed: string) => {
    Object.assign(states, statesOf(tasks, action, { next, failed }))
    places.push([placeKey(action.direction, action.id), action.name])
  }
  for (const [place, step] of steps.entries()) {
    const failed = step.onFailure === 'way-back' ? wayBackFrom(steps, place) : stopped
    keep({ ...step, direction: 'there' }, steps[place + 1]?.name ?? done, failed)
  }
  for (const [place, action] of wayBack.entries()) keep(action, wayBack[place + 1]?.name ?? back, stopped)
  places.push([endKeys.succeeded, done], [endKeys.back, back], [endKeys.stopped, stopped])
  return {
    Comment: `${name}, revision ${revision}. ${document.description}`.slice(0, 512),
    QueryLanguage: 'JSONata',
    StartAt: where,
    States: {
      [where]: {
        ...call(tasks.step, { action: 'locate' }),
        Comment:
          'Ask the log how far this attempt is: an execution goes on where the one before it was ended',
        Retry: [decided, lambdaItself, notOver(lookBeforeStart), anythingElse],
        Catch: [superseded],
        Output: '{% $states.result.Payload %}',
        Next: goOn,
      },
      [goOn]: {
        Type: 'Choice',
        Comment: 'The log has said where; here it is only followed',
        Choices: places.map(([key, state]) => ({
          Condition: `{% $states.input.place = '${key}' %}`,
          Next: state,
        })),
        Default: unknown,
      },
      ...states,
      ...ends(tasks.step),
    },
  }
}
