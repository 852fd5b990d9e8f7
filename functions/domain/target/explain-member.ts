import { leftOutPhrase, leftOutWords } from '../../../events/phrases.ts'
import { unblockOf } from '../upgrade/hold.ts'
import { isEnd, type UpgradeStatus } from '../upgrade/status.ts'
import type { SkipCode } from './attempt.ts'
import type { CitedAgainst, Finding, MemberAsked, UpgradeAsked } from './explanation.ts'
import type { EndedAttempt, TargetState } from './state.ts'

/** Why an assignment was refused, by its code. */
const skippedWords: Readonly<Record<SkipCode, string>> = {
  retired: 'it was retired',
  pinned: 'it was pinned',
  already_at_version: 'it ran the version already',
  incompatible: 'the release does not fit what is there',
  not_entitled: 'it had no licence for the release',
  not_ready: 'nothing had been heard of its agent for 24 hours',
  release_withdrawn: 'its release had been withdrawn',
  release_distrusted: 'too few keys that count have signed its release',
  release_unpublished: 'the catalogue has never had the release that it would go back to',
  version_changed: 'it did not run the version any more that the plan saw',
  not_registered: 'it was not registered',
  outside_own_window: 'its own part of the window was over',
  busy: 'another attempt was under way on it for as long as it could be waited for',
}

function skippedBecause(code: string): string {
  const words: Readonly<Record<string, string>> = skippedWords
  return (Object.hasOwn(words, code) ? words[code] : undefined) ?? code
}

/** What an upgrade waits for that has no hold to say so. */
const upgradeStatuses: Readonly<Partial<Record<UpgradeStatus, string>>> = {
  pending_approval: 'waits for approval',
  scheduled: 'is scheduled',
  paused: 'is paused',
  aborting: 'is being aborted',
}

/** A wave as people call it: by its number from 1, and its group where it has one. */
function waveOf({ wave, group }: MemberAsked): string {
  const words = group && (group.value === null ? 'all others' : group.value)
  return `wave ${wave + 1}${words === undefined ? '' : ` (${words})`}`
}

function lastAttempt(target: TargetState, upgrade: string): EndedAttempt | undefined {
  return target.attempts.findLast((attempt) => attempt.upgrade === upgrade)
}

/** Its target was busy when its turn came: with which upgrade, and when it is tried again. */
function busy(target: TargetState, { id, ref }: UpgradeAsked, member: MemberAsked): Finding[] {
  const last = lastAttempt(target, id)
  if (member.status !== 'deferred' || last?.outcome !== 'deferred') return []
  const other = last.busyWith === undefined ? 'another upgrade' : `upgrade ${last.busyWith}`
  const again = member.again === null ? '' : ` It is tried again from ${member.again}.`
  const detail = `It is deferred in ${waveOf(member)} of upgrade ${id}: an attempt of ${other} was under way on it.${again}`
  const unblock = `The attempt of ${other} ends.`
  return [{ code: 'BUSY', verdict: 'waiting', detail, ref, since: last.endedAt, unblock }]
}

/** A member whose turn has not come: one finding for each hold, or what it waits for without one. People count waves from 1. */
function waiting(target: TargetState, upgrade: UpgradeAsked, member: MemberAsked): Finding[] {
  const { id, ref, status, wave, overrode } = upgrade
  const turn = `It is ${member.status} in ${waveOf(member)} of upgrade ${id}`
  // That others of its wave are busy does not keep it back.
  const holds = upgrade.holds.filter(({ code }) => code !== 'BUSY' || wave < member.wave)
  const own = busy(target, upgrade, member)
  if (holds.length + own.length > 0) {
    const ofHolds = holds.map((hold): Finding => {
      const { code, since, until } = hold
      const unblock = unblockOf(hold)
      const detail = `${turn}, held by ${code} since ${since}${until === null ? '' : ` until ${until}`}. ${unblock}`
      return { code, verdict: 'waiting', detail, ref, since, unblock }
    })
    return [...ofHolds, ...own]
  }
  const words = upgradeStatuses[status]
  if (words !== undefined)
    return [{ code: `upgrade_${status}`, verdict: 'waiting', detail: `${turn}, which ${words}.`, ref }]
  const again = member.again === null ? '' : ` It may be admitted again from ${member.again}.`
  const glass = overrode === null ? '' : ` It goes on in spite of the stop since ${overrode}.`
  const now =
    wave < 0
      ? 'the first wave has not begun'
      : wave === member.wave
        ? 'that wave runs and has no free slot yet'
        : `wave ${wave + 1} runs`
  return [{ code: member.status, verdict: 'waiting', detail: `${turn}; ${now}.${again}${glass}`, ref }]
}

/** Had an attempt succeeded, and has the target said since that it failed after all? */
export function regressionOf(
  { upgrade, component, to, outcome, endedAt, regression }: EndedAttempt,
  ref: string,
): Finding | undefined {
  if (!regression || regression.recoveredAt !== null) return undefined
  const { at, code } = regression
  const how = `${regression.outcome.replaceAll('_', ' ')}${code === null ? '' : ` with ${code}`}`
  return {
    ...{ code: code ?? 'regressed', verdict: 'blocked', ref, since: at },
    detail: `${component} ${to} of upgrade ${upgrade}, which had ${outcome} at ${endedAt}, is ${how} since ${at}: it counts as failed.`,
    unblock: 'The target reports completed again, or an operator rolls it back, retries it or deploys a fix.',
  }
}

