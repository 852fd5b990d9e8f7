import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { whyIncompatible } from '../../../clients/agent/compatibility.ts'
import { asksUnsaid, compatibilityOf, misfitOf } from '../../../functions/domain/release/compatibility.ts'

const fits = (here: string, asked: readonly string[]) =>
  misfitOf({ what: asked }, { what: here }) === undefined

describe('M2: what a release asks of where it runs', () => {
  it.each<[string, readonly string[], boolean]>([
    ['9.4', ['9.4+', '10.x'], true],
    ['9.3', ['9.4+', '10.x'], false],
    ['10.2.1', ['9.4', '10.x'], true],
    ['24.1', ['10.x', '23.x'], false],
    ['PostgreSQL 13.9', ['PostgreSQL 14+', '15', '16'], false],
    ['PostgreSQL 15.4', ['15'], true],
    ['postgresql 14.0', ['PostgreSQL 14+'], true],
    ['MySQL 15', ['PostgreSQL 14+'], false],
    ['1.3', ['1.29'], false],
    ['1.30', ['1.3'], false],
    ['1', ['1.0'], true],
    ['enterprise', ['Enterprise'], true],
    ['community', ['enterprise'], false],
    ['arm64', ['amd64'], false],
    ['x86_64', ['x86'], false],
    ['win64', ['linux64'], false],
    ['MySQL-13', ['PostgreSQL-13'], false],
    ['v1.27.3-eks-1', ['1.27+'], true],
    ['Postgre  SQL 14', ['Postgre SQL 14 '], true],
    ['16', ['<16'], false],
  ])('%s meets one of %j: %s', (here, asked, meets) => {
    expect(fits(here, asked)).toBe(meets)
  })

  it('is met, as far as is known, by whoever has not said what is there', () => {
    const asked = { database: ['15'], os: ['linux'] }
    expect(misfitOf(asked, undefined)).toBeUndefined()
    expect(misfitOf(asked, { os: 'linux' })).toBeUndefined()
    expect(misfitOf({ constructor: ['1'] }, {})).toBeUndefined()
    expect([
      asksUnsaid(asked, undefined),
      asksUnsaid(asked, { os: 'linux' }),
      asksUnsaid({}, undefined),
    ]).toEqual([true, true, false])
    expect(asksUnsaid(asked, { os: 'linux', database: '9' })).toBe(false)
  })

  it('is named where it is not met', () => {
    const words = misfitOf(
      { os: ['linux'], database: ['PostgreSQL 14+', '15'] },
      { os: 'linux', database: '13.2' },
    )
    expect(words).toBe('database is 13.2, and the release asks for PostgreSQL 14+, 15')
  })

  it('is what its manifest says; of one that nobody has signed, nothing', () => {
    expect(compatibilityOf(null)).toEqual({})
    expect(compatibilityOf({ manifest: '{}' })).toEqual({})
    expect(compatibilityOf({ manifest: '{"compatibility":{"os":["linux"]}}' })).toEqual({ os: ['linux'] })
  })

  it('keeps nobody from what the agent would install, and plans nothing that it would refuse, of what is known', () => {
    const version = fc.array(fc.nat(12), { minLength: 1, maxLength: 3 }).map((numbers) => numbers.join('.'))
    const name = fc.constantFrom('', 'PostgreSQL ', 'postgresql ', 'Red Hat ')
    const here = fc.tuple(name, version).map(([words, numbers]) => `${words}${numbers}`)
    const asked = fc.tuple(here, fc.constantFrom('', '+', '.x')).map(([words, more]) => `${words}${more}`)
    const any = fc.oneof(
      here,
      asked,
      fc.constantFrom(
        'enterprise',
        'Enterprise',
        'x86_64',
        'arm64',
        'amd64',
        'v1.2',
        ' 14 ',
        '14-alpine',
        'Red  Hat 9',
        '>=14',
        '',
      ),
    )
    fc.assert(
      fc.property(any, fc.array(any, { maxLength: 3 }), (is, words) => {
        const agent = whyIncompatible({ what: words }, { what: is }) === undefined
        expect(fits(is, words)).toBe(agent)
      }),
      { numRuns: 2000 },
    )
  })
})
