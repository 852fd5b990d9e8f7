import { day, later, second } from '../../../events/time.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { afterWave } from '../plan/after-wave.ts'
import { bakeAfter, type Timed } from '../plan/duration.ts'
import { waveCount, waveRange } from '../plan/waves.ts'
import type { Closure } from '../policy/closure.ts'
import { type Schedule, windowsBetween } from '../profile/windows.ts'
import { rooms } from '../upgrade/openness.ts'
import { spacedUntil } from '../upgrade/spacing.ts'
import { hasBegun, type PlannedUpgrade } from '../upgrade/state.ts'
import { merge, type Window } from '../window.ts'
import { type Left, leftOfPlan } from './course.ts'
import { type Rest, together, type Wait } from './forecast.ts'
import { Hours } from './hours.ts'

/** Openings and closings are known so far ahead; what would come later is no forecast. */
export const horizon = 92 * day

/** Holds that end by themselves, by the hours, the bakes and the attempts that are played. */
const played: ReadonlySet<string> = new Set(['WINDOW_CLOSED', 'BAKING', 'BUSY', 'SPACING'])

/** Returns how often somebody has to continue after the waves of a plan, from one on. */
export function continuesFrom(request: UpgradeRequest, plan: Timed, first = 0): Wait[] {
  const last = waveCount(plan.waves, plan.members) - 1
  let times = 0
  for (let wave = first; wave < last; wave++)
    if (afterWave({ request, plan }, wave).continueByHand) times += 1
  return times > 0 ? [{ code: 'CONTINUE', times }] : []
}

/** Returns the waves that an upgrade has left, the present one with those of it who are still to begin. */
function wavesLeft(state: PlannedUpgrade, inFlight: readonly number[]): Left | null {
  const { request, plan } = state
  const after = leftOfPlan(request, plan, hasBegun(state) ? state.wave.number + 1 : 0)
  if (after === null || state.stage !== 'in-wave') return after
  const { number, counts, skippedBefore } = state.wave
  const { from, to } = waveRange(plan.waves, plan.members, number)
  const { inFlight: under, succeeded, failed, unreachable, skipped } = counts
  const members = to - from - skippedBefore - under - succeeded - failed - unreachable - skipped
  const present = { members, bake: bakeAfter(request, plan, number) * second }
  return { ...after, waves: [present, ...after.waves], inFlight }
}

/** Returns the waves after which somebody has still to continue: those that are to come, and the present one where that was not asked yet. */
function continuesLeft(state: PlannedUpgrade): Wait[] {
  const { request, plan } = state
  if (!hasBegun(state)) return continuesFrom(request, plan)
  const isAsked = state.stage === 'between-waves' && state.awaits?.kind !== 'bake'
  return continuesFrom(request, plan, state.wave.number + (isAsked ? 1 : 0))
}

/** Returns what an upgrade has left to do at an instant; `inFlight` is how long those take already who are, in milliseconds. */
export function restOf(state: PlannedUpgrade, inFlight: readonly number[], now: string): Rest {
  const holds = state.standing.holds.filter(({ code }) => !played.has(code))
  const held = holds.flatMap(({ code, until }) => (until === null ? [{ code, times: 1 }] : []))
  const known = [
    spacedUntil(state),
    state.stage === 'between-waves' && state.awaits?.kind === 'bake' ? state.awaits.until : null,
    ...holds.map(({ until }) => until),
  ]
  return {
    left: wavesLeft(state, inFlight),
    notBefore: known.reduce<string>((last, one) => later(last, one ?? last), now),
    waitsFor: together([...held, ...continuesLeft(state)]),
  }
}

/** Returns when attempts of an upgrade may begin in `[from, until)`, ISO instants both: in its window, and in those that its profile opens later, less what calendars close. */
export function hoursOf(
  {
    window,
    request,
  }: { readonly window: Window | null; readonly request: Pick<UpgradeRequest, 'deadlines'> },
  schedule: Schedule | null,
  closures: readonly Closure[],
  { from, until }: { readonly from: string; readonly until: string },
): Hours {
  if (window === null) return new Hours(rooms({ window, request }, closures))
  const windows = schedule ? windowsBetween(schedule, from, until) : []
  return new Hours(merge([window, ...windows]).flatMap((one) => rooms({ window: one, request }, closures)))
}
