import { describe, expect, it } from 'vitest'
import { type AttemptOutcome, outcomes } from '../../../events/target.ts'
import { isCritical, isRetryable, meaningOf } from '../../../functions/domain/target/outcome.ts'

type Meaning = ReturnType<typeof meaningOf>
type Consequence = Exclude<keyof Meaning, 'counts'>

/** Each end of an attempt: what its member counts as, and which of the consequences follow. */
const table: Readonly<Record<AttemptOutcome, readonly [Meaning['counts'], ...Consequence[]]>> = {
  succeeded: ['succeeded', 'touched', 'takenBack', 'offered', 'reported'],
  failed: ['failed', 'touched', 'takenBack', 'triedAgain', 'retryable', 'offered', 'reported'],
  timed_out: ['failed', 'touched', 'takenBack', 'triedAgain', 'offered', 'presumed'],
  lost: ['failed', 'touched', 'takenBack', 'triedAgain', 'offered', 'presumed'],
  rejected: ['failed', 'triedAgain', 'retryable', 'offered', 'reported'],
  cancelled: ['skipped', 'touched', 'takenBack', 'offered'],
  rolled_back: ['failed', 'touched', 'triedAgain', 'retryable', 'offered', 'reported'],
  rollback_failed: ['failed', 'touched', 'takenBack', 'offered', 'reported'],
  unreachable: ['unreachable', 'triedAgain', 'offered', 'presumed'],
  skipped: ['skipped'],
  deferred: ['skipped', 'givenBack'],
  withdrawn: ['skipped', 'givenBack', 'offered'],
}
const consequences = [
  ...['touched', 'takenBack', 'triedAgain', 'retryable', 'givenBack', 'offered', 'reported', 'presumed'],
] as const

/** The ends of which something follows. */
const endsThat = (follows: (meaning: Meaning) => boolean) =>
  outcomes.filter((outcome) => follows(meaningOf(outcome)))

describe('what follows from the end of an attempt', () => {
  it.each(outcomes)('%s', (outcome) => {
    const [counts, ...follows] = table[outcome]
    const rest = Object.fromEntries(consequences.map((each) => [each, follows.includes(each)]))
    expect(meaningOf(outcome)).toEqual({ counts, ...rest })
  })
  it('never takes back what was not touched, nor what took itself back', () => {
    const touchedAndLeft = endsThat(({ touched, takenBack }) => touched && !takenBack)
    expect(touchedAndLeft).toEqual(['rolled_back'])
    expect(endsThat(({ touched, takenBack }) => takenBack && !touched)).toEqual([])
  })
  it('tries again every failure but the one of its own rollback, which a person looks at first', () => {
    const notTriedAgain = endsThat(({ counts, triedAgain }) => counts === 'failed' && !triedAgain)
    expect(notTriedAgain).toEqual(['rollback_failed'])
    expect(endsThat(({ counts, triedAgain }) => counts === 'unreachable' && triedAgain)).toEqual([
      'unreachable',
    ])
    expect(
      endsThat(({ counts, triedAgain }) => triedAgain && counts !== 'failed' && counts !== 'unreachable'),
    ).toEqual([])
  })
  it('gives a slot back only where the target was not touched', () => {
    expect(endsThat(({ givenBack, touched }) => givenBack && touched)).toEqual([])
  })
  it('is presumed, or reported, never both; what may be called worth another try is reported', () => {
    expect(endsThat(({ presumed, reported }) => presumed && reported)).toEqual([])
    expect(endsThat(({ retryable, reported }) => retryable && !reported)).toEqual([])
  })
  it('presumes without the target only failures, which a late success can correct', () => {
    expect(endsThat(({ presumed }) => presumed)).toEqual(['timed_out', 'lost', 'unreachable'])
  })
})

describe('another try by the upgrade itself', () => {
  const failed = { outcome: 'failed', code: 'DISK_FULL', retryable: true } as const

  it('follows a failure that its target reports itself, and only one that it calls worth it', () => {
    expect(isRetryable(failed)).toBe(true)
    expect(isRetryable({ ...failed, code: null })).toBe(true)
    expect(isRetryable({ ...failed, retryable: false })).toBe(false)
    const worthIt = outcomes.filter((outcome) => isRetryable({ ...failed, outcome }))
    expect(worthIt).toEqual(['failed', 'rejected', 'rolled_back'])
    expect(outcomes.filter((outcome) => isRetryable({ ...failed, outcome, retryable: false }))).toEqual([])
  })
  it('follows no critical failure', () => {
    expect(isRetryable({ ...failed, code: 'CRITICAL_DATA_LOSS' })).toBe(false)
  })
})

describe('a critical failure (P13)', () => {
  it.each([
    ['CRITICAL_DATA_LOSS', true],
    ['CRITICAL_', true],
    ['CRITICAL', false],
    ['NOT_CRITICAL_', false],
    ['critical_data_loss', false],
    ['', false],
    [null, false],
  ])('is told by how its code begins: %j %j', (code, critical) => {
    expect(isCritical(code)).toBe(critical)
  })
})
