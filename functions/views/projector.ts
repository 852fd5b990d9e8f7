import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { connect } from '../connections.ts'
import { emitMetrics } from '../metrics.ts'
import { projectRecords, type Reports } from './records.ts'
import { openRunner, type Runner } from './runner.ts'

let opened: Runner | undefined

function runner(): Runner {
  const { viewStore: store, log, parked } = connect()
  opened ??= openRunner({ store, log, parked })
  return opened
}

const reports: Reports = {
  tampered({ eventName, eventID, dynamodb }) {
    const { stream, commit } = dynamodb?.Keys ?? {}
    emitMetrics(
      connect().now(),
      { LogTampered: 1 },
      { eventName, eventID, stream: stream?.S, commit: commit?.N },
    )
  },
  postponed(stream, error) {
    const entry = { level: 'WARN', message: 'Projecting was put off.', stream, error: String(error) }
    process.stderr.write(`${JSON.stringify(entry)}\n`)
  },
}

/** Folds the commits of a batch of the log's stream into the views. */
export async function handler({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> {
  return projectRecords(Records, runner(), reports)
}
