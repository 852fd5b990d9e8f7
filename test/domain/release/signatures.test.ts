import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../../events/canonical.ts'
import { checkSignatures, whyTooFew } from '../../../functions/domain/release/signatures.ts'
import { readPublicKey } from '../../../functions/domain/trust/public-key.ts'
import { registerKey, type TrustState, trustAggregate } from '../../../functions/domain/trust/trust.ts'
import { start } from '../given.ts'
import { manifestOf, newSigner, type Signer, signatureOf } from '../trust/signing.ts'

const [alice, bob, carol, mallory] = [newSigner(), newSigner(), newSigner(), newSigner()]

function trusting(signers: readonly Signer[], changes: Partial<TrustState> = {}): TrustState {
  const context = { commit: 1, at: start, actor: 'admin-1' }
  let state = trustAggregate.initial
  for (const { publicKey } of signers) {
    const decision = registerKey({ publicKey, label: 'key', components: null, channels: null })(state, start)
    for (const event of 'events' in decision ? decision.events : [])
      state = trustAggregate.evolve(state, event, context)
  }
  return { ...state, ...changes }
}

const manifest = manifestOf()
const text = canonicalJson(manifest)
const signed = { text, component: 'api', channel: 'stable' }
const good = signatureOf(alice, manifest)
const trust = trusting([alice, bob, carol])

/** What a check comes to: its code and place, or the keys. */
function outcome(...[of, offered, state, now, known]: Parameters<typeof checkSignatures>) {
  const checked = checkSignatures(of, offered, state, now, known)
  return 'rejected' in checked
    ? [checked.rejected.code, checked.rejected.fields?.[0]?.field]
    : checked.signatures.map(({ key }) => key)
}

describe('S15: signatures over a manifest', () => {
  it('are taken from registered keys', () => {
    expect(outcome(signed, [good], trust, start)).toEqual([alice.keyId])
  })

  it('hold for the canonical text, however the manifest was written', () => {
    const turned = Object.fromEntries(Object.entries(manifest).reverse())
    expect(canonicalJson(turned)).toBe(text)
  })

  it.each([
    [
      'of a key that nobody registered',
      [signatureOf(mallory, manifest)],
      'key-unknown',
      'signatures.0.keyId',
    ],
    [
      'of another key under the name of a registered one',
      [{ ...signatureOf(mallory, manifest), keyId: alice.keyId }],
      'signature-invalid',
      'signatures.0.signature',
    ],
    [
      'over a manifest of which one byte is another',
      [good, signatureOf(bob, { ...manifest, counter: 8 })],
      'signature-invalid',
      'signatures.1.signature',
    ],
    ['of one key twice', [good, good], 'key-repeated', 'signatures.1.keyId'],
    ['of another scheme', [{ ...good, scheme: 'x509' }], 'scheme-unknown', 'signatures.0.scheme'],
    ['of nothing', [{ ...good, signature: 'AAAA' }], 'signature-invalid', 'signatures.0.signature'],
  ])('are refused %s', (_, offered, code, place) => {
    expect(outcome(signed, offered, trust, start)).toEqual([code, place])
  })

  const sum = (name: string, form: 'hex' | 'base64') => createHash(name).update(text).digest(form)
  it.each([
    ['as the seed writes it', { signature: `sha256:${sum('sha256', 'hex')}` }],
    ['in hexadecimal', { signature: sum('sha256', 'hex') }],
    ['in capitals', { signature: sum('sha256', 'hex').toUpperCase() }],
    ['in base64', { signature: sum('sha256', 'base64') }],
    ['as long as a signature', { signature: sum('sha512', 'base64') }],
    ['by its scheme', { scheme: 'sha256' }],
    ['of subresources', { signature: `sha384-${sum('sha384', 'base64')}` }],
    ['by MD5', { signature: sum('md5', 'base64') }],
  ])('are no checksums, %s: that is said in so many words', (_, change) => {
    const checked = checkSignatures(signed, [{ ...good, ...change }], trust, start)
    expect(checked).toMatchObject({
      rejected: {
        code: 'checksum-is-no-signature',
        detail: expect.stringContaining('A checksum is no signature'),
        fields: [{ field: 'signatures.0.signature' }],
      },
    })
  })

  it('suffice by as many keys as it takes, and one less does not', () => {
    const two = { ...trust, components: { api: 2 } }
    expect(outcome(signed, [good], two, start)).toEqual(['threshold-not-met', 'signatures'])
    expect(outcome(signed, [good, signatureOf(bob, manifest)], two, start)).toEqual([alice.keyId, bob.keyId])
    expect(outcome({ ...signed, component: 'web' }, [good], two, start)).toEqual([alice.keyId])
  })

  it('count with those that are known of the same manifest, each key once', () => {
    const two = { ...trust, threshold: 2 }
    const { keyId: key, signature } = good
    const known = [{ key, scheme: 'ed25519' as const, signature }]
    expect(outcome(signed, [signatureOf(bob, manifest)], two, start, known)).toEqual([bob.keyId])
    expect(outcome(signed, [good], two, start, known)).toEqual(['threshold-not-met', 'signatures'])
  })

  const changed = (change: object) => ({
    ...trust,
    keys: trust.keys.map((key) => (key.key === alice.keyId ? { ...key, ...change } : key)),
  })
  it.each([
    ['revoked', { revoked: { from: start, reason: 'stolen', by: 'admin-1' } }, 'key-revoked'],
    ['for other components', { components: ['web'] }, 'key-not-entitled'],
    ['for other channels', { channels: ['beta'] }, 'key-not-entitled'],
  ])('count for nothing of a key that is %s', (_, change, code) => {
    const state = changed(change)
    expect(outcome(signed, [good], state, start)).toEqual([code, 'signatures.0.keyId'])
    const { keyId: key, signature } = good
    const kept = [{ key, scheme: 'ed25519' as const, signature }]
    expect(whyTooFew(signed, kept, trust, start)).toBeUndefined()
    expect(whyTooFew(signed, kept, state, start)).toContain(key)
  })

  it('count until the instant from which a key is revoked', () => {
    const state = changed({ revoked: { from: '2026-03-01T12:00:01.000Z', reason: 'rotated', by: 'admin-1' } })
    expect(outcome(signed, [good], state, start)).toEqual([alice.keyId])
    expect(outcome(signed, [good], state, '2026-03-01T12:00:01.000Z')).toEqual([
      'key-revoked',
      'signatures.0.keyId',
    ])
  })

  it('are looked at again whatever was kept of them: another text is not what was signed', () => {
    const { keyId: key, signature } = good
    const kept = [{ key, scheme: 'ed25519' as const, signature }]
    const other = { ...signed, text: text.replace('"counter":7', '"counter":9') }
    expect(whyTooFew(other, kept, trust, start)).toContain('has not signed it')
  })
})

