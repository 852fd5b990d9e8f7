import { describe, expect, it } from 'vitest'
import { samePlace, secondsUntil } from '../../functions/domain/position.ts'
import { later, start } from './given.ts'

const day = 86_400

describe('how long an execution waits', () => {
  it('is until the instant in whole seconds, beyond it rather than short of it', () => {
    expect(secondsUntil(later(90), start)).toBe(90)
    expect(secondsUntil('2026-03-01T12:00:00.001Z', start)).toBe(1)
    expect(secondsUntil('2026-03-01T12:01:00.001Z', start)).toBe(61)
  })
  it('is a second at least, though the instant is over', () => {
    expect(secondsUntil(start, start)).toBe(1)
    expect(secondsUntil(later(-3600), start)).toBe(1)
  })
  it('is a year at most, as AWS allows, and a week where nobody knows', () => {
    expect(secondsUntil(later(400 * day), start)).toBe(365 * day)
    expect(secondsUntil(null, start)).toBe(7 * day)
  })
})

describe('a position', () => {
  it('is the same place by its move and what it is about, however long the wait there', () => {
    expect(samePlace({ move: 'wave', place: 1 }, { move: 'wave', place: 1 })).toBe(true)
    expect(samePlace({ move: 'wave', place: 1 }, { move: 'wave', place: 2 })).toBe(false)
    expect(samePlace({ move: 'wave', place: 1 }, { move: 'gate', place: 1 })).toBe(false)
  })
})
