import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compareVersions,
  isPrerelease,
  parseVersion,
  type Version,
} from '../../../functions/domain/version/semver.ts'

function version(text: string): Version {
  const parsed = parseVersion(text)
  if (!parsed) throw new Error(`${text} is no version`)
  return parsed
}

const compare = (left: string, right: string) => Math.sign(compareVersions(version(left), version(right)))

const number = fc.oneof(fc.nat(12).map(String), fc.bigInt(0n, 10n ** 17n).map(String))
const channel = fc.constantFrom(
  'nightly',
  'alpha',
  'beta',
  'early-access',
  'rc',
  'stable',
  'security',
  'hotfix',
  'customer-x',
  '7',
)
const identifier = fc.oneof(number, fc.constantFrom('a', 'b', 'x1', '007', '20240315'))
const text = fc
  .tuple(
    fc.tuple(number, number, number),
    fc.option(fc.tuple(channel, fc.array(identifier, { maxLength: 2 })), { nil: null }),
  )
  .map(([core, suffix]) => core.join('.') + (suffix ? `-${[suffix[0], ...suffix[1]].join('.')}` : ''))

describe('the order of versions (M1)', () => {
  it('is total, antisymmetric and transitive', () => {
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(compare(a, b) + compare(b, a)).toBe(0)
        expect(compare(a, b) === 0).toBe(a === b)
        if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 2000 },
    )
  })
  it('ignores a leading v, letter case and build metadata', () => {
    fc.assert(
      fc.property(text, (a) => {
        for (const same of [`v${a}`, `V${a}`, a.toUpperCase(), `${a}+build.7`]) {
          expect(compare(same, a)).toBe(0)
        }
      }),
    )
  })
  it('ranks stable, security and hotfix at or above the bare version, everything else below', () => {
    fc.assert(
      fc.property(fc.tuple(number, number, number), channel, (core, name) => {
        const bare = core.join('.')
        const above = ['stable', 'security', 'hotfix'].includes(name)
        expect(compare(`${bare}-${name}`, bare)).toBe(above ? 1 : -1)
        expect(isPrerelease(version(`${bare}-${name}`))).toBe(!above)
      }),
    )
  })
  it('puts one release line in this order', () => {
    const line = [
      '2.3.9-hotfix',
      '2.4.0-nightly.20240315',
      '2.4.0-nightly.20240316',
      '2.4.0-customer-x.1',
      '2.4.0-alpha',
      '2.4.0-beta',
      '2.4.0-beta.3',
      '2.4.0-beta.10',
      '2.4.0-beta.x',
      '2.4.0-early-access.1',
      '2.4.0-rc.1',
      '2.4.0',
      '2.4.0-stable',
      '2.4.0-security',
      '2.4.0-hotfix',
      '2.4.1-stable',
      '2.10.0',
      '10.0.0-nightly.1',
    ]
    const shuffled = fc.shuffledSubarray(line, { minLength: line.length })
    fc.assert(
      fc.property(shuffled, (mixed) => {
        expect(mixed.sort((a, b) => compareVersions(version(a), version(b)))).toEqual(line)
      }),
    )
  })
  it('compares numbers as numbers, at any length', () => {
    expect(compare('1.9.0', '1.10.0')).toBe(-1)
    expect(compare('1.0.9007199254740993', '1.0.9007199254740992')).toBe(1)
    expect(compare('2.5.0-nightly.9', '2.5.0-nightly.20240315')).toBe(-1)
  })
})

describe('reading a version', () => {
  it.each(['2.4.1-stable', '2.5.0-beta.3', '2.5.0-nightly.20240315', '4.1.3-security', 'v1.2.1-hotfix'])(
    'takes %s',
    (good) => expect(parseVersion(good)).toBeDefined(),
  )
  it.each([
    '',
    'latest',
    '1',
    '1.2',
    '1.2.3.4',
    '01.2.3',
    '1.2.3-',
    '1.2.3-a..b',
    ' 1.2.3',
    '1.2.3\n',
    'vv1.2.3',
    '1.2.x',
  ])('refuses %j', (bad) => expect(parseVersion(bad)).toBeUndefined())
  it('refuses what is longer than any name', () => {
    expect(parseVersion(`1.2.${'3'.repeat(124)}`)).toBeDefined()
    expect(parseVersion(`1.2.${'3'.repeat(125)}`)).toBeUndefined()
  })
})
