import { type ReleaseEvent, releaseEvents } from '../../../events/release.ts'
import { type Aggregate, accept, type Decision, reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'
import { identityOf } from '../version/identity.ts'
import type { VersionScheme } from '../version/scheme.ts'
import { type TestedBy, type Verdict, withTest, withVerdict } from './proofs.ts'
import type { Signature } from './signatures.ts'

/** One version of one component. */
export interface ReleaseState {
  readonly registered: boolean
  readonly component: string
  readonly version: string
  readonly channel: string
  /** The channel that it was registered on; it may have been promoted since. */
  readonly registeredOn: string
  readonly digest: string
  readonly notes: string | null
  /** Length of the artifact; null: nobody said. */
  readonly sizeBytes: number | null
  /** That of the component. */
  readonly scheme: VersionScheme
  /** Which release of its component it is; 0 before it is registered. */
  readonly number: number
  /** What those have signed who answer for it; null: nobody has signed it. */
  readonly signed: SignedManifest | null
  /** Why nothing is planned or handed over to it; null: it may be. */
  readonly blocked: { readonly reason: string; readonly since: string } | null
  readonly withdrawn: { readonly reason: string; readonly since: string } | null
  /** Why and by which upgrade's rollback nothing chooses it by itself; null: it may be chosen. */
  readonly heldBack: { readonly reason: string; readonly upgrade: string; readonly since: string } | null
  /** When somebody freed it last. */
  readonly freedAt: string | null
  /** By which upgrades it was brought to environments. */
  readonly tested: readonly TestedBy[]
  /** What checks have said of it last. */
  readonly verdicts: readonly Verdict[]
}

/** A manifest with its signatures, as the stream of its release keeps it. */
export interface SignedManifest {
  /** Canonical JSON: the very text that is signed. */
  readonly manifest: string
  readonly signatures: readonly Signature[]
  readonly counter: number
  readonly expires: string
  readonly minimumVersion: string | null
}

/** A decision about a release. */
export type ReleaseDecision = (state: ReleaseState, now: string) => Decision<ReleaseEvent, Rejection>

/** Returns the id of a release: `v1.2.0` and `1.2.0` are one. */
export function releaseId(component: string, version: string): string {
  return `${component}@${identityOf(version)}`
}

/** What may be rolled out: one stream a release; its commit number is the release version that admissions record. */
export const releaseAggregate: Aggregate<ReleaseState, ReleaseEvent> = {
  name: 'release',
  stateSchema: 4,
  initial: {
    registered: false,
    component: '',
    version: '',
    channel: '',
    registeredOn: '',
    digest: '',
    notes: null,
    sizeBytes: null,
    scheme: 'semver',
    number: 0,
    signed: null,
    blocked: null,
    withdrawn: null,
    heldBack: null,
    freedAt: null,
    tested: [],
    verdicts: [],
  },
  evolve(state, event, { at, actor }) {
    switch (event.type) {
      case 'ReleaseRegistered':
        return { ...state, ...event.data, registeredOn: event.data.channel, registered: true }
      case 'ManifestSigned':
        return { ...state, signed: event.data }
      case 'SignaturesAdded':
        return { ...state, signed: state.signed && withSignatures(state.signed, event.data.signatures) }
      case 'ReleasePromoted':
        return { ...state, channel: event.data.channel }
      case 'ReleaseBlocked':
        return { ...state, blocked: { reason: event.data.reason, since: at } }
      case 'ReleaseUnblocked':
        return { ...state, blocked: null }
      case 'ReleaseWithdrawn':
        return { ...state, withdrawn: { reason: event.data.reason, since: at } }
      case 'ReleaseHeldBack':
        return { ...state, heldBack: { ...event.data, since: at } }
      case 'ReleaseTested':
        return { ...state, tested: withTest(state.tested, event.data) }
      case 'VerdictPosted':
        return { ...state, verdicts: withVerdict(state.verdicts, { ...event.data, by: actor, at }) }
      case 'ReleaseFreed':
        return { ...state, heldBack: null, freedAt: at }
    }
  },
  decode: (type, schema, data) => releaseEvents.decode(type, schema, data),
  encode: releaseEvents.encode,
}

/** Of a key that has signed twice the later signature stays. */
function withSignatures(signed: SignedManifest, added: readonly Signature[]): SignedManifest {
  const others = signed.signatures.filter(({ key }) => !added.some((one) => one.key === key))
  return { ...signed, signatures: [...others, ...added] }
}

/**
 * Registers a release, whose version its component has found to be one and numbered. The same again, in whatever spelling, changes nothing; a
 * release never becomes another one under its name.
 */
export function registerRelease(release: {
  readonly component: string
  readonly version: string
  readonly channel: string
  readonly digest: string
  readonly notes: string | null
  /** Length of the artifact; left out or null: not known. */
  readonly sizeBytes?: number | null
  readonly scheme: VersionScheme
  readonly number: number
}): ReleaseDecision {
  return (state) => {
    const { component, version, channel, digest, notes, sizeBytes = null, scheme, number } = release
    if (state.registered) {
      const same =
        state.registeredOn === channel &&
        state.digest === digest &&
        state.notes === notes &&
        state.sizeBytes === sizeBytes
      if (same) return accept()
      return reject({
        code: 'release-exists',
        detail: `${component} ${state.version} is registered with other content. A changed artifact needs a new version.`,
      })
    }
    return accept({
      type: 'ReleaseRegistered',
      data: { component, version, channel, digest, notes, sizeBytes, scheme, number },
    })
  }
}

/** So many signatures are kept of a release at most. */
const signaturesAtMost = 16

/**
 * Publishes a release with its manifest, whose signatures were checked just before. The same manifest again changes nothing; keys that have
 * not signed it yet are added, and a `renewed` one stands for that of the same key which counts no more. Another manifest under its name is refused.
 */
export function publishRelease(release: {
  readonly component: string
  readonly version: string
  readonly channel: string
  readonly digest: string
  readonly notes: string | null
  readonly sizeBytes: number
  readonly scheme: VersionScheme
  readonly number: number
  readonly signed: SignedManifest
  /** Keys. */
  readonly renewed?: readonly string[]
}): ReleaseDecision {
  return (state) => {
    const { signed, renewed = [], ...registered } = release
    if (!state.registered)
      return accept(
        { type: 'ReleaseRegistered', data: registered },
        { type: 'ManifestSigned', data: { ...signed, signatures: [...signed.signatures] } },
      )
    if (state.signed?.manifest !== signed.manifest) {
      return reject({
        code: 'release-exists',
        detail: `${state.component} ${state.version} is published with another manifest. Whatever has changed needs a new version.`,
      })
    }
    const { signatures } = state.signed
    const kept = signatures.filter(({ key }) => !renewed.includes(key))
    const added = signed.signatures.filter(({ key }) => !kept.some((one) => one.key === key))
    if (added.length === 0) return accept()
    if (kept.length + added.length > signaturesAtMost) {
      const detail = `A release keeps ${signaturesAtMost} signatures at most, and has ${signatures.length}.`
      return reject({ code: 'too-many-signatures', detail })
    }
    return accept({ type: 'SignaturesAdded', data: { signatures: added } })
  }
}

const notFound = reject({
  code: 'release-not-found',
  detail: 'No such release is registered. GET /api/v1/releases lists those that are.',
})

/** Puts a release on another channel. */
export function promoteRelease(command: {
  readonly channel: string
  readonly reason: string
}): ReleaseDecision {
  return ({ registered, channel: from, withdrawn, component, version }) => {
    const { channel, reason } = command
    if (!registered) return notFound
    if (from === channel) return accept()
    if (withdrawn) {
      const detail = `${component} ${version} was withdrawn: ${withdrawn.reason}`
      return reject({ code: 'release-withdrawn', detail })
    }
    return accept({ type: 'ReleasePromoted', data: { from, channel, reason } })
  }
}

/** Blocks a release: nothing is planned or handed over to it until it is unblocked. The first reason stays. */
export function blockRelease({ reason }: { readonly reason: string }): ReleaseDecision {
  return ({ registered, blocked }) => {
    if (!registered) return notFound
    return blocked ? accept() : accept({ type: 'ReleaseBlocked', data: { reason } })
  }
}

/** Unblocks a release. */
export function unblockRelease({ reason }: { readonly reason: string }): ReleaseDecision {
  return ({ registered, blocked }) => {
    if (!registered) return notFound
    return blocked ? accept({ type: 'ReleaseUnblocked', data: { reason } }) : accept()
  }
}

/** Withdraws a release: nothing is admitted to it any more. */
export function withdrawRelease({ reason }: { readonly reason: string }): ReleaseDecision {
  return (state) => {
    if (state.withdrawn) return accept()
    if (!state.registered) return notFound
    return accept({ type: 'ReleaseWithdrawn', data: { reason } })
  }
}

/**
 * Holds back a release that is taken back, so that nothing chooses it by itself. The first reason stays. `at` is when it was to be taken back:
 * whoever has freed it since then knew of that.
 */
export function holdBack(command: {
  readonly reason: string
  readonly upgrade: string
  readonly at: string
}): ReleaseDecision {
  return ({ registered, heldBack, freedAt }) => {
    const { reason, upgrade, at } = command
    if (!registered || heldBack || (freedAt !== null && at <= freedAt)) return accept()
    return accept({ type: 'ReleaseHeldBack', data: { reason, upgrade } })
  }
}

/** Frees a release that is held back: it may be chosen again. */
export function freeRelease(command: { readonly by: string; readonly reason: string }): ReleaseDecision {
  return ({ registered, heldBack }) => {
    if (!registered) return notFound
    return heldBack ? accept({ type: 'ReleaseFreed', data: command }) : accept()
  }
}
