import * as z from 'zod'
import { instantOf } from '../../events/time.ts'
import { systemActor } from '../domain/actor.ts'
import type { Decision, DomainEvent } from '../domain/aggregate.ts'
import type { Position } from '../domain/position.ts'
import type { Rejection } from '../domain/rejection.ts'
import { NotInTheLog } from '../errors.ts'
import type { Loaded, Log, Metadata } from '../log/log.ts'
import { type Execution, executionName, positionOf, type Workflow } from './workflow.ts'

const input = z.strictObject({
  action: z.string(),
  id: z.string(),
  generation: z.int().positive(),
})

/** A state machine asks for what its tasks do not know: they were deployed from different versions. */
class UnknownMove extends Error {
  override readonly name = 'UnknownMove'
  constructor(action: string) {
    super(`No move is called "${action}": deploy the tasks and the state machine together.`)
  }
}

/** Makes one move for an execution, by what its stream says; making it twice changes nothing. Returns the state after it. */
export type MakeMove<Services, State, Move extends string> = (
  services: Services,
  execution: Execution,
  from: Loaded<State>,
  at: Position<Move>,
) => Promise<State>

/** Appends what an execution decides, and returns the state after it. Throws where others kept winning: Step Functions tries the task again. */
export async function decided<State, Event extends DomainEvent, Move extends string>(
  { aggregate }: Workflow<State, Event, Move>,
  log: Log,
  execution: Execution,
  from: Loaded<State>,
  decision: (state: State, now: string) => Decision<Event, Rejection>,
  trying: { readonly retryFor?: number } = {},
): Promise<State> {
  const cause = causeOf(execution)
  const stream = log.of(aggregate, execution.id)
  return (await stream.carryOut(decision, cause, { ...trying, from })).loaded.state
}

/** Returns by whom, and for which execution, a move is made. */
export function causeOf(execution: Execution): Metadata {
  return { actor: systemActor, correlation: executionName(execution) }
}

interface Clock {
  readonly log: Log
  now(): number
}

/**
 * Returns the task of a state machine that makes moves: it asks the log where the execution is, makes the move that it is called for, and
 * answers where the execution goes on. `locate` makes none. One that was superseded does nothing more.
 */
export function movesOf<Services extends Clock, State, Event extends DomainEvent, Move extends string>(
  workflow: Workflow<State, Event, Move>,
  moves: Readonly<Record<string, MakeMove<Services, State, Move>>>,
) {
  return async (services: Services, event: unknown): Promise<Position<Move>> => {
    const { action, ...execution } = input.parse(event)
    const { log, now } = services
    const from = await log.load(workflow.aggregate, execution.id)
    if (from.commit === 0)
      throw new NotInTheLog(
        `The ${workflow.aggregate.name} ${execution.id}, whose execution is started only after its request,`,
      )
    const at = positionOf(workflow, from.state, execution, instantOf(now()))
    if (at.move === 'superseded' || action === 'locate') return at
    const make = Object.hasOwn(moves, action) ? moves[action] : undefined
    if (!make) throw new UnknownMove(action)
    const state = await make(services, execution, from, at)
    return positionOf(workflow, state, execution, instantOf(now()))
  }
}
