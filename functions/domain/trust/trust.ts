import { createHash } from 'node:crypto'
import { later } from '../../../events/time.ts'
import { type CertifiedKey, type TrustEvent, trustEvents } from '../../../events/trust.ts'
import type { signatureSchemes } from '../../../events/words.ts'
import { type Aggregate, accept, type Decision, reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'
import { readPublicKey } from './public-key.ts'

/** A key that releases may be signed with. */
export interface TrustedKey {
  readonly key: string
  readonly scheme: (typeof signatureSchemes)[number]
  /** SubjectPublicKeyInfo in DER, or the packets of a certificate of OpenPGP, in base64. */
  readonly publicKey: string
  /** Those of a certificate, the primary key first; together they count as one. Empty: it is no certificate. */
  readonly keys: readonly CertifiedKey[]
  readonly label: string
  /** Null: any. */
  readonly components: readonly string[] | null
  /** Null: any. */
  readonly channels: readonly string[] | null
  readonly registered: { readonly by: string; readonly at: string }
  /** Null: it is in force. */
  readonly revoked: { readonly from: string; readonly reason: string; readonly by: string } | null
}

/** Whose word about releases counts. */
export interface TrustState {
  /** In the order of their registration. */
  readonly keys: readonly TrustedKey[]
  /** How many keys have to sign a release, unless its component has a number of its own. */
  readonly threshold: number
  readonly components: Readonly<Record<string, number>>
}

/** A decision about trust. */
export type TrustDecision = (state: TrustState, now: string) => Decision<TrustEvent, Rejection>

/** The keys of releases, and how many of them it takes: one stream, so that one read says whose word counts. */
export const trustAggregate: Aggregate<TrustState, TrustEvent> = {
  name: 'trust',
  stateSchema: 2,
  initial: { keys: [], threshold: 1, components: {} },
  evolve(state, event, { at, actor }) {
    switch (event.type) {
      case 'KeyRegistered': {
        const registered = { by: actor, at }
        const key = { ...event.data, scheme: 'ed25519', keys: [], registered, revoked: null } as const
        return { ...state, keys: [...state.keys, key] }
      }
      case 'CertificateRegistered': {
        const { certificate: publicKey, ...data } = event.data
        const key = {
          ...data,
          publicKey,
          scheme: 'openpgp',
          registered: { by: actor, at },
          revoked: null,
        } as const
        return { ...state, keys: [...state.keys, key] }
      }
      case 'KeyRevoked': {
        const { key, from, reason } = event.data
        const revoked = { from, reason, by: actor }
        return { ...state, keys: state.keys.map((one) => (one.key === key ? { ...one, revoked } : one)) }
      }
      case 'ThresholdsSet':
        return { ...state, ...event.data }
    }
  },
  decode: (type, schema, data) => trustEvents.decode(type, schema, data),
  encode: trustEvents.encode,
}

/** The id of the one stream of trust. */
export const releaseTrust = 'releases'

/** So many keys are remembered, revoked ones included: what they have signed stays to be judged. */
const keysAtMost = 200

/** Certificates are longer than keys: so many of them are remembered, so that one read still has them all. */
const certificatesAtMost = 32

/** Returns how many keys have to sign a release of a component. */
export function thresholdFor({ threshold, components }: TrustState, component: string): number {
  return Object.hasOwn(components, component) ? (components[component] ?? threshold) : threshold
}

/** Returns why the word of a key counts for nothing at an instant, for a release of this component on this channel; undefined: it counts. */
export function refusalOfKey(
  { key, components, channels, revoked }: TrustedKey,
  release: { readonly component: string; readonly channel: string },
  now: string,
): { readonly code: 'key-revoked' | 'key-not-entitled'; readonly words: string } | undefined {
  if (revoked && revoked.from <= now) {
    const words = `key ${key} is revoked since ${revoked.from}: ${revoked.reason.slice(0, 200)}`
    return { code: 'key-revoked', words }
  }
  const { component, channel } = release
  if (components && !components.includes(component)) {
    return { code: 'key-not-entitled', words: `key ${key} may not sign releases of ${component}` }
  }
  if (channels && !channels.includes(channel)) {
    return { code: 'key-not-entitled', words: `key ${key} may not sign releases on the channel ${channel}` }
  }
  return undefined
}

const sameScope = (left: readonly string[] | null, right: readonly string[] | null) =>
  JSON.stringify(left && [...left].sort()) === JSON.stringify(right && [...right].sort())

/** For what a key may sign, and whose it is. */
interface Scope {
  readonly label: string
  readonly components: readonly string[] | null
  readonly channels: readonly string[] | null
}

/** A certificate of OpenPGP that holds, with what the keys in it are worth. */
export interface Certificate {
  /** The fingerprint of the primary key, in lower-case hexadecimal. */
  readonly key: string
  /** Its packets, in base64. */
  readonly certificate: string
  readonly keys: readonly CertifiedKey[]
}

/** Returns what nobody else may have, or one would count as two: the keys themselves, by their SHA-256, and fingerprints. */
function belongingsOf({ key, keys }: Pick<TrustedKey, 'key' | 'keys'>): readonly string[] {
  const own = keys.flatMap(({ fingerprint, publicKey }) => [
    fingerprint,
    ...(publicKey === null
      ? []
      : [createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex')]),
  ])
  return [key, ...own]
}

/** Returns why a key is not registered, or nothing where it is already, for the same; undefined: it may be. */
function known(
  keys: readonly TrustedKey[],
  { key, publicKey, scheme, keys: inside }: Pick<TrustedKey, 'key' | 'publicKey' | 'scheme' | 'keys'>,
  { label, components, channels }: Scope,
): ReturnType<TrustDecision> | undefined {
  const belongings = new Set(belongingsOf({ key, keys: inside }))
  const other = keys.find((one) => belongingsOf(one).some((belonging) => belongings.has(belonging)))
  if (other?.revoked) {
    const detail = `Key ${other.key} was revoked: ${other.revoked.reason.slice(0, 200)}. Make a new pair of keys.`
    return reject({ code: 'key-revoked', detail })
  }
  if (other && other.key !== key) {
    const detail = `Key ${other.key} is the same, or has one in it that is: whoever holds it counts once.`
    return reject({ code: 'key-exists', detail })
  }
  if (other) {
    const same =
      other.label === label &&
      other.publicKey === publicKey &&
      sameScope(other.components, components) &&
      sameScope(other.channels, channels)
    if (same) return accept()
    const detail = `Key ${key} is registered for something else, or as another certificate. Make a new pair of keys for that, or revoke this one.`
    return reject({ code: 'key-exists', detail })
  }
  const most = scheme === 'openpgp' ? certificatesAtMost : keysAtMost
  const ofScheme = keys.filter((one) => one.scheme === scheme).length
  if (keys.length >= keysAtMost || ofScheme >= most) {
    const detail = `${most} keys of ${scheme} are registered, or ${keysAtMost} in all, and none is ever forgotten.`
    return reject({ code: 'too-many-keys', detail })
  }
  return undefined
}

const copied = ({ label, components, channels }: Scope) => ({
  ...{ label, components: components && [...components], channels: channels && [...channels] },
})

/** Registers a key; the same again changes nothing. One that is known is never made to sign for more, nor brought back after its revocation. */
export function registerKey(command: Scope & { readonly publicKey: string }): TrustDecision {
  return ({ keys }) => {
    const read = readPublicKey(command.publicKey)
    if ('wrong' in read) {
      const fields = [{ field: 'publicKey', value: '', expected: 'an Ed25519 public key' }]
      return reject({ code: 'key-invalid', detail: read.wrong, fields })
    }
    const answer = known(keys, { ...read, scheme: 'ed25519', keys: [] }, command)
    return answer ?? accept({ type: 'KeyRegistered', data: { ...read, ...copied(command) } })
  }
}

/** Registers a certificate of OpenPGP that was found to hold, by the same rules: it counts as one key, whichever in it signs. */
export function registerCertificate(command: Scope & { readonly certificate: Certificate }): TrustDecision {
  return ({ keys }) => {
    const { key, certificate, keys: inside } = command.certificate
    const answer = known(keys, { key, publicKey: certificate, scheme: 'openpgp', keys: inside }, command)
    if (answer) return answer
    const data = { key, certificate, keys: [...inside], ...copied(command) }
    return accept({ type: 'CertificateRegistered', data })
  }
}

/**
 * Revokes a key from an instant on, or from now where that has passed or none is given: what it has signed counts for nothing from then on,
 * whenever that was. A revocation may be moved forward, never back.
 */
export function revokeKey(command: {
  readonly key: string
  readonly reason: string
  readonly from?: string | undefined
}): TrustDecision {
  return ({ keys }, now) => {
    const { key, reason } = command
    const known = keys.find((one) => one.key === key)
    if (!known) {
      const detail = `No key ${key.slice(0, 64)} is registered. GET /api/v1/keys lists those that are.`
      return reject({ code: 'key-not-found', detail })
    }
    const from = later(command.from ?? now, now)
    if (known.revoked && known.revoked.from <= from) return accept()
    return accept({ type: 'KeyRevoked', data: { key, from, reason } })
  }
}

const canSign = ({ standing, expires }: CertifiedKey, now: string) =>
  standing === 'signs' && (expires === null || expires > now)

/** How many keys are in force at an instant that may sign releases of a component, on whatever channel. */
function signersOf({ keys }: TrustState, component: string | null, now: string): number {
  return keys.filter(
    ({ components, revoked, keys: inside }) =>
      (revoked === null || revoked.from > now) &&
      (inside.length === 0 || inside.some((one) => canSign(one, now))) &&
      (component === null || components === null || components.includes(component)),
  ).length
}

/** Says how many keys have to sign a release. More than there are nobody could meet; the same again changes nothing. */
export function setThresholds(command: {
  readonly threshold: number
  readonly components: Readonly<Record<string, number>>
}): TrustDecision {
  return (state, now) => {
    const { threshold, components } = command
    const asked = [
      ['threshold', null, threshold] as const,
      ...Object.entries(components).map(
        ([component, count]) => [`components.${component}`, component, count] as const,
      ),
    ]
    for (const [field, component, count] of asked) {
      const signers = signersOf(state, component, now)
      if (count <= Math.max(1, signers)) continue
      const whom = component === null ? '' : ` that may sign for ${component}`
      const detail = `${count} keys would have to sign, and there are ${signers}${whom}: register more with POST /api/v1/keys first.`
      const fields = [{ field, value: `${count}`, expected: `at most ${Math.max(1, signers)}` }]
      return reject({ code: 'threshold-unreachable', detail, fields })
    }
    const sorted = Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1)))
    const same = state.threshold === threshold && JSON.stringify(state.components) === JSON.stringify(sorted)
    return same ? accept() : accept({ type: 'ThresholdsSet', data: { threshold, components: sorted } })
  }
}
