import { after, minute } from '../../events/time.ts'

/** What is kept of the executions that drive something, one after the other; the number of the present one is kept beside it. */
export interface Generation {
  /** When the present one was decided. */
  readonly since: string
  /** Has anything advanced since it was started? */
  readonly progressed: boolean
  /** How many in a row ended without any progress, and when the next may start. */
  readonly fruitless: number
  readonly restartAt: string | null
}

/** Executions in a row that get nothing done wait so long at most before the next, in milliseconds. */
const longestPause = 60 * minute

/** Returns what is kept of something that is asked for at an instant. */
export function firstGeneration(at: string): Generation {
  return { since: at, progressed: false, fruitless: 0, restartAt: null }
}

/** Returns what is kept once an execution was decided. */
export function begunAt<Kept extends Generation>(before: Kept, at: string): Kept {
  return { ...before, since: at, progressed: false, restartAt: null }
}

/** Returns what is kept once an execution ended early: the next starts at once after one that got anything done, else after a pause that doubles. */
export function endedAt<Kept extends Generation>(before: Kept, at: string): Kept {
  const fruitless = before.progressed ? 0 : before.fruitless + 1
  const pause = fruitless === 0 ? 0 : Math.min(longestPause, 2 ** (fruitless - 1) * minute)
  return { ...before, fruitless, restartAt: after(at, pause) }
}

/** Returns the event that starts the next execution, where the pause after the last is over; undefined: it is not, or one runs. */
export function nextGeneration(
  {
    execution,
    standing,
  }: { readonly execution: Generation; readonly standing: { readonly generation: number } },
  now: string,
) {
  const { restartAt } = execution
  if (restartAt === null || restartAt > now) return undefined
  const data = { generation: standing.generation + 1, reason: 'the execution ended early' }
  return { type: 'ExecutionStarting' as const, data }
}
