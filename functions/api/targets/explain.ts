import type { targetContracts } from '../../../contracts/targets.ts'
import { waveOf } from '../../domain/plan/waves.ts'
import { policyAggregate } from '../../domain/policy/policy.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import type { TargetState } from '../../domain/target/state.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { memberAt } from '../../domain/upgrade/members.ts'
import { exists, hasEnded } from '../../domain/upgrade/state.ts'
import type { Log } from '../../log/log.ts'
import { freezePolicy } from '../../planning/facts.ts'
import { memberNamed } from '../../planning/members.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import { lastSeenOf } from './read.ts'

/** One fact in the log that bears on whether a target is upgraded, with the stream and commit that say so. */
interface Reason {
  readonly code: string
  readonly detail: string
  readonly ref: string
}

type Verdict = 'updating' | 'offered' | 'eligible' | 'blocked' | 'waiting' | 'done'

interface Explanation {
  readonly verdict: Verdict
  readonly sentence: string
  readonly reasons: readonly Reason[]
}

function ofItself(id: string, ref: string, state: TargetState): Explanation | undefined {
  const { retired, active, pin } = state
  if (retired) {
    const reasons = [{ code: 'retired', detail: retired.reason, ref }]
    return { verdict: 'blocked', sentence: `${id} is retired: ${retired.reason}`, reasons }
  }
  if (active) {
    const what = `${active.component} ${active.from} → ${active.to}`
    const detail = `Attempt ${active.attempt} of upgrade ${active.upgrade}: ${what}.`
    return active.acceptedAt === null
      ? {
          verdict: 'offered',
          sentence: `${what} waits for the agent of ${id} to accept it by ${active.acceptBy}.`,
          reasons: [{ code: 'offered', detail, ref }],
        }
      : {
          verdict: 'updating',
          sentence: `${id} accepted ${what} at ${active.acceptedAt}; it has until ${active.deadline}.`,
          reasons: [{ code: 'updating', detail, ref }],
        }
  }
  if (pin) {
    const reasons = [{ code: 'pinned', detail: pin.reason, ref }]
    const what = pin.component === null ? 'every component' : pin.component
    return { verdict: 'blocked', sentence: `${id} is pinned (${what}): ${pin.reason}`, reasons }
  }
  return undefined
}

function lastOf(id: string, ref: string, state: TargetState, upgrade?: string): Explanation | undefined {
  const last = state.attempts.findLast((attempt) => upgrade === undefined || attempt.upgrade === upgrade)
  if (!last) return undefined
  const code = last.code === null ? '' : ` (${last.code})`
  const sentence = `The last attempt on ${id}, ${last.component} ${last.from} → ${last.to}, ended as ${last.outcome}${code} at ${last.endedAt}.`
  return { verdict: 'done', sentence, reasons: [{ code: last.code ?? last.outcome, detail: sentence, ref }] }
}

/** Why a member of an upgrade has not been assigned: what holds the upgrade, or the wave that it waits for. */
async function inUpgrade(
  log: Log,
  id: string,
  upgradeId: string,
  at: { at?: string },
): Promise<Explanation | undefined> {
  const { state, commit } = await log.load(upgradeAggregate, upgradeId, at)
  if (!exists(state)) throw new Problem('upgrade-not-found', 'There is no such upgrade.')
  const ref = `upgrade#${upgradeId}@${commit}`
  if (!state.plan) {
    const detail = state.failure?.detail ?? 'The upgrade is being planned.'
    return {
      verdict: 'waiting',
      sentence: detail,
      reasons: [{ code: state.failure?.code ?? 'not_planned', detail, ref }],
    }
  }
  const member = await memberNamed(log, state.plan, id)
  if (member === undefined) {
    const sentence = `${id} is no member of the upgrade: it was not selected, or was left out when it was planned.`
    return { verdict: 'blocked', sentence, reasons: [{ code: 'not_a_member', detail: sentence, ref }] }
  }
  const status = memberAt(state.chunks, member)?.status ?? (member < state.cursor ? 'finished' : 'pending')
  if (hasEnded(state) || (status !== 'pending' && status !== 'retrying' && status !== 'deferred'))
    return undefined
  const holds = state.holds.map(({ code, unblock }) => ({ code, detail: unblock, ref }))
  if (holds.length > 0) {
    const codes = holds.map(({ code }) => code).join(', ')
    return {
      verdict: 'waiting',
      sentence: `The upgrade is held (${codes}). ${holds[0]?.detail}`,
      reasons: holds,
    }
  }
  const wave = waveOf(state.plan.waves, state.plan.members, member)
  const glass = state.overrode === null ? '' : ` It goes on in spite of the stop since ${state.overrode}.`
  const sentence = `${id} is ${status} in wave ${wave + 1}; the upgrade is at wave ${state.wave + 1}.${glass}`
  return { verdict: 'waiting', sentence, reasons: [{ code: status, detail: sentence, ref }] }
}

async function eligible(log: Log, id: string, ref: string, at: { at?: string }): Promise<Explanation> {
  const { state, commit } = await log.load(policyAggregate, freezePolicy, at)
  if (state.freeze) {
    const reasons = [{ code: 'freeze', detail: state.freeze.reason, ref: `policy#${freezePolicy}@${commit}` }]
    return { verdict: 'blocked', sentence: `Everything is stopped: ${state.freeze.reason}`, reasons }
  }
  const sentence = `Nothing stands against upgrading ${id}; no upgrade has assigned it anything.`
  return { verdict: 'eligible', sentence, reasons: [{ code: 'eligible', detail: sentence, ref }] }
}

/** Says why a target is, or is not, being upgraded, now or at an instant: from the log alone, each reason with its commit (N3). */
export const explainTarget: Operate<(typeof targetContracts)['explainTarget'], 'telemetry'> = async (
  { params, query },
  { log, telemetry, now },
) => {
  const { id } = params
  const instant = new Date(query.at ?? now()).toISOString()
  const at = query.at === undefined ? {} : { at: instant }
  const { state, commit } = await log.load(targetAggregate, id, at)
  if (!state.registered) throw new Problem('target-not-found', 'No such target is registered at that time.')
  const ref = `target#${id}@${commit}`
  const explanation =
    ofItself(id, ref, state) ??
    (query.upgradeId === undefined ? undefined : await inUpgrade(log, id, query.upgradeId, at)) ??
    lastOf(id, ref, state, query.upgradeId) ??
    (await eligible(log, id, ref, at))
  const lastSeenAt = await lastSeenOf(telemetry, id)
  return { status: 200, body: { id, at: instant, lastSeenAt, ...explanation } }
}
