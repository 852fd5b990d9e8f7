import type { ReleaseState, SignedManifest } from '../../domain/release/release.ts'
import type { ReleaseRow } from '../../views/rows.ts'

type Shown = Omit<ReleaseRow, 'registeredAt' | 'scheme' | 'number' | 'blocked'> & {
  readonly blocked?: ReleaseRow['blocked'] | null
}

/** Returns a release as answers show it. */
export function bodyOf(release: Shown) {
  const { component, version, channel, digest, notes, sizeBytes = null, withdrawn, heldBack } = release
  const { signed, blocked } = release
  return {
    ...{ component, version, channel, digest, notes, sizeBytes },
    signed: signed ?? null,
    blocked: blocked ? { reason: blocked.reason } : null,
    withdrawn: withdrawn && { reason: withdrawn.reason },
    heldBack: heldBack && {
      reason: heldBack.reason,
      upgradeId: heldBack.upgrade,
      since: heldBack.since,
    },
  }
}

/** Returns a release as answers show it, from its stream. */
export function bodyOfState({ signed, ...state }: ReleaseState) {
  if (!signed) return bodyOf(state)
  const { counter, expires, minimumVersion, signatures } = signed
  return bodyOf({ ...state, signed: { counter, expires, minimumVersion, signatures: signatures.length } })
}

/** Returns the signatures under a manifest as answers show them. */
export function signaturesOf({ signatures }: SignedManifest) {
  return signatures.map(({ key: keyId, scheme, signature }) => ({ keyId, scheme, signature }))
}
