import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { canonicalJson } from '../../../contracts/canonical.ts'
import { misused } from '../failure.ts'
import type { Session } from '../session.ts'
import { textOf } from './files.ts'

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
