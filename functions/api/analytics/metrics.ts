import type { analyticsContracts } from '../../../contracts/analytics.ts'
import type { Operate } from '../http/endpoint.ts'
import { openMetrics } from './open-metrics.ts'

/** Tells what was counted of all attempts, from the first one on. */
export const getMetrics: Operate<(typeof analyticsContracts)['getMetrics']> = async (_input, { views }) => ({
  status: 200,
  body: {},
  openMetrics: openMetrics(await views.attemptTotals()),
})
