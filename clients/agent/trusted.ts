import { createHash, type KeyObject, verify } from 'node:crypto'
import * as z from 'zod'
import { whyIncompatible } from './compatibility.ts'
import { type Config, keyIn } from './config.ts'
import { isArmored, readCertificate } from './openpgp.ts'

const part = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  length: z.int().min(1),
  url: z.url({ protocol: /^https$/ }).optional(),
  required: z.boolean().default(false),
})

/** What an agent reads of a manifest. */
const manifest = z.object({
  component: z.string(),
  version: z.string(),
  channel: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/),
  counter: z.int().min(0),
  expires: z.iso.datetime({ offset: true }),
  components: z.record(z.string().regex(/^[A-Za-z0-9._-]{1,64}$/), part),
  compatibility: z.record(z.string(), z.array(z.string())).default({}),
})
export type Manifest = z.output<typeof manifest>
export type Part = z.output<typeof part>

/** What the control plane has shown of a release. */
export interface Shown {
  /** The very text that was signed. */
  readonly manifest: string
  readonly signatures: readonly {
    readonly keyId: string
    readonly scheme: string
    readonly signature: string
  }[]
}

/** Why a release is not installed here. */
export interface Refusal {
  readonly code: string
  readonly words: string
}

/** A release that is not installed here. */
export class Refused extends Error {
  readonly refusal: Refusal
  constructor(code: string, words: string) {
    super(words)
    this.refusal = { code, words }
  }
}

function hasSigned(key: KeyObject, { manifest, signatures }: Shown): boolean {
  const text = Buffer.from(manifest, 'utf8')
  const id = createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex')
  return signatures.some(
    ({ keyId, scheme, signature }) =>
      keyId === id && scheme === 'ed25519' && verify(null, text, key, Buffer.from(signature, 'base64')),
  )
}

/** Returns what a key is that has signed something, or all keys of a certificate of which one has; empty: it has not. */
async function signedBy(key: string, shown: Shown, now: number): Promise<readonly string[]> {
  if (!isArmored(key)) {
    const read = keyIn(key)
    return hasSigned(read, shown)
      ? [Buffer.from(read.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex')]
      : []
  }
  const certificate = await readCertificate(key)
  for (const { scheme, signature } of shown.signatures)
    if (scheme === 'openpgp' && (await certificate.hasSigned(shown.manifest, signature, now)))
      return certificate.keys
  return []
}

/**
 * How many of the keys that are trusted here have signed a text; each counts once, however often it has signed, and in whatever form it stands in
 * the configuration: who share a key are one.
 */
async function countSigned(keys: readonly string[], shown: Shown, now: number): Promise<number> {
  let holders: ReadonlySet<string>[] = []
  for (const key of keys) {
    const signed = await signedBy(key, shown, now)
    if (signed.length === 0) continue
    const same = holders.filter((holder) => signed.some((one) => holder.has(one)))
    const all = new Set([...signed, ...same.flatMap((holder) => [...holder])])
    holders = [...holders.filter((holder) => !same.includes(holder)), all]
  }
  return holders.length
}

/** Returns what a manifest says. Throws {@link Refused} where it cannot be understood. */
export function manifestIn(text: string): Manifest {
  try {
    return manifest.parse(JSON.parse(text))
  } catch (error) {
    const words = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message
    throw new Refused('MANIFEST_INVALID', words.slice(0, 512))
  }
}

/** What was offered, as far as a release is held against it. */
export interface Wanted {
  readonly component: string
  readonly version: string
  readonly digest: string | null
  /** The target goes back to what it ran before: that may be older, and have expired. */
  readonly back: boolean
}

/**
 * Returns the manifest of what was offered once it is known to be genuine, recent, meant for this place, and fit for it. `highest` is the highest counter
 * that was installed from a channel. Rejects with {@link Refused}: nothing of it is to be installed.
 */
export async function verified(
  shown: Shown,
  { component, version, digest, back }: Wanted,
  {
    trust,
    channel,
    environment,
    parts,
    download,
  }: Pick<Config, 'trust' | 'channel' | 'environment' | 'parts' | 'download'>,
  now: number,
  highest: (channel: string) => number,
): Promise<Manifest> {
  const sum = `sha256:${createHash('sha256').update(shown.manifest, 'utf8').digest('hex')}`
  if (digest !== sum)
    throw new Refused('DIGEST_MISMATCH', 'The manifest is not the one of the release that is offered.')
  const signed = await countSigned(trust.keys, shown, now)
  if (signed < trust.threshold)
    throw new Refused(
      'SIGNATURE_INVALID',
      `Of the keys that are trusted here ${trust.threshold} ${trust.threshold === 1 ? 'has' : 'have'} to sign it, and ${signed} ${signed === 1 ? 'has' : 'have'}.`,
    )
  const found = manifestIn(shown.manifest)
  if (found.component !== component || found.version !== version)
    throw new Refused(
      'MANIFEST_MISMATCH',
      `What is signed is ${found.component} ${found.version}, not ${component} ${version}.`,
    )
  const channels = trust.channels ?? [channel]
  if (!channels.includes(found.channel))
    throw new Refused(
      'CHANNEL_NOT_FOLLOWED',
      `It is of the channel ${found.channel}, and ${channels.join(', ')} is followed here (trust.channels).`,
    )
  if (!back && Date.parse(found.expires) <= now)
    throw new Refused('RELEASE_EXPIRED', `It expired at ${found.expires}.`)
  const least = Math.max(trust.leastCounter, highest(found.channel))
  if (!back && found.counter < least)
    throw new Refused(
      'COUNTER_OLDER',
      `Its counter is ${found.counter}, and it has to be ${least} at least, on ${found.channel}.`,
    )
  const incompatible = whyIncompatible(found.compatibility, environment)
  if (incompatible !== undefined) throw new Refused('INCOMPATIBLE', incompatible)
  const unknown = Object.entries(found.components).find(
    ([name, { required }]) => required && !Object.hasOwn(parts, name),
  )
  if (unknown)
    throw new Refused(
      'PART_UNKNOWN',
      `Its part ${unknown[0]} is required, and parts.${unknown[0]} is not said here.`,
    )
  const missing =
    Object.keys(parts).length > 0 && !Object.keys(found.components).some((name) => Object.hasOwn(parts, name))
  if (missing) throw new Refused('PART_UNKNOWN', 'It has none of the parts that are installed here.')
  const length = partsOf(found, parts).reduce((sum, { part }) => sum + part.length, 0)
  if (length > download.mostBytes)
    throw new Refused(
      'TOO_LARGE',
      `It is ${length} bytes long, and download.mostBytes is ${download.mostBytes}.`,
    )
  return found
}

/** Returns the parts of a release that are installed here, in the order of the configuration. */
export function partsOf({ components }: Manifest, parts: Config['parts']) {
  return Object.entries(parts).flatMap(([name, how]) => {
    const part = Object.hasOwn(components, name) ? components[name] : undefined
    return part ? [{ name, part, how }] : []
  })
}
