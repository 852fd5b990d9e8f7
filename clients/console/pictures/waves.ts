/** How a target of a wave stands, as it is coloured. */
export const cellStates = ['succeeded', 'failed', 'unreachable', 'skipped', 'inFlight', 'waiting'] as const
export type CellState = (typeof cellStates)[number]

/** What each is called. */
export const cellWords: Readonly<Record<CellState, string>> = {
  ...{ succeeded: 'done', failed: 'failed', unreachable: 'unreachable' },
  ...{ skipped: 'left out', inFlight: 'in flight', waiting: 'to come' },
}

/** How many targets are in each state. */
export type Counts = Readonly<Record<CellState, number>>

/** A wave, as an upgrade says it. */
export interface Wave {
  readonly wave: number
  readonly group: string | null
  readonly size: number
  readonly succeeded: number
  readonly failed: number
  readonly unreachable: number
  readonly skipped: number
}

/** What is read of an upgrade for its picture. */
export interface Waving {
  readonly wave: number
  readonly inProgress: number
  readonly waves: readonly Wave[]
}

/** Returns how many targets of each wave are in which state: those in flight are of the present wave, as far as it has room for them. */
export function countsOf({ wave: present, inProgress, waves }: Waving): readonly Counts[] {
  return waves.map(({ wave, size, succeeded, failed, unreachable, skipped }) => {
    const rest = Math.max(0, size - succeeded - failed - unreachable - skipped)
    const inFlight = wave === present ? Math.min(rest, inProgress) : 0
    return { succeeded, failed, unreachable, skipped, inFlight, waiting: rest - inFlight }
  })
}

/** Returns the sum of counts. */
export function summed(all: readonly Counts[]): Counts {
  const sum = (state: CellState) => all.reduce((total, counts) => total + counts[state], 0)
  return Object.fromEntries(cellStates.map((state) => [state, sum(state)])) as Counts // one for each state
}

/** Returns the counts of an upgrade that tells no waves: those of a whole fleet. */
export function countsOfWhole(upgrade: {
  readonly total: number
  readonly completed: number
  readonly failed: number
  readonly unreachable: number
  readonly skipped: number
  readonly inProgress: number
}): Counts {
  const { total, completed: succeeded, failed, unreachable, skipped, inProgress: inFlight } = upgrade
  const waiting = Math.max(0, total - succeeded - failed - unreachable - skipped - inFlight)
  return { succeeded, failed, unreachable, skipped, inFlight, waiting }
}

/** A part of a bar, from 0 to 100. */
export interface Stretch {
  readonly state: CellState
  readonly from: number
  readonly width: number
}

/** Returns a bar: a stretch for each state that somebody is in. */
export function barOf(counts: Counts): readonly Stretch[] {
  const total = cellStates.reduce((sum, state) => sum + counts[state], 0)
  let from = 0
  return cellStates.flatMap((state) => {
    const width = total === 0 ? 0 : (counts[state] / total) * 100
    const stretch = { state, from, width }
    from += width
    return width > 0 ? [stretch] : []
  })
}

/** The squares of one wave: a path a state, so that ten thousand targets are six elements. */
export interface Squares {
  readonly columns: number
  readonly rows: number
  readonly paths: readonly { readonly state: CellState; readonly d: string }[]
}

/** Returns a square for each target, row by row, in units of one square with a gap of a fifth. */
export function squaresOf(counts: Counts, columns: number): Squares {
  let next = 0
  const paths = cellStates.flatMap((state) => {
    const parts: string[] = []
    for (let index = 0; index < counts[state]; index++, next++) {
      parts.push(`M${next % columns} ${Math.floor(next / columns)}h.8v.8h-.8z`)
    }
    return parts.length > 0 ? [{ state, d: parts.join('') }] : []
  })
  return { columns: Math.max(1, Math.min(columns, next)), rows: Math.ceil(next / columns), paths }
}

/** Returns in words what a picture shows, for those who do not see it. */
export function saidOf(counts: Counts): string {
  const said = cellStates
    .filter((state) => counts[state] > 0)
    .map((state) => `${counts[state]} ${cellWords[state]}`)
  return said.join(', ') || 'no target'
}
