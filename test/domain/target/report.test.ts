import { describe, expect, it } from 'vitest'
import type { TargetEvent } from '../../../events/target.ts'
import {
  acceptAttempt,
  type FinishReport,
  finishAttempt,
  reportVersion,
} from '../../../functions/domain/target/report.ts'
import { later } from '../given.ts'
import { acceptBy, accepted, assigned, ended, fold, given, planned, registered } from './stories.ts'

const { attempt } = planned()
const underWay = [registered, assigned(), accepted()]
/** The acceptance or the end of an attempt as it was told in a report of that number. */
function numbered(event: TargetEvent, reported: number): TargetEvent {
  if (event.type !== 'AttemptAccepted' && event.type !== 'AttemptEnded') throw new Error('It has no number.')
  return { ...event, data: { ...event.data, reported } } as TargetEvent // the same event with one field more
}

const retired: TargetEvent = { type: 'TargetRetired', data: { reason: 'sold', revision: 3 } }

function report(changes: Partial<FinishReport> = {}): FinishReport {
  return {
    attempt,
    status: 'completed',
    version: 'v1.2.0',
    code: null,
    retryable: false,
    output: null,
    ...changes,
  }
}

/** A report without the attempt's id, which names the version that was tried. */
function unnamed(changes: Partial<FinishReport> = {}): FinishReport {
  const { attempt: _, ...said } = report({ names: 'v1.2.0', ...changes })
  return said
}

describe('accepting', () => {
  it('hands the attempt over and sets its deadline', () => {
    given(registered, assigned()).when(acceptAttempt({ attempt })).thenEvents(accepted())
  })
  it('knows the attempt without its name while one is active (M6)', () => {
    given(registered, assigned()).when(acceptAttempt({})).thenEvents(accepted())
  })
  it('changes nothing when repeated', () => {
    given(registered, assigned()).when(acceptAttempt({ attempt })).thenIdempotent()
  })
  it('comes too late from the very instant on', () => {
    given(registered, assigned()).when(acceptAttempt({ attempt }), later(599)).thenTypes('AttemptAccepted')
    given(registered, assigned()).when(acceptAttempt({ attempt }), acceptBy).thenRejected('attempt-over')
  })
  it('is refused for what is over, unknown or withdrawn', () => {
    given(...underWay, ended({}))
      .when(acceptAttempt({ attempt }))
      .thenRejected('attempt-over')
    given(registered, assigned(), ended({ outcome: 'withdrawn' }))
      .when(acceptAttempt({ attempt }))
      .thenRejected('attempt-over')
    given(registered).when(acceptAttempt({ attempt })).thenRejected('attempt-not-of-target')
    given(registered).when(acceptAttempt({})).thenRejected('no-active-attempt')
    given(...underWay, ended({}))
      .when(acceptAttempt({}))
      .thenRejected('no-active-attempt')
  })
  it('never answers for the attempt of another', () => {
    given(registered, assigned())
      .when(acceptAttempt({ attempt: planned({ n: 9 }).attempt }))
      .thenRejected('attempt-not-of-target')
  })
  it('is refused for a retired and for an unknown target', () => {
    given(registered, retired).when(acceptAttempt({})).thenRejected('target-retired')
    given().when(acceptAttempt({})).thenRejected('target-not-found')
  })
})

