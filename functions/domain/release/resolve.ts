import { sameVersion } from '../version/identity.ts'
import { compareIn, isMoving, isPrereleaseIn, isVersionIn, type VersionScheme } from '../version/scheme.ts'

/** What the catalogue says of one release of a component. */
export interface CatalogueEntry {
  readonly version: string
  readonly channel: string
  /** It was withdrawn, or is blocked. */
  readonly withdrawn: boolean
  /** It was taken back, and nobody has freed it since. */
  readonly heldBack: boolean
  /** That of the component. */
  readonly scheme: VersionScheme
  /** Which release of its component it is. */
  readonly number: number
}

/**
 * Returns the release that a version asked for means, among those of one component; undefined when none does. `latest` is the
 * newest that is neither withdrawn nor held back; `stable` the newest of those that is on the channel stable and no prerelease; anything else names one exactly (a
 * withdrawn or held back one too: the caller says so). A moving word is resolved once, when planning. Of releases that rank alike, as two builds of one
 * version, the one that was registered last is the newest.
 */
export function resolveRelease<Entry extends CatalogueEntry>(
  asked: string,
  catalogue: readonly Entry[],
): Entry | undefined {
  if (!isMoving(asked)) return catalogue.find(({ version }) => sameVersion(version, asked))
  let newest: Entry | undefined
  for (const entry of catalogue) {
    const { version, channel, withdrawn, heldBack, scheme } = entry
    if (withdrawn || heldBack || !isVersionIn(scheme, version)) continue
    if (asked === 'stable' && (channel !== 'stable' || isPrereleaseIn(scheme, version))) continue
    if (!newest || isNewer(entry, newest)) newest = entry
  }
  return newest
}

function isNewer(entry: CatalogueEntry, than: CatalogueEntry): boolean {
  return (compareIn(entry.scheme, entry, than) || entry.number - than.number) > 0
}