describe('Ed25519', () => {
  // RFC 8032, section 7.1: the first and the second test.
  it.each([
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      'r',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
  ])('verifies what the standard says: %s', (secret, open, message, signature) => {
    const raw = Buffer.from(open, 'hex').toString('base64')
    const read = readPublicKey(raw)
    if ('wrong' in read) throw new Error(read.wrong)
    const privateKey = createPrivateKey({
      key: Buffer.concat([
        Buffer.from('302e020100300506032b657004220420', 'hex'),
        Buffer.from(secret, 'hex'),
      ]),
      format: 'der',
      type: 'pkcs8',
    })
    expect(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).toString('base64')).toBe(
      read.publicKey,
    )
    const state = trusting([{ keyId: read.key, publicKey: raw, privateKey }])
    const offered = {
      keyId: read.key,
      scheme: 'ed25519',
      signature: Buffer.from(signature, 'hex').toString('base64'),
    }
    expect(outcome({ ...signed, text: message }, [offered], state, start)).toEqual([read.key])
    expect(outcome({ ...signed, text: `${message}!` }, [offered], state, start)[0]).toBe('signature-invalid')
  })

  const openssl = (() => {
    try {
      return execFileSync('openssl', ['version'], { encoding: 'utf8' }).startsWith('OpenSSL 3')
    } catch {
      return false
    }
  })()

  it.skipIf(!openssl)('is the one of openssl, key id and bytes that are signed included', () => {
    const directory = mkdtempSync(join(tmpdir(), 'drydock-openssl-'))
    try {
      const run = (...words: string[]) => execFileSync('openssl', words, { cwd: directory })
      run('genpkey', '-algorithm', 'ed25519', '-out', 'key.pem')
      const pem = run('pkey', '-in', 'key.pem', '-pubout').toString()
      const der = run('pkey', '-in', 'key.pem', '-pubout', '-outform', 'DER')
      writeFileSync(join(directory, 'manifest'), text)
      run('pkeyutl', '-sign', '-inkey', 'key.pem', '-rawin', '-in', 'manifest', '-out', 'signature')
      const keyId = createHash('sha256').update(der).digest('hex')
      const signature = readFileSync(join(directory, 'signature')).toString('base64')
      const state = trusting([{ ...alice, publicKey: pem }])
      expect(outcome(signed, [{ keyId, scheme: 'ed25519', signature }], state, start)).toEqual([keyId])
      // And what is signed here is verified there.
      writeFileSync(join(directory, 'ours'), Buffer.from(good.signature, 'base64'))
      writeFileSync(join(directory, 'alice.pem'), alice.publicKey)
      const verified = run(
        ...['pkeyutl', '-verify', '-pubin', '-inkey', 'alice.pem', '-rawin'],
        ...['-in', 'manifest', '-sigfile', 'ours'],
      )
      expect(verified.toString()).toContain('Verified Successfully')
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
