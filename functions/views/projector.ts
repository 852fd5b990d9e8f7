import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda'
import { second } from '../../events/time.ts'
import { seriesOf } from '../domain/tally/groups.ts'
import type { Log } from '../log/log.ts'
import { emitMetrics } from '../metrics.ts'
import type { Parked } from '../work/parked.ts'
import { projectRecords, type Reports } from './records.ts'
import { openRunner, type Runner } from './runner.ts'
import type { ViewStore } from './store.ts'

interface Services {
  readonly log: Log
  readonly viewStore: ViewStore
  readonly parked: Parked
  /** The present instant, in milliseconds since the epoch. */
  now(): number
}

function reportsAt(now: () => number): Reports {
  return {
    tampered({ eventName, eventID, dynamodb }) {
      const { stream, commit } = dynamodb?.Keys ?? {}
      emitMetrics(now(), { LogTampered: 1 }, { eventName, eventID, stream: stream?.S, commit: commit?.N })
    },
    postponed(stream, error) {
      console.warn({ message: 'Projecting was put off.', stream, error: String(error) })
    },
    attempts(told) {
      const { attempts, succeeded, rollbacks, work } = seriesOf(told)
      emitMetrics(
        now(),
        {
          ...{ UpdateAttempts: attempts, UpdateSuccess: succeeded, UpdateRollbacks: rollbacks },
          UpdateSeconds: work.milliseconds / second,
        },
        { Channel: told.channel ?? 'none', component: told.component, version: told.version },
        { word: 'Channel', metrics: ['UpdateAttempts'] },
      )
    },
  }
}

/** Returns the handler that folds the commits of a batch of the log's stream into the views. */
export function projector(services: Services) {
  let runner: Runner | undefined
  return ({ Records }: DynamoDBStreamEvent): Promise<DynamoDBBatchResponse> => {
    const { viewStore: store, log, parked, now } = services
    runner ??= openRunner({ store, log, parked, now })
    return projectRecords(Records, runner, reportsAt(now))
  }
}
