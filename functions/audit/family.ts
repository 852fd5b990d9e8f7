import type { Course } from './course.ts'
import type { Findings } from './finding.ts'
import type { History } from './history.ts'
import { unexplained } from './left-out.ts'
import { type Planned, plannedMember } from './plan.ts'

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

/** Returns whom a rollback leaves out, by name, as the upgrade says that it takes back; undefined: it does not name all of them. */
function namedBy(
  history: History,
  parent: string,
  id: string,
  { leftOut }: Planned,
): ReadonlySet<string> | undefined {
  for (const { told } of history.upgrades.get(parent) ?? []) {
    for (const event of told) {
      if (event.type !== 'ChildRequested' || event.data.child !== id) continue
      const { counts = {}, first = [] } = event.data.leftOut ?? {}
      const isWhole = first.length === totalOf(leftOut) && totalOf(counts) === first.length
      return isWhole ? new Set(first.map(({ target }) => target)) : undefined
    }
  }
  return undefined
}

function totalOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

/**
 * Holds the rollback of a whole family against I16: its plan takes, or names as left out, every target that the upgrade and its retries had
 * changed. Where it does not name them, they show themselves why. What it takes goes back where it came from (I10), and a completion says that it has (I5).
 */
export function auditFamily(
  history: History,
  courses: ReadonlyMap<string, Course>,
  id: string,
  findings: Findings,
): void {
  const { request, plan } = courses.get(id) ?? {}
  if (request?.kind !== 'rollback' || !plan || request.parent === null) return
  const { component, parent, selection } = request
  if (selection.targets !== null || courses.get(parent)?.request?.kind === 'rollback') return
  const commit = (history.upgrades.get(id) ?? []).find(({ told }) =>
    told.some(({ type }) => type === 'UpgradePlanned'),
  )
  if (!commit) return
  const targets = changedBy(history, courses, parent, commit.at)
  for (let member = 0; member < plan.members; member++)
    targets.delete(plannedMember(history, plan, member)?.target ?? '')
  const inFamily = (upgrade: string) => {
    if (rootOf(courses, upgrade) !== parent) return undefined
    return courses.get(upgrade)?.request?.kind === 'rollback' ? 'rollback' : 'try'
  }
  const named = namedBy(history, parent, id, plan)
  const asked = { component, at: commit.at, inFamily }
  const overlooked = named
    ? [...targets].filter((target) => !named.has(target))
    : unexplained(history, targets, plan.leftOut, asked)
  const leftOut = totalOf(plan.leftOut)
  findings.expect(
    overlooked.length === 0 && targets.size <= leftOut,
    'I16',
    commit,
    `${targets.size} targets that the family changed are neither taken back nor left out (${leftOut} are), ${overlooked[0] ?? [...targets][0]} among them.`,
  )
}
