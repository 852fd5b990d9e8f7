import { sha256 } from '../../../events/canonical.ts'
import type { UnsignedReleases } from '../policy/policy.ts'
import type { TrustState } from '../trust/trust.ts'
import type { ReleaseState } from './release.ts'
import { whyTooFew } from './signatures.ts'

/** Whose word about a release counts, and what the deployment says where there is none. */
export interface Judges {
  /** Of a release that nobody has signed nobody is asked: the keys may be left out then. */
  readonly trust: TrustState
  readonly unsigned: UnsignedReleases
}

/** Why nobody may be upgraded to a release. */
export interface Distrust {
  readonly code: 'release-unsigned' | 'release-expired' | 'release-distrusted'
  readonly words: string
}

/** Can nobody go back to a version, as it was never registered and the deployment refuses what nobody has signed? A procedure asks for no signature. */
export function isUnpublished(
  { registered }: Pick<ReleaseState, 'registered'>,
  { unsigned }: Pick<Judges, 'unsigned'>,
  { procedure }: { readonly procedure?: unknown },
): boolean {
  return !registered && unsigned === 'refused' && procedure === undefined
}

/**
 * Returns why a release must not be rolled out at an instant, by what those are worth now who have signed it; undefined: it may. `back`: a
 * target goes back to what it ran before, which asks no release to be recent.
 */
export function distrustOf(
  release: Pick<ReleaseState, 'registered' | 'component' | 'version' | 'channel' | 'digest' | 'signed'>,
  { trust, unsigned }: Judges,
  now: string,
  { back = false } = {},
): Distrust | undefined {
  const { registered, component, version, channel, digest, signed } = release
  if (!registered) return undefined
  const name = `${component} ${version}`
  if (!signed) {
    if (unsigned !== 'refused') return undefined
    return {
      code: 'release-unsigned',
      words: `nobody has signed ${name}, and the deployment refuses such releases`,
    }
  }
  if (!back && signed.expires <= now)
    return { code: 'release-expired', words: `${name} has expired at ${signed.expires}` }
  if (`sha256:${sha256(signed.manifest)}` !== digest)
    return { code: 'release-distrusted', words: `the manifest of ${name} is not the one that was published` }
  const words = whyTooFew({ text: signed.manifest, component, channel }, signed.signatures, trust, now)
  return words === undefined ? undefined : { code: 'release-distrusted', words: `of ${name} ${words}` }
}
