import { instantOf } from '../../events/time.ts'
import { componentAggregate } from '../domain/component/component.ts'
import { entitles, type Licensed, licenceAggregate, needsLicence } from '../domain/licence/licence.ts'
import { releaseAggregate, releaseId } from '../domain/release/release.ts'
import type { HandOverFacts } from '../domain/target/report.ts'
import type { ActiveAttempt, TargetState } from '../domain/target/state.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import type { LogAndClock } from './admission.ts'

/** Does a release need a licence now? Read strongly. */
export async function isLicensed(log: Log, { component, channel }: Licensed): Promise<boolean> {
  return needsLicence((await log.load(componentAggregate, component)).state, channel)
}

/** Returns what a target has to be entitled to for a release, read strongly; undefined: nothing. Where the component asks for no licence, the release is not read. */
async function licensedRelease(log: Log, component: string, version: string): Promise<Licensed | undefined> {
  if (!(await isLicensed(log, { component, channel: null }))) return undefined
  const { channel } = (await log.load(releaseAggregate, releaseId(component, version))).state
  return (await isLicensed(log, { component, channel })) ? { component, channel } : undefined
}

/** Does a licence (null: none) entitle to a release now? Read strongly. */
export async function isEntitled(
  { log, now }: LogAndClock,
  licence: string | null,
  licensed: Licensed,
): Promise<boolean> {
  if (licence === null) return false
  return entitles((await log.load(licenceAggregate, licence)).state, licensed, instantOf(now()))
}

/**
 * Returns whether the licence that the target of an attempt has entitles to its release; null: that needs none. Read strongly; of one whose release
 * needed no licence when it was assigned nothing is read.
 */
export async function entitlementOf(
  services: LogAndClock,
  { component, to, licensed }: Pick<ActiveAttempt, 'component' | 'to' | 'licensed'>,
  licence: TargetState['licence'],
): Promise<HandOverFacts['licence']> {
  if (!licensed) return null
  const needed = await licensedRelease(services.log, component, to)
  if (needed === undefined) return null
  const asked = licence?.id ?? null
  return { asked, entitles: await isEntitled(services, asked, needed) }
}

/** Returns whether a release needs a licence that is not this one (null: none), read strongly. */
export async function lacksLicence(
  services: LogAndClock,
  component: string,
  version: string,
  licence: string | null,
): Promise<boolean> {
  const needed = await licensedRelease(services.log, component, version)
  return needed !== undefined && !(await isEntitled(services, licence, needed))
}

/** Returns which of some licences entitle to a release now, read strongly; undefined: it needs none, and nothing was read of them. */
export async function entitledAmong(
  services: LogAndClock,
  licensed: Licensed,
  licences: Iterable<string>,
): Promise<ReadonlySet<string> | undefined> {
  if (!(await isLicensed(services.log, licensed))) return undefined
  const found = await sideBySide(new Set(licences), atOnce.requested, async (licence) =>
    (await isEntitled(services, licence, licensed)) ? [licence] : [],
  )
  return new Set(found.flat())
}
