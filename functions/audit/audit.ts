import { type Commit, verifyChain } from '../../events/envelope.ts'
import { type Finding, Findings } from './finding.ts'
import { readHistory } from './history.ts'
import { auditTarget } from './target.ts'
import { auditUpgrade } from './upgrade.ts'

/** The heads of streams as somebody kept them elsewhere: a cut-off end shows against them alone. */
export type Heads = ReadonlyMap<string, { readonly commit: number; readonly hash: string }>

export interface Audit {
  readonly streams: number
  readonly commits: number
  readonly findings: readonly Finding[]
}

/**
 * Holds a log against the invariants of DESIGN §12 that a log alone can show, by rules of its own: nothing here asks the code that
 * wrote the log. Returns every finding; none means that the log is as it should be.
 */
export async function audit(
  commits: AsyncIterable<Commit> | Iterable<Commit>,
  heads: Heads = new Map(),
): Promise<Audit> {
  const history = await readHistory(commits)
  const findings: Finding[] = []
  let count = 0
  for (const [stream, listed] of history.streams) {
    count += listed.length
    const broken = verifyChain(listed, heads.get(stream))
    if (broken)
      findings.push({
        invariant: 'I13',
        stream,
        commit: broken.commit,
        words: `This commit is ${broken.why}.`,
      })
  }
  for (const [stream, head] of heads) {
    if (!history.streams.has(stream)) {
      findings.push({ invariant: 'I13', stream, commit: head.commit, words: 'The whole stream is missing.' })
    }
  }
  for (const id of history.targets.keys()) auditTarget(history, id, new Findings(findings, `target#${id}`))
  for (const id of history.upgrades.keys()) auditUpgrade(history, id, new Findings(findings, `upgrade#${id}`))
  return { streams: history.streams.size, commits: count, findings }
}
