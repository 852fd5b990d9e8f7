import type { DynamoDBRecord } from 'aws-lambda'
import { type Commit, fromImage } from '../../events/envelope.ts'

/** A commit, as a record of the log's stream holds it. */
export interface Recorded {
  readonly commit: Commit
  /** Where the record is in its shard: what Lambda is told where it has to come again. */
  readonly sequence: string
}

/** What becomes of a record that adds no commit to the log. */
export interface OtherRecords {
  /** One that changes or removes what was added. */
  tampered(record: DynamoDBRecord): void
  /** One that is added and is no commit, at this place of the log. */
  unreadable(stream: string, commit: number, error: unknown): Promise<void> | void
}

/** Returns the commits in the records of the log's stream, in their order; every reader of it keeps what is none out of the way of the rest. */
export async function commitsIn(
  records: readonly DynamoDBRecord[],
  others: OtherRecords,
): Promise<readonly Recorded[]> {
  const recorded: Recorded[] = []
  for (const record of records) {
    if (record.eventName !== 'INSERT') {
      others.tampered(record)
      continue
    }
    const { NewImage, Keys, SequenceNumber: sequence = '' } = record.dynamodb ?? {}
    try {
      recorded.push({ commit: fromImage(NewImage), sequence })
    } catch (error) {
      await others.unreadable(Keys?.stream?.S ?? '', Number(Keys?.commit?.N ?? 0), error)
    }
  }
  return recorded
}
