import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { fromImage } from '../../events/envelope.ts'
import { systemActor } from '../domain/actor.ts'
import { emitMetrics } from '../metrics.ts'
import { OnTheirOwn } from '../side-by-side.ts'
import { duties } from './duties.ts'
import { repeat } from './repeat.ts'
import { retryParked } from './retry-parked.ts'
import { runDuties } from './run.ts'
import type { ReactorServices } from './services.ts'

/** Counts what the reactor itself appended and what came from outside: a loop would show as the first outrunning the second. */
function emitAppends(now: number, actors: readonly string[]): void {
  const own = actors.filter((actor) => actor === systemActor).length
  emitMetrics(now, { ReactorAppends: own, ExternalAppends: actors.length - own })
}

/** Acts on the commits of one batch of the log's stream; answers which records have to come again. */
async function react(services: ReactorServices, event: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  const records = event.Records.flatMap((record) => {
    const image = record.eventName === 'INSERT' ? record.dynamodb?.NewImage : undefined
    return image ? [{ commit: fromImage(image), sequence: record.dynamodb?.SequenceNumber ?? '' }] : []
  })
  const commits = records.map(({ commit }) => commit)
  emitAppends(
    services.now(),
    commits.map(({ actor }) => actor),
  )
  const again = await runDuties(commits, duties, services)
  const failed = records.filter(({ commit }) => again.has(commit.stream))
  return { batchItemFailures: failed.map(({ sequence }) => ({ itemIdentifier: sequence })) }
}

/** Says again what has to be said again, and tries what was set aside; told by the clock. */
async function doAgain(services: ReactorServices): Promise<void> {
  // How much there is must be known even where trying it takes too long.
  emitMetrics(services.now(), { Parked: (await services.parked.list()).length })
  const tasks = {
    'what is repeated': () => repeat(duties, services),
    'what is parked': () => retryParked(duties, services),
  }
  const each = new OnTheirOwn()
  const act = ([, task]: [string, () => Promise<void>]) => task()
  await each.each(Object.entries(tasks), 1, act, ([name]) => name)
  each.end()
}

/** Returns the handler of the reactor: commits of the log's stream make it act on them, the clock on what it has put off. */
export function reactor(services: ReactorServices) {
  return async (event: DynamoDBStreamEvent | object): Promise<DynamoDBBatchResponse | undefined> => {
    if ('Records' in event) return react(services, event)
    await doAgain(services)
    return undefined
  }
}
