import { canonicalJson } from '../../../events/canonical.ts'
import { counted } from '../../../events/phrases.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { accept, type Decision, reject } from '../aggregate.ts'
import { afterWave } from '../plan/after-wave.ts'
import type { Rejection } from '../rejection.ts'
import { sameTime, type Window } from '../window.ts'
import { type AdmissionFacts, breaksGlass } from './admission.ts'
import { advance, endWaveWhenOver } from './advance.ts'
import { refuseUnapprovable, voidApprovals } from './approvers.ts'
import { hasRoomAhead, memberAt } from './chunks.ts'
import { Draft, refuse, type UpgradeDecision } from './draft.ts'
import { refuseUnfit, runsLeft } from './fit.ts'
import { awaitContinue, endBake } from './gate.ts'
import { holdOf } from './hold.ts'
import type { MemberStatus } from './members.ts'
import { spacedUntil } from './spacing.ts'
import {
  type Abort,
  exists,
  hasBegun,
  isPlanned,
  type PlannedUpgrade,
  profileOf,
  type Requested,
} from './state.ts'
import { expiryOf } from './wake-up.ts'

/** There is no upgrade of this identity. */
export const upgradeNotFound = refuse('upgrade-not-found', 'There is no such upgrade.')
const aborting = refuse('upgrade-aborting', 'The upgrade is being aborted: an abort wins over all.')

/** Returns a decision about an upgrade that is at work; one that is not there, or over, is refused. */
export function atWork(
  decide: (state: Requested | PlannedUpgrade, now: string) => Decision<UpgradeEvent, Rejection>,
): UpgradeDecision {
  return (state, now) => {
    if (state.stage === 'none') return upgradeNotFound
    if (state.stage !== 'ended') return decide(state, now)
    const { status } = state.standing
    return refuse('upgrade-ended', `The upgrade is over: it is ${status}, and an end is final.`)
  }
}

/** Returns why an upgrade cannot go on any more by the clock alone, though nothing has noted its end yet; undefined when it can. */
export function refuseExpired(state: Requested | PlannedUpgrade, now: string) {
  const expiry = state.stage === 'planned' && !state.abort ? expiryOf(state) : null
  return expiry && expiry.at <= now ? refuse('upgrade-expired', expiry.detail) : undefined
}

/**
 * Returns why what is left of an upgrade cannot fit into its window, or into another; undefined when it can, or when its profile gives it the
 * next one.
 */
export function refuseNoRoom(
  state: Requested | PlannedUpgrade,
  { closures }: Pick<AdmissionFacts, 'closures'>,
  now: string,
  window?: Window,
) {
  if (!isPlanned(state) || (window === undefined && profileOf(state) !== undefined)) return undefined
  const remainder = {
    request: state.request,
    window: window ?? state.window,
    runs: runsLeft(state),
    notBefore: spacedUntil(state),
  }
  const refusal = refuseUnfit(remainder, breaksGlass(state) ? [] : closures, now)
  return refusal && reject(refusal)
}

/** Stops admitting and assigning; what a target has accepted finishes. */
export function pauseUpgrade(command: { by: string; reason: string }): UpgradeDecision {
  return atWork((state, now) => {
    if (state.standing.status === 'paused') return accept()
    if (state.abort) return aborting
    if (state.stage === 'requested')
      return refuse('not-planned', 'The upgrade is being planned: nothing is admitted yet.')
    const draft = new Draft(state, now)
    draft.add({ type: 'UpgradePaused', data: command })
    return draft.decision()
  })
}

/** How many targets of a whole upgrade somebody has seen fail, and be unreachable. */
export interface Acknowledgement {
  readonly failed: number
  readonly unreachable: number
}

/**
 * Returns why a resume would accept what nobody has said to have seen: it counts fewer than there are, or counts nothing where a limit is
 * exceeded or a gate has failed.
 */
function refuseUnseen(state: Requested | PlannedUpgrade, seen: Acknowledgement | undefined) {
  const { counts, holds } = state.standing
  const { failed, unreachable } = counts
  const all = `${failed} failed and ${counted(unreachable, 'is', 'are')} unreachable`
  const body = `{"acknowledge":{"failed":${failed},"unreachable":${unreachable}}}`
  const then = `look at them, then resume with ${body}.`
  const fields = [
    { field: 'acknowledge.failed', value: `${seen?.failed ?? ''}`, expected: `${failed}` },
    { field: 'acknowledge.unreachable', value: `${seen?.unreachable ?? ''}`, expected: `${unreachable}` },
  ]
  if (seen && (seen.failed < failed || seen.unreachable < unreachable))
    return reject({ code: 'more-failed', detail: `By now ${all}: ${then}`, fields })
  const exceeded = hasBegun(state) && state.breached.length > 0
  if (seen || (!exceeded && !holdOf(holds, 'GATE_FAILED'))) return undefined
  return reject({ code: 'not-acknowledged', detail: `${all}: ${then}`, fields })
}

