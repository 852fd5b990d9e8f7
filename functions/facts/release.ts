import { cut } from '../../events/cut.ts'
import { refOf } from '../../events/stream.ts'
import { instantOf } from '../../events/time.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import type { TooOld } from '../domain/plan/plan.ts'
import { freezePolicy, policyAggregate } from '../domain/policy/policy.ts'
import type { Rejection } from '../domain/rejection.ts'
import { type Compatibility, compatibilityOf, partsWithoutUrl } from '../domain/release/compatibility.ts'
import { type ReleaseState, releaseAggregate, releaseId } from '../domain/release/release.ts'
import { type CatalogueEntry, resolveRelease } from '../domain/release/resolve.ts'
import { distrustOf, isUnpublished } from '../domain/release/trusted.ts'
import type { AgainstRelease, CitedAgainst } from '../domain/target/explanation.ts'
import { type ExistingUpgrade, planOf } from '../domain/upgrade/state.ts'
import { sameVersion } from '../domain/version/identity.ts'
import { compareIn, isMoving, type VersionScheme } from '../domain/version/scheme.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import type { ReleaseRow } from '../views/rows.ts'
import type { Views } from '../views/views.ts'
import type { LogAndClock } from './admission.ts'
import { judgesOf, trustIn } from './trust.ts'

/** A release that may be rolled out, as the plan records it. */
export interface ResolvedRelease {
  readonly version: string
  readonly digest: string
  readonly channel: string
  readonly releaseVersion: number
  readonly scheme: VersionScheme
  readonly number: number
  /** Whoever runs an older version has to go by way of another release; null: nobody has to. */
  readonly minimumVersion: string | null
  /** What it asks of where it runs. */
  readonly compatibility: Compatibility
  /** Its parts that do not say where they lie. */
  readonly withoutUrl: readonly string[]
}

/** What a version asked for means, with what nobody may have meant. */
interface Found {
  readonly release: ResolvedRelease
  /** In words, why the release, or the newer one that it stands in for, is held back; null: none is. */
  readonly heldBack: string | null
}

type Held = Pick<ReleaseState, 'component' | 'version' | 'heldBack'>

function heldBackSince({ component, version, heldBack }: Held): string | null {
  if (!heldBack) return null
  return `${component} ${version} is held back since ${heldBack.since} (${cut(heldBack.reason, 200)}).`
}

/** Returns why a release is held back, in words; null: it is not. */
export function heldBackWords(release: Held): string | null {
  const since = heldBackSince(release)
  if (since === null) return null
  return `${since} POST /api/v1/releases/${release.component}/${release.version}/free lets it be chosen again.`
}

/** Returns all that stands against a release: that it was withdrawn, is blocked, or is held back, each with what ends it. */
function againstRelease(
  release: Held & Pick<ReleaseState, 'withdrawn' | 'blocked'>,
): readonly AgainstRelease[] {
  const { component, version, withdrawn, blocked } = release
  const found: AgainstRelease[] = []
  if (withdrawn) {
    const detail = `${component} ${version} was withdrawn: ${withdrawn.reason}`
    found.push({ code: 'withdrawn', detail, unblock: null })
  }
  if (blocked) {
    const detail = `${component} ${version} is blocked: ${blocked.reason}`
    found.push({ code: 'blocked', detail, unblock: 'Somebody unblocks it, with a reason.' })
  }
  const held = heldBackSince(release)
  if (held !== null) {
    const unblock = 'Somebody frees it, with a reason. Who names its version gets it even so.'
    found.push({ code: 'held_back', detail: held, unblock })
  }
  return found
}

/** Returns all that stands against a release by its name, each with where its stream says so. */
export async function againstNamed(
  log: Log,
  { component, version }: Pick<ReleaseState, 'component' | 'version'>,
  at: { readonly at?: string } = {},
): Promise<readonly CitedAgainst[]> {
  const id = releaseId(component, version)
  const { state, commit } = await log.load(releaseAggregate, id, at)
  const ref = refOf(log.of(releaseAggregate, id).name, commit)
  return againstRelease(state).map((one) => ({ ...one, ref }))
}

