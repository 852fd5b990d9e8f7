import type { Commit } from '../../events/envelope.ts'
import { streamOf } from '../../events/stream.ts'
import { auditBudget } from './budget.ts'
import type { Course } from './course.ts'
import { auditFamily } from './family.ts'
import { type Finding, Findings, ofOneStream } from './finding.ts'
import { readHistory } from './history.ts'
import { auditProfile, type Given } from './profile.ts'
import { auditRequested, auditRequestedRollout } from './requested.ts'
import { auditPhase, auditRollout } from './rollout.ts'
import { type Beside, isWithin } from './stream.ts'
import { auditTarget } from './target.ts'
import { auditUpgrade } from './upgrade.ts'

/** What an audit looked at, and what it found. */
export interface Audit {
  readonly streams: number
  readonly commits: number
  readonly findings: readonly Finding[]
}

/**
 * Holds a log against the invariants that a log alone can show (design: #invariants), by rules of its own: nothing here asks the code that
 * decided what is in it. Commits may come in any order. Returns every finding; none means that the log is as it should be.
 *
 * A log that goes on while it is read is read in pieces of several instants. With the cut of `beside`, only what was there before the first of
 * them is judged; all that it follows from was there too, and is read. What came later is looked up, and counts for nothing by itself.
 */
export async function audit(
  commits: AsyncIterable<Commit> | Iterable<Commit>,
  beside: Beside = {},
): Promise<Audit> {
  const findings: Finding[] = []
  const history = await readHistory(commits, beside, findings)
  const courses = new Map<string, Course>()
  for (const id of history.upgrades.keys())
    courses.set(id, auditUpgrade(history, id, new Findings(findings, streamOf('upgrade', id))))
  for (const id of history.targets.keys())
    auditTarget(history, courses, id, new Findings(findings, streamOf('target', id)))
  for (const id of history.upgrades.keys())
    auditFamily(history, courses, id, new Findings(findings, streamOf('upgrade', id)))
  const given = new Map<string, Given>()
  for (const id of history.profiles.keys())
    given.set(id, auditProfile(history, courses, id, new Findings(findings, streamOf('profile', id))))
  for (const id of history.upgrades.keys())
    auditRequested(history, given, id, new Findings(findings, streamOf('upgrade', id)))
  for (const id of history.rollouts.keys()) {
    const found = new Findings(findings, streamOf('rollout', id))
    auditRollout(history, id, found)
    auditRequestedRollout(history, given, id, found)
  }
  for (const id of history.upgrades.keys())
    auditPhase(history, id, new Findings(findings, streamOf('upgrade', id)))
  for (const [id, told] of history.budgets)
    auditBudget(history, id, told, new Findings(findings, streamOf('budget', id)))
  const judged = findings.filter(
    (finding) => ofOneStream.has(finding.invariant) || isWithin(beside.cut, finding),
  )
  return { streams: history.streams, commits: history.commits, findings: judged }
}