describe('finishing', () => {
  it('succeeds with the version that was asked for, and moves the inventory', () => {
    const success = ended({ version: 'v1.2.0' })
    given(...underWay)
      .when(finishAttempt(report()))
      .thenEvents(success)
    expect(fold([...underWay, success]).components).toEqual({ api: 'v1.2.0', web: '3.0.0' })
  })
  it('takes 1.2.0 for v1.2.0', () => {
    const [event] = given(...underWay).when(finishAttempt(report({ version: '1.2.0' }))).events
    expect(event).toMatchObject({ data: { outcome: 'succeeded', version: '1.2.0' } })
  })
  it.each(['1.1.0', null])('is a failure when %s runs instead', (version) => {
    given(...underWay)
      .when(finishAttempt(report({ version })))
      .thenEvents(ended({ outcome: 'failed', code: 'VERSION_MISMATCH', version }))
  })
  it.each([
    ['failed', 'failed', true],
    ['rejected', 'rejected', true],
    ['rolled-back', 'rolled_back', true],
    ['rollback-failed', 'rollback_failed', false],
  ] as const)(
    'records %s as %s, and only what can be tried again as retryable',
    (status, outcome, retryable) => {
      const said = report({
        status,
        version: null,
        code: 'HEALTH_CHECK_FAILED',
        retryable: true,
        output: 'x',
      })
      given(...underWay)
        .when(finishAttempt(said))
        .thenEvents(ended({ outcome, code: 'HEALTH_CHECK_FAILED', retryable, output: 'x' }))
    },
  )
  it.each(['completed', 'failed', 'rejected', 'rolled-back', 'rollback-failed'] as const)(
    'changes nothing when %s is repeated, with or without the attempt named',
    (status) => {
      const said = report({ status, code: 'C', version: '1.1.5' })
      given(...underWay)
        .when(finishAttempt(said))
        .thenIdempotent()
      const { attempt: _attempt, ...unnamed } = said
      given(...underWay)
        .when(finishAttempt(unnamed))
        .thenIdempotent()
    },
  )
  it('needs the acceptance first, but for a rejection', () => {
    given(registered, assigned()).when(finishAttempt(report())).thenRejected('attempt-not-accepted')
    given(registered, assigned())
      .when(finishAttempt(report({ status: 'rejected', version: null, code: 'NO_SPACE' })))
      .thenEvents(ended({ outcome: 'rejected', code: 'NO_SPACE', sequence: 2 }))
  })
  it('is refused when it contradicts the recorded end', () => {
    const failed = ended({ outcome: 'failed', code: 'C' })
    given(...underWay, failed)
      .when(finishAttempt(report()))
      .thenRejected('attempt-over')
    given(...underWay, ended({ outcome: 'rolled_back', code: 'C' }))
      .when(finishAttempt(report({ status: 'failed', code: 'C' })))
      .thenRejected('attempt-over')
  })
  it('is refused when there is nothing to finish', () => {
    given().when(finishAttempt(report())).thenRejected('target-not-found')
    given(registered).when(finishAttempt(report())).thenRejected('attempt-not-of-target')
    given(registered).when(finishAttempt(unnamed())).thenRejected('no-active-attempt')
    given(registered, retired).when(finishAttempt(report())).thenRejected('target-retired')
  })
  it('ends even after the deadline, as long as nobody else has ended it', () => {
    given(...underWay)
      .when(finishAttempt(report()), later(99_999))
      .thenEvents(ended({ version: 'v1.2.0' }))
  })
})

describe('a report that names no attempt', () => {
  const next = { upgrade: 'u2', from: 'v1.2.0', to: 'v1.3.0' }
  const again = { n: 2 }
  const lost = ended({ outcome: 'lost', code: 'SILENT' })
  const failed = { status: 'failed', version: null, code: 'C' } as const

  it('means the only attempt that there is, whatever it names', () => {
    given(registered, assigned())
      .when(acceptAttempt({ names: '9.9.9' }))
      .thenTypes('AttemptAccepted')
    given(...underWay)
      .when(finishAttempt(unnamed({ names: '1.1.0', version: '1.1.0' })))
      .thenEvents(ended({ outcome: 'failed', code: 'VERSION_MISMATCH', version: '1.1.0' }))
  })

  it('means the active one where it names its version, in whatever spelling', () => {
    const history = [...underWay, lost, assigned(next), accepted(next)]
    given(...history)
      .when(finishAttempt(unnamed({ ...failed, names: '1.3.0' })))
      .thenTypes('AttemptEnded')
  })

  it('means the one before where it names the version of that, and leaves the active one alone', () => {
    const history = [...underWay, lost, assigned(next), accepted(next)]
    for (const said of [unnamed(failed), unnamed(), unnamed({ status: 'rolled-back', version: null })])
      given(...history)
        .when(finishAttempt(said))
        .thenRejected('attempt-over')
    given(...underWay, ended({ outcome: 'failed', code: 'C' }), assigned(next), accepted(next))
      .when(finishAttempt(unnamed(failed)))
      .thenNothing()
    given(...history)
      .when(acceptAttempt({ names: 'v1.2.0' }))
      .thenRejected('attempt-over')
  })

  it('is refused where it fits none, with both named', () => {
    const history = [...underWay, lost, assigned(next), accepted(next)]
    given(...history)
      .when(finishAttempt(unnamed({ names: '1.1.0', version: '1.1.0' })))
      .thenRejected('report-unclear')
    const decision = finishAttempt(unnamed({ names: '1.1.0', sequence: 7 }))(fold(history), later(0))
    expect(decision).toMatchObject({
      rejected: {
        detail: expect.stringContaining(
          `names 1.1.0 with the sequence 7. Under way is attempt ${planned(next).attempt} to v1.3.0, the last before it was attempt ${attempt} to v1.2.0`,
        ),
      },
    })
  })

  it('cannot end what nobody has accepted: then it means the one before', () => {
    const history = [...underWay, ended({ outcome: 'failed', code: 'C', retryable: true }), assigned(again)]
    given(...history)
      .when(finishAttempt(unnamed({ ...failed, retryable: true })))
      .thenNothing()
    given(...history)
      .when(finishAttempt(unnamed({ ...failed, status: 'rejected' })))
      .thenTypes('AttemptEnded')
  })

  it('is known by its number to be older than the acceptance of another try for the same version', () => {
    const first = [registered, assigned(), numbered(accepted(), 1), ended({ outcome: 'lost' })]
    const history = [...first, assigned(again), numbered(accepted(again), 5)]
    for (const sequence of [2, 4])
      given(...history)
        .when(finishAttempt(unnamed({ ...failed, sequence })))
        .thenRejected('attempt-over')
    given(...history)
      .when(finishAttempt(unnamed({ ...failed, sequence: 6 })))
      .thenTypes('AttemptEnded')
  })

  it('repeats the end that has its number', () => {
    const end = numbered(ended({ outcome: 'failed', code: 'C', retryable: true }), 2)
    const first = [registered, assigned(), numbered(accepted(), 1), end]
    given(...first, assigned(again), numbered(accepted(again), 3))
      .when(finishAttempt(unnamed({ ...failed, retryable: true, sequence: 2 })))
      .thenNothing()
  })

  it('is of the one that has numbers, where it has one and the active has none', () => {
    const first = [registered, assigned(), numbered(accepted(), 1), ended({ outcome: 'lost' })]
    given(...first, assigned(again), accepted(again))
      .when(finishAttempt(unnamed({ ...failed, sequence: 2 })))
      .thenRejected('attempt-over')
  })

  it('is not of the active one when a later report of that is known', () => {
    given(...underWay, lost, assigned(again), accepted(again))
      .when(finishAttempt(unnamed({ ...failed, sequence: 2, behind: true })))
      .thenRejected('attempt-over')
  })

  it('keeps its number, with acceptance and end', () => {
    given(registered, assigned())
      .when(acceptAttempt({ names: 'v1.2.0', sequence: 3 }))
      .thenEvents(numbered(accepted(), 3))
    given(registered, assigned(), numbered(accepted(), 3))
      .when(finishAttempt(unnamed({ sequence: 4 })))
      .thenEvents(numbered(ended({ version: 'v1.2.0' }), 4))
    given(registered, assigned(), numbered(accepted(), 3))
      .when(acceptAttempt({ names: 'v1.2.0', sequence: 2 }))
      .thenRejected('sequence-behind')
  })
})

