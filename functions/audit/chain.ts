import { type Commit, verifyChain } from '../../events/envelope.ts'
import type { Finding } from './finding.ts'

/** The heads of streams as somebody kept them elsewhere: a cut-off end shows against them alone. */
export type Heads = ReadonlyMap<string, { readonly commit: number; readonly hash: string }>

/** Holds one stream, in the order of its commits, against I13: each follows from the one before it, and its numbers are dense. */
export function auditChain(stream: string, commits: readonly Commit[], heads: Heads): Finding[] {
  const broken = verifyChain(commits, heads.get(stream))
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
    .map(([stream, { commit }]) => ({
      invariant: 'I13',
      stream,
      commit,
      words: 'The whole stream is missing.',
    }))
}
