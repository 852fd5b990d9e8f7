/** How many of a run stand where, as answers have it. */
interface Counted {
  readonly total: number
  readonly completed: number
}

interface CountedEnds extends Counted {
  readonly failed: number
  readonly unreachable: number
  readonly skipped: number
  readonly rolledBack: number
}

/** Returns how far a run is: whoever has what it brings is done, and nobody else is, in a list as by itself. */
export function doneWords({ completed, total }: Counted): string {
  return `${completed} of ${total}`
}

/** Returns how a run's other targets ended, each count with what it counts; empty: none has ended otherwise. */
export function endsWords({ failed, unreachable, skipped, rolledBack }: CountedEnds): string {
  const back = rolledBack > 0 ? ` (${rolledBack} took it back by themselves)` : ''
  return [
    ...(failed > 0 ? [`, ${failed} failed${back}`] : []),
    ...(unreachable > 0 ? [`, ${unreachable} unreachable`] : []),
    ...(skipped > 0 ? [`, ${skipped} left out`] : []),
  ].join('')
}