/**
 * Goes on, with the failures accepted that are acknowledged, and in another window where one is given. What was approved for a window that the
 * other does not lie inside of waits for approval again (design: #approvals).
 */
export function resumeUpgrade(
  command: { by: string; window?: Window; acknowledge?: Acknowledgement },
  facts: AdmissionFacts,
): UpgradeDecision {
  return atWork((state, now) => {
    if (state.abort) return aborting
    const { by, window, acknowledge } = command
    const sameWindow = !window || sameTime(window, state.window)
    const paused = state.standing.status === 'paused'
    if (!paused && sameWindow) return accept()
    const refused =
      refuseExpired(state, now) ??
      (paused ? refuseUnseen(state, acknowledge) : undefined) ??
      refuseNoRoom(state, facts, now, window) ??
      (window && !sameWindow ? refuseUnapprovable(state, facts.demands, window, by) : undefined)
    if (refused) return refused
    const draft = new Draft(state, now)
    if (window && !sameWindow) {
      draft.add({ type: 'WindowSet', data: { ...window, by } })
      voidApprovals(draft, by)
    }
    if (paused) {
      const { failed, unreachable } = state.standing.counts
      const acknowledged = acknowledge && { failed, unreachable }
      draft.add({ type: 'UpgradeResumed', data: { by, ...(acknowledged && { acknowledged }) } })
    }
    // Accepting what a gate found is not yet the word to go on, which may need a second person.
    if (state.stage === 'between-waves' && state.awaits?.kind === 'operator') awaitContinue(draft)
    advance(draft, facts)
    return draft.decision()
  })
}

/**
 * Gives an unfinished upgrade the window that has opened, or tells one that was planned ahead of it that it has. Unlike a resume it accepts
 * no failures: what is paused waits for an operator. An upgrade that is over, or has that window or a later one, stays as it is.
 */
export function moveWindow(command: { window: Window; by: string }, facts: AdmissionFacts): UpgradeDecision {
  return (state, now) => {
    const { window, by } = command
    if (state.stage === 'none' || state.stage === 'ended') return accept()
    const has = state.window !== null && state.window.start >= window.start
    if (has && !(state.awaitsOpening && state.window?.start === window.start)) return accept()
    const draft = new Draft(state, now)
    draft.add({ type: 'WindowSet', data: { ...window, by } })
    advance(draft, facts)
    return draft.decision()
  }
}

/** From now on these calendars bind the upgrade, as those of its profile do. */
export function bindCalendars(
  command: { calendars: readonly string[]; by: string },
  facts: AdmissionFacts,
): UpgradeDecision {
  return (state, now) => {
    if (state.stage === 'none' || state.stage === 'ended') return accept()
    const calendars = [...command.calendars]
    if (canonicalJson(calendars) === canonicalJson(state.calendars)) return accept()
    const draft = new Draft(state, now)
    draft.add({ type: 'CalendarsBound', data: { calendars, by: command.by } })
    advance(draft, facts)
    return draft.decision()
  }
}

/** Ends a bake before its time: somebody has seen enough. */
export function endBakeEarly(command: { by: string; reason: string }): UpgradeDecision {
  return atWork((state, now) => {
    if (state.abort) return aborting
    if (state.stage !== 'between-waves' || state.awaits?.kind !== 'bake')
      return refuse('nothing-to-end', 'The upgrade is not watching a wave now.')
    const draft = new Draft(state, now)
    draft.add({ type: 'BakeEnded', data: { wave: state.wave.number, ...command } })
    endBake(draft)
    return draft.decision()
  })
}

/** Lets the next wave begin after a canary. */
export function continueUpgrade(command: { by: string }, facts: AdmissionFacts): UpgradeDecision {
  return atWork((state, now) => {
    if (state.stage !== 'between-waves' || state.awaits?.kind !== 'continue') {
      const { status, wave } = state.standing
      const detail = `The upgrade waits for nobody to continue it: it is ${status}, wave ${wave + 1}.`
      return refuse('nothing-to-continue', detail)
    }
    if (state.abort) return aborting
    const { continueBySecondPerson } = afterWave(state, state.wave.number)
    if (continueBySecondPerson && command.by === state.requestedBy) {
      const detail = `${command.by} asked for this upgrade, which wants a second person to continue it.`
      return refuse('self-approval', detail)
    }
    const noRoom = refuseNoRoom(state, facts, now)
    if (noRoom) return noRoom
    const draft = new Draft(state, now)
    draft.add({ type: 'ContinueGiven', data: { wave: state.wave.number, by: command.by } })
    return draft.decision()
  })
}

