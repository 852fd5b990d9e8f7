import type { ChildSettings } from '../../../events/upgrade.ts'
import { accept, type Decision } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'
import type { Window } from '../window.ts'
import { Draft, type RolloutDecision, refuse } from './draft.ts'
import { isPassed } from './phases.ts'
import { type ExistingRollout, exists, hasEnded } from './state.ts'
import { approvalDeadline } from './wake-up.ts'

/** There is no rollout of this identity. */
export const rolloutNotFound = refuse('rollout-not-found', 'There is no such rollout.')
const aborting = refuse('conflict', 'The rollout is being aborted: an abort wins over all.')

/** Returns a decision about a rollout that is at work; one that is not there, or over, is refused. */
function atWork(
  decide: (state: ExistingRollout, draft: Draft) => Decision<object, Rejection> | undefined,
): RolloutDecision {
  return (state, now) => {
    if (!exists(state)) return rolloutNotFound
    if (hasEnded(state))
      return refuse(
        'rollout-ended',
        `The rollout is over: it is ${state.standing.status}, and an end is final.`,
      )
    const draft = new Draft(state, now)
    const decided = decide(state, draft)
    if (decided && 'rejected' in decided) return decided
    return draft.decision()
  }
}

/** Returns why a rollout cannot go on any more by the clock alone, though nothing has noted its end yet; undefined when it can. */
export function refuseExpired(state: ExistingRollout, now: string) {
  const deadline = approvalDeadline(state)
  return deadline !== null && deadline <= now && !state.abort
    ? refuse('rollout-expired', `Nobody approved it by ${deadline}.`)
    : undefined
}

/** Begins no phase any more; those that run are paused with it. */
export function pauseRollout(command: { by: string; reason: string }): RolloutDecision {
  return atWork((state, draft) => {
    if (state.standing.status === 'paused') return accept()
    if (state.abort) return aborting
    if (state.stage === 'requested')
      return refuse('not-planned', 'The rollout is being planned: nothing has begun yet.')
    draft.add({ type: 'RolloutPaused', data: command })
    return undefined
  })
}

/** Gives a rollout another window, which its profile has opened: that of every phase that runs or begins later. */
export function moveWindow(command: { window: Window }): RolloutDecision {
  return (state, now) => {
    if (!exists(state) || hasEnded(state) || state.abort) return accept()
    const { window } = command
    if (state.window !== null && state.window.start >= window.start) return accept()
    const draft = new Draft(state, now)
    draft.add({ type: 'WindowMoved', data: { window } })
    return draft.decision()
  }
}

/** Goes on. What waits for somebody to accept it waits on. */
export function resumeRollout(command: { by: string }): RolloutDecision {
  return atWork((state, draft) => {
    if (state.abort) return aborting
    if (state.standing.status !== 'paused') return accept()
    const expired = refuseExpired(state, draft.now)
    if (expired) return expired
    draft.add({ type: 'RolloutResumed', data: command })
    return undefined
  })
}

/** Lets those begin that depend on a phase, although it did not end well or was overtaken. */
export function acceptPhase(command: { phase: string; by: string; reason: string }): RolloutDecision {
  return atWork((state, draft) => {
    if (state.abort) return aborting
    const { by, reason } = command
    const phase = state.phases.findIndex(({ name }) => name === command.phase)
    const known = state.phases[phase]
    if (!known) return refuse('phase-not-found', `The rollout has no phase "${command.phase}".`)
    if (known.end === null)
      return refuse(
        'nothing-to-continue',
        `The phase "${known.name}" has not ended: there is nothing to accept.`,
      )
    if (isPassed(known)) return accept()
    draft.add({ type: 'PhaseAccepted', data: { phase, name: known.name, by, reason } })
    return undefined
  })
}

/** What an abort asks for beside the end: a rollback, and that it goes on even while everything is stopped. */
type Back = Pick<NonNullable<ExistingRollout['abort']>, 'rollback' | 'breakGlass'>

/** Does an abort ask for what an earlier one did not? Only for a rollback is the glass broken. */
function asksMore({ rollback, breakGlass }: Back, before: Back): boolean {
  const broken = breakGlass !== undefined && before.breakGlass === undefined
  return rollback !== null && (before.rollback === null || broken)
}

