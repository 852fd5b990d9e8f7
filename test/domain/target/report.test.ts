import { describe, expect, it } from 'vitest'
import type { TargetEvent } from '../../../events/target.ts'
import {
  acceptAttempt,
  type FinishReport,
  finishAttempt,
  hearVersion,
  type Statement,
  statementIn,
} from '../../../functions/domain/target/report.ts'
import { later } from '../given.ts'
import { acceptBy, accepted, assigned, ended, fold, given, measured, planned, registered } from './stories.ts'

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
  it('keeps when the target said so, by its own clock', () => {
    given(...underWay)
      .when(finishAttempt(report({ saidAt: later(70) })))
      .thenEvents(ended({ version: 'v1.2.0', saidAt: later(70) }))
    expect(fold([...underWay, ended({ version: 'v1.2.0', saidAt: later(70) })]).said).toEqual({
      api: later(70),
    })
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
  it('changes nothing when it is repeated in another spelling', () => {
    given(...underWay, ended({ version: 'v1.2.0' }))
      .when(finishAttempt(report({ version: '1.2.0' })))
      .thenNothing()
    given(...underWay, ended({ outcome: 'lost', code: 'SILENT' }), {
      type: 'VersionReported',
      data: { component: 'api', version: '1.2.0', revision: 3 },
    })
      .when(finishAttempt(report({ version: 'v1.2.0' })))
      .thenNothing()
  })
  it('needs the acceptance first, but for a rejection', () => {
    given(registered, assigned()).when(finishAttempt(report())).thenRejected('attempt-not-accepted')
    given(registered, assigned())
      .when(finishAttempt(report({ status: 'rejected', version: null, code: 'NO_SPACE' })))
      .thenEvents(ended({ outcome: 'rejected', code: 'NO_SPACE', sequence: 2, measured: measured(null) }))
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
      .thenEvents(ended({ version: 'v1.2.0', measured: measured(99_999) }))
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

describe('saying what runs', () => {
  const hear = (changes: Partial<Statement> = {}) =>
    hearVersion({ component: 'api', version: '1.1.9', heard: 'check', ...changes })
  const drift = (data: object): TargetEvent => ({
    type: 'DriftFound',
    data: { component: 'api', from: '1.1.0', to: '1.1.9', heard: 'check', revision: 2, ...data },
  })

  it('corrects the inventory, once, and is kept as drift', () => {
    given(registered).when(hear()).thenEvents(drift({}))
    given(registered).when(hear()).thenIdempotent()
    const state = fold([registered, [drift({}), later(60)]])
    expect(state.components.api).toBe('1.1.9')
    expect(state.drift).toEqual({ api: { from: '1.1.0', to: '1.1.9', since: later(60) } })
  })
  it('is no news where it is known, however it is written', () => {
    for (const version of ['1.1.0', 'v1.1.0']) given(registered).when(hear({ version })).thenNothing()
  })
  it('is drift from what was put there, until that runs again or an attempt puts something there', () => {
    const on = drift({ from: '1.1.9', to: '1.1.8', revision: 3 })
    expect(fold([registered, drift({}), [on, later(60)]]).drift.api).toEqual({
      ...{ from: '1.1.0', to: '1.1.8', since: later(0) },
    })
    const back = drift({ from: '1.1.9', to: 'v1.1.0', revision: 3 })
    expect(fold([registered, drift({}), back]).drift).toEqual({})
    const again = ended({ version: 'v1.2.0', revision: 3 })
    expect(fold([registered, drift({}), assigned(), accepted(), again]).drift).toEqual({})
    const without = ended({ outcome: 'failed', code: 'C', revision: 3 })
    expect(Object.keys(fold([registered, drift({}), assigned(), accepted(), without]).drift)).toEqual(['api'])
  })
  it('leaves a component under update to its attempt, and takes the others', () => {
    given(...underWay)
      .when(hear({ version: 'v1.2.0' }))
      .thenNothing()
    given(...underWay)
      .when(hear({ component: 'web', version: '3.1.0' }))
      .thenTypes('DriftFound')
  })
  it('changes nothing when it was said before what is known, by the clock of the target', () => {
    const history = [...underWay, ended({ version: 'v1.2.0', saidAt: later(900) })]
    for (const saidAt of [later(899), later(900)])
      given(...history)
        .when(hear({ saidAt }))
        .thenNothing()
    given(...history)
      .when(hear({ saidAt: later(901) }))
      .thenEvents(drift({ from: 'v1.2.0', saidAt: later(901), revision: 3 }))
    given(...history, drift({ from: 'v1.2.0', saidAt: later(950), revision: 3 }))
      .when(hear({ version: 'v1.2.0', saidAt: later(940) }))
      .thenNothing()
  })
  it('adds a component that nobody has registered, which is no drift', () => {
    given(registered)
      .when(hear({ component: 'db', version: '9.1.0' }))
      .thenEvents({ type: 'VersionReported', data: { component: 'db', version: '9.1.0', revision: 2 } })
  })
  it('is refused for unknown and retired targets and for components without end', () => {
    given().when(hear()).thenRejected('target-not-found')
    given(registered, retired).when(hear()).thenRejected('target-retired')
    const many = Array.from(
      { length: 62 },
      (_, place): TargetEvent => ({
        type: 'VersionReported',
        data: { component: `c${place}`, version: '1.0.0', revision: place + 2 },
      }),
    )
    given(registered, ...many)
      .when(hear({ component: 'one-more', version: '1.0.0' }))
      .thenRejected('too-many-components')
  })
})

describe('what a report says that runs, though its attempt is over', () => {
  const succeeded = fold([...underWay, ended({ version: 'v1.2.0' })])
  const runs = (changes: Partial<FinishReport>, state = succeeded) => statementIn(state, report(changes))

  it('is the version of a success, and what ran before where it took itself back', () => {
    const said = { component: 'api', heard: 'report', saidAt: later(60) }
    expect(runs({ version: '1.0.9', saidAt: later(60) })).toEqual({ ...said, version: '1.0.9' })
    expect(runs({ status: 'rolled-back', version: null, saidAt: later(60) })).toEqual({
      ...{ ...said, version: '1.1.0' },
    })
  })
  it('is nothing of a failure, of one that took itself back before, and while the attempt is under way', () => {
    for (const status of ['failed', 'rejected', 'rollback-failed'] as const)
      expect(runs({ status, version: null })).toBeUndefined()
    const back = fold([...underWay, ended({ outcome: 'rolled_back' })])
    expect(runs({ status: 'rolled-back', version: null }, back)).toBeUndefined()
    expect(runs({}, fold([...underWay]))).toBeUndefined()
  })
  it('is about the only component of a target that had no attempt, and about none where it has several', () => {
    expect(runs({ attempt: planned({ n: 9 }).attempt }, fold([registered]))).toBeUndefined()
    const { facts, enrolment } = registeredOf(registered)
    const one = fold([
      { type: 'TargetRegistered', data: { facts, enrolment, components: { api: '1.0.0' }, revision: 1 } },
    ])
    expect(runs({ version: '1.0.1' }, one)).toEqual({ component: 'api', version: '1.0.1', heard: 'report' })
  })
})

function registeredOf(event: TargetEvent) {
  if (event.type !== 'TargetRegistered') throw new Error('It was registered.')
  return event.data
}
