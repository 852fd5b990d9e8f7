import { describe, expect, it, test } from 'vitest'
import { whyIncompatible } from '../../../clients/agent/compatibility.ts'
import { isOpen } from '../../../clients/agent/window.ts'

describe('compatibility (M2)', () => {
  it.each<[string, readonly string[], boolean]>([
    ['9.4', ['9.4+', '10.x', '23.x'], true],
    ['9.3', ['9.4+', '10.x'], false],
    ['10.2.1', ['9.4', '10.x'], true],
    ['23.4', ['10.x', '23.x'], true],
    ['24.1', ['10.x', '23.x'], false],
    ['PostgreSQL 14', ['PostgreSQL 14+', '15', '16'], true],
    ['PostgreSQL 13.9', ['PostgreSQL 14+', '15', '16'], false],
    ['PostgreSQL 15.4', ['15'], true],
    ['MySQL 15', ['PostgreSQL 14+'], false],
    ['1.27.3', ['1.26+', '1.27'], true],
    ['1.3', ['1.29'], false],
    ['1.30', ['1.3'], false],
    ['enterprise', ['Enterprise'], true],
    ['community', ['enterprise'], false],
  ])('%s fits one of %j: %s', (here, fitting, fits) => {
    expect(whyIncompatible({ what: fitting }, { what: here }) === undefined).toBe(fits)
  })

  it('is not given where nobody has said what is here', () => {
    expect(whyIncompatible({ database: ['15'] }, {})).toContain('environment.database')
    expect(whyIncompatible({ constructor: ['15'] }, {})).toContain('environment.constructor')
    expect(whyIncompatible({}, {})).toBeUndefined()
  })
})

describe('a maintenance window', () => {
  const at = (instant: string) => Date.parse(instant)
  const weekend = { enabled: true, days: ['saturday' as const, 'sunday' as const], timezone: 'UTC' }

  test('is open from its start until before its end', () => {
    const window = { ...weekend, startTime: '02:00', endTime: '06:00' }
    expect(isOpen(window, at('2026-11-28T01:59:59Z'))).toBe(false)
    expect(isOpen(window, at('2026-11-28T02:00:00Z'))).toBe(true)
    expect(isOpen(window, at('2026-11-28T05:59:59Z'))).toBe(true)
    expect(isOpen(window, at('2026-11-28T06:00:00Z'))).toBe(false)
    expect(isOpen(window, at('2026-11-30T03:00:00Z'))).toBe(false)
    expect(isOpen({ ...window, enabled: false }, at('2026-11-30T03:00:00Z'))).toBe(true)
  })

  test('may end on the next day', () => {
    const window = { ...weekend, startTime: '22:00', endTime: '04:00' }
    expect(isOpen(window, at('2026-11-28T03:00:00Z'))).toBe(false)
    expect(isOpen(window, at('2026-11-28T23:00:00Z'))).toBe(true)
    expect(isOpen(window, at('2026-11-30T03:59:59Z'))).toBe(true)
    expect(isOpen(window, at('2026-11-30T04:00:00Z'))).toBe(false)
  })

  test('is by the clock on the wall of its zone, in summer and winter', () => {
    const window = { ...weekend, timezone: 'Europe/Berlin', startTime: '02:00', endTime: '06:00' }
    expect(isOpen(window, at('2026-07-04T00:30:00Z'))).toBe(true)
    expect(isOpen(window, at('2026-11-28T00:30:00Z'))).toBe(false)
    expect(isOpen(window, at('2026-11-28T01:30:00Z'))).toBe(true)
  })
})
