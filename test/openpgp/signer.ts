import { createPrivateKey, createPublicKey } from 'node:crypto'
import { createMessage, generateKey, readKey, readPrivateKey, sign } from 'openpgp'
import { canonicalJson } from '../../events/canonical.ts'
import { readPublicKey } from '../../functions/domain/trust/public-key.ts'
import type { Signer } from '../domain/trust/signing.ts'

/** Who signs releases by OpenPGP in tests: the fingerprint of the primary key, the certificate, and the subkey that signs as what it is, a key of Ed25519. */
export interface OpenPgpSigner {
  readonly primary: string
  readonly certificate: string
  readonly privateKey: string
  readonly raw: Signer
  /** When it says that it signs; left out: before what tests call now. */
  readonly made?: string
}

/** What stands before the 32 bytes of a private key of Ed25519 (RFC 8410). */
const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')

async function rawOf(armoredKey: string): Promise<Signer> {
  const [subkey] = (await readPrivateKey({ armoredKey })).subkeys
  if (!subkey) throw new Error('No subkey was made.')
  const { privateParams } = subkey.keyPacket as unknown as {
    readonly privateParams: { readonly seed: Uint8Array }
  }
  const der = Buffer.concat([prefix, privateParams.seed])
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString()
  const read = readPublicKey(publicKey)
  if ('wrong' in read) throw new Error(read.wrong)
  return { keyId: read.key, publicKey, privateKey }
}

/** Returns a new one, made before what tests call now. */
export async function newOpenPgpSigner(): Promise<OpenPgpSigner> {
  const { publicKey, privateKey } = await generateKey({
    ...{
      type: 'ecc',
      curve: 'ed25519Legacy',
      userIDs: [{ name: 'Release builds' }],
      subkeys: [{ sign: true }],
    },
    ...{ date: new Date('2025-12-01T00:00:00Z'), format: 'armored' },
  })
  const primary = (await readKey({ armoredKey: publicKey })).getFingerprint()
  return { primary, certificate: publicKey, privateKey, raw: await rawOf(privateKey) }
}

/** Returns the signature of the subkey over a manifest, as it is sent: without the id of the key, which it names itself. */
export async function openPgpSignatureOf(
  { privateKey, made = '2026-01-01T00:00:00Z' }: Pick<OpenPgpSigner, 'privateKey' | 'made'>,
  manifest: unknown,
) {
  const signature = await sign({
    message: await createMessage({ binary: Buffer.from(canonicalJson(manifest)) }),
    signingKeys: await readPrivateKey({ armoredKey: privateKey }),
    ...{ detached: true, format: 'binary', date: new Date(made) },
  })
  return { scheme: 'openpgp', signature: Buffer.from(signature).toString('base64') }
}
