import type { Rejection } from '../domain/rejection.ts'
import { releaseAggregate, releaseId } from '../domain/release/release.ts'
import { resolveRelease } from '../domain/release/resolve.ts'
import type { Log } from '../log/log.ts'
import type { ReleaseRow } from '../views/rows.ts'
import type { Views } from '../views/views.ts'

/** A release that may be rolled out, as the plan records it. */
export interface ResolvedRelease {
  readonly version: string
  readonly digest: string
  readonly releaseVersion: number
}

async function named(views: Views, component: string, asked: string): Promise<string> {
  const catalogue: { version: string; channel: string; withdrawn: boolean }[] = []
  let cursor: string | null | undefined
  do {
    const page: { rows: readonly ReleaseRow[]; cursor: string | null } = await views.listReleases({
      component,
      limit: 100,
      cursor: cursor ?? undefined,
    })
    for (const { version, channel, withdrawn } of page.rows) {
      catalogue.push({ version, channel, withdrawn: withdrawn !== null })
    }
    cursor = page.cursor
  } while (cursor !== null)
  return resolveRelease(asked, catalogue)?.version ?? asked
}

/**
 * Returns the release that a version asked for means now. The catalogue's view finds what `latest`, `stable` or another spelling
 * means; whether it is registered and not withdrawn is read strongly from its stream.
 */
export async function releaseFor(
  { log, views }: { readonly log: Log; readonly views: Views },
  component: string,
  asked: string,
): Promise<{ readonly release: ResolvedRelease } | { readonly rejected: Rejection }> {
  let version = asked
  let loaded = await log.load(releaseAggregate, releaseId(component, version))
  if (!loaded.state.registered) {
    version = await named(views, component, asked)
    loaded = await log.load(releaseAggregate, releaseId(component, version))
  }
  const { state, commit } = loaded
  if (!state.registered) {
    const detail = `${component} ${asked} is not registered. Register it with POST /api/v1/releases.`
    return { rejected: { code: 'release-not-registered', detail } }
  }
  if (state.withdrawn) {
    const detail = `${component} ${version} was withdrawn: ${state.withdrawn.reason}`
    return { rejected: { code: 'release-withdrawn', detail } }
  }
  return { release: { version: state.version, digest: state.digest, releaseVersion: commit } }
}
