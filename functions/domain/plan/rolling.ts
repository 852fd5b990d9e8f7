import type { Amount, UpgradeRequest } from '../../../events/upgrade.ts'

/** How many members may be out of service at once, and how many more may be in flight. */
export interface Rolling {
  readonly unavailable: number
  readonly surge: number
}

function numberOf(amount: Amount, members: number, round: (share: number) => number): number {
  if ('targets' in amount) return amount.targets
  return round((members * amount.percent) / 100)
}

/**
 * Returns the numbers that a rolling upgrade of so many members keeps to; undefined: it is none. Of percentages the unavailable are rounded down and the
 * surge up, and where both are none one may be unavailable: somebody has to go (design: #rolling, and so do deployments of Kubernetes).
 */
export function rollingOf(
  { rolling }: Pick<UpgradeRequest, 'rolling'>,
  members: number,
): Rolling | undefined {
  if (!rolling) return undefined
  const unavailable = numberOf(rolling.unavailable, members, Math.floor)
  const surge = numberOf(rolling.surge, members, Math.ceil)
  return { unavailable: unavailable + surge === 0 ? 1 : unavailable, surge }
}

/** Returns how many members may be in flight at once, as long as nobody has failed. */
export function inFlightAtMost(
  { parallel }: Pick<UpgradeRequest, 'parallel'>,
  { rolling }: { readonly rolling?: Rolling },
): number {
  return rolling ? Math.min(parallel, rolling.unavailable + rolling.surge) : parallel
}

/** Returns how many members may be lost before nobody else goes: with the one after that, what may be unavailable is used up. */
export function lossesBorne({ unavailable }: Rolling): number {
  return Math.max(0, unavailable - 1)
}
