import { createPublicKey, verify } from 'node:crypto'
import type { PackCommit } from './commit.ts'
import { countOf, type JsonObject, listOf, memberOf, objectOf, sha256, textOf } from './json.ts'
import { limits } from './limits.ts'
import type { OpenPgp } from './openpgp.ts'
import { Unreadable, type Verdict } from './verdict.ts'

interface Key {
  /** SubjectPublicKeyInfo in DER, or the packets of a certificate of OpenPGP, in base64. */
  readonly publicKey: string
  /** What keys there are in it: who share one are one signer. */
  readonly holders: readonly string[]
  readonly isCertificate: boolean
  readonly components: readonly unknown[] | null
  readonly channels: readonly unknown[] | null
  readonly since: string
  revoked: { readonly told: string; readonly from: string } | null
}

interface Signature {
  readonly key: string
  readonly signature: string
  readonly since: string
}

interface Release {
  readonly component: string
  readonly version: string
  readonly digest: string
  readonly channels: { readonly since: string; readonly channel: string }[]
  manifest: string | undefined
  readonly signatures: Signature[]
}

/** What was said within so many milliseconds before need not have been heard by whoever sent a target out. */
const leeway = 60_000

const listOrNull = (data: JsonObject, name: string): readonly unknown[] | null => {
  const value = memberOf(data, name)
  return Array.isArray(value) ? (value as readonly unknown[]) : null
}

const scopeOf = (data: JsonObject) => ({
  components: listOrNull(data, 'components'),
  channels: listOrNull(data, 'channels'),
})

function hasSigned(publicKey: string, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
    return (
      key.asymmetricKeyType === 'ed25519' &&
      verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'))
    )
  } catch {
    return false
  }
}

/** Returns the one name of a release: `v1.2.0` and `1.2.0` are one. */
const nameOf = (component: string, version: string) =>
  `${component} ${version.replace(/^v(?=\d)/i, '').toLowerCase()}`

/** Reads whose word about releases counted when, and what they had signed. */
export class Releases {
  readonly #keys = new Map<string, Key>()
  readonly #thresholds: { readonly since: string; readonly all: number; readonly components: JsonObject }[] =
    []
  readonly #releases = new Map<string, Release>()
  #current: Release | undefined
  #signatures = 0
  readonly #verdict: Verdict
  readonly #openPgp: OpenPgp

  constructor(verdict: Verdict, openPgp: OpenPgp) {
    this.#verdict = verdict
    this.#openPgp = openPgp
  }

