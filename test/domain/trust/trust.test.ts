import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readPublicKey } from '../../../functions/domain/trust/public-key.ts'
import {
  registerKey,
  revokeKey,
  setThresholds,
  thresholdFor,
  trustAggregate,
} from '../../../functions/domain/trust/trust.ts'
import { later, specOf, start } from '../given.ts'
import { newSigner } from './signing.ts'

const { fold, given } = specOf(trustAggregate)
const signer = newSigner()
const key = { publicKey: signer.publicKey, label: 'release builds', components: null, channels: null }
const [other, third] = [newSigner(), newSigner()]
const read = readPublicKey(signer.publicKey)
const stored = 'wrong' in read ? '' : read.publicKey
const registered = {
  type: 'KeyRegistered',
  data: { key: signer.keyId, publicKey: stored, label: 'release builds', components: null, channels: null },
} as const
const revoked = (from: string) =>
  ({ type: 'KeyRevoked', data: { key: signer.keyId, from, reason: 'stolen' } }) as const
const refusal = (command: ReturnType<typeof registerKey>, history: (typeof registered)[] = []) => {
  const decision = command(fold(history), start)
  return 'rejected' in decision ? decision.rejected : undefined
}

/** Returns eight times a point of the curve (RFC 8032, section 5.1), computed by its own rules. */
function timesEight(raw: string): readonly [bigint, bigint] {
  const p = 2n ** 255n - 19n
  const mod = (value: bigint) => ((value % p) + p) % p
  const power = (base: bigint, exponent: bigint): bigint => {
    let [result, square] = [1n, mod(base)]
    for (let left = exponent; left > 0n; left >>= 1n) {
      if (left & 1n) result = mod(result * square)
      square = mod(square * square)
    }
    return result
  }
  const inverse = (value: bigint) => power(value, p - 2n)
  const d = mod(-121_665n * inverse(121_666n))
  const number = BigInt(`0x${Buffer.from(raw, 'hex').reverse().toString('hex')}`)
  const y = number & (2n ** 255n - 1n)
  const squared = mod((y * y - 1n) * inverse(d * y * y + 1n))
  let x = power(squared, (p + 3n) / 8n)
  if (mod(x * x - squared) !== 0n) x = mod(x * power(2n, (p - 1n) / 4n))
  if (mod(x * x - squared) !== 0n) throw new Error('It is no point of the curve.')
  let point: readonly [bigint, bigint] = [x, y]
  for (let times = 1; times < 8; times *= 2) {
    const [a, b] = point
    const k = mod(d * a * a * b * b)
    point = [mod(2n * a * b * inverse(1n + k)), mod((b * b + a * a) * inverse(1n - k))]
  }
  return point
}

describe('a public key', () => {
  it('is the same in every form in which it may be sent', () => {
    const der = Buffer.from(stored, 'base64')
    const bare = der.subarray(12)
    for (const form of [
      stored,
      bare.toString('base64'),
      stored.replace(/=+$/, ''),
      `\n${signer.publicKey}\n`,
    ])
      expect(readPublicKey(form)).toEqual({ key: signer.keyId, publicKey: stored })
  })

  it.each([
    ['nothing', ''],
    ['no base64', 'a key?'],
    ['another length', Buffer.alloc(31).toString('base64')],
    ['text behind it', `${stored}!`],
    [
      'RSA',
      generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'pem', type: 'spki' }),
    ],
    ['X25519', generateKeyPairSync('x25519').publicKey.export({ format: 'pem', type: 'spki' })],
    ['two keys', `${signer.publicKey}${other.publicKey}`],
  ])('is not %s', (_, text) => {
    expect(readPublicKey(text.toString())).toHaveProperty('wrong')
  })

  it('is never a private one, and is told so', () => {
    const pem = signer.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    expect(readPublicKey(pem)).toEqual({ wrong: expect.stringContaining('private') })
  })

  /** The points of small order, and other ways to write them. */
  const weak = [
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0000000000000000000000000000000000000000000000000000000000000080',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  ]
  const others = [
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ]
  it.each([...weak, ...others])('is no point for which anybody can sign: %s', (hexadecimal) => {
    const raw = Buffer.from(hexadecimal, 'hex').toString('base64')
    expect(readPublicKey(raw)).toEqual({ wrong: expect.stringContaining('small order') })
  })
  it.each(weak)(
    'since eight times the point is nothing, so that the key has no part in the equation: %s',
    (raw) => {
      expect(timesEight(raw)).toEqual([0n, 1n])
    },
  )
  it('while of a proper key it is something', () => {
    const raw = Buffer.from(stored, 'base64').subarray(12).toString('hex')
    expect(timesEight(raw)).not.toEqual([0n, 1n])
  })
})