describe('a success that comes too late', () => {
  const corrected: TargetEvent = {
    type: 'VersionReported',
    data: { component: 'api', version: 'v1.2.0', revision: 3 },
  }
  it.each(['timed_out', 'lost', 'unreachable'] as const)(
    'after %s corrects the inventory only',
    (outcome) => {
      const history = [...underWay, ended({ outcome })]
      given(...history)
        .when(finishAttempt(report()))
        .thenEvents(corrected)
      given(...history)
        .when(finishAttempt(report()))
        .thenIdempotent()
      const state = fold([...history, corrected])
      expect(state.attempts.map((past) => past.outcome)).toEqual([outcome])
      expect(state.components.api).toBe('v1.2.0')
    },
  )
  it('says nothing any more once a newer attempt has touched the component', () => {
    const next = { upgrade: 'u2', to: '1.3.0' }
    const history = [...underWay, ended({ outcome: 'timed_out' }), assigned(next), accepted(next)]
    given(...history)
      .when(finishAttempt(report()))
      .thenRejected('attempt-over')
    given(...history, ended({ version: '1.3.0', revision: 3 }, next))
      .when(finishAttempt(report()))
      .thenRejected('attempt-over')
  })
  it('is refused after an end that the target itself reported, and after its retirement', () => {
    given(...underWay, ended({ outcome: 'rolled_back' }))
      .when(finishAttempt(report()))
      .thenRejected('attempt-over')
    given(...underWay, ended({ outcome: 'timed_out' }), retired)
      .when(finishAttempt(report()))
      .thenRejected('target-retired')
  })
})

describe('reporting a version', () => {
  it('corrects the inventory, once', () => {
    given(registered)
      .when(reportVersion({ component: 'api', version: '1.1.9' }))
      .thenEvents({ type: 'VersionReported', data: { component: 'api', version: '1.1.9', revision: 2 } })
    given(registered)
      .when(reportVersion({ component: 'api', version: '1.1.9' }))
      .thenIdempotent()
    given(registered)
      .when(reportVersion({ component: 'api', version: '1.1.0' }))
      .thenNothing()
  })
  it('leaves a component under update to its attempt, and takes the others', () => {
    given(...underWay)
      .when(reportVersion({ component: 'api', version: 'v1.2.0' }))
      .thenNothing()
    given(...underWay)
      .when(reportVersion({ component: 'web', version: '3.1.0' }))
      .thenTypes('VersionReported')
  })
  it('is refused for unknown and retired targets and for components without end', () => {
    given()
      .when(reportVersion({ component: 'api', version: '1.0.0' }))
      .thenRejected('target-not-found')
    given(registered, retired)
      .when(reportVersion({ component: 'api', version: '1.0.0' }))
      .thenRejected('target-retired')
    const many = Array.from(
      { length: 62 },
      (_, place): TargetEvent => ({
        type: 'VersionReported',
        data: { component: `c${place}`, version: '1.0.0', revision: place + 2 },
      }),
    )
    given(registered, ...many)
      .when(reportVersion({ component: 'one-more', version: '1.0.0' }))
      .thenRejected('too-many-components')
  })
})
