import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { canonicalJson } from '../../../events/canonical.ts'
import { readPublicKey } from '../../../functions/domain/trust/public-key.ts'

/** Who signs releases in tests: a pair of keys, and its id. */
export interface Signer {
  readonly keyId: string
  readonly publicKey: string
  readonly privateKey: KeyObject
}

/** Returns a new pair of keys. */
export function newSigner(): Signer {
  const pair = generateKeyPairSync('ed25519')
  const publicKey = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString()
  const read = readPublicKey(publicKey)
  if ('wrong' in read) throw new Error(read.wrong)
  return { keyId: read.key, publicKey, privateKey: pair.privateKey }
}

/** Returns the signature of a key over a manifest, as it is sent. */
export function signatureOf({ keyId, privateKey }: Signer, manifest: unknown) {
  const signature = sign(null, Buffer.from(canonicalJson(manifest)), privateKey).toString('base64')
  return { keyId, scheme: 'ed25519', signature }
}

/** A manifest that may be published, with changes. */
export function manifestOf(changes: object = {}) {
  return {
    component: 'api',
    version: '2.4.1',
    channel: 'stable',
    counter: 7,
    releaseDate: '2026-01-01T00:00:00Z',
    expires: '2026-07-01T00:00:00Z',
    minimumVersion: '2.0.0',
    components: {
      backend: {
        version: '2.4.1',
        sha256: 'a'.repeat(64),
        length: 125_000_000,
        size: '125MB',
        required: true,
      },
      database: {
        sha256: 'b'.repeat(64),
        length: 4096,
        migrations: ['2.4.0-2.4.1.sql'],
        rollback: ['2.4.1-2.4.0.sql'],
      },
    },
    changelog: { features: ['New diagnostic rules'], fixes: [], security: ['CVE-2024-1234 patched'] },
    compatibility: { database: ['PostgreSQL 14+', '15'] },
    ...changes,
  }
}
