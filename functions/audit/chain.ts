import { type Commit, type Head, verifyChain } from '../../events/envelope.ts'
import type { Finding } from './finding.ts'

/** The heads of streams as somebody kept them elsewhere, at one time or several: a cut-off end shows against them alone. */
export type Heads = ReadonlyMap<string, readonly Head[]>

/** Returns the head of every stream in a reading of a log, its commits in any order. */
export async function headsIn(
  commits: AsyncIterable<Pick<Commit, 'stream' | 'commit' | 'hash'>>,
): Promise<Map<string, Head>> {
  const heads = new Map<string, Head>()
  for await (const { stream, commit, hash } of commits)
    if (commit > (heads.get(stream)?.commit ?? 0)) heads.set(stream, { commit, hash })
  return heads
}

/** Holds one stream, in the order of its commits, against I13: each follows from the one before it, and its numbers are dense. */
export function auditChain(stream: string, commits: readonly Commit[], heads: readonly Head[]): Finding[] {
  const broken = verifyChain(commits, heads)
  if (broken)
    return [{ invariant: 'I13', stream, commit: broken.commit, words: `This commit is ${broken.why}.` }]
  let version = 1
  let at = ''
  for (const commit of commits) {
    const wrong =
      commit.version !== version || commit.count !== commit.events.length
        ? `Its events begin at ${commit.version} and are ${commit.count}, where ${commit.events.length} from ${version} on follow.`
        : commit.at < at
          ? `It was decided at ${commit.at}, before the commit that it follows (${at}).`
          : undefined
    if (wrong !== undefined) return [{ invariant: 'I13', stream, commit: commit.commit, words: wrong }]
    version += commit.count
    at = commit.at
  }
  return []
}

/** Returns a finding for each stream whose head was kept and of which nothing is left. */
export function missingStreams(heads: Heads, known: (stream: string) => boolean): Finding[] {
  return [...heads]
    .filter(([stream]) => !known(stream))
    .map(([stream, kept]) => ({
      invariant: 'I13',
      stream,
      commit: Math.max(...kept.map(({ commit }) => commit)),
      words: 'The whole stream is missing.',
    }))
}