/** Returns the same of the release of an upgrade; nothing of a rollback, which takes back one, whatever stands against it. */
export async function againstReleaseOf(
  log: Log,
  state: ExistingUpgrade,
  at: { readonly at?: string } = {},
): Promise<readonly CitedAgainst[]> {
  const { component, version, kind } = state.request
  if (kind === 'rollback') return []
  return againstNamed(log, { component, version: planOf(state)?.version ?? version }, at)
}

/** A release that targets go back to: why it was taken away, and why it must not be handed to anybody. */
interface ReleaseBefore {
  /** Null: it was never registered. */
  readonly digest: string | null
  /** It was withdrawn, or is blocked. */
  readonly withdrawn: string | null
  /** Too few count of those who have signed it. */
  readonly distrusted: string | null
  /** Nobody has ever registered it, and nobody can go back to such a version. */
  readonly unpublished: boolean
  /** What it asks of where it runs. */
  readonly compatibility: Compatibility
}

/** Returns the releases of these versions, which targets of a request run or ran, read strongly; what is not registered, and need not be, is left out. */
export async function releasesOf(
  { log, now }: LogAndClock,
  request: Pick<UpgradeRequest, 'component' | 'procedure'>,
  versions: Iterable<string>,
): Promise<ReadonlyMap<string, ReleaseBefore>> {
  const [{ state: policy }, trust] = await Promise.all([
    log.load(policyAggregate, freezePolicy),
    trustIn(log),
  ])
  const judges = { trust, unsigned: policy.unsigned }
  const found = await sideBySide(new Set(versions), atOnce.requested, async (version) => {
    const { state } = await log.load(releaseAggregate, releaseId(request.component, version))
    const unpublished = isUnpublished(state, policy, request)
    if (!state.registered && !unpublished) return []
    const { withdrawn, blocked } = state
    const digest = state.registered ? state.digest : null
    const away = withdrawn?.reason ?? blocked?.reason ?? null
    const distrusted = distrustOf(state, judges, instantOf(now()), { back: true })?.words ?? null
    return [
      [
        version,
        { digest, withdrawn: away, distrusted, unpublished, compatibility: compatibilityOf(state.signed) },
      ] as const,
    ]
  })
  return new Map(found.flat())
}

/** Returns what a moving word means by the catalogue's view: which version, if any, and which newer one it would mean were that not held back. */
async function newest(
  views: Views,
  component: string,
  asked: string,
): Promise<{ readonly version?: string; readonly passedOver: ReleaseRow | null }> {
  const catalogue: (CatalogueEntry & { readonly row: ReleaseRow })[] = []
  let cursor: string | null | undefined
  do {
    const page: { rows: readonly ReleaseRow[]; cursor: string | null } = await views.listReleases({
      component,
      limit: 100,
      cursor: cursor ?? undefined,
    })
    for (const row of page.rows) {
      const { withdrawn, heldBack, blocked } = row
      const away = withdrawn !== null || blocked !== undefined
      catalogue.push({ ...row, row, withdrawn: away, heldBack: heldBack !== null })
    }
    cursor = page.cursor
  } while (cursor !== null)
  const found = resolveRelease(asked, catalogue)
  const all = catalogue.map((entry) => ({ ...entry, heldBack: false }))
  const first = resolveRelease(asked, all)
  const passedOver = first && first.version !== found?.version ? first.row : null
  return { ...(found && { version: found.version }), passedOver }
}

/** Returns the newest version of a component by the catalogue's view, whatever stands against it; undefined: there is none. */
export async function newestRelease(views: Views, component: string): Promise<string | undefined> {
  const { version, passedOver } = await newest(views, component, 'latest')
  return passedOver?.version ?? version
}

