import { createHash } from 'node:crypto'
import { type DetachedSignature, hasSignedDetached, readDetached } from '../../../events/openpgp-signature.ts'
import { hasSigned } from '../../../events/signed.ts'
import { signatureSchemes } from '../../../events/words.ts'
import { reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'
import { refusalOfKey, type TrustedKey, type TrustState, thresholdFor } from '../trust/trust.ts'
import { refusalOfDetached } from './openpgp.ts'

/** What a key says of a manifest. */
export interface Signature {
  readonly key: string
  readonly scheme: (typeof signatureSchemes)[number]
  /** Base64. */
  readonly signature: string
}

/** The same as it is offered: anything may stand in it. */
export interface OfferedSignature {
  /** Left out: the key that a signature of OpenPGP names itself. Of a certificate it is the fingerprint of any key in it. */
  readonly keyId?: string | undefined
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

/** Has a key signed a text, as `verified` computes it? What was found once is not computed again. */
function isSignedBy(
  publicKey: string,
  text: string,
  signature: string,
  verified = () => hasSigned(publicKey, text, signature),
): boolean {
  const name = createHash('sha256')
    .update(text, 'utf8')
    .update(`\n${publicKey}\n${signature}`)
    .digest('base64')
  const known = found.get(name)
  if (known !== undefined) return known
  const holds = verified()
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

/** Why a signature counts for nothing: by its key, or by what it is. */
interface Refusal {
  readonly code: string
  readonly words: string
  readonly of: 'keyId' | 'signature'
}

/** Returns why a signature by a registered key counts for nothing at an instant; undefined: it counts. */
function refusalOf(key: TrustedKey, signed: Signed, signature: string, now: string): Refusal | undefined {
  const { text } = signed
  const refused = refusalOfKey(key, signed, now)
  if (refused) return { ...refused, of: 'keyId' }
  if (key.scheme === 'openpgp') {
    const verified = (publicKey: string, read: DetachedSignature) =>
      isSignedBy(publicKey, text, signature, () => hasSignedDetached(publicKey, text, read))
    const wrong = refusalOfDetached(key, signature, now, verified)
    return wrong && { ...wrong, of: 'signature' }
  }
  if (isSignedBy(key.publicKey, text, signature)) return undefined
  return { code: 'signature-invalid', words: `key ${key.key} has not signed it`, of: 'signature' }
}

/** Returns the registered key that is meant: by its id, or by the fingerprint of any key of a certificate. */
function keyOf({ keys }: TrustState, scheme: string, id: string): TrustedKey | undefined {
  const name = scheme === 'openpgp' ? id.toLowerCase() : id
  return keys.find(
    (one) =>
      one.scheme === scheme && (one.key === name || one.keys.some(({ fingerprint }) => fingerprint === name)),
  )
}

/** Rejects a publication for what is wrong with one of its signatures. */
function refusedFor(offered: readonly OfferedSignature[], number: number, { code, words, of }: Refusal) {
  const said = `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`
  const detail =
    code === 'signature-invalid'
      ? `${said}: another key made the signature, or something was changed since. What is signed is the canonical JSON (RFC 8785) of the manifest, in UTF-8, without a line end.`
      : `The signature counts for nothing: ${words}.`
  const expected = of === 'keyId' ? 'a key that may sign it' : 'the signature of the key over the manifest'
  return reject({ code, detail, fields: places(offered, number, of, expected) })
}

const isOneOf = <Word extends string>(words: readonly Word[], word: string): word is Word =>
  (words as readonly string[]).includes(word)

/**
 * Returns the signatures that are offered for a manifest, checked, or why they do not suffice: each has to be one, by a key of its own that
 * may sign it now, and together with those that are `known` of it they have to be enough. `renewed` are the keys of which the known one counts no
 * more.
 */
export function checkSignatures(
  signed: Signed,
  offered: readonly OfferedSignature[],
  trust: TrustState,
  now: string,
  known: readonly Signature[] = [],
):
  | { readonly signatures: readonly Signature[]; readonly renewed: readonly string[] }
  | { readonly rejected: Rejection } {
  const signatures: Signature[] = []
  for (const [number, one] of offered.entries()) {
    const { scheme, signature } = one
    const checksum = checksumIn(one, signed.text)
    if (checksum !== undefined) {
      const detail = `A checksum is no signature (${checksum}): anybody can compute it, so it proves nothing about who made the release. Sign the canonical manifest with a registered key.`
      const fields = places(offered, number, 'signature', 'a signature')
      return reject({ code: 'checksum-is-no-signature', detail, fields })
    }
    if (!isOneOf(signatureSchemes, scheme)) {
      const detail = `Signatures are made by Ed25519 here, or by OpenPGP, not by ${scheme.slice(0, 32)}.`
      const fields = places(offered, number, 'scheme', signatureSchemes.join(', '))
      return reject({ code: 'scheme-unknown', detail, fields })
    }
    const read = scheme === 'openpgp' ? readDetached(signature) : undefined
    if (read && 'code' in read) return refusedFor(offered, number, { ...read, of: 'signature' })
    const keyId = one.keyId ?? read?.issuer
    const key = keyId === undefined ? undefined : keyOf(trust, scheme, keyId)
    if (key && signatures.some((other) => other.key === key.key)) {
      const detail = `Key ${key.key} has signed twice: it counts once.`
      const fields = places(offered, number, 'keyId', 'another key')
      return reject({ code: 'key-repeated', detail, fields })
    }
    if (!key) {
      const detail = `No key ${keyId?.slice(0, 64) ?? 'that is not named'} of ${scheme} is registered: an administrator registers it with POST /api/v1/keys.`
      return reject({
        code: 'key-unknown',
        detail,
        fields: places(offered, number, 'keyId', 'the id of a registered key'),
      })
    }
    const refused = refusalOf(key, signed, signature, now)
    if (refused) return refusedFor(offered, number, refused)
    signatures.push({ key: key.key, scheme, signature })
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
  const again = known.filter(({ key }) => !added.some((one) => one.key === key))
  const still = tally(signed, again, trust, now).counting
  return { signatures, renewed: again.map(({ key }) => key).filter((key) => !still.includes(key)) }
}

/** Tells which keys count that have signed something, and why others do not. */
function tally(signed: Signed, signatures: readonly Signature[], trust: TrustState, now: string) {
  const counting = new Set<string>()
  const refused: string[] = []
  for (const { key: id, signature } of signatures) {
    const key = trust.keys.find(({ key }) => key === id)
    const words = key ? refusalOf(key, signed, signature, now)?.words : `key ${id} is not registered`
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
