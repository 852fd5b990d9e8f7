import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { connect } from '../connections.ts'
import { environment } from '../environment.ts'
import { openParked } from '../work/parked.ts'
import { openViewStore } from './dynamo.ts'
import { projectRecords, type Reports } from './records.ts'
import { openRunner, type Runner } from './runner.ts'

let opened: Runner | undefined

function runner(): Runner {
  if (!opened) {
    const { dynamo: client, log, now } = connect()
    opened = openRunner({
      store: openViewStore({ client, table: environment('viewsTable') }),
      log,
      parked: openParked({ client, table: environment('workTable'), now }),
    })
  }
  return opened
}

const reports: Reports = {
  // The embedded metric format: CloudWatch reads the metric from the function's output.
  tampered({ eventName, eventID, dynamodb }) {
    const metric = {
      _aws: {
        Timestamp: connect().now(),
        CloudWatchMetrics: [{ Namespace: 'Drydock', Dimensions: [[]], Metrics: [{ Name: 'LogTampered' }] }],
      },
      LogTampered: 1,
      eventName,
      eventID,
      stream: dynamodb?.Keys?.stream?.S,
      commit: dynamodb?.Keys?.commit?.N,
    }
    process.stdout.write(`${JSON.stringify(metric)}\n`)
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
