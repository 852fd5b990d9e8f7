import type { Course } from './course.ts'
import type { Findings } from './finding.ts'
import type { History } from './history.ts'
import { plannedMember } from './plan.ts'

/** Returns the upgrade at the root of a family. */
export function rootOf(courses: ReadonlyMap<string, Course>, upgrade: string): string {
  const parent = courses.get(upgrade)?.request?.parent ?? null
  return parent === null ? upgrade : rootOf(courses, parent)
}

/** Ends after which a target may run what an upgrade brought, or half of it. */
const changed: ReadonlySet<string> = new Set([
  ...['succeeded', 'failed', 'timed_out', 'lost', 'cancelled', 'rollback_failed'],
])

/** Returns the targets that the tries of a family had changed, or may have, by an instant. */
function changedBy(
  history: History,
  courses: ReadonlyMap<string, Course>,
  root: string,
  instant: string,
): Set<string> {
  const targets = new Set<string>()
  for (const [id, { request, plan }] of courses) {
    if (!plan || request?.kind === 'rollback' || rootOf(courses, id) !== root) continue
    for (const { at, told } of history.upgrades.get(id) ?? []) {
      if (at >= instant) break
      for (const event of told) {
        if (event.type !== 'OutcomesRecorded') continue
        for (const { member, outcome } of event.data.outcomes) {
          const target = changed.has(outcome) ? plannedMember(history, plan, member)?.target : undefined
          if (target !== undefined) targets.add(target)
        }
      }
    }
  }
  return targets
}

/**
 * Holds the rollback of a whole family against I16: its plan takes, or names as left out, every target that the upgrade and its retries had
 * changed. What it takes goes back where it came from (I10), and a completion says that it has (I5).
 */
export function auditFamily(
  history: History,
  courses: ReadonlyMap<string, Course>,
  id: string,
  findings: Findings,
): void {
  const { request, plan } = courses.get(id) ?? {}
  if (request?.kind !== 'rollback' || !plan || request.parent === null) return
  if (request.selection.targets !== null || courses.get(request.parent)?.request?.kind === 'rollback') return
  const commit = (history.upgrades.get(id) ?? []).find(({ told }) =>
    told.some(({ type }) => type === 'UpgradePlanned'),
  )
  if (!commit) return
  const targets = changedBy(history, courses, request.parent, commit.at)
  for (let member = 0; member < plan.members; member++)
    targets.delete(plannedMember(history, plan, member)?.target ?? '')
  const leftOut = Object.values(plan.leftOut).reduce((sum, count) => sum + count, 0)
  const [first] = targets
  findings.expect(
    targets.size <= leftOut,
    'I16',
    commit,
    `${targets.size} targets that the family changed are neither taken back nor left out (${leftOut} are), ${first} among them.`,
  )
}
