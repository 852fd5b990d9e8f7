import { createPublicKey, verify } from 'node:crypto'
import type { PackCommit } from './commit.ts'
import {
  countOf,
  type JsonObject,
  listOf,
  Malformed,
  memberOf,
  objectOf,
  readJson,
  sha256,
  textOf,
} from './json.ts'
import { limits } from './limits.ts'
import type { Made, OpenPgp } from './openpgp.ts'
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
  /** What was found of it, by the text that is signed: it is verified once. */
  found: { readonly text: string; readonly made: Made | undefined } | undefined
}

/** What was signed, and what it says of itself. */
interface Manifest {
  readonly text: string
  /** What is compared with instants; empty: it says none. */
  readonly expires: string
}

interface Release {
  readonly component: string
  readonly version: string
  readonly digest: string
  readonly channels: { readonly since: string; readonly channel: string }[]
  manifest: Manifest | undefined
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

const number = '(?:0|[1-9]\\d*)'
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*'
/** MAJOR.MINOR.PATCH, where case does not count. */
const numbered = new RegExp(`^${number}\\.${number}\\.${number}(?:-${identifiers})?(?:\\+${identifiers})?$`)

/** Returns the one name of a release: `v1.2.0` and `1.2.0` are one, `Blue` and `blue` are not. */
export function nameOf(component: string, version: string): string {
  const bare = version.replace(/^v(?=\d)/i, '')
  return `${component} ${numbered.test(bare) ? bare.toLowerCase() : bare}`
}

/** A release that members of a plan go to, and its digests there; null: there it has none. */
export interface Goal {
  readonly component: string
  readonly version: string
  readonly digests: Set<string | null>
}

/** Returns from when on nobody is sent to a release, by its manifest, in the form in which instants compare. Throws Malformed. */
function expiryOf(manifest: JsonObject): string {
  const time = Date.parse(textOf(manifest, 'expires'))
  if (Number.isNaN(time)) throw new Malformed('expires is no instant')
  return new Date(time).toISOString()
}

/** Reads whose word about releases counted when, and what they had signed. */
export class Releases {
  readonly #keys = new Map<string, Key>()
  readonly #thresholds: { readonly since: string; readonly all: number; readonly components: JsonObject }[] =
    []
  /** What they say, by component and instant, once all of them are known. */
  readonly #needed = new Map<string, number>()
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
        const name = nameOf(component, version)
        if (this.#releases.has(name))
          this.#verdict.find('told-twice', where, `${component} ${version} was registered before.`)
        this.#releases.set(name, this.#current)
      }
      const release = this.#current
      if (!release) continue
      if (type === 'ReleasePromoted') release.channels.push({ since: at, channel: textOf(data, 'channel') })
      if (type === 'ManifestSigned') {
        if (release.manifest) this.#verdict.find('told-twice', where, 'Its manifest was published before.')
        release.manifest = this.#manifestOf(release, textOf(data, 'manifest'), at, where)
      }
      if (type !== 'ManifestSigned' && type !== 'SignaturesAdded') continue
      for (const signed of listOf(data, 'signatures'))
        this.#sign(release, objectOf(signed, 'signature'), at, where)
    }
  }

  /** Reads a manifest as it is published at an instant: that of its release, and not expired. */
  #manifestOf({ component, version, digest }: Release, text: string, at: string, where: string): Manifest {
    if (text.length > limits.manifest)
      throw new Unreadable('too-large', `${where}: a manifest has at most ${limits.manifest} characters.`)
    const exchanged = (words: string) => this.#verdict.find('manifest-exchanged', where, words)
    if (`sha256:${sha256(text)}` !== digest) exchanged(`The manifest is not the one of ${digest}.`)
    try {
      const said = objectOf(readJson(text), 'it')
      const [of, expires] = [nameOf(textOf(said, 'component'), textOf(said, 'version')), expiryOf(said)]
      if (of !== nameOf(component, version)) exchanged(`The manifest is that of ${of}.`)
      if (expires <= at) exchanged(`The manifest had expired at ${expires} when it was published, at ${at}.`)
      return { text, expires }
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      exchanged(`No manifest is written so: ${error.message}.`)
      return { text, expires: '' }
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
    const signed: Signature = { key: id, signature, since, found: undefined }
    release.signatures.push(signed)
    if (key && !this.#holds(key, release, signed, since))
      this.#verdict.find('signature-wrong', where, `Key ${id} has not signed the manifest.`)
  }

  /** Had a key signed a release, and does that count at an instant? */
  #holds(key: Key, { manifest }: Release, signed: Signature, at: string): boolean {
    const { text } = manifest ?? { text: '' }
    if (signed.found?.text !== text) signed.found = { text, made: this.#madeBy(key, text, signed) }
    const { made } = signed.found
    return made !== undefined && (made.expires === null || made.expires > at)
  }

  #madeBy(
    { publicKey, isCertificate }: Key,
    text: string,
    { signature, since }: Signature,
  ): Made | undefined {
    if (isCertificate) return this.#openPgp.made(publicKey, text, signature, since)
    return hasSigned(publicKey, text, signature) ? { expires: null } : undefined
  }

  #thresholdAt(component: string, at: string): number {
    const known = this.#needed.get(`${component} ${at}`)
    if (known !== undefined) return known
    let least = 1
    for (const { since, all, components } of this.#thresholds) {
      const own = memberOf(components, component)
      if (since <= at) least = typeof own === 'number' ? own : all
    }
    this.#needed.set(`${component} ${at}`, least)
    return least
  }

  /** Returns how many keys have signed a release whose word counted at an instant. */
  #countedAt(release: Release, at: string): number {
    const { component, channels, signatures } = release
    const channel = channels.filter(({ since }) => since <= at).at(-1)?.channel
    let counting: ReadonlySet<string>[] = []
    const seen = new Set<string>()
    for (const signed of signatures) {
      const { key: id, since } = signed
      const key = seen.has(id) ? undefined : this.#keys.get(id)
      if (!key || since > at || key.since > at) continue
      // What was said in the very same instant may have been said after it.
      if (key.revoked && key.revoked.told < at && key.revoked.from <= at) continue
      if (key.components && !key.components.includes(component)) continue
      if (key.channels && !key.channels.includes(channel)) continue
      if (!this.#holds(key, release, signed, at)) continue
      seen.add(id)
      const same = counting.filter((one) => key.holders.some((holder) => one.has(holder)))
      const all = new Set([...key.holders, ...same.flatMap((one) => [...one])])
      counting = [...counting.filter((one) => !same.includes(one)), all]
    }
    return counting.length
  }

  /**
   * Holds a release that targets were sent to against what was planned, and against whose word counted when the first were sent. `digests` are those
   * of the plan, null where it has none; `isBack`: targets go to what they ran before, however old that is.
   */
  judge(
    { component, version, digests }: Goal,
    { began, isBack }: { readonly began: string; readonly isBack: boolean },
  ): void {
    const where = `release ${component} ${version}`
    const release = this.#releases.get(nameOf(component, version))
    const planned = [...digests].filter((digest) => digest !== null)
    if (!release) {
      if (planned.length > 0)
        this.#verdict.find('stream-missing', where, 'The plan goes to it, and it is not in the pack.')
      else this.#verdict.lack(`Who made ${component} ${version}: it was not registered.`)
      return
    }
    for (const digest of planned)
      if (release.digest !== digest)
        this.#verdict.find(
          'manifest-exchanged',
          where,
          `Its digest is ${release.digest}, and planned was ${digest}.`,
        )
    if (planned.length < digests.size)
      this.#verdict.lack(
        `That ${component} ${version} is what targets were sent to: it is registered, and the plan names no digest of it.`,
      )
    this.#judgeSigned(release, { where, began, isBack })
  }

  #judgeSigned(
    release: Release,
    { where, began, isBack }: { readonly where: string; readonly began: string; readonly isBack: boolean },
  ): void {
    const { component, version, manifest } = release
    const before = new Date(Date.parse(began) - leeway).toISOString()
    const judged = [began, before].map((at) => ({
      counted: manifest ? this.#countedAt(release, at) : 0,
      needed: this.#thresholdAt(component, at),
    }))
    const [{ counted, needed } = { counted: 0, needed: 1 }] = judged
    // One signature is what is asked for where nobody has asked for any: then a deployment may let a release be that has none.
    if (!manifest && judged.every((one) => one.needed < 2)) {
      this.#verdict.lack(`Who made ${component} ${version}: nobody has signed it.`)
      return
    }
    if (manifest && !isBack && manifest.expires <= before)
      this.#verdict.find(
        'manifest-exchanged',
        where,
        `Its manifest had expired at ${manifest.expires}, and the first were sent at ${began}.`,
      )
    if (judged.every((one) => one.counted < one.needed))
      this.#verdict.find(
        'too-few-signatures',
        where,
        `${counted} of ${needed} keys had signed it that counted at ${began}.`,
      )
    else
      this.#verdict.prove(
        `${component} ${version} is what its manifest says, signed by ${counted} ${counted === 1 ? 'key' : 'keys'} that counted when it began; ${needed} had to.`,
      )
  }
}
