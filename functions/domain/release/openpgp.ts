import { type DetachedSignature, readDetached, type Unsigned } from '../../../events/openpgp-signature.ts'
import { after, minute } from '../../../events/time.ts'
import type { CertifiedKey } from '../../../events/trust.ts'
import type { TrustedKey } from '../trust/trust.ts'

/** So far the clock of who signs may be ahead. */
const skew = 5 * minute

/** Why a signature counts for nothing. */
interface Refusal {
  readonly code:
    | Unsigned['code']
    | 'signature-invalid'
    | 'signature-time-wrong'
    | 'key-cannot-sign'
    | 'key-revoked'
    | 'key-expired'
  readonly words: string
}

function refusalOfKey({ fingerprint, standing, expires }: CertifiedKey, now: string): Refusal | undefined {
  if (standing === 'revoked')
    return { code: 'key-revoked', words: `key ${fingerprint} was revoked in its certificate` }
  if (standing === 'expired' || (expires !== null && expires <= now))
    return { code: 'key-expired', words: `key ${fingerprint} expired at ${expires}` }
  if (standing === 'cannot-sign')
    return { code: 'key-cannot-sign', words: `key ${fingerprint} is not one that signs, by its certificate` }
  return undefined
}

function refusalOfTime(
  { made }: DetachedSignature,
  { created }: CertifiedKey,
  now: string,
): Refusal | undefined {
  if (made < created)
    return {
      code: 'signature-time-wrong',
      words: `it says that it was made at ${made}, before its key, which is of ${created}`,
    }
  if (made > after(now, skew))
    return { code: 'signature-time-wrong', words: `it says that it was made at ${made}, and it is ${now}` }
  return undefined
}

/**
 * Returns why a signature of OpenPGP over a text counts for nothing as one by a certificate, at an instant; undefined: one of the keys in it has
 * made it that may. `hasSigned` says whether a key has: it is asked last.
 */
export function refusalOfDetached(
  { key: id, keys }: Pick<TrustedKey, 'key' | 'keys'>,
  signature: string,
  now: string,
  hasSigned: (publicKey: string, read: DetachedSignature) => boolean,
): Refusal | undefined {
  const read = readDetached(signature)
  if ('code' in read) return read
  const key = keys.find(({ fingerprint }) => fingerprint === read.issuer)
  if (!key) {
    const words = `key ${read.issuer} made it, which is none of the certificate ${id}`
    return { code: 'signature-invalid', words }
  }
  const refused = refusalOfKey(key, now) ?? refusalOfTime(read, key, now)
  if (refused) return refused
  if (key.publicKey !== null && hasSigned(key.publicKey, read)) return undefined
  return { code: 'signature-invalid', words: `key ${read.issuer} has not signed it` }
}
