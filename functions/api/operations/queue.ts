import type { operationsContracts } from '../../../contracts/operations.ts'
import { queueStateOf } from '../../domain/upgrade/queue.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import { upgradeWords } from '../upgrades/statuses.ts'

type Contracts = typeof operationsContracts

/** Counts upgrades by what they wait for. */
export const getQueueStats: Operate<Contracts['getQueueStats']> = async (_input, { views }) => {
  const { waiting, active, completed, failed, delayed } = await views.queueStats()
  return { status: 200, body: { waiting, active, completed, failed, delayed } }
}

/** Reads the job of an upgrade, by any of its generations. */
export const getQueueJob: Operate<Contracts['getQueueJob']> = async ({ params }, { views }) => {
  const dash = params.jobId.lastIndexOf('-')
  const upgradeId = params.jobId.slice(0, dash)
  const generation = Number(params.jobId.slice(dash + 1))
  const found = await views.getUpgrade(upgradeId)
  if (!found || generation > found.row.generation) throw new Problem('job-not-found', 'There is no such job.')
  const { row } = found
  const ended = row.completed + row.failed + row.skipped + row.unreachable
  return {
    status: 200,
    body: {
      jobId: params.jobId,
      upgradeId,
      state: queueStateOf(row),
      status: upgradeWords[row.status],
      progress: row.total === 0 ? 0 : Math.round((1000 * ended) / row.total) / 10,
      requestedAt: row.requestedAt,
      startedAt: row.startedAt,
      completedAt: row.completedAt,
    },
  }
}
