import { type Failure, StateFailed } from './errors.ts'
import { HISTORY_EVENTS } from './limits.ts'
import type { EventRow } from './store/history.ts'
import type { Store } from './store/store.ts'

const WHOLE = { truncated: false }

/** One event of a history: AWS's type and, under AWS's name for it, what it carries. */
export interface HistoryEvent {
  readonly type: string
  readonly details: Readonly<Record<string, unknown>>
}

/** The execution has no room for another event: it can only fail. */
export class HistoryFull extends StateFailed {
  constructor() {
    super('States.Runtime', `The execution reached the maximum number of history events (${HISTORY_EVENTS}).`)
  }
}

/**
 * Appends an event to an execution's history and returns its id.
 * The last of the 25,000 events is kept for the end of the execution.
 * @throws HistoryFull when there is no room
 */
export function append(
  store: Store,
  execution: number,
  previous: number,
  at: number,
  event: HistoryEvent,
): number {
  const id = store.history.lastId(execution) + 1
  if (id > HISTORY_EVENTS || (id === HISTORY_EVENTS && !isEnd(event))) throw new HistoryFull()
  store.history.add(execution, { id, at, type: event.type, previous, details: JSON.stringify(event.details) })
  return id
}

/** An event as GetExecutionHistory answers it; instants are seconds since the epoch. */
export function wireEvent(row: EventRow, includeData: boolean): Record<string, unknown> {
  const details: Record<string, unknown> = JSON.parse(row.details)
  const wire: Record<string, unknown> = {
    timestamp: row.at / 1000,
    type: row.type,
    id: row.id,
    previousEventId: row.previous,
  }
  for (const [name, value] of Object.entries(details)) wire[name] = includeData ? value : withoutData(value)
  return wire
}

function withoutData(details: unknown): unknown {
  if (typeof details !== 'object' || details === null) return details
  const hidden = new Set(['input', 'output', 'parameters', 'assignedVariables'])
  return Object.fromEntries(Object.entries(details).filter(([name]) => !hidden.has(name)))
}

function isEnd(event: HistoryEvent): boolean {
  return /^Execution(Succeeded|Failed|Aborted|TimedOut)$/.test(event.type)
}

/** The events AWS writes, by name; payloads are JSON texts. */
export const events = {
  executionStarted: (input: string, roleArn: string): HistoryEvent => ({
    type: 'ExecutionStarted',
    details: { executionStartedEventDetails: { input, inputDetails: WHOLE, roleArn } },
  }),
  executionSucceeded: (output: string): HistoryEvent => ({
    type: 'ExecutionSucceeded',
    details: { executionSucceededEventDetails: { output, outputDetails: WHOLE } },
  }),
  executionEnded: (type: 'Failed' | 'Aborted' | 'TimedOut', failure: object): HistoryEvent => ({
    type: `Execution${type}`,
    details: { [`execution${type}EventDetails`]: failure },
  }),
  stateEntered: (stateType: string, name: string, input: string): HistoryEvent => ({
    type: `${stateType}StateEntered`,
    details: { stateEnteredEventDetails: { name, input, inputDetails: WHOLE } },
  }),
  stateExited: (
    stateType: string,
    name: string,
    output: string,
    assigned: Readonly<Record<string, unknown>>,
  ): HistoryEvent => {
    const details: Record<string, unknown> = { name, output, outputDetails: WHOLE }
    if (Object.keys(assigned).length > 0) {
      details.assignedVariables = Object.fromEntries(
        Object.entries(assigned).map(([variable, value]) => [variable, JSON.stringify(value)]),
      )
      details.assignedVariablesDetails = WHOLE
    }
    return { type: `${stateType}StateExited`, details: { stateExitedEventDetails: details } }
  },
  evaluationFailed: (state: string, location: string | undefined, failure: Failure): HistoryEvent => ({
    type: 'EvaluationFailed',
    details: { evaluationFailedEventDetails: { ...failure, location, state } },
  }),
  taskScheduled: (
    resource: string,
    region: string,
    parameters: string,
    limits: { timeoutInSeconds?: number; heartbeatInSeconds?: number },
  ): HistoryEvent => ({
    type: 'TaskScheduled',
    details: {
      taskScheduledEventDetails: { resourceType: 'lambda', resource, region, parameters, ...limits },
    },
  }),
  taskStarted: (resource: string): HistoryEvent => ({
    type: 'TaskStarted',
    details: { taskStartedEventDetails: { resourceType: 'lambda', resource } },
  }),
  taskSubmitted: (resource: string, output: string): HistoryEvent => ({
    type: 'TaskSubmitted',
    details: {
      taskSubmittedEventDetails: { resourceType: 'lambda', resource, output, outputDetails: WHOLE },
    },
  }),
  taskSucceeded: (resource: string, output: string): HistoryEvent => ({
    type: 'TaskSucceeded',
    details: {
      taskSucceededEventDetails: { resourceType: 'lambda', resource, output, outputDetails: WHOLE },
    },
  }),
  taskEnded: (type: 'Failed' | 'TimedOut', resource: string, failure: object): HistoryEvent => ({
    type: `Task${type}`,
    details: { [`task${type}EventDetails`]: { resourceType: 'lambda', resource, ...failure } },
  }),
  mapStarted: (length: number): HistoryEvent => ({
    type: 'MapStateStarted',
    details: { mapStateStartedEventDetails: { length } },
  }),
  iteration: (
    type: 'Started' | 'Succeeded' | 'Failed' | 'Aborted',
    name: string,
    index: number,
  ): HistoryEvent => ({
    type: `MapIteration${type}`,
    details: { [`mapIteration${type}EventDetails`]: { name, index } },
  }),
  /** TaskStateAborted and the like: a state that went down with another branch of the state around it. */
  stateAborted: (stateType: 'Task' | 'Wait' | 'Map' | 'Parallel'): HistoryEvent => ({
    type: `${stateType}StateAborted`,
    details: {},
  }),
  /** ParallelStateStarted, MapStateSucceeded and the like, which carry nothing. */
  fanOut: (stateType: 'Map' | 'Parallel', type: 'Started' | 'Succeeded' | 'Failed'): HistoryEvent => ({
    type: `${stateType}State${type}`,
    details: {},
  }),
} as const
