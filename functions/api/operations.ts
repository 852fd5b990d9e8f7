import { operationsContracts } from '../../contracts/operations.ts'
import { endpoint } from './http/endpoint.ts'
import { listApprovals } from './operations/approvals.ts'
import { getQueueJob, getQueueStats } from './operations/queue.ts'
import { getStop, liftStop, stopEverything } from './operations/stop.ts'
import type { ReceptionOfPeople, Services } from './services.ts'

/** Returns the handler of what operators watch over: approvals, the stop of everything, the queue. */
export function operationsEndpoint(services: Services & ReceptionOfPeople) {
  return endpoint(
    'operations',
    operationsContracts,
    { listApprovals, getStop, stopEverything, liftStop, getQueueStats, getQueueJob },
    services,
  )
}
