import { describe, expect, it } from 'vitest'
import type { TargetEvent } from '../../../events/target.ts'
import {
  assignAttempt,
  attemptId,
  expireAttempt,
  nextDeadline,
  withdrawAttempt,
} from '../../../functions/domain/target/attempt.ts'
import { confirmedBefore } from '../../../functions/domain/target/state.ts'
import { later } from '../given.ts'
import {
  acceptBy,
  accepted,
  assigned,
  assignment,
  ended,
  fold,
  given,
  measured,
  planned,
  registered,
  seconds,
} from './stories.ts'

const pin = (component: string | null): TargetEvent => ({
  type: 'TargetPinned',
  data: { component, reason: 'audit', revision: 2 },
})
const retired: TargetEvent = { type: 'TargetRetired', data: { reason: 'sold', revision: 2 } }

describe('the name of an attempt', () => {
  it('is the uuid v5 of upgrade/target/n, so that it never changes', () => {
    const key = { upgrade: 'u1', target: 'customer-1', n: 1 }
    expect(attemptId(key)).toBe('3bf0b2ab-5c1b-5f63-b925-b0b044e50471')
    expect(attemptId({ ...key, n: 2 })).not.toBe(attemptId(key))
  })
})

describe('assigning', () => {
  it('begins an attempt', () => {
    given(registered).when(assignAttempt(assignment())).thenEvents(assigned())
  })
  it('begins it once, and never again after its end', () => {
    given(registered).when(assignAttempt(assignment())).thenIdempotent()
    given(registered, assigned(), accepted()).when(assignAttempt(assignment())).thenNothing()
    given(registered, assigned(), accepted(), ended({ outcome: 'failed' }))
      .when(assignAttempt(assignment()))
      .thenNothing()
  })
  it('ignores an admission that a later one has overtaken', () => {
    given(registered, ended({ outcome: 'failed' }, { n: 2 }))
      .when(assignAttempt(assignment({ n: 1 })))
      .thenNothing()
  })
  it('begins the next try after the one before has ended', () => {
    given(registered, assigned(), accepted(), ended({ outcome: 'failed' }))
      .when(assignAttempt(assignment({ n: 2 })))
      .thenEvents(assigned({ n: 2 }))
  })
  it('defers while another attempt is under way (M19, I1)', () => {
    given(registered, assigned())
      .when(assignAttempt(assignment({ upgrade: 'u2', component: 'web', from: '3.0.0', to: '3.1.0' })))
      .thenEvents(
        ended(
          { outcome: 'deferred', code: 'busy', sequence: 1, busyWith: 'u1' },
          { upgrade: 'u2', component: 'web', from: '3.0.0', to: '3.1.0' },
        ),
      )
  })
  it.each([
    ['not_registered', [], {}],
    ['retired', [registered, retired], {}],
    ['pinned', [registered, pin(null)], {}],
    ['pinned', [registered, pin('api')], {}],
    ['already_at_version', [registered], { to: 'v1.1.0' }],
    ['version_changed', [registered], { from: '1.0.0' }],
    ['version_changed', [registered], { component: 'cache' }],
    ['version_changed', [registered], { kind: 'rollback', from: '1.0.0', to: '0.9.0' }],
    ['already_at_version', [registered], { kind: 'rollback', from: '1.2.0', to: '1.1.0' }],
    ['release_withdrawn', [registered], { kind: 'rollback', from: '1.1.0', to: '1.0.0', withdrawn: true }],
  ] as const)('skips the target when it is %s', (code, history, changes) => {
    const { events } = given(...history).when(assignAttempt(assignment(changes)))
    expect(events).toMatchObject([{ type: 'AttemptEnded', data: { outcome: 'skipped', code, sequence: 1 } }])
    given(...history)
      .when(assignAttempt(assignment(changes)))
      .thenIdempotent()
  })
  it('goes on when the pin is on another component', () => {
    given(registered, pin('web')).when(assignAttempt(assignment())).thenEvents(assigned())
  })
  it('takes v1.1.0 and 1.1.0 for one version (M1)', () => {
    given(registered)
      .when(assignAttempt(assignment({ from: 'v1.1.0' })))
      .thenTypes('AttemptAssigned')
  })
  it('rolls back a target whose inventory still names the old version: what failed may run anything', () => {
    given(registered)
      .when(assignAttempt(assignment({ kind: 'rollback', to: '1.1.0' })))
      .thenTypes('AttemptAssigned')
  })
})

describe('withdrawing', () => {
  it('takes back what was not accepted', () => {
    given(registered, assigned())
      .when(withdrawAttempt(planned()))
      .thenEvents(ended({ outcome: 'withdrawn', sequence: 2 }))
    given(registered, assigned()).when(withdrawAttempt(planned())).thenIdempotent()
  })
  it('leaves what is accepted or over alone', () => {
    given(registered, assigned(), accepted()).when(withdrawAttempt(planned())).thenNothing()
    given(registered, assigned(), accepted(), ended({})).when(withdrawAttempt(planned())).thenNothing()
  })
  it('ends an admission that never arrived, so that a late assignment finds it over', () => {
    const tombstone = ended({ outcome: 'withdrawn', sequence: 1 })
    given(registered).when(withdrawAttempt(planned())).thenEvents(tombstone)
    given(registered).when(withdrawAttempt(planned())).thenIdempotent()
    given(registered, tombstone).when(assignAttempt(assignment())).thenNothing()
    given(registered, tombstone)
      .when(assignAttempt(assignment({ n: 2 })))
      .thenEvents(assigned({ n: 2 }))
  })
  it('does so beside an attempt of another upgrade, which goes on', () => {
    const history = [registered, assigned({ upgrade: 'u2' })]
    given(...history)
      .when(withdrawAttempt(planned()))
      .thenEvents(ended({ outcome: 'withdrawn', sequence: 1 }))
    const state = fold([...history, ended({ outcome: 'withdrawn', sequence: 1 })])
    expect(state.active?.upgrade).toBe('u2')
  })
})

