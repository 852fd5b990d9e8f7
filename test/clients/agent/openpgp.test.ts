import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openAgent } from '../../../clients/agent/agent.ts'
import { BadConfig, readConfig } from '../../../clients/agent/config.ts'
import { canonicalJson } from '../../../events/canonical.ts'
import { newSigner, signatureOf } from '../../domain/trust/signing.ts'
import { crafted, newCrafter } from '../../openpgp/craft.ts'
import { gpgKey, vectors } from '../../openpgp/gpg.ts'
import { newOpenPgpSigner, type OpenPgpSigner, openPgpSignatureOf } from '../../openpgp/signer.ts'
import { openPlace, openPlane, type Plane, releaseOf } from './place.ts'

const release = releaseOf('1.1.0')
const alice = newSigner()
let [bob, mallory]: OpenPgpSigner[] = []
beforeAll(async () => {
  ;[bob, mallory] = await Promise.all([newOpenPgpSigner(), newOpenPgpSigner()])
})

const signed = async (signer: OpenPgpSigner | undefined, manifest: unknown = release.manifest) => {
  if (!signer) throw new Error('No key was made.')
  return { keyId: signer.primary, ...(await openPgpSignatureOf(signer, manifest)) }
}

/** Lets an agent that trusts these keys look once; returns how the attempt ended, and what runs then. */
async function endOf(
  plane: Plane,
  keys: readonly (string | undefined)[],
  signatures: readonly object[],
  threshold = 1,
) {
  const place = openPlace(plane, { trust: { keys, threshold } })
  const agent = openAgent(await readConfig(place.file), () => {})
  onTestFinished(() => agent.close())
  plane.offer(release, { signatures })
  await agent.round()
  const { status, code } = plane.reports.at(-1) ?? {}
  return [status, code, place.runs()]
}

const done = ['completed', undefined, '1.1.0']
const refused = ['rejected', 'SIGNATURE_INVALID', null]

describe('an agent that trusts a certificate of OpenPGP', () => {
  it('installs what a key of it has signed, and nothing else', async () => {
    const plane = await openPlane()
    expect(await endOf(plane, [bob?.certificate], [await signed(bob)])).toEqual(done)
    for (const wrong of [
      await signed(mallory),
      { ...(await signed(mallory)), keyId: bob?.primary },
      await signed(bob, { ...release.manifest, counter: 1 }),
      { ...(await signed(bob)), scheme: 'ed25519' },
      signatureOf(alice, release.manifest),
    ])
      expect(await endOf(await openPlane(), [bob?.certificate], [wrong])).toEqual(refused)
  })

  it('counts keys of both schemes together, and each once', async () => {
    const keys = [alice.publicKey, bob?.certificate]
    const both = [signatureOf(alice, release.manifest), await signed(bob)]
    expect(await endOf(await openPlane(), keys, both, 2)).toEqual(done)
    for (const one of both) expect(await endOf(await openPlane(), keys, [one, one], 2)).toEqual(refused)
  })

  it('counts one key once that stands in its file in both forms', async () => {
    const keys = [bob?.certificate, bob?.raw.publicKey]
    const both = [await signed(bob), signatureOf(bob?.raw ?? alice, release.manifest)]
    for (const one of both) expect(await endOf(await openPlane(), keys, [one])).toEqual(done)
    for (const trusted of [keys, keys.toReversed()])
      expect(await endOf(await openPlane(), trusted, both, 2)).toEqual(refused)
  })

  it('refuses at its start what is no certificate, and a private key', async () => {
    const plane = await openPlane()
    const secret = vectors.secret.replaceAll('PRIVATE', 'PUBLIC')
    for (const key of [secret, bob?.certificate.slice(0, 200) ?? '']) {
      const place = openPlace(plane, { trust: { keys: [key] } })
      await expect(readConfig(place.file)).rejects.toThrow(BadConfig)
    }
    await expect(readConfig(openPlace(plane, { trust: { keys: [vectors.secret] } }).file)).rejects.toThrow(
      BadConfig,
    )
  })

  it('refuses certificates that were revoked, have expired or are too weak, whatever was signed by them', async () => {
    const { readCertificate } = await import('../../../clients/agent/openpgp.ts')
    const now = Date.parse('2026-01-05T08:00:00Z')
    for (const name of ['revoked', 'expired', 'weak', 'weak subkey', 'dsa']) {
      const { certificate, signatures } = gpgKey(name)
      const read = await readCertificate(certificate)
      for (const signature of Object.values(signatures))
        expect([name, await read.hasSigned(vectors.text, signature, now)]).toEqual([name, false])
    }
    const expiring = await readCertificate(gpgKey('expiring').certificate)
    const [signature = ''] = Object.values(gpgKey('expiring').signatures)
    expect(await expiring.hasSigned(vectors.text, signature, now)).toBe(true)
    expect(await expiring.hasSigned(vectors.text, signature, Date.parse('2026-03-02T00:00:00Z'))).toBe(false)
  })

  it('passes over what is no signature, without reading far', async () => {
    const crafter = newCrafter()
    const bytes = crafted(crafter, canonicalJson(release.manifest))
    for (const signature of [
      bytes,
      Buffer.concat([bytes, bytes]),
      Buffer.alloc(2048, 0xc2),
      Buffer.alloc(0),
    ]) {
      const offered = {
        keyId: bob?.primary,
        scheme: 'openpgp',
        signature: signature.toString('base64').slice(0, 2048),
      }
      expect(await endOf(await openPlane(), [bob?.certificate], [offered])).toEqual(refused)
    }
  })
})