/** Returns an abort that asks for what an earlier one asked for as well: it adds to that, and takes nothing away. */
function added(before: Abort | null, abort: Omit<Abort, 'at'>): Omit<Abort, 'at'> {
  const breakGlass = abort.breakGlass ?? before?.breakGlass
  const rollBack = abort.rollBack || before?.rollBack === true
  // Whoever asked first was told of a rollback: that is the one.
  const rollback = before?.rollback ?? abort.rollback
  return {
    ...abort,
    rollBack,
    ...(breakGlass !== undefined && { breakGlass }),
    ...(rollback && { rollback }),
  }
}

/** Does an abort ask for what an earlier one did not: that the upgrade is taken back, or that the glass is broken for that? */
function asksMore(
  { rollBack, breakGlass }: Pick<Abort, 'rollBack' | 'breakGlass'>,
  before: Abort | null,
): boolean {
  return (rollBack && !before?.rollBack) || (breakGlass !== undefined && before?.breakGlass === undefined)
}

/** May an upgrade at work be aborted, or, where it is being aborted, be taken back as well? */
export function mayAbort({ abort, request }: Requested | PlannedUpgrade): boolean {
  return abort === null || (request.kind !== 'rollback' && asksMore({ rollBack: true }, abort))
}

const rollbackOfRollback = refuse(
  'rollback-of-rollback',
  'A rollback is not taken back: abort it without rollBack, or deploy what is wanted.',
)

/**
 * Ends the upgrade as soon as nothing is in flight; with `rollBack`, what it touched is then taken back, with `breakGlass` even while
 * everything is stopped.
 */
export function abortUpgrade(command: {
  by: string
  reason: string
  rollBack: boolean
  breakGlass?: string
  /** The rollback that whoever asks is told of, and how it is to go. */
  rollback?: NonNullable<Abort['rollback']>
}): UpgradeDecision {
  const abort = atWork((state, now) => {
    if (command.rollBack && state.request.kind === 'rollback') return rollbackOfRollback
    const draft = new Draft(state, now)
    draft.add({ type: 'AbortRequested', data: added(state.abort, command) })
    endWaveWhenOver(draft)
    return draft.decision()
  })
  return (state, now) => {
    const before = exists(state) ? state.abort : null
    return before && !asksMore(command, before) ? accept() : abort(state, now)
  }
}

/**
 * Returns where a member of an upgrade at work stands, whether its chunk is open or not. Of a closed one the state keeps no names: whether
 * the member was skipped there, the log says.
 */
function statusOf({ chunks }: PlannedUpgrade, member: number, wasSkipped: boolean): MemberStatus {
  const known = memberAt(chunks, member)
  if (known) return known.status
  if (member >= chunks.cursor) return 'pending'
  return wasSkipped ? 'skipped' : 'succeeded'
}

const tooManySkipped = refuse(
  'too-many-skipped',
  'Too many targets were left out before their turn: leave this one out when others are through, or abort and deploy without them.',
)

/** Takes one member out that is not in flight. `wasSkipped`: it was taken out before, as the log says of one that the state has forgotten. */
export function skipMember(
  command: { member: number; by: string; wasSkipped?: boolean },
  facts: AdmissionFacts,
): UpgradeDecision {
  return atWork((state, now) => {
    const { member, by, wasSkipped = false } = command
    if (!isPlanned(state) || member >= state.plan.members)
      return refuse('not-a-member', 'The plan has no such target.')
    const was = statusOf(state, member, wasSkipped)
    switch (was) {
      case 'skipped':
        return accept()
      case 'in_flight':
        return refuse(
          'update-in-progress',
          'The target is being upgraded now: pause first, then skip it once it is withdrawn.',
        )
      case 'succeeded':
      case 'failed':
      case 'unreachable':
        return refuse('attempt-over', 'The target has had its attempt: there is nothing left to skip.')
      case 'pending':
      case 'retrying':
      case 'deferred': {
        if (was === 'pending' && !hasRoomAhead(state.chunks)) return tooManySkipped
        const draft = new Draft(state, now)
        const members: [number, number][] = [[member, member + 1]]
        draft.add({ type: 'MembersSkipped', data: { members, was, code: 'operator', by } })
        // The limit is a share of those that are left: it may have fallen below what has failed.
        advance(draft, facts)
        return draft.decision()
      }
    }
  })
}
