import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import { instantOf } from '../../../events/time.ts'
import { confidencePercent, defectBounds } from '../../domain/plan/detection.ts'
import { waveSizes } from '../../domain/plan/waves.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { position } from '../../domain/upgrade/position.ts'
import { actionsOf, glassActionsOf } from '../../domain/upgrade/possible.ts'
import { type ExistingUpgrade, exists, planOf } from '../../domain/upgrade/state.ts'
import { asOf } from '../../facts/as-of.ts'
import { type Family, familyOf, relativesOf } from '../../facts/family.ts'
import { againstReleaseOf } from '../../facts/release.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import { awaitVersion } from '../../views/await-version.ts'
import type { UpgradeRow } from '../../views/rows.ts'
import type { Operate } from '../http/endpoint.ts'
import { pageOf } from '../http/page.ts'
import type { Services } from '../services.ts'
import { commonFailures } from './failures.ts'
import { foldRow, upgradeNotFound } from './history.ts'
import { expectedAttempt } from './plan.ts'
import { droppedOf } from './planned-waves.ts'
import { attemptStatusOf, attemptWords, upgradeStatusOf, upgradeWords } from './statuses.ts'
import { waveNumber } from './wave-number.ts'

type Contracts = typeof upgradeContracts

/**
 * Returns the row of an upgrade. Who brings the number of a commit gets that commit or a later one: the row is waited for, then the
 * stream is folded. A row that is not there yet is folded too, so that an acknowledged upgrade is never "not found".
 */
async function rowOf(
  { log, views }: Services,
  id: string,
  seen: number | null,
): Promise<{ readonly row: UpgradeRow; readonly commit: number } | undefined> {
  const read = () => views.getUpgrade(id)
  return (seen === null ? await read() : await awaitVersion(read, seen)) ?? foldRow(log, id)
}

/** What the outcomes so far leave possible; null: there are none. */
function defectsOf(completed: number, failed: number) {
  const outcomes = completed + failed
  return outcomes === 0 ? null : { outcomes, failed, confidencePercent, ...defectBounds(failed, outcomes) }
}

function statusBody(row: UpgradeRow) {
  const { upgradeId, component, version, strategy, total, completed, failed, inProgress } = row
  const { skipped, unreachable, rolledBack, retrying, deferred, startedAt, completedAt } = row
  return {
    ...{ upgradeId, component, version, strategy, total, completed, failed, inProgress },
    status: upgradeWords[row.status],
    ...{ startedAt, completedAt, skipped, unreachable, rolledBack, retrying, deferred },
    wave: waveNumber(row.wave),
    waveCount: row.waveCount,
    waves: row.waves.map((wave) => ({ ...wave, wave: waveNumber(wave.wave) })),
    holds: row.holds,
    defects: defectsOf(completed, failed),
  }
}

function summaryBody(row: UpgradeRow) {
  const { jobId, kind, parentId, rolloutId, requestedBy, requestedAt, planHash, approvals, failure } = row
  return {
    id: row.upgradeId,
    ...statusBody(row),
    ...{ jobId, kind, parentId, rolloutId, requestedBy, requestedAt, planHash, approvals, failure },
  }
}

/** Returns an upgrade as lists have it. How its rollback stands, the row of that one says; where there is none yet, it has just been noted. */
async function listedBody(row: UpgradeRow, { views }: Pick<Services, 'views'>) {
  const { takenBackBy: upgradeId } = row
  const rollback = upgradeId === null ? undefined : await views.getUpgrade(upgradeId)
  const status = upgradeWords[rollback?.row.status ?? 'requested']
  return { ...summaryBody(row), takenBackBy: upgradeId === null ? null : { upgradeId, status } }
}

/** Returns by which upgrade all of one is taken back, and how that stands, as its family is known; where nothing says so yet, it has just been noted. */
function takenBackBy({ children }: Pick<ExistingUpgrade, 'children'>, family: Family | undefined) {
  const back = children.findLast(({ kind, target }) => kind === 'rollback' && target === null)
  if (back === undefined) return null
  const state = family?.children.find(({ child }) => child === back.child)?.state
  const status = upgradeWords[state && exists(state) ? state.standing.status : 'requested']
  return { upgradeId: back.child, status }
}

