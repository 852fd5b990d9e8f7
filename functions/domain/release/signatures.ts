import { createHash } from 'node:crypto'
import { hasSigned } from '../../../events/signed.ts'
import type { signatureSchemes } from '../../../events/words.ts'
import { reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'
import { refusalOfKey, type TrustState, thresholdFor } from '../trust/trust.ts'

/** What a key says of a manifest. */
export interface Signature {
  readonly key: string
  readonly scheme: (typeof signatureSchemes)[number]
  /** Base64. */
  readonly signature: string
}

/** The same as it is offered: anything may stand in it. */
export interface OfferedSignature {
  readonly keyId: string
  readonly scheme: string
  readonly signature: string
}

/** What is signed: its text, and what it is a release of. */
export interface Signed {
  readonly text: string
  readonly component: string
  /** The channel that it is on. */
  readonly channel: string
}

/** What was found of texts and signatures by keys: each is looked at once a process. */
const found = new Map<string, boolean>()
const foundAtMost = 2000

/** Has a key signed a text? What was found once is not computed again. */
function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  const name = createHash('sha256')
    .update(text, 'utf8')
    .update(`\n${publicKey}\n${signature}`)
    .digest('base64')
  const known = found.get(name)
  if (known !== undefined) return known
  const holds = hasSigned(publicKey, text, signature)
  if (found.size >= foundAtMost) found.clear()
  found.set(name, holds)
  return holds
}

const sums = ['sha256', 'sha512', 'sha1', 'md5'] as const

/** Returns which checksum is offered as a signature; undefined: none that is known. A checksum can be made by anybody. */
function checksumIn({ scheme, signature }: OfferedSignature, text: string): string | undefined {
  const named =
    /^(?:sha-?(?:1|256|384|512)|md5|checksum)$/i.exec(scheme)?.[0] ??
    /^(sha\d*|md5)[:=-]/i.exec(signature)?.[1]
  if (named !== undefined) return named
  if (/^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/i.test(signature)) return 'hexadecimal'
  const bytes = Buffer.from(signature, 'base64')
  return bytes.length === 32
    ? 'sha256'
    : sums.find((sum) => createHash(sum).update(text, 'utf8').digest().equals(bytes))
}

function places(
  offered: readonly OfferedSignature[],
  number: number,
  part: keyof OfferedSignature,
  expected: string,
) {
  return [
    { field: `signatures.${number}.${part}`, value: (offered[number]?.[part] ?? '').slice(0, 64), expected },
  ]
}

/**
 * Returns the signatures that are offered for a manifest, checked, or why they do not suffice: each has to be one, by a key of its own that
 * may sign it now, and together with those that are `known` of it they have to be enough.
 */
export function checkSignatures(
  signed: Signed,
  offered: readonly OfferedSignature[],
  trust: TrustState,
  now: string,
  known: readonly Signature[] = [],
): { readonly signatures: readonly Signature[] } | { readonly rejected: Rejection } {
  const signatures: Signature[] = []
  for (const [number, one] of offered.entries()) {
    const { keyId, scheme, signature } = one
    const checksum = checksumIn(one, signed.text)
    if (checksum !== undefined) {
      const detail = `A checksum is no signature (${checksum}): anybody can compute it, so it proves nothing about who made the release. Sign the canonical manifest with a registered key.`
      const fields = places(offered, number, 'signature', 'a signature')
      return reject({ code: 'checksum-is-no-signature', detail, fields })
    }
    if (scheme !== 'ed25519') {
      const detail = `Signatures are made by Ed25519 here, not by ${scheme.slice(0, 32)}.`
      return reject({ code: 'scheme-unknown', detail, fields: places(offered, number, 'scheme', 'ed25519') })
    }
    if (signatures.some(({ key }) => key === keyId)) {
      const detail = `Key ${keyId} has signed twice: it counts once.`
      const fields = places(offered, number, 'keyId', 'another key')
      return reject({ code: 'key-repeated', detail, fields })
    }
    const key = trust.keys.find((one) => one.key === keyId)
    if (!key) {
      const detail = `No key ${keyId.slice(0, 64)} is registered: an administrator registers it with POST /api/v1/keys.`
      return reject({
        code: 'key-unknown',
        detail,
        fields: places(offered, number, 'keyId', 'the id of a registered key'),
      })
    }
    const refused = refusalOfKey(key, signed, now)
    if (refused) {
      const detail = `The signature counts for nothing: ${refused.words}.`
      const fields = places(offered, number, 'keyId', 'a key that may sign it')
      return reject({ code: refused.code, detail, fields })
    }
    if (!isSignedBy(key.publicKey, signed.text, signature)) {
      const detail = `Key ${keyId} has not signed this manifest: another key made the signature, or something was changed since. What is signed is the canonical JSON (RFC 8785) of the manifest, in UTF-8, without a line end.`
      const fields = places(offered, number, 'signature', 'the signature of the key over the manifest')
      return reject({ code: 'signature-invalid', detail, fields })
    }
    signatures.push({ key: keyId, scheme, signature })
  }
  const added = known.filter(({ key }) => !signatures.some((one) => one.key === key))
  const { counting } = tally(signed, [...signatures, ...added], trust, now)
  const needed = thresholdFor(trust, signed.component)
  if (counting.length < needed) {
    const detail = `${needed} keys have to sign a release of ${signed.component}, and ${counting.length} ${counting.length === 1 ? 'has' : 'have'}.`
    const fields = [
      { field: 'signatures', value: `${counting.length}`, expected: `signatures by ${needed} keys` },
    ]
    return reject({ code: 'threshold-not-met', detail, fields })
  }
  return { signatures }
}

/** Tells which keys count that have signed something, and why others do not. */
function tally(signed: Signed, signatures: readonly Signature[], trust: TrustState, now: string) {
  const counting = new Set<string>()
  const refused: string[] = []
  for (const { key: id, signature } of signatures) {
    const key = trust.keys.find(({ key }) => key === id)
    const words = key
      ? (refusalOfKey(key, signed, now)?.words ??
        (isSignedBy(key.publicKey, signed.text, signature) ? undefined : `key ${id} has not signed it`))
      : `key ${id} is not registered`
    if (words === undefined) counting.add(id)
    else refused.push(words)
  }
  return { counting: [...counting], refused }
}

/** Returns why too few keys count of those that have signed something, in words; undefined: enough do. */
export function whyTooFew(
  signed: Signed,
  signatures: readonly Signature[],
  trust: TrustState,
  now: string,
): string | undefined {
  const { counting, refused } = tally(signed, signatures, trust, now)
  const needed = thresholdFor(trust, signed.component)
  if (counting.length >= needed) return undefined
  const why = refused.length === 0 ? '' : `: ${refused.slice(0, 2).join('; ')}`
  return `${counting.length} of the ${needed} keys that have to sign it count${why}`
}
