import type { rolloutContracts } from '../../../contracts/rollouts.ts'
import { instantOf } from '../../../events/time.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { holdsOf } from '../../domain/rollout/holds.ts'
import { isPassed } from '../../domain/rollout/phases.ts'
import { position } from '../../domain/rollout/position.ts'
import { actionsOf, glassActionsOf } from '../../domain/rollout/possible.ts'
import { type ExistingRollout, exists, type Phase, type RolloutState } from '../../domain/rollout/state.ts'
import { asOf } from '../../facts/as-of.ts'
import { livingAmong, rollbacksOf } from '../../facts/rollout-children.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import { unlessUnreadable } from '../../unreadable.ts'
import type { RolloutRow, UpgradeRow } from '../../views/rows.ts'
import type { Operate } from '../http/endpoint.ts'
import { pageOf } from '../http/page.ts'
import type { Services } from '../services.ts'
import { foldRow } from '../upgrades/history.ts'
import { upgradeStatusOf, upgradeWords } from '../upgrades/statuses.ts'
import { rolloutAt } from './history.ts'

type Contracts = typeof rolloutContracts

function summaryBody(row: RolloutRow) {
  const { rolloutId, kind, parent, name, phases, planHash, by, requestedAt, standing } = row
  const { status, begun, over, approvals, startedAt, endedAt, failure } = standing
  return {
    ...{ rolloutId, jobId: `${rolloutId}-1`, kind, parentId: parent, name },
    status: upgradeWords[status],
    ...{ phaseCount: phases, phasesBegun: begun, phasesEnded: over, planHash, approvals },
    ...{ requestedBy: by, requestedAt, startedAt, completedAt: endedAt, failure },
  }
}

function rowOf(id: string, state: ExistingRollout): RolloutRow {
  const { request, requestedBy: by, requestedAt, phases, planHash, standing } = state
  const { kind, parent, name } = request
  return { rolloutId: id, kind, parent, name, by, phases: phases.length, planHash, requestedAt, standing }
}

/** Returns by which rollout one is taken back, and how that stands, as the log says; where nothing does yet, it has just been noted. */
function backBody({ rollout: rolloutId, phases }: Back, state: RolloutState | undefined) {
  const status = upgradeWords[state && exists(state) ? state.standing.status : 'requested']
  return { rolloutId, phases, status }
}

type Back = NonNullable<RolloutRow['back']>

/** Returns a rollout as lists have it. */
async function listedBody(row: RolloutRow, { log }: Pick<Services, 'log'>) {
  const { back } = row
  if (back === undefined) return { ...summaryBody(row), takenBackBy: null }
  const { rollout } = back
  const known = await unlessUnreadable(`rollout ${rollout}`, () => log.load(rolloutAggregate, rollout))
  return { ...summaryBody(row), takenBackBy: backBody(back, known?.state) }
}

/** Lists rollouts from the view. */
export const listRollouts: Operate<Contracts['listRollouts']> = async ({ query }, services) => {
  const { limit, cursor, status } = query
  const wanted = status === undefined ? undefined : upgradeStatusOf[status]
  const { rows, nextCursor } = await pageOf(services.views.listRollouts({ limit, cursor, status: wanted }))
  const rollouts = await sideBySide(rows, atOnce.upgrades, (row) => listedBody(row, services))
  return { status: 200, body: { rollouts, count: rows.length, nextCursor } }
}

/** Returns the row of a phase's upgrade: of one at work from the view, which may lag; at an instant from the log. */
async function upgradeOf(
  { log, views }: Services,
  { upgrade, end }: Phase,
  at: string | undefined,
): Promise<UpgradeRow | undefined> {
  if (upgrade === null) return undefined
  if (at !== undefined || end !== null) return (await foldRow(log, upgrade, at))?.row
  return (await views.getUpgrade(upgrade))?.row ?? (await foldRow(log, upgrade))?.row
}

function statusOf({ end, startedAt, upgrade }: Phase, row: UpgradeRow | undefined): string {
  if (end?.status === 'nothing_to_do') return 'nothing_to_do'
  if (end) return upgradeWords[end.status]
  if (startedAt === null) return 'waiting'
  return row && upgrade !== null ? upgradeWords[row.status] : 'pending'
}

function phaseBody(phase: Phase, phases: readonly Phase[], row: UpgradeRow | undefined) {
  const { name, dependsOn, upgrade, planHash, members, end, startedAt, accepted } = phase
  return {
    name,
    dependsOn: dependsOn.flatMap((other) => phases[other]?.name ?? []),
    status: statusOf(phase, row),
    upgradeId: upgrade,
    planHash: planHash ?? row?.planHash ?? null,
    total: row?.total ?? members,
    completed: row?.completed ?? 0,
    failed: (row?.failed ?? 0) + (row?.unreachable ?? 0),
    skipped: row?.skipped ?? 0,
    inProgress: row?.inProgress ?? 0,
    ...{ startedAt, completedAt: end?.at ?? null, passed: isPassed(phase), accepted },
    holds: end === null ? (row?.holds ?? []) : [],
  }
}

/** Returns where a rollout stands, phase by phase; with `at`, where it stood at that instant. */
export async function statusBody(
  services: Services,
  id: string,
  state: ExistingRollout,
  at: string | undefined,
) {
  const rows = await sideBySide(state.phases, atOnce.upgrades, (phase) => upgradeOf(services, phase, at))
  const phases = state.phases.map((phase, number) => phaseBody(phase, state.phases, rows[number]))
  const sum = (figure: 'total' | 'completed' | 'failed') =>
    phases.reduce((total, phase) => total + phase[figure], 0)
  return {
    ...summaryBody(rowOf(id, state)),
    ...{ total: sum('total'), completed: sum('completed'), failed: sum('failed'), phases },
    holds: holdsOf(state, at ?? instantOf(services.now())),
  }
}

/** Reads the progress of a rollout. */
export const getRolloutStatus: Operate<Contracts['getRolloutStatus']> = async (
  { params, query },
  services,
) => {
  const at = query.at === undefined ? undefined : instantOf(query.at)
  const { state, commit } = await rolloutAt(services.log, params.id, at)
  return { status: 200, body: await statusBody(services, params.id, state, at), etag: commit }
}

/** Reads all about a rollout. */
export const getRollout: Operate<Contracts['getRollout']> = async ({ params, query }, services) => {
  const at = query.at === undefined ? undefined : instantOf(query.at)
  const { state, commit } = await rolloutAt(services.log, params.id, at)
  const { request, approvals, children, abort, standing } = state
  const then = at ?? instantOf(services.now())
  const { move, place } = position(state, then)
  const log = at === undefined ? services.log : asOf(services.log, at)
  const rollbacks = await rollbacksOf(log, state)
  const living = livingAmong(rollbacks)
  const last = children.at(-1)
  const nameOf = (phase: number) => state.phases[phase]?.name ?? []
  const body = {
    ...(await statusBody(services, params.id, state, at)),
    ...{ reason: request.reason, onFailure: request.onFailure, approvalsGiven: approvals },
    children: children.map(({ child, phases, at: asked }) => ({
      ...{ rolloutId: child, phases: phases.flatMap(nameOf), at: asked },
    })),
    takenBackBy: last
      ? backBody({ rollout: last.child, phases: last.phases.length }, rollbacks.at(-1)?.state)
      : null,
    ...{ abort, generation: standing.generation, position: { move, place } },
    actions: [...actionsOf(state, living, then)],
    breakGlassActions: [...glassActionsOf(state, living)],
    commit,
  }
  return { status: 200, body, etag: commit }
}