/** Lists upgrades from the view. */
export const listUpgrades: Operate<Contracts['listUpgrades']> = async ({ query }, services) => {
  const { limit, cursor, status, ...others } = query
  const filters = { ...others, ...(status !== undefined && { status: upgradeStatusOf[status] }) }
  const { rows, nextCursor } = await pageOf(services.views.listUpgrades({ limit, cursor, filters }))
  const upgrades = await sideBySide(rows, atOnce.upgrades, (row) => listedBody(row, services))
  return { status: 200, body: { upgrades, count: rows.length, nextCursor } }
}

/** Reads the progress of an upgrade (C2), from its row; at an instant, from the log. */
export const getUpgradeStatus: Operate<Contracts['getUpgradeStatus']> = async (input, services) => {
  const { id } = input.params
  const { at } = input.query
  const found =
    at === undefined ? await rowOf(services, id, input.seen) : await foldRow(services.log, id, instantOf(at))
  if (!found) throw upgradeNotFound()
  return { status: 200, body: statusBody(found.row), etag: found.commit }
}

/** Reads all about an upgrade: approvals, children and the plan from its state, as they are in no row, and its figures from its row; at an instant from the log. */
export const getUpgrade: Operate<Contracts['getUpgrade']> = async ({ params, query }, services) => {
  const { log, now } = services
  const at = query.at === undefined ? undefined : instantOf(query.at)
  const { state, commit } = await log.load(upgradeAggregate, params.id, at === undefined ? {} : { at })
  if (!exists(state)) throw upgradeNotFound()
  const folded =
    at === undefined ? await rowOf(services, params.id, commit) : await foldRow(log, params.id, at)
  if (!folded) throw upgradeNotFound()
  const { children, window, request, standing } = state
  const { failure, generation } = standing
  const plan = planOf(state)
  const then = at ?? instantOf(now())
  const logThen = at === undefined ? log : asOf(log, at)
  const family = await familyOf(logThen, params.id)
  const relatives = await relativesOf(logThen, params.id, state, family)
  const { move, place } = position(state, then)
  const against = await againstReleaseOf(log, state, at === undefined ? {} : { at })
  const approvals = state.stage === 'requested' ? [] : state.approvals
  const body = {
    ...summaryBody(folded.row),
    reason: request.reason,
    request,
    plan: plan && {
      planHash: plan.planHash,
      version: plan.version,
      digest: plan.digest,
      members: plan.members,
      waves: waveSizes(plan.waves, plan.members).slice(0, 1000),
      leftOut: plan.leftOut,
      ...droppedOf(request, plan),
      rolling: plan.rolling ?? null,
      spacingSeconds: plan.spacingSeconds ?? null,
      exposure: plan.exposure ?? null,
      expectedAttempt: expectedAttempt(request, plan),
      policyVersion: plan.policyVersion,
      releaseVersion: plan.releaseVersion,
    },
    approvals: approvals.map(({ by, at: given, window, comment }) => ({ by, at: given, window, comment })),
    children: children.map(({ child, kind, target, at: asked }) => ({
      ...{ upgradeId: child, kind, targetId: target, at: asked },
    })),
    takenBackBy: takenBackBy(state, family),
    failure,
    failures: plan
      ? await commonFailures(log, { id: params.id, planHash: plan.planHash, counts: standing.counts, commit })
      : [],
    againstRelease: against.map(({ ref: _, ...one }) => one),
    window: window && { start: window.start, end: window.end },
    generation,
    position: { move, place },
    actions: [...actionsOf(params.id, state, relatives, then)],
    breakGlassActions: [...glassActionsOf(params.id, state, relatives)],
    commit,
  }
  return { status: 200, body, etag: commit }
}

/** Lists the attempts of an upgrade in the seed's field names (C3). */
export const getUpgradeLogs: Operate<Contracts['getUpgradeLogs']> = async (
  { params, query, seen },
  services,
) => {
  const { limit, cursor, status } = query
  const wanted = status === undefined ? undefined : attemptStatusOf[status]
  const { rows, nextCursor } = await pageOf(
    services.views.listAttempts(params.id, { limit, cursor, status: wanted }),
  )
  if (rows.length === 0 && !(await rowOf(services, params.id, seen))) throw upgradeNotFound()
  const logs = rows.map((attempt) => ({
    id: attempt.id,
    customer_id: attempt.target,
    component: attempt.component,
    from_version: attempt.from,
    to_version: attempt.to,
    status: attemptWords[attempt.status],
    started_at: attempt.startedAt,
    completed_at: attempt.completedAt,
    output: attempt.output,
    error: attempt.code,
  }))
  return { status: 200, body: { upgradeId: params.id, count: logs.length, nextCursor, logs } }
}
