import { waveCount } from '../plan/waves.ts'
import { hasEnded, type UpgradeState } from './state.ts'
import { approvalDeadline, notBegun } from './wake-up.ts'

/** What the execution of an upgrade does next; the last two end it. The state machine routes by these words. */
export type Move =
  | 'plan'
  | 'approval'
  | 'window'
  | 'start-wave'
  | 'wave'
  | 'bake'
  | 'gate'
  | 'revert'
  | 'finish'
  | 'superseded'
  | 'ended'

export interface Position {
  readonly move: Move
  readonly wave: number
  /** How long a wait here may take, in seconds: beyond its expected end, so that a time-out only means "ask again". */
  readonly timeoutSeconds: number
}

/** Step Functions takes no time-out beyond a year (AWS); nobody needs an answer later than that. */
const longestWait = 31_536_000
/** A wait whose end only a person or a target can bring is asked about once a week. */
const week = 604_800

function until(instant: string | null, now: string): number {
  if (instant === null) return week
  const seconds = Math.ceil((Date.parse(instant) - Date.parse(now)) / 1000)
  return Math.max(1, Math.min(longestWait, seconds))
}

/**
 * Returns where the upgrade stands at an instant. It depends on the log alone, so an execution that was killed is continued by
 * another from here. Holds inside a wave do not move it: they wait in the wave.
 */
export function position(state: UpgradeState, now: string): Position {
  const wave = Math.max(state.wave, 0)
  const at = (move: Move, timeoutSeconds = week, which = wave): Position => ({
    move,
    wave: which,
    timeoutSeconds,
  })
  if (hasEnded(state)) return at('ended')
  if (state.abort) {
    if (state.counts.inFlight > 0) return at('wave')
    // One target that was taken back before is no reason to leave the others as they are.
    const asked = state.children.some(({ kind, target }) => kind === 'rollback' && target === null)
    return at(state.abort.rollBack && state.wave >= 0 && !asked ? 'revert' : 'finish')
  }
  if (!state.plan) return at('plan')
  const status = state.status === 'paused' ? state.resumesTo : state.status
  if (status === 'pending_approval') return at('approval', until(approvalDeadline(state), now))
  if (notBegun(state)) {
    if (state.status === 'paused') return at('window')
    const start = state.window?.start ?? null
    // The profile ends this wait, or the window's end does.
    if (state.awaitsOpening) return at('window', until(state.window?.end ?? null, now))
    return start !== null && start > now ? at('window', until(start, now)) : at('start-wave', week, 0)
  }
  switch (state.stage) {
    case 'active':
    case 'none':
      return at('wave')
    case 'baking':
      return at('bake', until(state.bakeUntil, now))
    case 'gated':
    case 'awaiting':
      return at('gate')
    case 'passed':
      // A pause also holds the end: somebody is to look first, and may still take everything back.
      if (state.status === 'paused') return at('gate')
      if (state.wave + 1 >= waveCount(state.plan.waves, state.plan.members)) return at('finish')
      return at('start-wave', week, state.wave + 1)
  }
}
