import { canonicalJson } from '../../events/canonical.ts'
import type { Commit, UsedKey } from '../../events/envelope.ts'
import type { Finding } from './finding.ts'

/**
 * Follows one stream and says of each commit what is wrong with the state in its snapshot; undefined: nothing. The folds belong to the domain,
 * whose code this is: it is handed to the audit, whose own rules know events alone.
 */
export type Replay = (stream: string) => (commit: Commit) => string | undefined

/** How many idempotency keys a stream remembers. */
const rememberedKeys = 32

/** Holds the snapshots of a stream, in the order of its commits, against L1: the state by the replay, the keys by the commits that used them. */
export function auditSnapshots(stream: string, commits: readonly Commit[], replay?: Replay): Finding[] {
  const stateFault = replay?.(stream)
  let keys: UsedKey[] = []
  for (const commit of commits) {
    const { idempotency, snapshot } = commit
    if (idempotency) keys = [...keys, { ...idempotency, commit: commit.commit }].slice(-rememberedKeys)
    const fault = stateFault?.(commit)
    const forgotten = snapshot !== undefined && canonicalJson(snapshot.keys) !== canonicalJson(keys)
    const words =
      fault ?? (forgotten ? 'The idempotency keys in its snapshot are not those used so far.' : undefined)
    if (words !== undefined) return [{ invariant: 'L1', stream, commit: commit.commit, words }]
  }
  return []
}
