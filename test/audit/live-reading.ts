import type { Commit, Head } from '../../events/envelope.ts'
import type { Beside } from '../../functions/audit/stream.ts'

/** What two readings of a log saw, the second begun after the first, while others went on writing. */
export interface LiveReading {
  readonly first: readonly Commit[]
  readonly second: readonly Commit[]
  readonly cut: NonNullable<Beside['cut']>
}

/** Returns the head of every stream among commits. */
function headsAmong(commits: readonly Commit[]): Map<string, Head> {
  const heads = new Map<string, Head>()
  for (const { stream, commit, hash } of commits)
    if (commit > (heads.get(stream)?.commit ?? 0)) heads.set(stream, { commit, hash })
  return heads
}

/**
 * Reads a log, given in the order in which it was written, as a scan does: stream after stream, in an order of its own, each as it is when the
 * scan comes to it. `instants` are how many commits there were when the first reading began, when it ended and the second began,
 * and when that ended.
 */
export function readLive(
  written: readonly Commit[],
  instants: readonly [number, number, number],
  placeOf: (stream: string) => number,
): LiveReading {
  const scan = (from: number, to: number) =>
    written.filter(({ stream }, index) => index < from + placeOf(stream) * (to - from))
  const [began, between, ended] = instants
  const first = scan(began, between)
  return { first, second: scan(between, ended), cut: headsAmong(first) }
}
