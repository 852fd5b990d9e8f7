import type { BudgetEvent } from '../../events/budget.ts'
import { after, hour } from '../../events/time.ts'
import type { UpgradeEvent } from '../../events/upgrade.ts'
import type { AuditedUpgrade } from './course.ts'
import type { Findings } from './finding.ts'
import type { History, Told } from './history.ts'
import { isBoundBy } from './policy.ts'

type Commit = Told<UpgradeEvent>
type Admitted = Extract<UpgradeEvent, { type: 'TargetsAdmitted' }>['data']

interface Held {
  readonly share: number
  readonly grant: number
  readonly until: string | null
}

const ends: ReadonlySet<string> = new Set(['UpgradeCompleted', 'UpgradeAborted', 'UpgradeExpired'])

/** Had an upgrade said, at an instant, that it uses no more than so much of a grant, or come to its end? */
function hadGivenBack(
  { upgrades }: History,
  { upgrade, share }: { readonly upgrade: string; readonly share: number },
  { budget, grant, at }: { readonly budget: string; readonly grant: number; readonly at: string },
): boolean {
  return (upgrades.get(upgrade) ?? []).some(
    (commit) =>
      commit.at <= at &&
      commit.told.some(
        ({ type, data }) =>
          ends.has(type) ||
          (type === 'ShareKept' && data.budget === budget && data.grant === grant && data.share <= share),
      ),
  )
}

/** Holds the stream of a budget against I22: never more is shared out than there is, and nothing is taken back that its upgrade may use still. */
export function auditBudget(
  history: History,
  budget: string,
  commits: readonly Told<BudgetEvent>[],
  findings: Findings,
): void {
  const held = new Map<string, Held>()
  const [, policy = '', per = ''] = /^(.*):([a-z-]+)$/.exec(budget) ?? []
  for (const commit of commits) {
    for (const { type, data } of commit.told) {
      const { upgrade } = data
      for (const [name, { until }] of held) if (until !== null && until <= commit.at) held.delete(name)
      if (type === 'ShareGranted') {
        held.set(upgrade, { share: data.share, grant: commit.commit, until: null })
        const sum = [...held.values()].reduce((total, { share }) => total + share, 0)
        const words = `${sum} were shared out, where there were ${data.limit}.`
        findings.expect(sum <= data.limit, 'I22', commit, words)
      }
      const before = held.get(upgrade)
      if (type !== 'ShareReturned' || !before) continue
      const { share, until } = data
      const about = { budget, grant: before.grant, at: commit.at }
      const mayBeTaken =
        (share >= before.share && until === null) ||
        hadGivenBack(history, { upgrade, share }, about) ||
        !isBoundBy(history, upgrade, { policy, per }, commit.at)
      const words = `${before.share - share} were taken back from ${upgrade}, which could use them still.`
      findings.expect(mayBeTaken, 'I22', commit, words)
      if (share > 0) held.set(upgrade, { ...before, share, until })
      else held.delete(upgrade)
    }
  }
}

/** Returns how many an upgrade admitted in the hour up to a commit, that one included. */
function admittedInHour(commits: readonly Commit[], { commit, at }: Commit): number {
  const sizeOf = (ranges: Iterable<readonly [number, number, ...number[]]>) =>
    [...ranges].reduce((sum, [from, to]) => sum + to - from, 0)
  return commits
    .filter((one) => one.commit <= commit && after(one.at, hour) > at)
    .flatMap(({ told }) => told)
    .reduce((sum, { type, data }) => {
      if (type !== 'TargetsAdmitted' || data.budgets === undefined) return sum
      return sum + sizeOf([...data.members, ...data.retried, ...data.readmitted])
    }, 0)
}

/** Holds an admission against the shares that it names (I22): they were granted, were not given back since, and are not exceeded. */
export function auditShares(
  { history, id, course, findings }: AuditedUpgrade,
  commit: Commit,
  { budgets = [] }: Admitted,
): void {
  const own = history.upgrades.get(id) ?? []
  for (const { budget, share, grant } of budgets) {
    const granted = (history.budgets.get(budget) ?? []).some(
      (one) =>
        one.commit === grant &&
        one.told.some(
          ({ type, data }) => type === 'ShareGranted' && data.upgrade === id && data.share >= share,
        ),
    )
    findings.expect(granted, 'I22', commit, `It was never granted ${share} of ${budget}.`)
    const givenBack = own.some(
      (one) =>
        one.commit < commit.commit &&
        one.told.some(
          ({ type, data }) =>
            type === 'ShareKept' && data.budget === budget && data.grant >= grant && data.share < share,
        ),
    )
    findings.expect(!givenBack, 'I22', commit, `It had given back what it used of ${budget}.`)
    const used = budget.endsWith(':hour') ? admittedInHour(own, commit) : course.total('in flight')
    const words = `It used ${used} of ${budget}, of which it had ${share}.`
    findings.expect(used <= share, 'I22', commit, words)
  }
}
