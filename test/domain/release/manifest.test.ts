import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../../events/canonical.ts'
import { refuseManifest, sealed } from '../../../functions/domain/release/manifest.ts'
import { manifestOf } from '../trust/signing.ts'

const now = '2026-03-01T12:00:00.000Z'

function refusal(changes: object) {
  const manifest = manifestOf(changes)
  const refused = refuseManifest(manifest, sealed(manifest), now)
  return refused && [refused.rejected.code, refused.rejected.fields?.[0]?.field]
}

const part = (change: object) => ({
  components: { backend: { sha256: 'a'.repeat(64), length: 125_000_000, ...change } },
})

describe('M2: a manifest', () => {
  it('has one text, and its digest', () => {
    const { text, digest } = sealed(manifestOf())
    expect(text).toMatch(/^\{"changelog":.*"version":"2\.4\.1"\}$/)
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(
      sealed(
        Object.assign(
          {},
          ...Object.entries(manifestOf())
            .reverse()
            .map(([k, v]) => ({ [k]: v })),
        ),
      ),
    ).toEqual({
      text,
      digest,
    })
    expect(refusal({})).toBeUndefined()
  })

  it.each(['2026-03-01T12:00:00Z', '2026-03-01T12:00:00.000Z', '2020-01-01T00:00:00Z'])(
    'is over at its expiry: %s',
    (expires) => {
      expect(refusal({ expires })).toEqual(['release-expired', 'manifest.expires'])
    },
  )

  it('is not mixed from parts of several releases', () => {
    expect(refusal(part({ version: 'v2.4.1' }))).toBeUndefined()
    expect(refusal(part({ version: '2.4.0' }))).toEqual([
      'components-mixed',
      'manifest.components.backend.version',
    ])
  })

  it.each([
    ['125MB', 125_000_000],
    ['125 MB', 125_400_000],
    ['119MB', 125_000_000],
    ['119.21MB', 125_000_000],
    ['1KB', 1024],
    ['17B', 17],
  ])('says the length in words and in bytes: %s is %i', (size, length) => {
    expect(refusal(part({ size, length }))).toBeUndefined()
  })

  it.each([
    ['125MB', 126_000_000],
    ['125MB', 125],
    ['125.0MB', 125_400_000],
    ['1GB', 1],
    ['17B', 18],
  ])('and is refused where these are not the same: %s is not %i', (size, length) => {
    expect(refusal(part({ size, length }))).toEqual([
      'artifact-length-wrong',
      'manifest.components.backend.length',
    ])
  })

  it('fits into one event', () => {
    const fixes = (count: number) => ({
      changelog: { fixes: Array.from({ length: count }, () => 'ü'.repeat(512)) },
    })
    expect(refusal(fixes(30))).toBeUndefined()
    expect(refusal(fixes(32))?.[0]).toBe('manifest-too-large')
    const quoted = (count: number) => ({
      changelog: { fixes: Array.from({ length: count }, () => '"'.repeat(512)) },
    })
    expect(refusal(quoted(18))).toBeUndefined()
    expect(refusal(quoted(24))?.[0]).toBe('manifest-too-large')
  })
})

describe('canonical JSON: the vectors of RFC 8785', () => {
  // Appendix B: the bits of a number, and its text.
  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the number %s as %s', (bits, text) => {
    expect(canonicalJson(Buffer.from(bits, 'hex').readDoubleBE())).toBe(text)
  })
  it.each(['7fffffffffffffff', '7ff0000000000000'])('refuses %s, which is no number', (bits) => {
    expect(() => canonicalJson(Buffer.from(bits, 'hex').readDoubleBE())).toThrow(TypeError)
  })

  it('writes texts and literals as section 3.2.2 has them', () => {
    const given = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`
    expect(canonicalJson(JSON.parse(given))).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    )
  })

  it('sorts members by their UTF-16 units, as section 3.2.3 has them', () => {
    const given = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    }
    const values = Object.values(JSON.parse(canonicalJson(given)))
    expect(canonicalJson(given)).toMatch(/^\{"\\r":"Carriage Return","1":"One","\u0080":"Control"/)
    expect(values).toHaveLength(7)
    expect(canonicalJson(given).indexOf('Emoji')).toBeGreaterThan(canonicalJson(given).indexOf('Euro'))
    expect(canonicalJson(given).indexOf('Hebrew')).toBeGreaterThan(canonicalJson(given).indexOf('Emoji'))
  })
})
