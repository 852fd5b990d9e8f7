import { bytesOf } from '../../../events/bytes.ts'
import { canonicalJson, sha256 } from '../../../events/canonical.ts'
import { instantOf } from '../../../events/time.ts'
import { reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'
import { sameVersion } from '../version/identity.ts'

/** One part of a release: an artifact, with what is inside of it that somebody has to know of. */
export interface ManifestPart {
  readonly version?: string | undefined
  /** Of the artifact, in lower-case hexadecimal. */
  readonly sha256: string
  /** Of the artifact, in bytes. */
  readonly length: number
  /** The length in words, as 125MB. */
  readonly size?: string | undefined
  readonly url?: string | undefined
  readonly required?: boolean | undefined
  readonly migrations?: readonly string[] | undefined
  readonly rollback?: readonly string[] | undefined
}

/** What a release is, as those have signed it who answer for it. */
export interface Manifest {
  readonly component: string
  readonly version: string
  readonly channel: string
  /** Which release of the component on its channel it is: never lower than one before. */
  readonly counter: number
  readonly releaseDate: string
  /** From then on nobody is upgraded to it. */
  readonly expires: string
  readonly minimumVersion?: string | undefined
  readonly mandatory?: boolean | undefined
  /** Where people read of it. */
  readonly releaseNotes?: string | undefined
  readonly components: Readonly<Record<string, ManifestPart>>
  readonly changelog?: object | undefined
  readonly compatibility?: Readonly<Record<string, readonly string[]>> | undefined
}

/** A manifest as it is signed and kept. */
export interface SealedManifest {
  /** Canonical JSON (RFC 8785): the very text whose bytes in UTF-8 are signed. */
  readonly text: string
  /** Of the release: `sha256:` and the SHA-256 of the text. */
  readonly digest: string
}

/** Beside its signatures it has to fit into one event. */
const longestText = 32_768
const longestQuoted = 44_000

/** Returns the text of a manifest, which is signed, and its digest. */
export function sealed(manifest: Manifest): SealedManifest {
  const text = canonicalJson(manifest)
  return { text, digest: `sha256:${sha256(text)}` }
}

const units: Readonly<Record<string, number>> = { B: 0, KB: 1, MB: 2, GB: 3, TB: 4 }

/** Do the words for a length mean so many bytes, rounded as they are, by thousands or by 1,024? */
function agrees(size: string, length: number): boolean {
  const [, number = '', unit = ''] = /^([0-9]+(?:\.[0-9]+)?) ?([KMGT]?B)$/.exec(size) ?? []
  const decimals = number.split('.')[1]?.length ?? 0
  return [1000, 1024].some(
    (base) => (length / base ** (units[unit] ?? 0)).toFixed(decimals) === Number(number).toFixed(decimals),
  )
}

/**
 * Returns why a manifest contradicts itself or is over at an instant, with the place in it; undefined where it may be published as far as can
 * be said without its signatures.
 */
export function refuseManifest(
  manifest: Manifest,
  { text }: SealedManifest,
  now: string,
): { readonly rejected: Rejection } | undefined {
  const refuse = (code: string, detail: string, field: string, value: string | number, expected: string) =>
    reject({
      code,
      detail,
      fields: [{ field: `manifest.${field}`, value: `${value}`.slice(0, 64), expected }],
    })
  // What is signed is kept as the very text, in which a quotation mark is two.
  if (bytesOf(text) > longestQuoted || Buffer.byteLength(text) > longestText) {
    const detail = `The manifest has more than ${longestText} bytes, or ${longestQuoted} where it is quoted: put its changelog elsewhere.`
    return reject({ code: 'manifest-too-large', detail, fields: [] })
  }
  const { version, expires } = manifest
  if (instantOf(expires) <= now) {
    const detail = `The manifest expired at ${expires}: sign it again, with another expiry.`
    return refuse('release-expired', detail, 'expires', expires, `later than ${now}`)
  }
  for (const [name, part] of Object.entries(manifest.components)) {
    const at = `components.${name}`
    if (part.version !== undefined && !sameVersion(part.version, version)) {
      const detail = `${name} is of ${part.version}, and the release is ${version}: parts of several releases are never mixed. A part that has not changed is of this release too.`
      return refuse('components-mixed', detail, `${at}.version`, part.version, version)
    }
    if (part.size !== undefined && !agrees(part.size, part.length)) {
      const detail = `${name} is ${part.size} in words and ${part.length} in bytes, which is not the same.`
      return refuse('artifact-length-wrong', detail, `${at}.length`, part.length, part.size)
    }
  }
  return undefined
}
