import { compareVersions, isPrerelease, parseVersion, sameVersion, type Version } from '../version.ts'

/** What the catalogue says of one release of a component. */
export interface CatalogueEntry {
  readonly version: string
  readonly channel: string
  readonly withdrawn: boolean
  /** It was taken back, and nobody has freed it since. */
  readonly heldBack: boolean
}

/**
 * Returns the release that a version asked for means, among those of one component; undefined when none does. `latest` is the
 * newest that is neither withdrawn nor held back; `stable` the newest of those that is on the channel stable and no prerelease; anything else names one exactly (a
 * withdrawn or held back one too: the caller says so). A moving word is resolved once, when planning.
 */
export function resolveRelease<Entry extends CatalogueEntry>(
  asked: string,
  catalogue: readonly Entry[],
): Entry | undefined {
  if (asked !== 'latest' && asked !== 'stable') {
    return (
      catalogue.find(({ version }) => version === asked) ??
      catalogue.find(({ version }) => sameVersion(version, asked))
    )
  }
  let newest: { entry: Entry; version: Version } | undefined
  for (const entry of catalogue) {
    const version = parseVersion(entry.version)
    if (!version || entry.withdrawn || entry.heldBack) continue
    if (asked === 'stable' && (entry.channel !== 'stable' || isPrerelease(version))) continue
    if (!newest || compareVersions(version, newest.version) > 0) newest = { entry, version }
  }
  return newest?.entry
}