  /** Takes the next commit of the stream of trust. Throws Malformed. */
  trust({ at, events, stream, commit }: PackCommit): void {
    for (const { type, data } of events) {
      if (type === 'KeyRegistered') {
        const publicKey = textOf(data, 'publicKey')
        const key = textOf(data, 'key')
        if (sha256(Buffer.from(publicKey, 'base64')) !== key)
          this.#verdict.find('signature-wrong', `${stream}@${commit}`, `Key ${key} is not the one of its id.`)
        // What stands before the 32 bytes of an Ed25519 key is the same for all of them.
        const holders = [Buffer.from(publicKey, 'base64').subarray(-32).toString('hex')]
        this.#keys.set(key, {
          publicKey,
          holders,
          isCertificate: false,
          ...scopeOf(data),
          since: at,
          revoked: null,
        })
      }
      if (type === 'CertificateRegistered') {
        const [publicKey, key] = [textOf(data, 'certificate'), textOf(data, 'key')]
        const { fingerprint, holders = [] } = this.#openPgp.certificate(publicKey) ?? {}
        if (fingerprint !== key)
          this.#verdict.find('signature-wrong', `${stream}@${commit}`, `Key ${key} is not the one of its id.`)
        this.#keys.set(key, {
          publicKey,
          holders,
          isCertificate: true,
          ...scopeOf(data),
          since: at,
          revoked: null,
        })
      }
      const known = type === 'KeyRevoked' ? this.#keys.get(textOf(data, 'key')) : undefined
      if (known) known.revoked = { told: at, from: textOf(data, 'from') }
      if (type === 'ThresholdsSet')
        this.#thresholds.push({
          since: at,
          all: countOf(data, 'threshold'),
          components: objectOf(memberOf(data, 'components'), 'components'),
        })
    }
  }

  /** Takes the next commit of the stream of a release. Throws Malformed. */
  release({ at, events, stream, commit }: PackCommit): void {
    const where = `${stream}@${commit}`
    if (commit === 1) this.#current = undefined
    for (const { type, data } of events) {
      if (type === 'ReleaseRegistered') {
        const channels = [{ since: at, channel: textOf(data, 'channel') }]
        const [component, version] = [textOf(data, 'component'), textOf(data, 'version')]
        const digest = textOf(data, 'digest')
        this.#current = { component, version, digest, channels, manifest: undefined, signatures: [] }
        this.#releases.set(nameOf(component, version), this.#current)
      }
      const release = this.#current
      if (!release) continue
      if (type === 'ReleasePromoted') release.channels.push({ since: at, channel: textOf(data, 'channel') })
      if (type === 'ManifestSigned') {
        release.manifest = textOf(data, 'manifest')
        if (`sha256:${sha256(release.manifest)}` !== release.digest)
          this.#verdict.find('manifest-exchanged', where, `The manifest is not the one of ${release.digest}.`)
      }
      if (type !== 'ManifestSigned' && type !== 'SignaturesAdded') continue
      for (const signed of listOf(data, 'signatures'))
        this.#sign(release, objectOf(signed, 'signature'), at, where)
    }
  }

  #sign(release: Release, data: JsonObject, since: string, where: string): void {
    const [id, signature] = [textOf(data, 'key'), textOf(data, 'signature')]
    if (++this.#signatures > limits.signatures)
      throw new Unreadable(
        'too-many-signatures',
        `${where}: at most ${limits.signatures} signatures are verified.`,
      )
    const key = this.#keys.get(id)
    release.signatures.push({ key: id, signature, since })
    if (key && !this.#hasSigned(key, release.manifest ?? '', signature, since, since))
      this.#verdict.find('signature-wrong', where, `Key ${id} has not signed the manifest.`)
  }

  /** Had a key signed a text by a signature that came at an instant, and does it count at another? */
  #hasSigned(
    { publicKey, isCertificate }: Key,
    text: string,
    signature: string,
    since: string,
    at: string,
  ): boolean {
    if (!isCertificate) return hasSigned(publicKey, text, signature)
    const made = this.#openPgp.made(publicKey, text, signature, since)
    return made !== undefined && (made.expires === null || made.expires > at)
  }

  #thresholdAt(component: string, at: string): number {
    let least = 1
    for (const { since, all, components } of this.#thresholds) {
      const own = memberOf(components, component)
      if (since <= at) least = typeof own === 'number' ? own : all
    }
    return least
  }

  /** Returns how many keys have signed a release whose word counted at an instant. */
  #countedAt({ component, channels, signatures, manifest = '' }: Release, at: string): number {
    const channel = channels.filter(({ since }) => since <= at).at(-1)?.channel
    let counting: ReadonlySet<string>[] = []
    for (const { key: id, signature, since } of signatures) {
      const key = this.#keys.get(id)
      if (!key || since > at || key.since > at) continue
      if (key.revoked && key.revoked.told <= at && key.revoked.from <= at) continue
      if (key.components && !key.components.includes(component)) continue
      if (key.channels && !key.channels.includes(channel)) continue
      if (!this.#hasSigned(key, manifest, signature, since, at)) continue
      const same = counting.filter((one) => key.holders.some((holder) => one.has(holder)))
      const all = new Set([...key.holders, ...same.flatMap((one) => [...one])])
      counting = [...counting.filter((one) => !same.includes(one)), all]
    }
    return counting.length
  }

  /**
   * Holds a release that targets were sent to against what was planned, and against whose word counted when the first were sent. `digest` is that of
   * the plan; null: it was not registered.
   */
  judge(component: string, version: string, digest: string | null, began: string): void {
    const where = `release ${component} ${version}`
    const release = this.#releases.get(nameOf(component, version))
    if (!release) {
      if (digest === null)
        this.#verdict.unproven.push(`Who made ${component} ${version}: it was not registered.`)
      else this.#verdict.find('stream-missing', where, 'The plan goes to it, and it is not in the pack.')
      return
    }
    if (digest !== null && release.digest !== digest)
      this.#verdict.find(
        'manifest-exchanged',
        where,
        `Its digest is ${release.digest}, and planned was ${digest}.`,
      )
    if (release.manifest === undefined) {
      this.#verdict.unproven.push(`Who made ${component} ${version}: nobody has signed it.`)
      return
    }
    const before = new Date(Date.parse(began) - leeway).toISOString()
    const judged = [began, before].map((at) => ({
      counted: this.#countedAt(release, at),
      needed: this.#thresholdAt(component, at),
    }))
    const [now] = judged
    if (judged.every(({ counted, needed }) => counted < needed))
      this.#verdict.find(
        'too-few-signatures',
        where,
        `${now?.counted} of ${now?.needed} keys had signed it that counted at ${began}.`,
      )
    else {
      const keys = now?.counted === 1 ? 'key' : 'keys'
      this.#verdict.proven.push(
        `${component} ${version} is what its manifest says, signed by ${now?.counted} ${keys} that counted when it began; ${now?.needed} had to.`,
      )
    }
  }
}
