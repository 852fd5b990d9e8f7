import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { type Capability, capabilityHash, isGranted, mintCapability } from '../../functions/capability.ts'
import { redact } from '../../functions/redact.ts'

const now = Date.parse('2026-11-27T12:00:00Z')
const minted = (subject = 'attempt#1/backup') =>
  mintCapability(subject, '2026-11-27T12:01:00.000Z', randomBytes(32))
/** Is a text taken for what is kept? */
const taken = (text: string, kept: Capability<string>, at = now) => {
  const hash = capabilityHash(text)
  return hash !== undefined && isGranted(hash, kept, at)
}

describe('S9: a capability', () => {
  test('is good for what it was minted for, until it expires', () => {
    const { text, kept } = minted()
    expect(kept).toEqual({
      ...{ hash: capabilityHash(text), subject: 'attempt#1/backup' },
      expiresAt: '2026-11-27T12:01:00.000Z',
    })
    expect([now, now + 59_999, now + 60_000, now + 1e9].map((at) => taken(text, kept, at))).toEqual([
      ...[true, true, false, false],
    ])
  })

  test('is no other, though it be for the same', () => {
    const [one, other] = [minted(), minted()]
    expect(one.text).not.toBe(other.text)
    expect(taken(other.text, one.kept)).toBe(false)
    expect(isGranted('', one.kept, now)).toBe(false)
    expect(isGranted('', { ...one.kept, hash: '' }, now)).toBe(false)
  })

  test.each([
    '',
    'drydock-callback.',
    'x',
    `drydock-callback.${'a'.repeat(42)}`,
    `drydock-callback.${'a'.repeat(44)}`,
    `drydock-callback.${'a'.repeat(43)}\n`,
  ])('is not looked up by %j', (text) => {
    expect(capabilityHash(text)).toBeUndefined()
  })

  test('does not follow from what is kept of it: neither that nor its hash is one', () => {
    const { text, kept } = minted()
    expect(JSON.stringify(kept)).not.toContain(text.slice(17))
    for (const told of [kept.hash, `drydock-callback.${kept.hash.slice(0, 43)}`])
      expect(taken(told, kept)).toBe(false)
    expect(capabilityHash(text)).toBe(kept.hash)
  })

  test('has 256 bits, all of them from who mints it', () => {
    const bytes = Buffer.from(Array.from({ length: 32 }, (_, at) => at * 7))
    const kept = '2026-11-27T12:01:00.000Z'
    const { text } = mintCapability('a', kept, bytes)
    expect(Buffer.from(text.slice(17), 'base64url')).toEqual(bytes)
    expect(() => mintCapability('a', kept, randomBytes(31))).toThrow(TypeError)
  })

  test('is taken out of what targets say', () => {
    const { text } = minted()
    expect(redact(`called back with ${text} and failed`)).toBe('called back with [redacted] and failed')
  })
})
