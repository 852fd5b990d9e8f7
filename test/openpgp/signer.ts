import { createMessage, generateKey, readKey, readPrivateKey, sign } from 'openpgp'
import { canonicalJson } from '../../events/canonical.ts'

/** Who signs releases by OpenPGP in tests: the fingerprints of the primary key and of the subkey that signs, and the certificate. */
export interface OpenPgpSigner {
  readonly primary: string
  readonly subkey: string
  readonly certificate: string
  readonly privateKey: string
}

/** Returns a new one, made at an instant. */
export async function newOpenPgpSigner(at = '2025-12-01T00:00:00Z'): Promise<OpenPgpSigner> {
  const made = await generateKey({
    ...{
      type: 'ecc',
      curve: 'ed25519Legacy',
      userIDs: [{ name: 'Release builds' }],
      subkeys: [{ sign: true }],
    },
    ...{ date: new Date(at), format: 'armored' },
  })
  const read = await readKey({ armoredKey: made.publicKey })
  const [subkey] = read.subkeys
  return {
    primary: read.getFingerprint(),
    subkey: subkey?.getFingerprint() ?? '',
    certificate: made.publicKey,
    privateKey: made.privateKey,
  }
}

/** Returns the signature of the subkey over a manifest, as it is sent: without the id of the key, which it names itself. */
export async function openPgpSignatureOf(
  { privateKey }: OpenPgpSigner,
  manifest: unknown,
  at = '2026-01-01T00:00:00Z',
) {
  const signature = await sign({
    message: await createMessage({ binary: Buffer.from(canonicalJson(manifest)) }),
    signingKeys: await readPrivateKey({ armoredKey: privateKey }),
    ...{ detached: true, format: 'binary', date: new Date(at) },
  })
  return { scheme: 'openpgp', signature: Buffer.from(signature as Uint8Array).toString('base64') }
}
