import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { canonicalJson } from '../../../contracts/canonical.ts'
import { misused } from '../failure.ts'
import type { Session } from '../session.ts'
import { jsonIn, textOf } from './files.ts'

/** A signature as a release carries it. */
export interface Signature {
  readonly keyId: string
  readonly scheme: 'ed25519'
  readonly signature: string
}

/** In bytes. */
const largestKey = 16 * 1024

/** Signs a manifest by the private key in a file (PEM, Ed25519), which is read here and goes nowhere. Throws a Failure where it is no such key. */
export async function signedBy(manifest: unknown, file: string, session: Session): Promise<Signature> {
  const pem = await textOf(file, session, largestKey)
  const key = keyOf(pem, file)
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    keyId: createHash('sha256').update(der).digest('hex'),
    scheme: 'ed25519',
    signature: sign(null, Buffer.from(canonicalJson(manifest)), key).toString('base64'),
  }
}

/** A signature by OpenPGP, whose key stands in it. */
interface GpgSignature {
  readonly scheme: 'openpgp'
  readonly signature: string
}

/** Returns the signatures in a file: those that `sign` has printed, or the armored one of gpg. Throws a Failure where gpg has made something else. */
export async function signaturesIn(
  file: string,
  session: Session,
): Promise<readonly (Signature | GpgSignature)[]> {
  const text = (await textOf(file, session)).trim()
  if (!text.startsWith('-----BEGIN PGP ')) {
    const read = jsonIn(text, file)
    return (Array.isArray(read) ? read : [read]) as Signature[] // the server names what is none
  }
  const block =
    /^-----BEGIN PGP SIGNATURE-----\r?\n(?:[^\r\n]+\r?\n)*\r?\n([A-Za-z0-9+/\s]+={0,2})\s*(?:=[A-Za-z0-9+/]{4})?\s*-----END PGP SIGNATURE-----$/
  const [, base64] = block.exec(text) ?? []
  if (base64 === undefined)
    throw misused(
      `${file} is no detached signature of OpenPGP.`,
      'Next: gpg --armor --detach-sign manifest.canonical',
    )
  return [{ scheme: 'openpgp', signature: base64.replace(/\s/g, '') }]
}

function keyOf(pem: string, file: string): KeyObject {
  const next = 'Next: openssl genpkey -algorithm ed25519 -out release.key.pem'
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    throw misused(`${file} is no private key in PEM without a password.`, next)
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw misused(`${file} is a key of ${key.asymmetricKeyType}, not of Ed25519.`, next)
  return key
}
