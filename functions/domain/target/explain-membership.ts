import type { UpgradeStatus } from '../upgrade/state.ts'
import type { Finding, UpgradeStanding } from './explain.ts'
import type { EndedAttempt, TargetState } from './state.ts'

const over: ReadonlySet<UpgradeStatus> = new Set([
  'aborted',
  'completed',
  'completed_with_exceptions',
  'failed',
  'rejected',
  'expired',
])

const leftOutWords: Readonly<Record<string, string>> = {
  retired: 'it was retired',
  pinned: 'it was pinned',
  component_missing: 'it does not run the component',
  already_at_version: 'it ran the version already',
  no_earlier_version: 'no earlier version is known to go back to',
  update_in_progress: 'another update was in progress',
  not_ready: 'nothing had been heard of its agent for 24 hours',
  member_elsewhere: 'it is a member of another profile',
  critical: 'it is critical, and the profile leaves those out',
  after_canaries: 'only canaries were its turn, another profile takes the rest',
  canary_resource: 'a canary execution took it to the release already',
}

const skippedWords: Readonly<Record<string, string>> = {
  ...leftOutWords,
  version_changed: 'it did not run the version any more that the plan saw',
  not_registered: 'it was not registered',
}

/** What an upgrade waits for that has no hold to say so. */
const upgradeStatuses: Readonly<Partial<Record<UpgradeStatus, string>>> = {
  requested: 'is being planned',
  pending_approval: 'waits for approval',
  scheduled: 'is scheduled',
  paused: 'is paused',
  aborting: 'is being aborted',
}

/** People count waves from 1. */
function waveName(wave: number | null): string {
  return wave === null ? 'its wave' : `wave ${wave + 1}`
}

function lastAttempt(target: TargetState, upgrade: string): EndedAttempt | undefined {
  return target.attempts.findLast((attempt) => attempt.upgrade === upgrade)
}

/** A member whose turn has not come: one finding for each hold, or what it waits for without one. */
function waiting(upgrade: UpgradeStanding): Finding[] {
  const { id, status, holds, wave, memberWave } = upgrade
  const ref = `upgrade#${id}` as const
  if (over.has(status)) {
    const words = `Upgrade ${id} ended as ${status} before it came to ${waveName(memberWave)}.`
    const unblock = 'Somebody deploys another upgrade that selects it.'
    return [{ code: 'upgrade_ended', verdict: 'eligible', words, ref, unblock }]
  }
  const turn = `It waits for ${waveName(memberWave)} of upgrade ${id}`
  if (holds.length > 0) {
    return holds.map(({ code, since, until, unblock }) => ({
      code: `held_${code.toLowerCase()}`,
      verdict: 'waiting',
      words: `${turn}, held by ${code} since ${since}${until === null ? '' : ` until ${until}`}.`,
      ref,
      since,
      unblock,
    }))
  }
  const state = upgradeStatuses[status]
  if (state !== undefined)
    return [{ code: `upgrade_${status}`, verdict: 'waiting', words: `${turn}, which ${state}.`, ref }]
  const now =
    wave < 0
      ? 'the first wave has not begun'
      : wave === memberWave
        ? 'that wave runs and has no free slot yet'
        : `${waveName(wave)} runs`
  return [{ code: 'waiting_for_wave', verdict: 'waiting', words: `${turn}; ${now}.`, ref }]
}

/** A member of which an attempt failed: with what, and whether it will be tried again. */
function failure(target: TargetState, upgrade: UpgradeStanding): Finding {
  const { id, component, memberStatus, again, status } = upgrade
  const ended = lastAttempt(target, id)
  const code = ended?.code ? ` with ${ended.code}` : ''
  const how = `${component} ${ended?.outcome.replaceAll('_', ' ') ?? memberStatus}${code} in upgrade ${id}`
  const common = { ref: `upgrade#${id}` as const, ...(ended && { since: ended.endedAt }) }
  if (memberStatus === 'retrying' && !over.has(status)) {
    const words = `${how}; it will be tried again${again === null ? '' : ` from ${again}`}.`
    return { code: 'will_be_retried', verdict: 'waiting', words, ...common }
  }
  const words = `${how}; it will not be tried again by that upgrade.`
  const unblock = 'An operator retries the failed targets of that upgrade, or rolls them back.'
  const unreachable = memberStatus === 'unreachable' || ended?.outcome === 'unreachable'
  return { code: unreachable ? 'unreachable' : 'failed', verdict: 'blocked', words, ...common, unblock }
}

/** Returns what one upgrade has to do with whether the target is upgraded. */
export function explainMembership(target: TargetState, upgrade: UpgradeStanding): Finding[] {
  const { id, component, version, status, memberWave, memberStatus, leftOut } = upgrade
  const ref = `upgrade#${id}` as const
  if (leftOut !== null) {
    const why = leftOutWords[leftOut] ?? leftOut
    const words = `The plan of upgrade ${id} left it out: ${why}.`
    const verdict = leftOut === 'already_at_version' ? 'done' : 'blocked'
    return [{ code: `left_out_${leftOut}`, verdict, words, ref }]
  }
  if (memberWave === null || memberStatus === null) {
    if (status === 'requested') {
      return [
        { code: 'upgrade_requested', verdict: 'waiting', words: `Upgrade ${id} is being planned.`, ref },
      ]
    }
    const words = `Upgrade ${id} does not take it: the selection does not match, or it was registered after planning.`
    return [{ code: 'not_selected', verdict: 'eligible', words, ref }]
  }
  switch (memberStatus) {
    case 'pending':
      return waiting(upgrade)
    case 'in_flight': {
      if (target.active?.upgrade === id) return []
      const ended = lastAttempt(target, id)
      const words = ended
        ? `Its attempt for upgrade ${id} ended as ${ended.outcome}; the upgrade is about to take note of it.`
        : `Upgrade ${id} has admitted it; the assignment is on its way.`
      return [{ code: 'admitted', verdict: 'waiting', words, ref }]
    }
    case 'deferred': {
      if (over.has(status)) return waiting(upgrade)
      const words = `Upgrade ${id} found it busy or had to take the offer back; it will be admitted again${upgrade.again === null ? '' : ` from ${upgrade.again}`}.`
      return [{ code: 'deferred', verdict: 'waiting', words, ref }]
    }
    case 'retrying':
    case 'failed':
    case 'unreachable':
      return [failure(target, upgrade)]
    case 'skipped': {
      const last = lastAttempt(target, id)
      const code = last?.outcome === 'skipped' ? last.code : null
      const why = code ? (skippedWords[code] ?? code) : 'an operator or the end of its wave took it out'
      const verdict = code === 'already_at_version' ? 'done' : 'blocked'
      const words = `Upgrade ${id} skipped it: ${why}.`
      return [{ code: `skipped${code ? `_${code}` : ''}`, verdict, words, ref }]
    }
    case 'succeeded': {
      const since = lastAttempt(target, id)?.endedAt
      const words = `Upgrade ${id} took ${component} to ${version}.`
      return [{ code: 'upgraded', verdict: 'done', words, ref, ...(since !== undefined && { since }) }]
    }
  }
}