describe('registering a key', () => {
  it('records it, once', () => {
    given().when(registerKey(key)).thenEvents(registered)
    given().when(registerKey(key)).thenIdempotent()
  })
  it('gives a known one no other rights', () => {
    for (const change of [{ components: ['api'] }, { channels: ['beta'] }, { label: 'mine' }])
      given(registered)
        .when(registerKey({ ...key, ...change }))
        .thenRejected('key-exists')
  })
  it('brings no revoked one back, be it in the future', () => {
    given(registered, revoked(start)).when(registerKey(key)).thenRejected('key-revoked')
    given(registered, revoked(later(60)))
      .when(registerKey(key))
      .thenRejected('key-revoked')
  })
  it('names the field of what is no key, and keeps nothing of it', () => {
    const refused = refusal(registerKey({ ...key, publicKey: 'sha256:abc' }))
    expect(refused).toMatchObject({ code: 'key-invalid', fields: [{ field: 'publicKey', value: '' }] })
  })
})

describe('revoking a key', () => {
  const revoke = (from?: string) => revokeKey({ key: signer.keyId, reason: 'stolen', from })
  it('holds from now on, or from an instant to come', () => {
    given(registered).when(revoke()).thenEvents(revoked(start))
    given(registered)
      .when(revoke(later(-60)))
      .thenEvents(revoked(start))
    given(registered)
      .when(revoke(later(60)))
      .thenEvents(revoked(later(60)))
    given(registered).when(revoke()).thenIdempotent()
  })
  it('is moved forward, never back', () => {
    given(registered, revoked(later(60)))
      .when(revoke(later(30)))
      .thenEvents(revoked(later(30)))
    given(registered, revoked(later(60)))
      .when(revoke(later(90)))
      .thenNothing()
  })
  it('needs a key', () => {
    given().when(revoke()).thenRejected('key-not-found')
  })
})

describe('how many keys have to sign', () => {
  it('is one, unless more are asked for', () => {
    const set = { type: 'ThresholdsSet', data: { threshold: 1, components: { api: 2 } } } as const
    expect(thresholdFor(fold([]), 'api')).toBe(1)
    expect(thresholdFor(fold([set]), 'api')).toBe(2)
    expect([thresholdFor(fold([set]), 'web'), thresholdFor(fold([set]), 'constructor')]).toEqual([1, 1])
  })
  it('is never more than there are, and the field is named', () => {
    const history = [registered]
    const refused = refusal(setThresholds({ threshold: 2, components: {} }), history)
    expect(refused).toMatchObject({ code: 'threshold-unreachable', fields: [{ field: 'threshold' }] })
    const named = refusal(setThresholds({ threshold: 1, components: { api: 2 } }), history)
    expect(named).toMatchObject({ code: 'threshold-unreachable', fields: [{ field: 'components.api' }] })
  })
  it('counts neither what is revoked nor what signs for others', () => {
    const of = ({ publicKey, keyId }: typeof other, components: string[] | null) => {
      const known = readPublicKey(publicKey)
      const data = { ...registered.data, key: keyId, components }
      return {
        type: 'KeyRegistered',
        data: { ...data, publicKey: 'wrong' in known ? '' : known.publicKey },
      } as const
    }
    const two = setThresholds({ threshold: 1, components: { api: 2 } })
    given(registered, of(other, ['web'])).when(two, start)
    expect(two(fold([registered, of(other, ['web'])]), start)).toHaveProperty('rejected')
    expect(two(fold([registered, of(other, null), revoked(start)]), start)).toHaveProperty('rejected')
    const enough = [registered, of(other, ['web']), of(third, ['api'])]
    given(...enough)
      .when(two)
      .thenEvents({ type: 'ThresholdsSet', data: { threshold: 1, components: { api: 2 } } })
    given(...enough)
      .when(two)
      .thenIdempotent()
  })
})
