import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { fromImage } from '../../events/envelope.ts'
import { systemActor } from '../domain/actor.ts'
import { emitMetrics } from '../metrics.ts'
import { duties } from './duties.ts'
import { runDuties } from './run.ts'
import type { ReactorServices } from './services.ts'

/** Counts what the reactor itself appended and what came from outside: a loop would show as the first outrunning the second. */
function emitAppends(now: number, actors: readonly string[]): void {
  const own = actors.filter((actor) => actor === systemActor).length
  emitMetrics(now, { ReactorAppends: own, ExternalAppends: actors.length - own })
}

/** Acts on the commits of one batch of the log's stream; answers which records have to come again. */
export async function react(
  services: ReactorServices,
  event: DynamoDBStreamEvent,
): Promise<DynamoDBBatchResponse> {
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
