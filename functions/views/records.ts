import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda'
import type { Commit } from '../../events/envelope.ts'
import { partsOf } from '../../events/stream.ts'
import { upgradeEvents } from '../../events/upgrade.ts'
import type { Told } from '../domain/tally/groups.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { commitsIn } from '../log/records.ts'
import type { Runner } from './runner.ts'

/** Where the projector tells what an operator should know. */
export interface Reports {
  /** A record that is no addition to the log. */
  tampered(record: DynamoDBRecord): void
  /** A stream that has to be tried again. */
  postponed(stream: string, error: unknown): void
  /** How attempts of an upgrade ended, once its row is there; a batch that comes again tells it again. */
  attempts(told: Told): void
}

/** Returns how attempts ended, as a commit of an upgrade tells it; nothing of one that cannot be read, which is parked by then. */
function toldIn({ stream, events }: Commit): readonly Told[] {
  if (partsOf(stream).kind !== upgradeAggregate.name) return []
  return events.flatMap(({ type, schema, data }) => {
    if (type !== 'AttemptsTallied') return []
    try {
      const event = upgradeEvents.decode(type, schema, JSON.parse(data))
      return event.type === type ? [event.data] : []
    } catch {
      return []
    }
  })
}

/**
 * Projects the commits in stream records and answers with the first record that has to be tried again: Lambda delivers it and all
 * after it once more. The log is only ever added to: a record that says otherwise is reported and left out.
 */
export async function projectRecords(
  records: readonly DynamoDBRecord[],
  runner: Runner,
  reports: Reports,
): Promise<DynamoDBBatchResponse> {
  const recorded = await commitsIn(records, {
    tampered: reports.tampered,
    unreadable: (stream, commit, error) => runner.setAside(stream, commit, error),
  })
  const commits = recorded.map(({ commit }) => commit)
  const postponed = await runner.project(commits)
  for (const { stream, error } of postponed) reports.postponed(stream, error)
  const streams = new Set(postponed.map(({ stream }) => stream))
  for (const commit of commits) if (!streams.has(commit.stream)) toldIn(commit).forEach(reports.attempts)
  const again = recorded.find(({ commit }) => streams.has(commit.stream))
  const itemIdentifier = again?.sequence
  return { batchItemFailures: itemIdentifier === undefined ? [] : [{ itemIdentifier }] }
}
