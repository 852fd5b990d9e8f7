import { describe, expect, it } from 'vitest'
import { assignAttempt } from '../../../functions/domain/target/attempt.ts'
import { isReady } from '../../../functions/domain/target/readiness.ts'
import { assigned, assignment, ended, given, registered } from './stories.ts'

const now = '2026-01-11T02:00:00.000Z'
const aDayAgo = '2026-01-10T02:00:00.000Z'
const justTooLongAgo = '2026-01-10T01:59:59.999Z'

describe('a target is ready', () => {
  it.each([
    [true, 'it was heard of just now', [now]],
    [true, 'it was heard of a day ago', [aDayAgo]],
    [false, 'it was heard of longer ago', [justTooLongAgo]],
    [false, 'it was never heard of', [undefined]],
    [true, 'its gateway was heard of, and it never was', [undefined, aDayAgo]],
    [true, 'it was heard of, and its gateway is silent', [aDayAgo, justTooLongAgo]],
    [false, 'both are silent', [justTooLongAgo, justTooLongAgo]],
    [false, 'there is nothing to go by', []],
  ])('is %s when %s', (ready, _when, lastSeen) => {
    expect(isReady(lastSeen, now)).toBe(ready)
  })
})

describe('assigning to a target that is not ready', () => {
  it('skips it, and the slot is free again', () => {
    given(registered)
      .when(assignAttempt({ ...assignment(), ready: false }))
      .thenEvents(ended({ outcome: 'skipped', code: 'not_ready', sequence: 1 }))
  })
  it('says first what else stands against it', () => {
    const code = (changes: Parameters<typeof assignment>[0]) => {
      const { events } = given(registered).when(assignAttempt({ ...assignment(changes), ready: false }))
      return events[0]?.type === 'AttemptEnded' ? events[0].data.code : undefined
    }
    expect(code({ to: 'v1.1.0' })).toBe('already_at_version')
    expect(code({ from: '1.0.0' })).toBe('version_changed')
  })
  it('is decided by the first to ask: what has begun is not taken back', () => {
    given(registered, assigned())
      .when(assignAttempt({ ...assignment(), ready: false }))
      .thenNothing()
  })
})
