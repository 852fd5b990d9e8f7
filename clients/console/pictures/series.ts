import type { UpgradeInList } from '../answers.ts'

type Ended = Pick<
  UpgradeInList,
  'completedAt' | 'startedAt' | 'completed' | 'failed' | 'unreachable' | 'rolledBack' | 'kind'
>

/** What came of the upgrades that ended on a day. */
export interface DayOfUpgrades {
  /** Its begin, in seconds since the epoch. */
  readonly day: number
  readonly succeeded: number
  readonly failed: number
  /** Of the attempts, in percent; null: there was none. */
  readonly successRate: number | null
  /** From start to end of an upgrade, in minutes; null: none ended. */
  readonly minutes: number | null
}

const day = 86_400
const fewest = 14

/** Returns a row for each day up to the last on which an upgrade ended, two weeks at least. Rollbacks are left out: they say nothing of a release. */
export function daysOfUpgrades(upgrades: readonly Ended[]): readonly DayOfUpgrades[] {
  const ended = upgrades.flatMap(({ completedAt, startedAt, completed, failed, unreachable, kind }) => {
    if (completedAt === null || startedAt === null || kind === 'rollback') return []
    const end = Date.parse(completedAt) / 1000
    return [
      {
        day: end - (end % day),
        completed,
        failed: failed + unreachable,
        seconds: end - Date.parse(startedAt) / 1000,
      },
    ]
  })
  if (ended.length === 0) return []
  const byDay = Map.groupBy(ended, (one) => one.day)
  const last = Math.max(...byDay.keys())
  // A line needs some days to be one.
  const first = Math.min(last - (fewest - 1) * day, ...byDay.keys())
  return Array.from({ length: (last - first) / day + 1 }, (_, index) => {
    const found = byDay.get(first + index * day) ?? []
    const sum = (of: (one: (typeof ended)[number]) => number) =>
      found.reduce((total, one) => total + of(one), 0)
    const [succeeded, failed] = [sum(({ completed }) => completed), sum((one) => one.failed)]
    const attempts = succeeded + failed
    return {
      ...{ day: first + index * day, succeeded, failed },
      successRate: attempts === 0 ? null : (succeeded / attempts) * 100,
      minutes: found.length === 0 ? null : sum(({ seconds }) => seconds) / found.length / 60,
    }
  })
}

/** What came of all of them. */
export interface Sums {
  readonly upgrades: number
  readonly attempts: number
  readonly successRate: number | null
  readonly rollbacks: number
}

/** Returns the sums of upgrades. */
export function sumsOf(upgrades: readonly Ended[]): Sums {
  const own = upgrades.filter(({ kind }) => kind !== 'rollback')
  const succeeded = own.reduce((total, { completed }) => total + completed, 0)
  const failed = own.reduce((total, one) => total + one.failed + one.unreachable, 0)
  const attempts = succeeded + failed
  return {
    ...{ upgrades: own.length, attempts, rollbacks: upgrades.length - own.length },
    successRate: attempts === 0 ? null : (succeeded / attempts) * 100,
  }
}
