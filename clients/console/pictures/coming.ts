/** A window that comes, or a freeze. */
export interface Coming {
  readonly profileId: string
  readonly name: string
  readonly start: string
  readonly hours: number
}

/** A day of the calendar with what begins on it. */
export interface Day {
  readonly date: string
  readonly windows: readonly Coming[]
}

const day = 86_400_000

/** Returns so many days from an instant on, each with the windows that begin on it, in UTC. */
export function daysOf(windows: readonly Coming[], from: number, count: number): readonly Day[] {
  const byDay = Map.groupBy(windows, ({ start }) => start.slice(0, 10))
  return Array.from({ length: count }, (_, index) => {
    const date = new Date(from + index * day).toISOString().slice(0, 10)
    const found = byDay.get(date) ?? []
    return { date, windows: found.toSorted((left, right) => left.start.localeCompare(right.start)) }
  })
}
