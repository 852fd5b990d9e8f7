import type { Rejection } from '../domain/rejection.ts'
import { releaseAggregate, releaseId } from '../domain/release/release.ts'
import { type CatalogueEntry, resolveRelease } from '../domain/release/resolve.ts'
import { sameVersion } from '../domain/version/identity.ts'
import { compareIn, isMoving, type VersionScheme } from '../domain/version/scheme.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import type { ReleaseRow } from '../views/rows.ts'
import type { Views } from '../views/views.ts'

/** A release that may be rolled out, as the plan records it. */
export interface ResolvedRelease {
  readonly version: string
  readonly digest: string
  readonly releaseVersion: number
  readonly scheme: VersionScheme
  readonly number: number
}

/** Returns the version that a moving word means by the catalogue's view; undefined when it means none. */
async function newest(views: Views, component: string, asked: string): Promise<string | undefined> {
  const catalogue: CatalogueEntry[] = []
  let cursor: string | null | undefined
  do {
    const page: { rows: readonly ReleaseRow[]; cursor: string | null } = await views.listReleases({
      component,
      limit: 100,
      cursor: cursor ?? undefined,
    })
    for (const row of page.rows) catalogue.push({ ...row, withdrawn: row.withdrawn !== null })
    cursor = page.cursor
  } while (cursor !== null)
  return resolveRelease(asked, catalogue)?.version
}

/**
 * Returns the release that a version asked for means now. The catalogue's view finds what `latest` or `stable` means; whether it is registered
 * and not withdrawn is read strongly from its stream, which every spelling of it names.
 */
export async function releaseFor(
  { log, views }: { readonly log: Log; readonly views: Views },
  component: string,
  asked: string,
): Promise<{ readonly release: ResolvedRelease } | { readonly rejected: Rejection }> {
  const version = isMoving(asked) ? await newest(views, component, asked) : asked
  const { state, commit } = await log.load(releaseAggregate, releaseId(component, version ?? asked))
  if (!state.registered) {
    const detail = `${component} ${asked} is not registered. Register it with POST /api/v1/releases.`
    return { rejected: { code: 'release-not-registered', detail } }
  }
  if (state.withdrawn) {
    const detail = `${component} ${state.version} was withdrawn: ${state.withdrawn.reason}`
    return { rejected: { code: 'release-withdrawn', detail } }
  }
  const { version: registered, digest, scheme, number } = state
  return { release: { version: registered, digest, releaseVersion: commit, scheme, number } }
}

/**
 * Returns which of some versions that targets run are newer than a release, by the scheme of its component. What the scheme cannot place, or
 * where it takes a registration that there is not, counts as not newer.
 */
export async function newerThan(
  log: Log,
  component: string,
  release: Pick<ResolvedRelease, 'version' | 'scheme' | 'number'>,
  versions: Iterable<string>,
): Promise<ReadonlySet<string>> {
  const newer = new Set<string>()
  await sideBySide(new Set(versions), atOnce.requested, async (version) => {
    const number =
      release.scheme === 'ordered' && !sameVersion(version, release.version)
        ? await numberOf(log, component, version)
        : null
    if ((compareIn(release.scheme, { version, number }, release) ?? 0) > 0) newer.add(version)
  })
  return newer
}

async function numberOf(log: Log, component: string, version: string): Promise<number | null> {
  const { state } = await log.load(releaseAggregate, releaseId(component, version))
  return state.registered ? state.number : null
}
