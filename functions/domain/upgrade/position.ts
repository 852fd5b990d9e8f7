import { waveCount } from '../plan/waves.ts'
import { type Position, secondsUntil } from '../position.ts'
import { awaitsApproval } from '../standing.ts'
import { holdOf } from './hold.ts'
import { exceedsLimits } from './limits.ts'
import { type BetweenWaves, type ExistingUpgrade, exists, type Planned, type UpgradeState } from './state.ts'
import { expiryOf, takesBackAt } from './wake-up.ts'

/** What the execution of an upgrade does next. */
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
  | 'ended'

/**
 * Returns where the upgrade stands at an instant. It depends on the log alone, so an execution that was killed is continued by
 * another from here. Holds inside a wave do not move it: they wait in the wave.
 */
export function position(state: UpgradeState, now: string): Position<Move> {
  const wave = exists(state) ? Math.max(state.standing.wave, 0) : 0
  const at = (move: Move, until: string | null = null, place = wave): Position<Move> => ({
    move,
    place,
    timeoutSeconds: secondsUntil(until, now),
  })
  if (state.stage === 'none') return at('plan')
  if (state.stage === 'ended') return at('ended')
  if (state.abort) return at(...moveOfAbort(state, now))
  switch (state.stage) {
    case 'requested':
      return at('plan')
    case 'planned':
      return at(...moveOfPlanned(state, now))
    case 'in-wave':
      return at('wave')
    case 'between-waves': {
      const [move, until] = moveBetween(state)
      return move === 'start-wave' ? at(move, until, wave + 1) : at(move, until)
    }
  }
}

/** What is in flight ends first, as far as that can be waited for; then what was asked to be taken back is. */
function moveOfAbort(state: ExistingUpgrade, now: string): [Move, string | null] {
  const takesBack = takesBackAt(state)
  const waits = state.standing.counts.inFlight > 0
  if (waits && (takesBack === null || now < takesBack)) return ['wave', takesBack]
  return [takesBack === null ? 'finish' : 'revert', null]
}

function moveOfPlanned(state: Planned, now: string): [Move, string | null] {
  const { status, holds } = state.standing
  const expires = expiryOf(state)?.at ?? null
  if (awaitsApproval(state)) return ['approval', expires]
  const { window, awaitsOpening } = state
  // The profile ends this wait, or the window's end does.
  if (status === 'paused' || awaitsOpening) return ['window', expires]
  if (window && window.start > now) return ['window', window.start]
  const unmet = holdOf(holds, 'POLICY')
  if (unmet && (unmet.until === null || unmet.until > now)) return ['window', unmet.until ?? expires]
  const closed = holdOf(holds, 'WINDOW_CLOSED')
  if (!closed || (closed.until !== null && closed.until <= now)) return ['start-wave', null]
  return ['window', closed.until ?? closed.lapses ?? expires]
}

function moveBetween(state: BetweenWaves): [Move, string | null] {
  const { awaits, standing, plan, wave } = state
  if (awaits?.kind === 'bake') return ['bake', awaits.until]
  if (awaits) return ['gate', null]
  const isLast = wave.number + 1 >= waveCount(plan.waves, plan.members)
  // A pause holds admissions. Where nobody is left to admit, it holds the end only for somebody to look at too many failures.
  if (standing.status === 'paused' && !(isLast && !exceedsLimits(state))) return ['gate', null]
  if (isLast) return ['finish', null]
  return [awaitsApproval(state) ? 'gate' : 'start-wave', null]
}
