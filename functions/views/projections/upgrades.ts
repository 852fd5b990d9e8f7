import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { count, type MemberCounts, noCounts } from '../../domain/upgrade/counts.ts'
import { evolve } from '../../domain/upgrade/evolve.ts'
import { initialUpgrade, type UpgradeState, unblockOf } from '../../domain/upgrade/state.ts'
import type { Projection, ProjectionContext } from '../projection.ts'
import { type CountTally, countNames, type UpgradeBody, type UpgradeRow, viewNames } from '../rows.ts'
import { upgradeInRow, upgradeRow } from './live.ts'
import { shownWaves, tally } from './waves.ts'

/** Every upgrade with its counts, waves and holds: lists and status. Fed by every commit. */
export const upgrades: Projection<UpgradeEvent, UpgradeBody> = {
  name: 'upgrades',
  place: (_event, { id, commit, since }) => ({
    view: viewNames.upgrades,
    row: upgradeRow(since, id),
    sequence: commit,
  }),
  apply(body, event, context) {
    if (event.type === 'UpgradeRequested') return requested(event.data)
    if (!body) throw new Error(`The upgrade ${context.id} has ${event.type} before it was requested.`)
    switch (event.type) {
      // These move single members, which the row does not hold: it counts them, by the rule of the fold.
      case 'TargetsAdmitted':
      case 'OutcomesRecorded':
      case 'MembersSkipped':
      case 'DeadlinePassed':
      case 'DeadlineMoved':
        return tally({ ...body, counts: packed(count(unpacked(body.counts), event)) }, event)
      case 'UpgradePlanned': {
        const { planHash: hash, members, waves, version } = event.data
        return { ...advanced(body, event, context), version, plan: { hash, members, waves } }
      }
      case 'WaveStarted': {
        const begun = advanced(body, event, context)
        return { ...begun, waves: { [event.data.wave]: [0, 0, 0, 0], ...begun.waves } }
      }
      default:
        return advanced(body, event, context)
    }
  },
}

function requested({ request, by }: { request: UpgradeRequest; by: string }): UpgradeBody {
  return {
    kind: request.kind,
    parent: request.parent,
    component: request.component,
    version: request.version,
    strategy: request.strategy,
    by,
    status: 'requested',
    resumesTo: 'scheduled',
    counts: packed(noCounts),
    plan: null,
    wave: -1,
    waves: {},
    holds: [],
    needed: request.approvals.required,
    given: 0,
    generation: 0,
    startedAt: null,
    endedAt: null,
    failure: null,
    ...(request.breakGlass && { glass: true as const }),
  }
}

/** Returns the row with status, holds, approvals and times moved on by the domain's own rule. */
function advanced(body: UpgradeBody, event: UpgradeEvent, context: ProjectionContext): UpgradeBody {
  const { status, resumesTo, counts, holds, approvals, generation, wave, startedAt, endedAt, failure } =
    evolve(remembered(body), event, context)
  return {
    ...body,
    status,
    resumesTo,
    counts: packed(counts),
    holds: holds.map(({ unblock: _, ...hold }) => hold),
    given: approvals.length,
    generation,
    wave,
    startedAt,
    endedAt,
    failure: failure && { code: failure.code, detail: failure.detail },
  }
}

/** As much of the fold as the row remembers. Members, chunks and the plan's order are not in it. */
function remembered(body: UpgradeBody): UpgradeState {
  const { status, resumesTo, counts, holds, generation, wave, startedAt, endedAt, failure } = body
  const unasked = { digest: null, droppedWaves: [], leftOut: {}, policyVersion: 0, releaseVersion: 0 }
  return {
    ...initialUpgrade,
    // The fold asks a request for nothing but these; the test against the whole fold would show if that changed.
    request: { approvals: { required: body.needed }, breakGlass: body.glass === true } as UpgradeRequest,
    plan: body.plan && { ...unasked, ...body.plan, planHash: body.plan.hash, version: body.version },
    status,
    resumesTo,
    counts: unpacked(counts),
    holds: holds.map((hold) => ({ ...hold, unblock: unblockOf(hold) })),
    approvals: Array.from({ length: body.given }, () => ({ by: '', at: '', comment: null })),
    generation,
    wave,
    startedAt,
    endedAt,
    failure,
  }
}

function packed(counts: MemberCounts): CountTally {
  return countNames.map((name) => counts[name])
}

function unpacked(tally: CountTally): MemberCounts {
  const named = countNames.map((name, place) => [name, tally[place] ?? 0] as const)
  return { ...noCounts, ...Object.fromEntries(named) }
}

/** Returns the row as it is read, from its name and its body. */
export function shownUpgrade(row: string, body: UpgradeBody): UpgradeRow {
  const { plan } = body
  const { since, id } = upgradeInRow(row)
  const counts = unpacked(body.counts)
  return {
    upgradeId: id,
    jobId: `${id}-1`,
    kind: body.kind,
    parentId: body.parent,
    component: body.component,
    version: body.version,
    strategy: body.strategy,
    requestedBy: body.by,
    requestedAt: since,
    status: body.status,
    total: plan?.members ?? 0,
    completed: counts.succeeded,
    failed: counts.failed,
    inProgress: counts.inFlight,
    skipped: counts.skipped,
    unreachable: counts.unreachable,
    rolledBack: counts.rolledBack,
    retrying: counts.retrying,
    deferred: counts.deferred,
    wave: body.wave,
    ...shownWaves(body, counts),
    holds: body.holds.map((hold) => ({ ...hold, unblock: unblockOf(hold) })),
    planHash: plan?.hash ?? null,
    approvals: { needed: body.needed, given: body.given },
    generation: body.generation,
    startedAt: body.startedAt,
    completedAt: body.endedAt,
    failure: body.failure,
  }
}
