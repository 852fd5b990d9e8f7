import type { operationsContracts } from '../../../contracts/operations.ts'
import type { UpgradeRow } from '../../views/rows.ts'
import type { Operate } from '../http/endpoint.ts'
import { type Paged, pageOf } from '../http/page.ts'

/** Pages of the view that one request looks through at most. */
const mostPages = 10

/** Does the upgrade wait for a person to approve its plan or to continue it? */
function waitsFor({ status, holds }: UpgradeRow): 'approve' | 'continue' | null {
  if (!holds.some(({ code }) => code === 'APPROVAL')) return null
  return status === 'running' || status === 'paused' ? 'continue' : 'approve'
}

/** Lists what waits for a person, newest first; `yours` marks what the caller asked for and must leave to another. */
export const listApprovals: Operate<(typeof operationsContracts)['listApprovals']> = async (
  { query, principal },
  { views },
) => {
  const approvals: object[] = []
  let cursor: string | null | undefined = query.cursor
  for (let page = 0; page < mostPages && cursor !== null && approvals.length === 0; page++) {
    const found: Paged<UpgradeRow> = await pageOf(views.listUpgrades({ limit: query.limit, cursor }))
    cursor = found.nextCursor
    for (const row of found.rows) {
      const waits = waitsFor(row)
      if (waits === null) continue
      approvals.push({
        upgradeId: row.upgradeId,
        waitsFor: waits,
        component: row.component,
        version: row.version,
        planHash: row.planHash,
        requestedBy: row.requestedBy,
        requestedAt: row.requestedAt,
        since: row.holds.find(({ code }) => code === 'APPROVAL')?.since ?? row.requestedAt,
        needed: row.approvals.needed,
        given: row.approvals.given,
        yours: row.requestedBy === principal.id,
      })
    }
  }
  return { status: 200, body: { approvals, count: approvals.length, nextCursor: cursor ?? null } }
}
