import { describe, expect, it } from 'vitest'
import type { TargetEvent } from '../../../events/target.ts'
import { contradictionOf, tellClone } from '../../../functions/domain/target/clone.ts'
import type { FinishReport } from '../../../functions/domain/target/report.ts'
import { later } from '../given.ts'
import { accepted, assigned, ended, fold, given, planned, registered } from './stories.ts'

const { attempt } = planned()
const told: TargetEvent = { type: 'TargetCloned', data: { sign: 'boot-ids', revision: 2 } }
const day = 86_400

describe('that two machines seem to speak with one credential is told', () => {
  it('by what it is noticed', () => {
    given(registered)
      .when(tellClone({ sign: 'boot-ids' }))
      .thenEvents(told)
  })
  it('once a day at most, whatever the sign', () => {
    const again = tellClone({ sign: 'contradicting-reports' })
    given(registered, told)
      .when(again, later(day - 1))
      .thenNothing()
    given(registered, told)
      .when(again, later(day))
      .thenEvents({ type: 'TargetCloned', data: { sign: 'contradicting-reports', revision: 3 } })
  })
  it('not of a target that is retired, or that nobody registered', () => {
    const retired: TargetEvent = { type: 'TargetRetired', data: { reason: 'sold', revision: 2 } }
    given(registered, retired)
      .when(tellClone({ sign: 'boot-ids' }))
      .thenNothing()
    given()
      .when(tellClone({ sign: 'boot-ids' }))
      .thenNothing()
  })
})

describe('a report contradicts the end that its target has reported', () => {
  const completed = { attempt, status: 'completed', version: 'v1.2.0' } as const
  const report = (changes: Partial<FinishReport>): FinishReport => ({
    ...{ ...completed, code: null, retryable: false, output: null },
    ...changes,
  })
  const stateAfter = (...events: readonly TargetEvent[]) =>
    fold([registered, assigned(), accepted(), ...events])
  const succeeded = ended({ version: 'v1.2.0' })

  it('when it says another end of the same attempt', () => {
    expect(contradictionOf(stateAfter(succeeded), report({ status: 'failed', version: null }))).toEqual({
      ...{ attempt, recorded: 'succeeded', reported: 'failed' },
    })
    expect(contradictionOf(stateAfter(ended({ outcome: 'failed' })), report({}))).toEqual({
      ...{ attempt, recorded: 'failed', reported: 'succeeded' },
    })
  })
  it('not when it says the same again, nor while the attempt is under way', () => {
    expect(contradictionOf(stateAfter(succeeded), report({}))).toBeNull()
    expect(contradictionOf(stateAfter(), report({}))).toBeNull()
  })
  it.each(['timed_out', 'lost', 'unreachable', 'withdrawn', 'cancelled'] as const)(
    'not when the target had said nothing, as where it was %s',
    (outcome) => {
      expect(contradictionOf(stateAfter(ended({ outcome })), report({}))).toBeNull()
    },
  )
})
