/** A window that comes. */
export interface Coming {
  readonly profileId: string
  readonly name: string
  readonly start: string
  readonly hours: number
}

/** A time in which a calendar is closed: nothing is upgraded by it. */
export interface Closure {
  readonly calendar: string
  readonly why: string
  readonly from: string
  /** Null: as far as is known. */
  readonly until: string | null
}

/** A day of the calendar with the windows that begin on it, and what is closed on it. */
export interface Day {
  readonly date: string
  readonly windows: readonly Coming[]
  readonly closures: readonly Closure[]
}

const day = 86_400_000

/** Returns so many days from an instant on, in UTC. */
export function daysOf(
  windows: readonly Coming[],
  closures: readonly Closure[],
  from: number,
  count: number,
): readonly Day[] {
  const byDay = Map.groupBy(windows, ({ start }) => start.slice(0, 10))
  return Array.from({ length: count }, (_, index) => {
    const date = new Date(from + index * day).toISOString().slice(0, 10)
    const begin = Date.parse(`${date}T00:00:00Z`)
    const closed = closures.filter(
      (one) => Date.parse(one.from) < begin + day && (one.until === null || Date.parse(one.until) > begin),
    )
    const found = byDay.get(date) ?? []
    return {
      date,
      windows: found.toSorted((left, right) => left.start.localeCompare(right.start)),
      closures: closed,
    }
  })
}

/** What a calendar is at an instant. */
interface State {
  readonly at: string
  readonly open: boolean
  readonly why: readonly string[]
  readonly changesAt: string | null
}

/** So often is asked what follows. */
const mostChanges = 20

/** Returns when a calendar is closed until an instant, by what it says it is now and after each change. */
export async function closuresUntil(
  calendar: string,
  horizon: number,
  stateAt: (at: string | undefined) => Promise<State>,
): Promise<readonly Closure[]> {
  const closures: Closure[] = []
  let at: string | undefined
  for (let change = 0; change < mostChanges; change++) {
    const state = await stateAt(at)
    const { changesAt } = state
    if (!state.open) closures.push({ calendar, why: state.why.join(', '), from: state.at, until: changesAt })
    if (changesAt === null || Date.parse(changesAt) > horizon) break
    at = changesAt
  }
  return closures
}