/** May a rollout at work be aborted, or, where it is being aborted, be taken back as well? */
export function mayAbort({ abort, request }: ExistingRollout): boolean {
  return abort === null || (request.kind !== 'rollback' && asksMore({ rollback: '' }, abort))
}

/** A rollout that takes something of another back, and is not over. */
export interface LivingRollback {
  readonly child: string
  readonly breakGlass: boolean
}

/** Returns those that stand in the way of another rollback: one that a stop holds is not in the way of one that it does not hold. */
export function inTheWay(
  living: readonly LivingRollback[],
  { breakGlass }: { readonly breakGlass: boolean },
): readonly LivingRollback[] {
  return living.filter((one) => !breakGlass || one.breakGlass)
}

/** May a rollout be taken back, as far as its own stream and those say that take it back now? */
export function mayTakeBack(
  state: ExistingRollout,
  living: readonly LivingRollback[],
  glass: { readonly breakGlass: boolean },
): boolean {
  if (state.request.kind === 'rollback' || state.phases.every(({ upgrade }) => upgrade === null)) return false
  if (inTheWay(living, glass).length > 0) return false
  const asked = { rollback: '', ...(glass.breakGlass && { breakGlass: '' }) }
  return hasEnded(state) || state.abort === null || asksMore(asked, state.abort)
}

/** Ends the rollout as soon as no phase runs; with `rollback`, what it changed is then taken back by the rollout of that id. */
export function abortRollout(command: {
  by: string
  reason: string
  rollback: string | null
  settings?: ChildSettings
  /** Why what is taken back goes on even while everything is stopped. */
  breakGlass?: string
}): RolloutDecision {
  const abort = atWork((state, draft) => {
    if (command.rollback !== null && state.request.kind === 'rollback')
      return refuse(
        'rollback-of-rollback',
        'A rollback is not taken back: deploy the versions that are wanted.',
      )
    // Whoever asked first was told of a rollback: that is the one. Another can only break the glass for it.
    const { abort: before } = state
    const rollback = before?.rollback ?? command.rollback
    const settings = before?.rollback ? before.settings : command.settings
    const breakGlass = before?.breakGlass ?? command.breakGlass
    const { by, reason } = command
    const how = { ...(settings && { settings }), ...(breakGlass !== undefined && { breakGlass }) }
    draft.add({ type: 'AbortRequested', data: { by, reason, rollback, ...how } })
    return undefined
  })
  return (state, now) => {
    const before = exists(state) ? state.abort : null
    return before && !asksMore(command, before) && !hasEnded(state) ? accept() : abort(state, now)
  }
}

/** Notes a rollout that takes this one back, or some of its phases. One of an identity is noted once. */
export function requestChild(command: {
  child: string
  phases: number[]
  by: string
  reason: string
  settings: ChildSettings
  breakGlass?: true
  /** Those that take something of it back and are not over, as whoever asks has looked. */
  living: readonly LivingRollback[]
  /** Those that whoever asks knew of: another one has begun since. Left out: whatever has begun is no hindrance. */
  seen?: readonly string[]
}): RolloutDecision {
  return (state, now) => {
    if (!exists(state)) return rolloutNotFound
    const { living, seen, ...noted } = command
    if (state.children.some(({ child }) => child === noted.child)) return accept()
    if (state.request.kind === 'rollback')
      return refuse(
        'rollback-of-rollback',
        'A rollback is not taken back: deploy the versions that are wanted.',
      )
    const unseen = seen && state.children.find(({ child }) => !seen.includes(child))
    const other = living[0]?.child ?? unseen?.child
    if (other !== undefined)
      return refuse(
        'child-at-work',
        `A rollback is at work: rollout ${other}. Wait for its end, or abort it first.`,
      )
    if (noted.phases.every((phase) => !state.phases[phase]?.upgrade))
      return refuse('nothing-to-roll-back', 'None of these phases has begun: there is nothing to take back.')
    const draft = new Draft(state, now)
    draft.add({ type: 'ChildRequested', data: noted })
    return draft.decision()
  }
}
