import type { Commit, Head } from '../../events/envelope.ts'
import { auditActors } from './actor.ts'
import { auditListing } from './catalogue.ts'
import { auditChain, type Heads } from './chain.ts'
import type { Finding } from './finding.ts'
import type { SignedHeads } from './heads.ts'
import { auditSnapshots, type Replay } from './snapshot.ts'

/** What a log is held against, beside itself. */
export interface Beside {
  /** Heads that were kept elsewhere, signed. */
  readonly signed?: SignedHeads
  /** The head of every stream before the first commit was read, where the log may have gone on meanwhile; absent: nobody wrote. */
  readonly cut?: ReadonlyMap<string, Head>
  readonly replay?: Replay
}

/** Was a commit there before the log was read? */
export function isWithin(cut: Beside['cut'], { stream, commit }: Pick<Commit, 'stream' | 'commit'>): boolean {
  return cut === undefined || commit <= (cut.get(stream)?.commit ?? 0)
}

/** Holds one stream, in the order of its commits, against what it shows by itself. */
export function auditStream(
  stream: string,
  commits: readonly Commit[],
  heads: Heads,
  { cut, replay }: Beside,
): Finding[] {
  const known = cut?.get(stream)
  const broken = auditChain(stream, commits, [...(heads.get(stream) ?? []), ...(known ? [known] : [])])
  // Nothing follows from what a broken chain holds.
  const whole = broken[0] ? commits.filter(({ commit }) => commit < (broken[0]?.commit ?? 0)) : commits
  return [
    ...broken,
    ...auditListing(stream, whole),
    ...auditSnapshots(stream, whole, replay),
    ...auditActors(stream, whole),
  ]
}
