import { between, second } from '../../../events/time.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { waveCount, waveRange } from '../plan/waves.ts'
import type { Closure } from '../policy/closure.ts'
import type { Rejection } from '../rejection.ts'
import type { Window } from '../window.ts'
import { rooms } from './openness.ts'
import type { PlannedUpgrade } from './state.ts'

/** What is asked to fit: so many waves, each at least one attempt long. */
export interface Remainder {
  readonly request: Pick<UpgradeRequest, 'deadlines' | 'bakeSeconds' | 'gate' | 'selection'>
  readonly window: Window | null
  readonly waves: number
}

/** Returns how many waves of an upgrade still have somebody to hand over to. */
export function wavesLeft(state: PlannedUpgrade): number {
  const { plan, standing } = state
  const waves = waveCount(plan.waves, plan.members)
  if (state.stage !== 'in-wave') return waves - (standing.wave + 1)
  const { to } = waveRange(plan.waves, plan.members, state.wave.number)
  const { retrying, deferred } = state.wave.counts
  const waits = state.chunks.cursor < to || retrying + deferred > 0
  return waves - standing.wave - (waits ? 0 : 1)
}

/** How long a wave takes at the soonest, in milliseconds: one attempt, and what it bakes before the next. */
function shortest({ deadlines, bakeSeconds }: Remainder['request']): number {
  return (deadlines.expected + bakeSeconds) * second
}

/** Does what is left to do fit into what is open, if everything goes as fast as it can? */
function fits({ request, window, waves }: Remainder, closures: readonly Closure[], now: string): boolean {
  const apart = shortest(request)
  let left = waves
  // How long after the start of the next room its first attempt may begin: a bake goes on while everything is closed.
  let ready = Date.parse(now)
  for (const { start, end } of rooms({ window, request }, closures)) {
    const from = Math.max(ready, Date.parse(start))
    const time = Date.parse(end) - from
    if (time <= 0) continue
    const begun = Math.min(left, Math.ceil(time / apart))
    left -= begun
    if (left === 0) return true
    ready = from + begun * apart
  }
  return left === 0
}

/**
 * Returns why what is left to do cannot fit into its window and between what its calendars close, even if everything goes as fast as it can;
 * undefined when it can. A profile opens its window again: of its upgrades one attempt has to fit (design: #fit).
 */
export function refuseUnfit(
  remainder: Remainder,
  closures: readonly Closure[],
  now: string,
): Rejection | undefined {
  const { request, window } = remainder
  const waves = request.selection.profile === undefined ? remainder.waves : Math.min(1, remainder.waves)
  if (waves === 0) return undefined
  if (window && window.end <= now)
    return { code: 'window-over', detail: `The window ended at ${window.end}: give it another.` }
  if (fits({ ...remainder, waves }, closures, now)) return undefined
  const least = Math.ceil(((waves - 1) * shortest(request)) / second) + request.deadlines.expected
  const all = waves === 1 ? 'one attempt takes' : `${waves} waves, with the bakes between them, take`
  const needs = `${all} ${least} seconds`
  if (!window) return { code: 'window-closed', detail: `Its calendars leave no room: ${needs}.` }
  const left = between(window.start > now ? window.start : now, window.end) / second
  const closed = closures.length > 0 ? ', less what its calendars close' : ''
  return { code: 'window-too-short', detail: `The window has ${left} seconds left${closed}; ${needs}.` }
}
