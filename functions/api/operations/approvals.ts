import type { operationsContracts } from '../../../contracts/operations.ts'
import { rolesFor } from '../../../contracts/routes.ts'
import { afterWave } from '../../domain/plan/after-wave.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { authorsOf } from '../../domain/upgrade/approvers.ts'
import { holdOf } from '../../domain/upgrade/hold.ts'
import { isPlanned, type PlannedUpgrade } from '../../domain/upgrade/state.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import type { UpgradeRow } from '../../views/rows.ts'
import type { Operate } from '../http/endpoint.ts'
import type { Principal } from '../http/exchange.ts'
import { type Paged, pageOf } from '../http/page.ts'

/** Pages of the view that one request looks through at most. */
const mostPages = 10

/** What a person is waited for, the hold that says so, and what they call to give it. */
const waits = [
  { waitsFor: 'approve', code: 'APPROVAL', operation: 'approveUpgrade' },
  { waitsFor: 'continue', code: 'CONTINUE', operation: 'continueUpgrade' },
] as const
type Wait = (typeof waits)[number]

const waitsFor = ({ holds }: UpgradeRow) => waits.some(({ code }) => holds.some((hold) => hold.code === code))

/** Returns who may give what is waited for: one of these roles, of these people where some are named, and none of those. */
function whoMay({ waitsFor, operation }: Wait, state: PlannedUpgrade) {
  const roles = rolesFor(operation)
  if (waitsFor === 'continue') {
    const { continueBySecondPerson } = afterWave(state, state.standing.wave)
    const except = continueBySecondPerson ? [state.requestedBy] : []
    return { roles, approvers: null, except }
  }
  const given = state.approvals.map(({ by }) => by)
  return { roles, approvers: state.request.approvals.approvers, except: [...authorsOf(state), ...given] }
}

function entry(row: UpgradeRow, state: PlannedUpgrade, wait: Wait, principal: Principal) {
  const hold = holdOf(state.standing.holds, wait.code)
  if (!hold) return []
  const may = whoMay(wait, state)
  const { id } = principal
  const entitled = principal.kind === 'person' && may.roles.some((role) => principal.roles.has(role))
  const named = may.approvers === null || may.approvers.includes(id)
  const { needed, given } = state.standing.approvals
  return [
    {
      upgradeId: row.upgradeId,
      waitsFor: wait.waitsFor,
      component: row.component,
      version: row.version,
      planHash: row.planHash,
      window: state.window,
      requestedBy: row.requestedBy,
      requestedAt: row.requestedAt,
      since: hold.since,
      lapses: hold.lapses,
      ...{ needed, given },
      may,
      youMay: entitled && named && !may.except.includes(id),
      yours: row.requestedBy === id,
    },
  ]
}

/**
 * Lists what waits for a person, newest first, paused or not; `yours` marks what the caller asked for. The list of upgrades finds it, and each
 * is read from its stream, which knows who may.
 */
export const listApprovals: Operate<(typeof operationsContracts)['listApprovals']> = async (
  { query, principal },
  { log, views },
) => {
  const approvals: object[] = []
  let cursor: string | null | undefined = query.cursor
  for (let page = 0; page < mostPages && cursor !== null && approvals.length === 0; page++) {
    const found: Paged<UpgradeRow> = await pageOf(views.listUpgrades({ limit: query.limit, cursor }))
    cursor = found.nextCursor
    const entries = await sideBySide(found.rows.filter(waitsFor), atOnce.targets, async (row) => {
      const { state } = await log.load(upgradeAggregate, row.upgradeId)
      return isPlanned(state) ? waits.flatMap((wait) => entry(row, state, wait, principal)) : []
    })
    approvals.push(...entries.flat())
  }
  return { status: 200, body: { approvals, count: approvals.length, nextCursor: cursor ?? null } }
}
