import type { Commit } from '../../../events/envelope.ts'
import { after, hour } from '../../../events/time.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import type { Log } from '../../log/log.ts'
import { keyOf } from '../../log/store.ts'

/** How far clocks of two functions may differ: by so much a commit may seem to be older than what it follows from. */
const clocksDiffer = hour

/** Which commits of a target are wanted. */
export interface Wanted {
  readonly target: string
  readonly upgrade: string
  /** A commit that is known to tell of the upgrade; 0: none is. */
  readonly known: number
  /** When the upgrade was asked for: earlier commits do not tell of it. */
  readonly from: string
  /** Later commits are not wanted. */
  readonly until: string
}

/** What stands before the first commit of a stream that is wanted. */
export interface Before {
  readonly commit: number
  /** Its hash; empty where there is none. */
  readonly hash: string
}

/** Does a commit of a target tell of an upgrade? */
function tellsOf(commit: Commit, upgrade: string): boolean {
  return commit.events.some(({ data }) => {
    const told: unknown = JSON.parse(data)
    return typeof told === 'object' && told !== null && 'upgrade' in told && told.upgrade === upgrade
  })
}

/**
 * Returns where the first commit of a target lies that tells of an upgrade, with the one before it; undefined: none does. It looks back from the one
 * that is known, or from the end, through twice as many each time.
 */
export async function firstTold(
  log: Log,
  { target, upgrade, known, from }: Wanted,
): Promise<{ readonly first: number; readonly before: Before } | undefined> {
  const stream = keyOf(targetAggregate.name, target)
  const to = known > 0 ? known : (await log.load(targetAggregate, target)).commit
  for (let width = 4; ; width *= 2) {
    const start = Math.max(1, to - width)
    let before: Before = { commit: 0, hash: '' }
    let reaches = start === 1
    for await (const commit of log.commits(stream, { from: start, to, consistent: true })) {
      if (commit.at < after(from, -clocksDiffer)) reaches = true
      if (tellsOf(commit, upgrade)) {
        // The first of this window is the first of all only where something stands before it.
        if (!reaches) break
        return { first: commit.commit, before }
      }
      before = { commit: commit.commit, hash: commit.hash }
    }
    if (reaches) return undefined
  }
}

/** Yields the commits of a target from one on, up to the instant. */
export async function* commitsUntil(
  log: Log,
  { target, until }: Pick<Wanted, 'target' | 'until'>,
  from: number,
): AsyncGenerator<Commit> {
  for await (const commit of log.commits(keyOf(targetAggregate.name, target), { from, consistent: true })) {
    if (commit.at > until) return
    yield commit
  }
}
