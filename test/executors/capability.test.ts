import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { capabilityHash, checkCapability, mintCapability } from '../../functions/capability.ts'
import { redact } from '../../functions/redact.ts'

const now = Date.parse('2026-11-27T12:00:00Z')
const minted = () => mintCapability('attempt#1/backup', now + 60_000, randomBytes(32))

describe('S9: a capability', () => {
  test('lets whoever has it do one thing once, before it expires', () => {
    const { text, kept } = minted()
    const first = checkCapability(text, kept, 'attempt#1/backup', now + 59_999)
    expect(first).toEqual({ kind: 'right', used: { ...kept, usedAt: '2026-11-27T12:00:59.999Z' } })
    const used = first.kind === 'right' ? first.used : undefined
    expect(checkCapability(text, used, 'attempt#1/backup', now)).toEqual({ kind: 'refused', why: 'used' })
    expect(checkCapability(text, kept, 'attempt#1/backup', now + 60_000)).toEqual({
      kind: 'refused',
      why: 'expired',
    })
  })

  test('is no other and for nothing else', () => {
    const [one, other] = [minted(), minted()]
    expect(one.text).not.toBe(other.text)
    const wrong = { kind: 'refused', why: 'wrong' }
    expect(checkCapability(other.text, one.kept, 'attempt#1/backup', now)).toEqual(wrong)
    expect(checkCapability(one.text, one.kept, 'attempt#2/backup', now)).toEqual(wrong)
    expect(checkCapability(one.text, undefined, 'attempt#1/backup', now)).toEqual(wrong)
    // Who does not have the right one is not told that it was used or is over.
    const used = { ...one.kept, usedAt: '2026-11-27T12:00:00.000Z' }
    expect(checkCapability(other.text, used, 'attempt#1/backup', now + 1e9)).toEqual(wrong)
    expect(checkCapability(one.text, used, 'attempt#2/backup', now + 1e9)).toEqual(wrong)
  })

  test.each([
    '',
    'drydock-callback.',
    'x',
    `drydock-callback.${'a'.repeat(42)}`,
    `drydock-callback.${'a'.repeat(44)}`,
  ])('is not looked up by %j', (text) => {
    expect(capabilityHash(text)).toBeUndefined()
    expect(checkCapability(text, { ...minted().kept, hash: '' }, 'attempt#1/backup', now).kind).toBe(
      'refused',
    )
  })

  test('does not follow from what is kept of it: neither that nor its hash is one', () => {
    const { text, kept } = minted()
    expect(JSON.stringify(kept)).not.toContain(text.slice(17))
    for (const told of [kept.hash, `drydock-callback.${kept.hash.slice(0, 43)}`])
      expect(checkCapability(told, kept, kept.subject, now).kind).toBe('refused')
    expect(capabilityHash(text)).toBe(kept.hash)
  })

  test('has 256 bits, all of them from who mints it', () => {
    const bytes = Buffer.from(Array.from({ length: 32 }, (_, at) => at * 7))
    const { text } = mintCapability('a', now, bytes)
    expect(Buffer.from(text.slice(17), 'base64url')).toEqual(bytes)
    expect(() => mintCapability('a', now, randomBytes(31))).toThrow(TypeError)
  })

  test('is taken out of what targets say', () => {
    const { text } = minted()
    expect(redact(`called back with ${text} and failed`)).toBe('called back with [redacted] and failed')
  })
})
