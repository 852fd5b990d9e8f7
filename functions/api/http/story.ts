import type { Aggregate, DomainEvent } from '../../domain/aggregate.ts'
import type { Log, Told } from '../../log/log.ts'

/** What happens to whatever an execution drives. */
type Driven =
  | { readonly type: 'PlanningFailed'; readonly data: { readonly detail: string } }
  | {
      readonly type: 'ExecutionStarting'
      readonly data: { readonly generation: number; readonly reason: string }
    }
  | {
      readonly type: 'ExecutionEnded'
      readonly data: { readonly generation: number; readonly status: string }
    }
  | { readonly type: 'WakeUpMoved'; readonly data: { readonly at: string | null } }

/** Returns in words what happens alike to upgrades and to rollouts. */
export function drivenSentence({ type, data }: Driven): string {
  switch (type) {
    case 'PlanningFailed':
      return `It could not be planned: ${data.detail}`
    case 'ExecutionStarting':
      return `Execution ${data.generation} starts: ${data.reason}.`
    case 'ExecutionEnded':
      return `Execution ${data.generation} ended early: ${data.status}.`
    case 'WakeUpMoved':
      return data.at === null ? 'Nothing is due any more.' : `The next thing is due at ${data.at}.`
  }
}

/** Yields the events of a stream, oldest first, read strongly, from a commit on; with `at`, those decided at or before that ISO instant. */
export async function* pastOf<State, Event extends DomainEvent>(
  log: Log,
  aggregate: Aggregate<State, Event>,
  id: string,
  at?: string,
  from = 1,
): AsyncGenerator<Told<Event>> {
  for await (const told of log.of(aggregate, id).events({ from, consistent: true })) {
    if (at !== undefined && told.at > at) return
    yield told
  }
}

/**
 * Returns a page of a story: whole commits, until there are `limit` events or more, each event with what `tell` makes of it; and the commit at
 * which the next page begins, null where there is none.
 */
export async function storyPage<Event>(
  past: AsyncIterable<Told<Event>>,
  limit: number,
  tell: (event: Event) => object,
): Promise<{ readonly events: object[]; readonly nextCursor: string | null }> {
  const events: object[] = []
  let last = 0
  for await (const { event, ...told } of past) {
    if (events.length >= limit && told.commit !== last) return { events, nextCursor: String(told.commit) }
    last = told.commit
    events.push({ ...told, ...tell(event) })
  }
  return { events, nextCursor: null }
}