describe('expiring', () => {
  const expire = (lastSeen: string | null = null) => expireAttempt({ attempt: planned().attempt, lastSeen })
  const underWay = [registered, assigned(), accepted()]

  it('decides nothing before the time has come, and the state says when that is', () => {
    given(registered, assigned()).when(expire(), later(599)).thenNothing()
    const offered = fold([registered, assigned()])
    expect(nextDeadline(offered, planned(), later(0))).toBe(acceptBy)
    // Accepted at once it would run out before the time to accept is over.
    const patient = { ...assignment(), acceptBy: later(seconds + 600), sequence: 1 }
    const waiting = fold([registered, { type: 'AttemptAssigned', data: patient }])
    expect(nextDeadline(waiting, planned(), later(0))).toBe(later(seconds))
    given(...underWay)
      .when(expire(), later(seconds - 1))
      .thenNothing()
    expect(nextDeadline(fold(underWay), planned(), later(1))).toBe(later(seconds))
    expect(nextDeadline(fold(underWay), planned({ n: 2 }), later(1))).toBeNull()
    expect(nextDeadline(fold([...underWay, ended({})]), planned(), later(1))).toBeNull()
  })
  it('ends what nobody accepted in time as unreachable', () => {
    given(registered, assigned())
      .when(expire(), acceptBy)
      .thenEvents(
        ended({ outcome: 'unreachable', code: 'NOT_ACCEPTED', sequence: 2, measured: measured(null) }),
      )
    given(registered, assigned()).when(expire(), acceptBy).thenIdempotent()
  })
  it('takes back what nobody accepted before its window closed: who had no time for it is not unreachable', () => {
    given(registered, { type: 'AttemptAssigned', data: { ...assignment(), closing: true, sequence: 1 } })
      .when(expire(), acceptBy)
      .thenEvents(ended({ outcome: 'withdrawn', code: null, sequence: 2 }))
  })
  it.each([
    ['lost', 'SILENT', null],
    ['lost', 'SILENT', later(seconds / 2 - 1)],
    ['timed_out', 'DEADLINE', later(seconds / 2)],
    ['timed_out', 'DEADLINE', later(seconds)],
  ] as const)('ends what is accepted and overdue as %s (%s), last seen %s', (outcome, code, lastSeen) => {
    given(...underWay)
      .when(expire(lastSeen), later(seconds))
      .thenEvents(ended({ outcome, code, measured: measured(seconds) }))
    given(...underWay)
      .when(expire(lastSeen), later(seconds))
      .thenIdempotent()
  })
  it('has nothing to say of an attempt that is over or was never assigned', () => {
    given(registered).when(expire(), later(99_999)).thenNothing()
    given(...underWay, ended({}))
      .when(expire(), later(99_999))
      .thenNothing()
  })
})

describe('what the target remembers', () => {
  it('keeps the last 20 attempts, newest last', () => {
    const ends = Array.from({ length: 25 }, (_, place) =>
      ended({ outcome: 'failed', revision: place + 2 }, { upgrade: `u${place}` }),
    )
    expect(fold([registered, ...ends]).attempts.map(({ upgrade }) => upgrade)).toEqual(
      Array.from({ length: 20 }, (_, place) => `u${place + 5}`),
    )
  })
  it('forgets a slot that was given back once the member was tried again, and nothing else', () => {
    const busy = [1, 2, 3].map((n) => ended({ outcome: 'deferred', code: 'busy' }, { n }))
    const failed = ended({ outcome: 'failed' }, { upgrade: 'u0' })
    const { attempts } = fold([registered, failed, ...busy])
    expect(attempts.map(({ upgrade, n }) => [upgrade, n])).toEqual([
      ['u0', 1],
      ['u1', 3],
    ])
    given(registered, failed, ...busy)
      .when(assignAttempt(assignment({ n: 2 })))
      .thenNothing()
  })
  it('knows where a rollback goes: the last version confirmed before the first attempt that touched it (I10)', () => {
    const failed = ended({ outcome: 'failed', version: '1.1.9' })
    const retry = { n: 2, from: '1.1.9' }
    const history = [
      registered,
      ended({ outcome: 'withdrawn' }, { n: 1, from: '0.0.1' }),
      assigned(),
      accepted(),
      failed,
      assigned(retry),
      accepted(retry),
      ended({ version: 'v1.2.0' }, retry),
    ]
    expect(confirmedBefore(fold(history), new Set(['u1']), 'api')).toBe('1.1.0')
    expect(confirmedBefore(fold(history.slice(0, 4)), new Set(['u1']), 'api')).toBe('1.1.0')
    expect(confirmedBefore(fold(history), new Set(['u2', 'u1']), 'api')).toBe('1.1.0')
    expect(confirmedBefore(fold(history), new Set(['u2']), 'api')).toBeNull()
    expect(confirmedBefore(fold(history), new Set(['u1']), 'web')).toBeNull()
  })
})
