import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { afterWave } from './after-wave.ts'
import { inFlightAtMost, type Rolling } from './rolling.ts'
import { type PlannedWaves, waveCount, waveRange } from './waves.ts'

/** A plan, as far as it says how long it takes. */
export interface Timed extends Pick<PlannedWaves, 'waves' | 'entries'> {
  readonly members: number
  readonly rolling?: Rolling
  readonly spacingSeconds?: number
}

/** Attempts of which each begins so many seconds after the one before, at the soonest. */
export interface Run {
  readonly count: number
  readonly apartSeconds: number
}

/** Returns how long a wave that bakes for so many seconds is watched: for as long as it is measured too, if nothing comes between. */
function watchedFor({ metrics = [] }: UpgradeRequest, bakeSeconds: number): number {
  return Math.max(bakeSeconds, ...metrics.map(({ everySeconds, count }) => everySeconds * (count - 1)))
}

/** Returns how long a wave is watched when it is over, in seconds: the last one is where it has a gate or is measured. */
export function bakeAfter(request: UpgradeRequest, plan: Timed, wave: number): number {
  const isLast = wave + 1 === waveCount(plan.waves, plan.members)
  const { bakeSeconds, gate } = afterWave({ request, plan }, wave)
  return isLast && !gate && !request.metrics ? 0 : watchedFor(request, bakeSeconds)
}

/**
 * Returns what an upgrade does at the soonest, from a wave on: one attempt for each wave, as others may be side by side with it, each with what bakes after
 * it; of a serial upgrade every attempt. `first` is how many of the first of these waves are left, null: all.
 */
export function runsFrom(
  request: UpgradeRequest,
  plan: Timed,
  { wave = 0, first = null }: { readonly wave?: number; readonly first?: number | null } = {},
): Run[] {
  const { expected } = request.deadlines
  const count = waveCount(plan.waves, plan.members)
  const { spacingSeconds } = plan
  if (spacingSeconds === undefined && plan.entries === undefined)
    return [
      { count: count - wave, apartSeconds: expected + watchedFor(request, request.bakeSeconds) },
    ].filter((run) => run.count > 0)
  return Array.from({ length: count - wave }, (_, place): Run[] => {
    const number = wave + place
    const bake = watchedFor(request, afterWave({ request, plan }, number).bakeSeconds)
    if (spacingSeconds === undefined) return [{ count: 1, apartSeconds: expected + bake }]
    const { from, to } = waveRange(plan.waves, plan.members, number)
    const members = place === 0 && first !== null ? first : to - from
    return [
      { count: members - 1, apartSeconds: expected + spacingSeconds },
      { count: 1, apartSeconds: expected + Math.max(bake, spacingSeconds) },
    ]
  })
    .flat()
    .filter((run) => run.count > 0)
}

/** Returns how long an upgrade takes if every attempt takes the time expected and nobody has to be waited for, in seconds. */
export function expectedSeconds(request: UpgradeRequest, plan: Timed): number {
  const count = waveCount(plan.waves, plan.members)
  const atOnce = inFlightAtMost(request, plan)
  const spacing = plan.spacingSeconds ?? 0
  let sum = 0
  for (let wave = 0; wave < count; wave++) {
    const { from, to } = waveRange(plan.waves, plan.members, wave)
    const rounds = Math.ceil((to - from) / atOnce)
    const bake = bakeAfter(request, plan, wave)
    sum += rounds * request.deadlines.expected + (rounds - 1) * spacing
    sum += wave + 1 === count ? bake : Math.max(bake, spacing)
  }
  return sum
}
