import { streamOf } from '../../events/stream.ts'
import type { Aggregate, DomainEvent } from '../domain/aggregate.ts'
import { patience } from '../patience.ts'
import { decodeEvents } from './fold.ts'
import type { Log, Stream } from './log.ts'
import { Contended } from './outcome.ts'

/** Returns one stream of a log. */
export function streamIn<State, Event extends DomainEvent>(
  log: Pick<Log, 'execute' | 'commits'>,
  aggregate: Aggregate<State, Event>,
  id: string,
): Stream<State, Event> {
  const name = streamOf(aggregate.name, id)
  return {
    name,
    async *events(range, types) {
      for await (const commit of log.commits(name, range)) {
        const { commit: number, at, actor } = commit
        for (const event of decodeEvents(aggregate, commit, types)) yield { event, commit: number, at, actor }
      }
    },
    async carryOut(decide, cause, { retryFor = patience.duty, from } = {}) {
      const outcome = await log.execute(aggregate, id, decide, cause, { retryFor, ...(from && { from }) })
      switch (outcome.kind) {
        case 'committed':
        case 'unchanged':
        case 'repeated':
        case 'rejected':
          return outcome
        default:
          throw new Contended(name)
      }
    },
  }
}
