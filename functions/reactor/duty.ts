import type { Commit } from '../../events/envelope.ts'
import { partsOf, refOf } from '../../events/stream.ts'
import { systemActor } from '../domain/actor.ts'
import type { Aggregate, DomainEvent } from '../domain/aggregate.ts'
import { decodeEvents } from '../log/fold.ts'
import type { Metadata } from '../log/log.ts'

/** What a duty acts on: the events of one commit that it answers. */
export interface Fact<Event> {
  /** The id of the stream. */
  readonly id: string
  readonly commit: Commit
  readonly events: readonly Event[]
  /** Names the commit as the cause of what the duty appends; the system acts. */
  readonly cause: Metadata
}

/** Which events a duty answers, of the streams of one aggregate. */
export interface Answered {
  readonly aggregate: string
  readonly types: readonly string[]
}

/**
 * Something that follows from a fact. A duty keeps no memory of its own: it may be called twice with the same commits, late, or
 * after somebody else has done its work, and then finds in the log that there is nothing to do.
 */
export interface Duty<Services, Name extends string = string> {
  readonly name: Name
  readonly answers: Answered
  act(commit: Commit, services: Services): Promise<void>
}

/** A duty that acts on commits of many streams at once. */
export interface CollectingDuty<Services, Name extends string = string> {
  readonly name: Name
  readonly answers: Answered
  /** Returns what a commit that it answers is collected by. */
  groupOf(commit: Commit): string
  act(group: string, commits: readonly Commit[], services: Services): Promise<void>
}

type Of<Event extends DomainEvent, Type extends Event['type']> = Extract<Event, { type: Type }>

/** Returns a duty that answers events of an aggregate. */
export function duty<
  State,
  Event extends DomainEvent,
  const Type extends Event['type'],
  Services,
  const Name extends string,
>(
  name: Name,
  aggregate: Aggregate<State, Event>,
  types: readonly Type[],
  act: (fact: Fact<Of<Event, Type>>, services: Services) => Promise<void>,
): Duty<Services, Name> {
  return {
    name,
    answers: { aggregate: aggregate.name, types },
    act: (commit, services) => act(factIn(aggregate, types, commit), services),
  }
}

/** Returns a duty that answers events of an aggregate, those of many streams together, by group. */
export function collectingDuty<
  State,
  Event extends DomainEvent,
  const Type extends Event['type'],
  Services,
  const Name extends string,
>(
  name: Name,
  aggregate: Aggregate<State, Event>,
  types: readonly Type[],
  groupOf: (event: Of<Event, Type>) => string,
  act: (group: string, facts: readonly Fact<Of<Event, Type>>[], services: Services) => Promise<void>,
): CollectingDuty<Services, Name> {
  return {
    name,
    answers: { aggregate: aggregate.name, types },
    groupOf(commit) {
      const [event] = factIn(aggregate, types, commit).events
      if (!event) throw new Error(`${name} does not answer ${refOf(commit.stream, commit.commit)}.`)
      return groupOf(event)
    },
    act: (group, commits, services) =>
      act(
        group,
        commits.map((commit) => factIn(aggregate, types, commit)),
        services,
      ),
  }
}

/** Does the commit hold anything that a duty answers? */
export function isAnswered({ aggregate, types }: Answered, commit: Commit): boolean {
  return partsOf(commit.stream).kind === aggregate && commit.events.some(({ type }) => types.includes(type))
}

function factIn<State, Event extends DomainEvent, Type extends Event['type']>(
  aggregate: Aggregate<State, Event>,
  types: readonly Type[],
  commit: Commit,
): Fact<Of<Event, Type>> {
  return {
    id: partsOf(commit.stream).id,
    commit,
    events: decodeEvents(aggregate, commit, types),
    cause: {
      actor: systemActor,
      correlation: commit.correlation,
      causation: refOf(commit.stream, commit.commit),
    },
  }
}
