import type { Rejection } from '../domain/rejection.ts'
import { type ReleaseState, releaseAggregate, releaseId } from '../domain/release/release.ts'
import { type CatalogueEntry, resolveRelease } from '../domain/release/resolve.ts'
import type { Log } from '../log/log.ts'
import type { ReleaseRow } from '../views/rows.ts'
import type { Views } from '../views/views.ts'

/** A release that may be rolled out, as the plan records it. */
export interface ResolvedRelease {
  readonly version: string
  readonly digest: string
  readonly releaseVersion: number
}

/** What a version asked for means, with what nobody may have meant. */
interface Found {
  readonly release: ResolvedRelease
  /** In words, why the release, or the newer one that it stands in for, is held back; null: none is. */
  readonly heldBack: string | null
}

/** Returns why a release is held back, in words. */
export function heldBackWords({
  component,
  version,
  heldBack,
}: Pick<ReleaseState, 'component' | 'version' | 'heldBack'>): string | null {
  if (!heldBack) return null
  const free = `POST /api/v1/releases/${component}/${version}/free lets it be chosen again.`
  return `${component} ${version} is held back since ${heldBack.since} (${heldBack.reason.slice(0, 200)}). ${free}`
}

/**
 * Returns the releases of which targets run, or ran, these versions, by the text that names them, read strongly; what is not registered is
 * left out. A leading v makes no other version (M1).
 */
export async function releasesOf(
  log: Log,
  component: string,
  versions: Iterable<string>,
): Promise<ReadonlyMap<string, { readonly digest: string; readonly withdrawn: boolean }>> {
  const found = new Map<string, { readonly digest: string; readonly withdrawn: boolean }>()
  for (const version of new Set(versions)) {
    for (const spelling of [version, version.startsWith('v') ? version.slice(1) : `v${version}`]) {
      const { state } = await log.load(releaseAggregate, releaseId(component, spelling))
      if (!state.registered) continue
      found.set(version, { digest: state.digest, withdrawn: state.withdrawn !== null })
      break
    }
  }
  return found
}

/** Returns what a version asked for means by the catalogue: which release, and which newer one it would mean were that not held back. */
async function named(
  views: Views,
  component: string,
  asked: string,
): Promise<{ readonly version: string; readonly passedOver: ReleaseRow | null }> {
  const catalogue: (CatalogueEntry & { readonly row: ReleaseRow })[] = []
  let cursor: string | null | undefined
  do {
    const page: { rows: readonly ReleaseRow[]; cursor: string | null } = await views.listReleases({
      component,
      limit: 100,
      cursor: cursor ?? undefined,
    })
    for (const row of page.rows) {
      const { version, channel, withdrawn, heldBack } = row
      catalogue.push({ version, channel, withdrawn: withdrawn !== null, heldBack: heldBack !== null, row })
    }
    cursor = page.cursor
  } while (cursor !== null)
  const found = resolveRelease(asked, catalogue)
  const all = catalogue.map((entry) => ({ ...entry, heldBack: false }))
  const newest = resolveRelease(asked, all)
  const passedOver = newest && newest.version !== found?.version ? newest.row : null
  return { version: found?.version ?? asked, passedOver }
}

/**
 * Returns the release that a version asked for means now. The catalogue's view finds what `latest`, `stable` or another spelling
 * means; whether it is registered and not withdrawn is read strongly from its stream. One that is held back is found where it is named;
 * `standing`: nobody names it now, so it is refused.
 */
export async function releaseFor(
  { log, views }: { readonly log: Log; readonly views: Views },
  component: string,
  asked: string,
  { standing = false } = {},
): Promise<Found | { readonly rejected: Rejection; readonly heldBack: string | null }> {
  let version = asked
  let passedOver: ReleaseRow | null = null
  let loaded = await log.load(releaseAggregate, releaseId(component, version))
  if (!loaded.state.registered) {
    const meant = await named(views, component, asked)
    version = meant.version
    passedOver = meant.passedOver
    loaded = await log.load(releaseAggregate, releaseId(component, version))
  }
  const { state, commit } = loaded
  const newer = passedOver && heldBackWords(passedOver)
  if (!state.registered) {
    const unregistered = `${component} ${asked} is not registered. Register it with POST /api/v1/releases.`
    const code = newer === null ? 'release-not-registered' : 'release-held-back'
    return { rejected: { code, detail: newer ?? unregistered }, heldBack: newer }
  }
  if (state.withdrawn) {
    const detail = `${component} ${version} was withdrawn: ${state.withdrawn.reason}`
    return { rejected: { code: 'release-withdrawn', detail }, heldBack: null }
  }
  const heldBack = heldBackWords(state)
  if (standing && heldBack !== null)
    return { rejected: { code: 'release-held-back', detail: heldBack }, heldBack }
  const release = { version: state.version, digest: state.digest, releaseVersion: commit }
  return { release, heldBack: heldBack ?? newer }
}
