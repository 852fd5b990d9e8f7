import type { AnswerOf } from '../../../contracts/bodies.ts'

/** What is read of analytics by day. */
type Read = Pick<AnswerOf<'getAnalytics'>, 'from' | 'to'> & {
  readonly groups: readonly Pick<
    AnswerOf<'getAnalytics'>['groups'][number],
    'key' | 'succeeded' | 'failed' | 'unreachable' | 'successRate' | 'times'
  >[]
}

/** What came of the attempts of a day. */
export interface DayOfAttempts {
  /** Its begin, in seconds since the epoch. */
  readonly day: number
  readonly succeeded: number
  readonly failed: number
  /** Of the attempts, in percent; null: there was none. */
  readonly successRate: number | null
  /** From acceptance to the end of those that succeeded, in minutes: their mean, and what 95 of 100 took at most; null: none did. */
  readonly mean: number | null
  readonly p95: number | null
}

const day = 86_400

/** Returns an entry for each day of a range, those without attempts too; none, where the range has no attempt at all. */
export function daysOfAttempts({ from, to, groups }: Read): readonly DayOfAttempts[] {
  if (groups.length === 0) return []
  const known = new Map(groups.map((group) => [group.key, group]))
  const [first, last] = [from, to].map((one) => Date.parse(`${one}T00:00:00Z`) / 1000)
  const length = ((last ?? 0) - (first ?? 0)) / day + 1
  return Array.from({ length }, (_, index) => {
    const begin = (first ?? 0) + index * day
    const found = known.get(new Date(begin * 1000).toISOString().slice(0, 10))
    const minutes = (seconds: number | null | undefined) => (seconds == null ? null : seconds / 60)
    return {
      day: begin,
      succeeded: found?.succeeded ?? 0,
      failed: (found?.failed ?? 0) + (found?.unreachable ?? 0),
      successRate: found?.successRate ?? null,
      mean: minutes(found?.times.work.meanSeconds),
      p95: minutes(found?.times.work.p95Seconds),
    }
  })
}
