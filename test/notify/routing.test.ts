import { describe, expect, it } from 'vitest'
import { sendableAt } from '../../functions/notify/routing.ts'

const at = (instant: string) => Date.parse(instant)
const night = { quietHours: { from: '22:00', to: '07:00', timezone: 'Europe/Berlin' } }

describe('quiet hours', () => {
  it.each([
    ['2026-01-10T20:59:00Z', '2026-01-10T20:59:00Z'],
    ['2026-01-10T21:00:00Z', '2026-01-11T06:00:00Z'],
    ['2026-01-11T02:00:00Z', '2026-01-11T06:00:00Z'],
    ['2026-01-11T06:00:00Z', '2026-01-11T06:00:00Z'],
    // The clocks go forward at two: seven is an hour nearer.
    ['2026-03-28T23:00:00Z', '2026-03-29T05:00:00Z'],
  ])('of a night put what comes at %s off until %s', (comes, goes) => {
    expect(sendableAt(night, 'warning', at(comes))).toBe(at(goes))
  })

  it('of a day end on the same day', () => {
    const lunch = { quietHours: { from: '12:00', to: '13:30', timezone: 'UTC' } }
    expect(sendableAt(lunch, 'info', at('2026-01-10T12:30:00Z'))).toBe(at('2026-01-10T13:30:00Z'))
    expect(sendableAt(lunch, 'info', at('2026-01-10T13:30:00Z'))).toBe(at('2026-01-10T13:30:00Z'))
  })

  it('hold nothing back that is critical', () => {
    expect(sendableAt(night, 'critical', at('2026-01-11T02:00:00Z'))).toBe(at('2026-01-11T02:00:00Z'))
  })
})
