import { analyticsContracts } from '../../contracts/analytics.ts'
import { operationsContracts } from '../../contracts/operations.ts'
import { getAnalytics } from './analytics/analytics.ts'
import { getMetrics } from './analytics/metrics.ts'
import { endpoint } from './http/endpoint.ts'
import { listApprovals } from './operations/approvals.ts'
import { getQueueJob, getQueueStats } from './operations/queue.ts'
import { getStop, liftStop, stopEverything } from './operations/stop.ts'
import type { ReceptionOfPeople, Services } from './services.ts'

/** Returns the handler of what operators watch over: approvals, the stop of everything, the queue, and how attempts end. */
export function operationsEndpoint(services: Services & ReceptionOfPeople) {
  return endpoint(
    'operations',
    { ...operationsContracts, ...analyticsContracts },
    {
      listApprovals,
      getStop,
      stopEverything,
      liftStop,
      getQueueStats,
      getQueueJob,
      getAnalytics,
      getMetrics,
    },
    services,
  )
}