/** A member that had its attempt, or was taken out. */
function through(target: TargetState, { id, ref, component, version, status }: UpgradeAsked): Finding {
  const last = lastAttempt(target, id)
  const since = last && { since: last.endedAt }
  if (!last && isEnd(status)) {
    const detail = `Upgrade ${id} ended as ${status} without an attempt on it.`
    const unblock = 'Somebody deploys another upgrade that selects it.'
    return { code: 'upgrade_ended', verdict: 'eligible', detail, ref, unblock }
  }
  const regressed = last && regressionOf(last, ref)
  if (regressed) return regressed
  if (last?.outcome === 'succeeded') {
    const detail = `Upgrade ${id} took ${component} to ${version} at ${last.endedAt}.`
    return { code: 'succeeded', verdict: 'done', detail, ref, ...since }
  }
  if (!last || last.outcome === 'skipped') {
    const why = last?.code
      ? skippedBecause(last.code)
      : 'an operator, an abort or the end of its last window took it out'
    const verdict = last?.code === 'already_at_version' ? 'done' : 'blocked'
    return {
      code: last?.code ?? 'skipped',
      verdict,
      detail: `Upgrade ${id} skipped it: ${why}.`,
      ref,
      ...since,
    }
  }
  const how = `${last.outcome.replaceAll('_', ' ')}${last.code === null ? '' : ` with ${last.code}`}`
  const detail = `${component} ended as ${how} in upgrade ${id}, which will not try it again.`
  const unblock = 'An operator retries the failed targets of that upgrade, or rolls them back.'
  return { code: last.code ?? last.outcome, verdict: 'blocked', detail, ref, ...since, unblock }
}

/** What stands against a release, as a reason. */
export function ofRelease({ code, detail, unblock, ref }: CitedAgainst): Finding {
  return {
    ...{ code: `release_${code}`, verdict: 'blocked', detail, ref },
    ...(unblock !== null && { unblock }),
  }
}

/** What has to be before another upgrade takes a target that was left out for this reason. */
const takenOnce: Readonly<Record<string, string>> = {
  pinned: 'An operator lifts the pin',
  incompatible:
    'What is where it runs becomes what the release asks for, and is said by its agent or an operator',
  not_entitled: 'It is given a licence that entitles it to the release',
  below_minimum_version: 'It is upgraded to the least version that the release follows',
  version_unplaced: 'It is said to run a version as its component has them',
  release_unpublished: 'The version that it ran before is published, with its manifest',
  update_in_progress: 'The other upgrade ends',
  not_ready: 'Its agent is heard of',
  component_missing: 'It is said to run the component',
}

/** One that the plan of an upgrade does not name: it was left out for a reason, or was not meant. */
function noMember({ id, ref, leftOut, leftOutCounts = {} }: UpgradeAsked): Finding {
  const after = 'after planning nobody joins it, so somebody deploys another upgrade that selects it.'
  if (leftOut === undefined || leftOut.reason === 'not_selected') {
    const counts = leftOutWords(leftOutCounts)
    const others = counts.length === 0 ? '' : `, or was left out when it was planned (${counts.join(', ')})`
    const why = leftOut ? 'its selection does not mean it' : `it was not selected${others}`
    const detail = `It is no member of upgrade ${id}: ${why}.`
    return { code: 'not_a_member', verdict: 'blocked', detail, ref, unblock: `Nothing of this one: ${after}` }
  }
  const { reason, detail: more } = leftOut
  const why = more ?? `it was ${leftOutPhrase(reason)}`
  const detail = `Upgrade ${id} left it out when it was planned (${reason}): ${why}.`
  if (reason === 'already_at_version') return { code: reason, verdict: 'done', detail, ref }
  const first = takenOnce[reason]
  const unblock = `${first === undefined ? 'Nothing of this one' : first}; ${after}`
  return { code: reason, verdict: 'blocked', detail, ref, unblock }
}

/** Returns what one upgrade has to do with whether the target is upgraded. */
export function explainMember(target: TargetState, upgrade: UpgradeAsked): Finding[] {
  const { id, ref, member, failure, status } = upgrade
  if (member === null) {
    const detail = failure?.detail ?? `Upgrade ${id} is being planned.`
    const verdict = isEnd(status) ? 'blocked' : 'waiting'
    return [{ code: failure?.code ?? 'not_planned', verdict, detail, ref }]
  }
  if (member === 'not-a-member') return [noMember(upgrade)]
  switch (member.status) {
    case 'pending':
    case 'retrying':
    case 'deferred':
      return [...waiting(target, upgrade, member), ...(upgrade.release ?? []).map(ofRelease)]
    case 'in_flight': {
      if (target.active?.upgrade === id) return []
      const ended = lastAttempt(target, id)
      const detail = ended
        ? `Its attempt for upgrade ${id} ended as ${ended.outcome}; the upgrade is about to take note of it.`
        : `Upgrade ${id} has admitted it; the assignment is on its way.`
      return [{ code: 'admitted', verdict: 'waiting', detail, ref }]
    }
    default:
      return [through(target, upgrade)]
  }
}
