import type { Aggregate, Decision, DomainEvent } from '../domain/aggregate.ts'
import type { Position } from '../domain/position.ts'
import type { Rejection } from '../domain/rejection.ts'

/** What the executions of one state machine drive, one of them at a time: everything that they do is decided by its stream. */
export interface Workflow<State, Event extends DomainEvent, Move extends string> {
  readonly aggregate: Aggregate<State, Event>
  /** Returns where it stands at an instant; the state alone decides, so that any execution goes on where another was killed. */
  position(state: State, now: string): Position<Move>
  /** Returns the number of the execution that may act now; 0: none ever might. */
  generation(state: State): number
  /** Notes that an execution is over before its work is; the next one follows from that. */
  endExecution(ended: ExecutionEnd): (state: State, now: string) => Decision<Event, Rejection>
}

/** One execution: of what, and the how-manieth. */
export interface Execution {
  readonly id: string
  readonly generation: number
}

/** How an execution ended. */
export interface ExecutionEnd {
  readonly generation: number
  readonly status: string
  readonly cause: string | null
}

/** Returns the name of an execution: it makes starting it twice starting it once. */
export function executionName({ id, generation }: Execution): string {
  return `${id}-${generation}`
}

/** Returns which execution a name tells of; undefined when it is not one of ours. */
export function executionOf(name: string): Execution | undefined {
  const match = /^(.+)-(\d+)$/.exec(name)
  return match?.[1] === undefined ? undefined : { id: match[1], generation: Number(match[2]) }
}

/** Returns where an execution goes on at an instant: only the present generation has anything left to do. */
export function positionOf<State, Event extends DomainEvent, Move extends string>(
  workflow: Workflow<State, Event, Move>,
  state: State,
  { generation }: Pick<Execution, 'generation'>,
  now: string,
): Position<Move> {
  const present = workflow.position(state, now)
  return generation === workflow.generation(state) ? present : { ...present, move: 'superseded' }
}
