import { accept } from '../aggregate.ts'
import { type AdmissionFacts, admit, checkHolds } from './admission.ts'
import { Draft, refuse, type UpgradeDecision } from './draft.ts'
import { memberAt } from './members.ts'
import { awaitContinue, checkThresholds, endWaveWhenOver } from './outcomes.ts'
import { exists, hasEnded, type UpgradeState } from './state.ts'

function refuseEnded(state: UpgradeState) {
  if (!exists(state)) return refuse('upgrade-not-found', 'There is no such upgrade.')
  if (hasEnded(state))
    return refuse('upgrade-ended', `The upgrade is over: it is ${state.status}, and an end is final.`)
  return undefined
}

/** Stops admitting and assigning; what a target has accepted finishes. */
export function pauseUpgrade(command: { by: string; reason: string }): UpgradeDecision {
  return (state, now) => {
    if (state.status === 'paused') return accept()
    const refused = refuseEnded(state)
    if (refused) return refused
    if (state.status === 'aborting')
      return refuse('upgrade-aborting', 'The upgrade is being aborted: an abort wins over all.')
    if (state.status === 'requested')
      return refuse('not-planned', 'The upgrade is being planned: nothing is admitted yet.')
    const draft = new Draft(state, now)
    draft.add({ type: 'UpgradePaused', data: command })
    return draft.decision()
  }
}

/** Goes on, with the failures seen so far accepted, and in another window where one is given. */
export function resumeUpgrade(
  command: { by: string; window?: { start: string; end: string } },
  facts: AdmissionFacts,
): UpgradeDecision {
  return (state, now) => {
    const refused = refuseEnded(state)
    if (refused) return refused
    if (state.status === 'aborting')
      return refuse('upgrade-aborting', 'The upgrade is being aborted: an abort wins over all.')
    const { window } = command
    const sameWindow = !window || (window.start === state.window?.start && window.end === state.window.end)
    if (state.status !== 'paused' && sameWindow) return accept()
    const draft = new Draft(state, now)
    if (window && !sameWindow) draft.add({ type: 'WindowSet', data: { ...window, by: command.by } })
    if (state.status === 'paused') draft.add({ type: 'UpgradeResumed', data: { by: command.by } })
    // Accepting what a gate found is not yet the word to go on, which may need a second person.
    if (state.stage === 'gated') awaitContinue(draft)
    if (draft.state.status === 'scheduled') checkHolds(draft, facts)
    admit(draft, facts)
    endWaveWhenOver(draft)
    return draft.decision()
  }
}

/**
 * Gives an unfinished upgrade the window that has opened, or tells one that was planned ahead of it that it has. Unlike a resume it accepts
 * no failures: what is paused waits for an operator. An upgrade that is over, or has that window or a later one, stays as it is.
 */
export function moveWindow(
  command: { window: { start: string; end: string }; by: string },
  facts: AdmissionFacts,
): UpgradeDecision {
  return (state, now) => {
    const { window, by } = command
    if (!exists(state) || hasEnded(state)) return accept()
    const has = state.window !== null && state.window.start >= window.start
    if (has && !(state.awaitsOpening && state.window?.start === window.start)) return accept()
    const draft = new Draft(state, now)
    draft.add({ type: 'WindowSet', data: { ...window, by } })
    if (draft.state.status === 'scheduled') checkHolds(draft, facts)
    admit(draft, facts)
    endWaveWhenOver(draft)
    return draft.decision()
  }
}

/** Lets the next wave begin after a canary. */
export function continueUpgrade(command: { by: string }): UpgradeDecision {
  return (state, now) => {
    const refused = refuseEnded(state)
    if (refused) return refused
    if (state.stage !== 'awaiting') {
      return refuse(
        'nothing-to-continue',
        `The upgrade waits for nobody to continue it: it is ${state.status}, wave ${state.wave + 1}.`,
      )
    }
    if (state.abort)
      return refuse('upgrade-aborting', 'The upgrade is being aborted: an abort wins over all.')
    if (state.request?.continueBySecondPerson && command.by === state.requestedBy) {
      return refuse(
        'self-approval',
        `${command.by} asked for this upgrade, which wants a second person to continue it.`,
      )
    }
    const draft = new Draft(state, now)
    draft.add({ type: 'ContinueGiven', data: { wave: state.wave, by: command.by } })
    return draft.decision()
  }
}

/**
 * Ends the upgrade as soon as nothing is in flight; with `rollBack`, what it touched is then taken back, with `breakGlass` even while
 * everything is stopped.
 */
export function abortUpgrade(command: {
  by: string
  reason: string
  rollBack: boolean
  breakGlass?: string
}): UpgradeDecision {
  return (state, now) => {
    const asked = command.breakGlass === undefined || state.abort?.breakGlass !== undefined
    if (state.abort && asked && (state.abort.rollBack || !command.rollBack)) return accept()
    const refused = refuseEnded(state)
    if (refused) return refused
    const draft = new Draft(state, now)
    draft.add({ type: 'AbortRequested', data: command })
    endWaveWhenOver(draft)
    return draft.decision()
  }
}

/** Takes one member out that is not in flight. */
export function skipMember(command: { member: number; by: string }, facts: AdmissionFacts): UpgradeDecision {
  return (state, now) => {
    const refused = refuseEnded(state)
    if (refused) return refused
    if (!state.plan || command.member >= state.plan.members)
      return refuse('not-a-member', 'The plan has no such target.')
    const member = memberAt(state.chunks, command.member)
    const through = member === undefined && command.member < state.cursor
    const status = through ? 'succeeded' : (member?.status ?? 'pending')
    if (status === 'skipped') return accept()
    if (status === 'in_flight') {
      return refuse(
        'update-in-progress',
        'The target is being upgraded now: pause first, then skip it once it is withdrawn.',
      )
    }
    if (status !== 'pending' && status !== 'retrying' && status !== 'deferred') {
      return refuse('attempt-over', 'The target has had its attempt: there is nothing left to skip.')
    }
    const draft = new Draft(state, now)
    const members: [number, number][] = [[command.member, command.member + 1]]
    draft.add({ type: 'MembersSkipped', data: { members, was: status, code: 'operator', by: command.by } })
    // The limit is a share of those that are left: it may have fallen below what has failed.
    checkThresholds(draft)
    admit(draft, facts)
    endWaveWhenOver(draft)
    return draft.decision()
  }
}
