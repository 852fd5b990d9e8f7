import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, hashOf } from '../../events/canonical.ts'

describe('canonical JSON', () => {
  it('has one text for a value, however its members are ordered', () => {
    expect(canonicalJson({ b: [1, { d: null, c: 'ü' }], a: true })).toBe(
      '{"a":true,"b":[1,{"c":"ü","d":null}]}',
    )
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse())
        expect(canonicalJson(reversed)).toBe(canonicalJson(value))
      }),
    )
  })
  it('says what JSON says', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
  it('leaves out undefined members as JSON does', () => {
    expect(canonicalJson({ a: undefined, b: [{ c: undefined }] })).toBe('{"b":[{}]}')
  })
  it.each([
    ['$', undefined],
    ['$', () => 1],
    ['$', Number.POSITIVE_INFINITY],
    ['$.a', { a: -Infinity }],
    ['$.a[1]', { a: [0, Number.NaN] }],
    ['$.list[0]', { list: [undefined] }],
    ['$.at', { at: new Date(0) }],
    ['$.all', { all: new Map() }],
  ])('names the place, %s, of what JSON cannot say', (place, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError)
    expect(() => canonicalJson(value)).toThrow(`${place} is not JSON`)
  })
  it('is hashed by SHA-256', () => {
    expect(hashOf({})).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
  })
})