/**
 * Returns the release that a version asked for means now. The catalogue's view finds what `latest` or `stable` means; whether it is registered
 * and neither withdrawn nor blocked is read strongly from its stream, which every spelling of it names. One that is held back is found where it is named;
 * `standing`: nobody names it now, so it is refused.
 */
export async function releaseFor(
  { log, views }: { readonly log: Log; readonly views: Views },
  component: string,
  asked: string,
  { standing = false } = {},
): Promise<Found | { readonly rejected: Rejection; readonly heldBack: string | null }> {
  const meant = isMoving(asked) ? await newest(views, component, asked) : { version: asked, passedOver: null }
  const { version = asked, passedOver } = meant
  const { state, commit } = await log.load(releaseAggregate, releaseId(component, version))
  const newer = passedOver && heldBackWords(passedOver)
  if (!state.registered) {
    const unregistered = `${component} ${asked} is not registered. Register it with POST /api/v1/releases.`
    const code = newer === null ? 'release-not-registered' : 'release-held-back'
    return { rejected: { code, detail: newer ?? unregistered }, heldBack: newer }
  }
  if (state.withdrawn) {
    const detail = `${component} ${state.version} was withdrawn: ${state.withdrawn.reason}`
    return { rejected: { code: 'release-withdrawn', detail }, heldBack: null }
  }
  if (state.blocked) {
    const detail = `${component} ${state.version} is blocked: ${state.blocked.reason}`
    return { rejected: { code: 'release-blocked', detail }, heldBack: null }
  }
  const heldBack = heldBackWords(state)
  if (standing && heldBack !== null)
    return { rejected: { code: 'release-held-back', detail: heldBack }, heldBack }
  const { version: registered, digest, channel, scheme, number } = state
  const minimumVersion = state.signed?.minimumVersion ?? null
  const known = { version: registered, digest, channel, scheme, number }
  const release = {
    ...known,
    releaseVersion: commit,
    minimumVersion,
    compatibility: compatibilityOf(state.signed),
    withoutUrl: partsWithoutUrl(state.signed),
  }
  return { release, heldBack: heldBack ?? newer }
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

/**
 * Returns which of some versions that targets run are older than a release lets its targets be, or cannot be placed by the scheme: those have signed
 * for it who have tried it from there on.
 */
export async function belowMinimum(
  log: Log,
  component: string,
  { scheme, minimumVersion }: Pick<ResolvedRelease, 'scheme' | 'minimumVersion'>,
  versions: Iterable<string>,
): Promise<ReadonlyMap<string, TooOld>> {
  const below = new Map<string, TooOld>()
  if (minimumVersion === null) return below
  const placed = async (version: string) => {
    const number = scheme === 'ordered' ? await numberOf(log, component, version) : null
    return { version, number }
  }
  const minimum = await placed(minimumVersion)
  await sideBySide(new Set(versions), atOnce.requested, async (version) => {
    const order = sameVersion(version, minimumVersion) ? 0 : compareIn(scheme, await placed(version), minimum)
    if (order === undefined) below.set(version, 'version_unplaced')
    else if (order < 0) below.set(version, 'below_minimum_version')
  })
  return below
}

async function numberOf(log: Log, component: string, version: string): Promise<number | null> {
  const { state } = await log.load(releaseAggregate, releaseId(component, version))
  return state.registered ? state.number : null
}

/** Returns why a release must not be planned now, by who has signed it; undefined: it may be. */
export async function refuseDistrusted(
  { log, now }: LogAndClock,
  component: string,
  version: string,
): Promise<Rejection | undefined> {
  const [{ state }, policy] = await Promise.all([
    log.load(releaseAggregate, releaseId(component, version)),
    log.load(policyAggregate, freezePolicy),
  ])
  const distrust = distrustOf(state, await judgesOf(log, state, policy.state), instantOf(now()))
  if (!distrust) return undefined
  const { code, words } = distrust
  return { code, detail: `Nothing is planned to it: ${words}.` }
}
