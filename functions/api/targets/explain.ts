import type { targetContracts } from '../../../contracts/targets.ts'
import { refOf } from '../../../events/stream.ts'
import { instantOf } from '../../../events/time.ts'
import { waveOf } from '../../domain/plan/waves.ts'
import { freezePolicy, policyAggregate } from '../../domain/policy/policy.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { explainTarget as explain } from '../../domain/target/explain.ts'
import type { MemberAsked, UpgradeAsked } from '../../domain/target/explanation.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { chunkOf } from '../../domain/upgrade/chunks.ts'
import { standsAt } from '../../domain/upgrade/held.ts'
import { exists, hasBegun, hasEnded, planOf, type UpgradeState } from '../../domain/upgrade/state.ts'
import { memberNamed } from '../../facts/plan-members.ts'
import type { Log } from '../../log/log.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import { lastSeenOf } from './read.ts'

/** The instant that is asked about; left out: now. */
interface Instant {
  readonly at?: string
}

/** Where the target stands in an upgrade that has a plan; one that is over has nobody waiting any more. */
async function memberOf(log: Log, target: string, state: UpgradeState): Promise<UpgradeAsked['member']> {
  const plan = planOf(state)
  if (!plan) return null
  const member = await memberNamed(log, plan, target)
  if (member === undefined) return 'not-a-member'
  const wave = waveOf(plan.waves, plan.members, member)
  const finished: MemberAsked = { wave, status: 'finished', again: null }
  if (!exists(state) || hasEnded(state) || state.stage === 'requested') return finished
  const { chunks } = state
  const open = chunks.open[chunkOf(member)]
  const status = standsAt(chunks, member)
  const again =
    status === 'retrying'
      ? (open?.retryAt ?? null)
      : status === 'deferred'
        ? (open?.deferredAt ?? null)
        : null
  return { wave, status, again }
}

async function upgradeAsked(log: Log, target: string, id: string, at: Instant): Promise<UpgradeAsked> {
  const { state, commit } = await log.load(upgradeAggregate, id, at)
  if (!exists(state)) throw new Problem('upgrade-not-found', 'There is no such upgrade.')
  const { status, holds, failure, wave } = state.standing
  return {
    ...{ id, status, holds, failure, wave },
    ref: refOf(log.of(upgradeAggregate, id).name, commit),
    component: state.request.component,
    version: planOf(state)?.version ?? state.request.version,
    overrode: hasBegun(state) ? state.overrode : null,
    member: await memberOf(log, target, state),
  }
}

async function freezeAt(log: Log, at: Instant) {
  const { state, commit } = await log.load(policyAggregate, freezePolicy, at)
  return state.freeze && { ...state.freeze, ref: refOf(log.of(policyAggregate, freezePolicy).name, commit) }
}

/** Says why a target is, or is not, being upgraded, now or at an instant: from the log alone, each reason with its commit (N3). */
export const explainTarget: Operate<(typeof targetContracts)['explainTarget'], 'telemetry'> = async (
  { params, query },
  { log, telemetry, now },
) => {
  const { id } = params
  const instant = instantOf(query.at ?? now())
  const at: Instant = query.at === undefined ? {} : { at: instant }
  const { state, commit } = await log.load(targetAggregate, id, at)
  if (!state.registered) throw new Problem('target-not-found', 'No such target is registered at that time.')
  const [freeze, upgrade, lastSeenAt] = await Promise.all([
    freezeAt(log, at),
    query.upgradeId === undefined ? undefined : upgradeAsked(log, id, query.upgradeId, at),
    lastSeenOf(telemetry, id),
  ])
  const ref = refOf(log.of(targetAggregate, id).name, commit)
  const explanation = explain({ id, target: state, ref, at: instant, upgrade, freeze })
  return { status: 200, body: { id, at: instant, lastSeenAt, ...explanation } }
}
