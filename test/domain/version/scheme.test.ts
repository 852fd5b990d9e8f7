import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { versionSchemes } from '../../../events/words.ts'
import { compareIn, isVersionIn, type VersionScheme } from '../../../functions/domain/version/scheme.ts'

const compare = (scheme: VersionScheme, left: string, right: string) => {
  const order = compareIn(scheme, { version: left, number: null }, { version: right, number: null })
  return order === undefined ? undefined : Math.sign(order)
}

const dotted = fc
  .array(fc.oneof(fc.nat(12).map(String), fc.constantFrom('04', '007', '19045', '4291')), {
    minLength: 1,
    maxLength: 5,
  })
  .map((numbers) => numbers.join('.'))

describe('dotted versions', () => {
  it.each(['10.0.19045.4291', '24.04', '2024.07.19', 'v5', '1.2.3', '1.2.3.4+build.7'])(
    'are as %s',
    (text) => {
      expect(isVersionIn('dotted', text)).toBe(true)
    },
  )
  it.each(['', 'latest', '1.', '.1', '1..2', '1.2-beta', 'R128-15964.9.0', '1.x', '1'.repeat(129)])(
    'are not as %j',
    (text) => expect(isVersionIn('dotted', text)).toBe(false),
  )
  it('are ordered number by number, at any count and length', () => {
    const line = [
      '9',
      '10',
      '10.0',
      '10.0.19044.9999',
      '10.0.19045.4291',
      '10.0.19045.10000',
      '24.04',
      '24.10',
    ]
    const shuffled = fc.shuffledSubarray(line, { minLength: line.length })
    fc.assert(
      fc.property(shuffled, (mixed) => {
        expect(mixed.sort((a, b) => compare('dotted', a, b) ?? 0)).toEqual(line)
      }),
    )
    expect(compare('dotted', '1.9007199254740993', '1.9007199254740992')).toBe(1)
  })
  it('rank alike with and without leading zeros, a v or build metadata', () => {
    for (const same of ['24.4', 'v24.04', '24.04+b1']) expect(compare('dotted', same, '24.04')).toBe(0)
  })
  it('have a total order', () => {
    fc.assert(
      fc.property(dotted, dotted, dotted, (a, b, c) => {
        const order = (left: string, right: string) => compare('dotted', left, right) ?? Number.NaN
        expect(order(a, b) + order(b, a)).toBe(0)
        if (order(a, b) <= 0 && order(b, c) <= 0) expect(order(a, c)).toBeLessThanOrEqual(0)
      }),
    )
  })
})

describe('opaque versions', () => {
  it('are as old as their registration, whatever they are called', () => {
    const older = { version: 'R128-15964.9.0', number: 1 }
    const newer = { version: 'R127-1.0.0', number: 2 }
    expect(compareIn('ordered', older, newer)).toBeLessThan(0)
    expect(compareIn('ordered', newer, older)).toBeGreaterThan(0)
  })
  it('have no place before they are registered', () => {
    expect(compareIn('ordered', { version: 'a', number: null }, { version: 'b', number: 2 })).toBeUndefined()
  })
  it('are anything but a moving word', () => {
    expect(isVersionIn('ordered', 'R128-15964.9.0')).toBe(true)
    for (const text of ['', 'latest', 'stable', 'x'.repeat(129)])
      expect(isVersionIn('ordered', text)).toBe(false)
  })
})

describe('every scheme', () => {
  it.each(['semver', 'dotted'] as const)('%s places nothing that is no version of it', (scheme) => {
    expect(compare(scheme, 'main', '1.2.3')).toBeUndefined()
    expect(compare(scheme, '1.2.3', 'main')).toBeUndefined()
  })
  it.each(versionSchemes)('%s takes no moving word for a version', (scheme) => {
    expect(['latest', 'stable'].filter((text) => isVersionIn(scheme, text))).toEqual([])
  })
  it('leaves build metadata out of the order', () => {
    expect(compare('semver', '1.30.4+k3s1', '1.30.4+k3s2')).toBe(0)
  })
})
