import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { unblockOf } from '../../domain/upgrade/hold.ts'
import { requestedStanding, standingAfter } from '../../domain/upgrade/standing.ts'
import type { Projection } from '../projection.ts'
import { inRequestedRow, requestedRow } from '../requested-row.ts'
import { type UpgradeBody, type UpgradeRow, viewNames } from '../rows.ts'
import { packed, unpacked } from './standing.ts'
import { beginWave, shownWaves, tally } from './waves.ts'

/** Every upgrade with its counts, waves and holds: lists and status. Fed by every event. */
export const upgrades: Projection<UpgradeEvent, UpgradeBody> = {
  name: 'upgrades',
  place: (_event, { id, number, since }) => ({
    view: viewNames.upgrades,
    row: requestedRow(since, id),
    sequence: number,
  }),
  apply(body, event, { id, at }) {
    if (event.type === 'UpgradeRequested') return requested(event.data)
    if (!body) throw new Error(`The upgrade ${id} has ${event.type} before it was requested.`)
    const after = { ...body, standing: packed(standingAfter(unpacked(body.standing), event, at)) }
    switch (event.type) {
      case 'UpgradePlanned': {
        const { planHash: hash, members, waves, version, entries = [] } = event.data
        const groups = body.groups && entries.map((entry) => body.groups?.[entry] ?? null)
        return { ...after, version, plan: { hash, members, waves }, ...(groups && { groups }) }
      }
      case 'WaveStarted':
        return beginWave(after, event.data.wave)
      case 'OutcomesRecorded':
      case 'MembersRegressed':
      case 'MembersSkipped':
      case 'RetriesGivenUp':
        return tally(after, event)
      case 'ChildRequested': {
        const { child, kind, target } = event.data
        return kind === 'rollback' && target === null ? { ...after, back: child } : after
      }
      default:
        return after
    }
  },
}

function requested({
  request,
  by,
  rollout,
}: Extract<UpgradeEvent, { type: 'UpgradeRequested' }>['data']): UpgradeBody {
  const { kind, parent, component, version, strategy, groups } = request
  return {
    ...{ kind, parent, component, version, strategy, by },
    ...(rollout && { rollout: rollout.id }),
    plan: null,
    ...(groups && { groups: groups.order }),
    standing: packed(requestedStanding(request)),
    waves: {},
  }
}

/** Returns the row as it is read, from its name and its body. */
export function shownUpgrade(row: string, body: UpgradeBody): UpgradeRow {
  const { plan } = body
  const { since, id } = inRequestedRow(row)
  const standing = unpacked(body.standing)
  const { counts, holds } = standing
  return {
    upgradeId: id,
    jobId: `${id}-1`,
    kind: body.kind,
    parentId: body.parent,
    rolloutId: body.rollout ?? null,
    component: body.component,
    version: body.version,
    strategy: body.strategy,
    requestedBy: body.by,
    requestedAt: since,
    status: standing.status,
    total: plan?.members ?? 0,
    completed: counts.succeeded,
    failed: counts.failed,
    inProgress: counts.inFlight,
    skipped: counts.skipped,
    unreachable: counts.unreachable,
    rolledBack: counts.rolledBack,
    retrying: counts.retrying,
    deferred: counts.deferred,
    wave: standing.wave,
    ...shownWaves(body, counts),
    holds: holds.map((hold) => ({ ...hold, unblock: unblockOf(hold) })),
    planHash: plan?.hash ?? null,
    approvals: standing.approvals,
    generation: standing.generation,
    startedAt: standing.startedAt,
    completedAt: standing.endedAt,
    failure: standing.failure,
    takenBackBy: body.back ?? null,
  }
}
