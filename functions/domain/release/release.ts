import { type ReleaseEvent, releaseEvents } from '../../../events/release.ts'
import { type Aggregate, accept, type Decision, reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'
import { identityOf } from '../version/identity.ts'
import type { VersionScheme } from '../version/scheme.ts'

/** One version of one component. */
export interface ReleaseState {
  readonly registered: boolean
  readonly component: string
  readonly version: string
  readonly channel: string
  readonly digest: string
  readonly notes: string | null
  /** Length of the artifact; null: nobody said. */
  readonly sizeBytes: number | null
  /** That of the component. */
  readonly scheme: VersionScheme
  /** Which release of its component it is; 0 before it is registered. */
  readonly number: number
  readonly withdrawn: { readonly reason: string; readonly since: string } | null
  /** Why and by which upgrade's rollback nothing chooses it by itself; null: it may be chosen. */
  readonly heldBack: { readonly reason: string; readonly upgrade: string; readonly since: string } | null
  /** When somebody freed it last. */
  readonly freedAt: string | null
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
  stateSchema: 2,
  initial: {
    registered: false,
    component: '',
    version: '',
    channel: '',
    digest: '',
    notes: null,
    sizeBytes: null,
    scheme: 'semver',
    number: 0,
    withdrawn: null,
    heldBack: null,
    freedAt: null,
  },
  evolve(state, event, { at }) {
    switch (event.type) {
      case 'ReleaseRegistered':
        return { ...state, ...event.data, registered: true }
      case 'ReleaseWithdrawn':
        return { ...state, withdrawn: { reason: event.data.reason, since: at } }
      case 'ReleaseHeldBack':
        return { ...state, heldBack: { ...event.data, since: at } }
      case 'ReleaseFreed':
        return { ...state, heldBack: null, freedAt: at }
    }
  },
  decode: (type, schema, data) => releaseEvents.decode(type, schema, data),
  schemaOf: (type) => releaseEvents.schemaOf(type),
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
        state.channel === channel &&
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

const notFound = reject({
  code: 'release-not-found',
  detail: 'No such release is registered. GET /api/v1/releases lists those that are.',
})

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
