import type { UpgradeRequest } from '../../../events/upgrade.ts'
import type { Plan } from './plan.ts'
import { waveRange } from './waves.ts'

/** How many targets, and what share of the fleet in percent, one person may expose at once: a first wave that exceeds both needs a second. */
export interface ExposureLimit {
  readonly targets: number
  readonly percent: number
}

/** A first wave that needs approvals, whatever was asked for: of so many targets, where so many run the component. */
export type Exposure = NonNullable<Plan['exposure']>

/**
 * May a plan of this request expose too much? What takes back or tries again must not wait; a profile has approvals of its own, and at most ten
 * targets in flight; who asks for approvals has them (design: #exposure).
 */
export function mayExpose({ kind, selection, approvals }: UpgradeRequest): boolean {
  return kind === 'deploy' && selection.profile === undefined && approvals.required === 0
}

/** Returns how many targets the first wave of a plan exposes. */
export function firstWaveOf({ waves, members }: Pick<Plan, 'waves' | 'members'>): number {
  const { from, to } = waveRange(waves, members, 0)
  return to - from
}

/** Returns what a first wave of so many targets exposes of a fleet, where that is more than one person may; else undefined. */
export function exposureOf(limit: ExposureLimit, firstWave: number, fleet: number): Exposure | undefined {
  if (firstWave <= limit.targets || firstWave * 100 <= limit.percent * fleet) return undefined
  return { approvals: 1, firstWave, fleet }
}
