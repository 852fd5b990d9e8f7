import { between, later, second } from '../../../events/time.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { type Run, runsFrom } from '../plan/duration.ts'
import { waveRange } from '../plan/waves.ts'
import type { Closure } from '../policy/closure.ts'
import type { Rejection } from '../rejection.ts'
import type { Window } from '../window.ts'
import { freshMembers } from './chunks.ts'
import { rooms } from './openness.ts'
import type { PlannedUpgrade } from './state.ts'

/** What is asked to fit: attempts one after the other, and what has to pass between them. */
export interface Remainder {
  readonly request: Pick<UpgradeRequest, 'deadlines' | 'selection' | 'spacingSeconds'>
  readonly window: Window | null
  readonly runs: readonly Run[]
  /** Before that none begins, as another has just ended; null or left out: nothing of the kind is in the way. */
  readonly notBefore?: string | null
}

/** Returns what an upgrade still has to do, one after the other, if everything goes as fast as it can. */
export function runsLeft(state: PlannedUpgrade): Run[] {
  const { request, plan, standing } = state
  if (state.stage !== 'in-wave') return runsFrom(request, plan, { wave: standing.wave + 1 })
  const { number, counts } = state.wave
  const { to } = waveRange(plan.waves, plan.members, number)
  const waiting = counts.retrying + counts.deferred
  if (state.chunks.cursor >= to && waiting === 0) return runsFrom(request, plan, { wave: number + 1 })
  // Only where one follows the other does it matter how many they are.
  const fresh =
    plan.spacingSeconds === undefined ? [] : [...freshMembers(state.chunks, to, Number.POSITIVE_INFINITY)]
  return runsFrom(request, plan, { wave: number, first: fresh.length + waiting })
}

/** Does what is left to do fit into what is open, if everything goes as fast as it can? */
function fits(
  { request, window, runs, notBefore = null }: Remainder,
  closures: readonly Closure[],
  now: string,
): boolean {
  // How long after the start of the next room its first attempt may begin: a bake goes on while everything is closed.
  let ready = Date.parse(later(now, notBefore ?? now))
  let place = 0
  let left = runs[0]?.count ?? 0
  for (const { start, end } of rooms({ window, request }, closures)) {
    const close = Date.parse(end)
    ready = Math.max(ready, Date.parse(start))
    for (let run = runs[place]; run && ready < close; run = runs[place]) {
      const apart = run.apartSeconds * second
      const begun = Math.min(left, Math.ceil((close - ready) / apart))
      left -= begun
      ready += begun * apart
      if (left > 0) break
      place++
      left = runs[place]?.count ?? 0
    }
    if (place >= runs.length) return true
  }
  return place >= runs.length
}

/** Returns as much of what is to be done as one attempt: a profile opens its window again for the rest. */
function oneOf(runs: readonly Run[]): Run[] {
  return runs.slice(0, 1).map((run) => ({ ...run, count: Math.min(1, run.count) }))
}

/** Returns how long what is to be done takes at least, from the first attempt to the end of the last, in seconds, and what it is in words. */
function leastOf(
  runs: readonly Run[],
  { deadlines, spacingSeconds }: Remainder['request'],
): { readonly seconds: number; readonly words: string } {
  const attempts = runs.reduce((sum, { count }) => sum + count, 0)
  const all = runs.reduce((sum, { count, apartSeconds }) => sum + count * apartSeconds, 0)
  const seconds = Math.ceil(all - (runs.at(-1)?.apartSeconds ?? 0) + deadlines.expected)
  const many = spacingSeconds === undefined ? 'waves, with the bakes' : 'attempts, with the times'
  return { seconds, words: attempts === 1 ? 'one attempt takes' : `${attempts} ${many} between them, take` }
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
  const runs = request.selection.profile === undefined ? remainder.runs : oneOf(remainder.runs)
  if (runs.length === 0) return undefined
  if (window && window.end <= now)
    return { code: 'window-over', detail: `The window ended at ${window.end}: give it another.` }
  if (fits({ ...remainder, runs }, closures, now)) return undefined
  const least = leastOf(runs, request)
  const needs = `${least.words} ${least.seconds} seconds`
  if (!window) return { code: 'window-closed', detail: `Its calendars leave no room: ${needs}.` }
  const left = between(window.start > now ? window.start : now, window.end) / second
  const closed = closures.length > 0 ? ', less what its calendars close' : ''
  return { code: 'window-too-short', detail: `The window has ${left} seconds left${closed}; ${needs}.` }
}
