import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda'
import { type Commit, fromImage } from '../../events/envelope.ts'
import type { Runner } from './runner.ts'

/**
 * Projects the commits in stream records and answers with the first record that has to be tried again: Lambda delivers it and all
 * after it once more. The log is only ever added to: a record that says otherwise is reported and left out.
 */
export async function projectRecords(
  records: readonly DynamoDBRecord[],
  runner: Runner,
  reportTampering: (record: DynamoDBRecord) => void,
): Promise<DynamoDBBatchResponse> {
  const commits: Commit[] = []
  for (const record of records) {
    if (record.eventName !== 'INSERT') {
      reportTampering(record)
      continue
    }
    const { NewImage, Keys } = record.dynamodb ?? {}
    try {
      commits.push(fromImage(NewImage))
    } catch (error) {
      await runner.setAside(Keys?.stream?.S ?? '', Number(Keys?.commit?.N ?? 0), error)
    }
  }
  const postponed = await runner.project(commits)
  for (const { stream, error } of postponed) {
    process.stderr.write(
      `${JSON.stringify({ level: 'WARN', message: 'postponed', stream, error: String(error) })}\n`,
    )
  }
  const streams = new Set(postponed.map(({ stream }) => stream))
  const again = records.find(
    ({ eventName, dynamodb }) => eventName === 'INSERT' && streams.has(dynamodb?.Keys?.stream?.S ?? ''),
  )
  const itemIdentifier = again?.dynamodb?.SequenceNumber
  return { batchItemFailures: itemIdentifier === undefined ? [] : [{ itemIdentifier }] }
}
