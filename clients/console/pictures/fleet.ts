import type { Target } from '../answers.ts'

/** In milliseconds: who was not heard of for so long is silent, as pre-upgrade checks have it. */
const silence = 24 * 3_600_000

/** What of a fleet is shown beside what the API picks out. */
export type Kind = 'all' | 'silent' | 'pinned' | 'retired' | 'drifted'

/** Says whether nobody has heard of a target lately. `now` in milliseconds since the epoch. */
export function isSilent({ lastSeenAt }: Pick<Target, 'lastSeenAt'>, now: number): boolean {
  return lastSeenAt === null || now - Date.parse(lastSeenAt) > silence
}

/** Returns the targets of a kind, whose id or facts hold a text. */
export function chosen(targets: readonly Target[], kind: Kind, text: string, now: number): readonly Target[] {
  const wanted = text.trim().toLowerCase()
  return targets.filter((target) => {
    if (kind === 'silent' && !isSilent(target, now)) return false
    if (kind === 'pinned' && target.pin === null) return false
    if (kind === 'retired' && target.retired === null) return false
    if (kind === 'drifted' && Object.keys(target.drift).length === 0) return false
    return (
      wanted === '' ||
      [target.id, target.region, target.type].some((one) => one?.toLowerCase().includes(wanted))
    )
  })
}

/** How many targets run a version of a component. */
export interface Version {
  readonly component: string
  readonly version: string
  readonly count: number
}

/** Returns what the fleet runs: by component, the most frequent version first. */
export function versionsOf(targets: readonly Target[]): readonly Version[] {
  const counts = new Map<string, Version>()
  for (const { components } of targets)
    for (const [component, version] of Object.entries(components)) {
      const key = `${component} ${version}`
      counts.set(key, { component, version, count: (counts.get(key)?.count ?? 0) + 1 })
    }
  return [...counts.values()].sort(
    (left, right) => left.component.localeCompare(right.component) || right.count - left.count,
  )
}

/** Which rows of a list are there to be seen. */
export interface Window {
  readonly from: number
  readonly to: number
}

/** Returns the rows that a list shows, with some above and below, so that a list of ten thousand is no longer than a screen. */
export function windowOf(scrolled: number, height: number, row: number, count: number, beside = 10): Window {
  const from = Math.max(0, Math.floor(scrolled / row) - beside)
  return { from: Math.min(from, count), to: Math.min(count, Math.ceil((scrolled + height) / row) + beside) }
}
