import { describe, expect, it } from 'vitest'
import type { TargetEvent } from '../../../events/target.ts'
import { explainTarget } from '../../../functions/domain/target/explain.ts'
import { type FinishReport, finishAttempt } from '../../../functions/domain/target/report.ts'
import { later } from '../given.ts'
import { accepted, assigned, ended, fold, given, planned, registered } from './stories.ts'

const { attempt, upgrade, member, n } = planned()
const which = { attempt, upgrade, member, n, component: 'api' }

const succeeded = [registered, assigned(), accepted(), ended({ version: 'v1.2.0' })] as const

function says(changes: Partial<FinishReport> = {}): FinishReport {
  return { attempt, status: 'failed', version: null, code: 'C', retryable: false, output: null, ...changes }
}

/** The target has said that its success failed after all. */
function regressed(changes: Partial<Extract<TargetEvent, { type: 'AttemptRegressed' }>['data']> = {}) {
  const said = { outcome: 'failed', code: 'C', version: '1.1.0', output: null } as const
  const data = { ...which, ...said, sequence: 4, revision: 3, ...changes }
  return { type: 'AttemptRegressed', data } as const satisfies TargetEvent
}

function recovered(): TargetEvent {
  const data = { ...which, version: 'v1.2.0', output: null, sequence: 5, revision: 4 }
  return { type: 'AttemptRecovered', data }
}

const well = says({ status: 'completed', version: 'v1.2.0', code: null })

describe('what had succeeded', () => {
  it('is heard when it fails after all, and runs what it ran before, as after any failure', () => {
    given(...succeeded)
      .when(finishAttempt(says()), later(99_999))
      .thenEvents(regressed())
  })
  it.each([
    ['rolled-back', 'rolled_back'],
    ['rollback-failed', 'rollback_failed'],
  ] as const)('is heard when it is %s', (status, outcome) => {
    given(...succeeded)
      .when(finishAttempt(says({ status })))
      .thenEvents(regressed({ outcome }))
  })
  it('is heard when it runs another version', () => {
    given(...succeeded)
      .when(finishAttempt(says({ status: 'completed', version: '1.1.5' })))
      .thenEvents(regressed({ code: 'VERSION_MISMATCH', version: '1.1.5' }))
    given(...succeeded)
      .when(finishAttempt(says({ status: 'completed', version: null })))
      .thenRejected('attempt-over')
  })
  it('changes nothing when it says so again, with or without the attempt named', () => {
    given(...succeeded)
      .when(finishAttempt(says()))
      .thenIdempotent()
    const { attempt: _, ...unnamed } = says({ names: 'v1.2.0' })
    given(...succeeded)
      .when(finishAttempt(unnamed))
      .thenIdempotent()
  })
  it('is not heard of a report that came late', () => {
    given(registered, assigned(), accepted(), ended({ version: 'v1.2.0', reported: 5 }))
      .when(finishAttempt(says({ sequence: 4 })))
      .thenRejected('sequence-behind')
  })
  it('is not heard once there is a newer attempt on the component', () => {
    const next = { upgrade: 'u2', from: 'v1.2.0', to: 'v1.3.0' }
    given(...succeeded, assigned(next), accepted(next))
      .when(finishAttempt(says()))
      .thenRejected('attempt-over')
    given(...succeeded, assigned(next))
      .when(finishAttempt(says()))
      .thenRejected('attempt-over')
    const elsewhere = { upgrade: 'u2', component: 'web', from: '3.0.0', to: '3.1.0' }
    given(...succeeded, assigned(elsewhere), accepted(elsewhere))
      .when(finishAttempt(says()))
      .thenTypes('AttemptRegressed')
  })
  it('is refused to be rejected', () => {
    given(...succeeded)
      .when(finishAttempt(says({ status: 'rejected' })))
      .thenRejected('attempt-over')
  })
})

describe('what has regressed', () => {
  const once = [...succeeded, regressed()] as const

  it('stands as failed, beside the end that it had', () => {
    const { attempts, components } = fold(once)
    const regression = { outcome: 'failed', code: 'C', recoveredAt: null, turns: 1 }
    expect(attempts).toMatchObject([{ outcome: 'succeeded', code: null, regression }])
    expect(components.api).toBe('1.1.0')
  })
  it('is well again when its target says completed', () => {
    given(...once)
      .when(finishAttempt(well))
      .thenEvents(recovered())
    given(...once)
      .when(finishAttempt(well))
      .thenIdempotent()
    expect(fold([...once, recovered()]).components.api).toBe('v1.2.0')
  })
  it('may regress once more, and then for good: two machines would go on for ever', () => {
    given(...once, recovered())
      .when(finishAttempt(says()))
      .thenEvents(regressed({ sequence: 6, revision: 5 }))
    const twice = [...once, recovered(), regressed({ sequence: 6, revision: 5 })]
    given(...twice)
      .when(finishAttempt(well))
      .thenRejected('attempt-over')
    given(...twice)
      .when(finishAttempt(says()))
      .thenNothing()
  })
  it('is what explains the target', () => {
    const facts = { id: 'customer-1', ref: 'target#customer-1@5', at: later(60), stops: [] }
    expect(explainTarget({ ...facts, target: fold(once) })).toMatchObject({
      verdict: 'blocked',
      reasons: [{ code: 'C', detail: expect.stringContaining('counts as failed') }],
    })
    expect(explainTarget({ ...facts, target: fold([...once, recovered()]) })).toMatchObject({
      verdict: 'done',
    })
  })
})
