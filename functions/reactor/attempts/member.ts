import { instantOf } from '../../../events/time.ts'
import type { Licensed } from '../../domain/licence/licence.ts'
import type { PlanMember } from '../../domain/plan/aggregate.ts'
import { type Compatibility, compatibilityOf } from '../../domain/release/compatibility.ts'
import { type ReleaseState, releaseAggregate, releaseId } from '../../domain/release/release.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { assignAttempt, attemptId } from '../../domain/target/attempt.ts'
import type { ProfileWindow } from '../../domain/target/own-window.ts'
import type { AttemptPlan, TargetState } from '../../domain/target/state.ts'
import { acceptanceOf, breaksGlass, openingOf } from '../../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { mayGoToWithdrawn } from '../../domain/upgrade/children.ts'
import { keepsEverybodyOut } from '../../domain/upgrade/hold.ts'
import { hasBegun, isPlanned, type PlannedUpgrade } from '../../domain/upgrade/state.ts'
import { NotInTheLog } from '../../errors.ts'
import { admissionFacts, type LogAndClock } from '../../facts/admission.ts'
import { isEntitled, isLicensed } from '../../facts/entitlement.ts'
import { planMembers } from '../../facts/plan-members.ts'
import { releasesOf } from '../../facts/release.ts'
import type { Loaded, Metadata } from '../../log/log.ts'

/** An upgrade at work, as it was read to act on the targets of its members. */
export interface Members extends LogAndClock {
  readonly upgrade: string
  readonly state: PlannedUpgrade
  readonly cause: Metadata
  /** Where they are sent, by version. */
  readonly destinations: Map<string, Promise<Destination>>
}

/** What is known of a release that members are sent to, as it was read strongly. */
interface Destination {
  readonly withdrawn: boolean
  readonly distrusted: boolean
  readonly unpublished: boolean
  readonly compatibility: Compatibility
  /** What members have to be entitled to; undefined: nothing. */
  readonly licensed?: Licensed | undefined
}

/** A member that was admitted, and the how-manieth admission this is. */
export interface Admitted {
  readonly member: number
  readonly n: number
}

/** Names a member in words. */
export const memberName = ({ member }: Pick<Admitted, 'member'>) => `member ${member}`

/** Until when a member may accept what it is assigned. */
export type Acceptance = ReturnType<typeof acceptanceOf>

/** Reads an upgrade to act on its members; undefined when it has none, or is over. */
export async function membersOf(
  { log, now }: LogAndClock,
  upgrade: string,
  cause: Metadata,
): Promise<Members | undefined> {
  const { state } = await log.load(upgradeAggregate, upgrade)
  return isPlanned(state) ? { log, now, upgrade, state, cause, destinations: new Map() } : undefined
}

/** Returns what is known of a release that targets go forth to: that it may be rolled out, the admission is held to. */
async function forthTo({ log }: LogAndClock, release: ReleaseState): Promise<Destination> {
  const licensed = { component: release.component, channel: release.channel }
  return {
    ...{
      withdrawn: false,
      distrusted: false,
      unpublished: false,
      compatibility: compatibilityOf(release.signed),
    },
    ...((await isLicensed(log, licensed)) && { licensed }),
  }
}

/** Returns what is known of a release that targets go back to. It asks for no licence: one that is over must keep nobody at what has failed. */
async function backTo(members: Members, version: string): Promise<Destination> {
  const releases = await releasesOf(members, members.state.request, [version])
  const found = releases.get(version)
  const { withdrawn = null, distrusted = null, unpublished = false, compatibility = {} } = found ?? {}
  const isAway = withdrawn !== null && !mayGoToWithdrawn(members.state)
  return { withdrawn: isAway, distrusted: distrusted !== null, unpublished, compatibility }
}

/** Returns what is known of the release that a member is sent to, which is read once for all that go there. */
function destinationOf(members: Members, { to }: PlanMember): Promise<Destination> {
  const { log, state, destinations } = members
  const { kind, component } = state.request
  const known =
    destinations.get(to) ??
    (kind === 'rollback'
      ? backTo(members, to)
      : log
          .load(releaseAggregate, releaseId(component, to))
          .then((release) => forthTo(members, release.state)))
  destinations.set(to, known)
  return known
}

/**
 * Returns until when a target may accept what it is assigned at an instant; undefined while nothing may be assigned: a pause, an abort, a
 * closed window, a stop, and a release that was withdrawn, is blocked or not trusted forbid it.
 */
export async function acceptanceNow(members: Members, at: string): Promise<Acceptance | undefined> {
  const { state } = members
  if (state.standing.status !== 'running' || keepsEverybodyOut(state.standing.holds)) return undefined
  const facts = await admissionFacts(members, members.upgrade, state)
  const opening = openingOf(state, facts, instantOf(members.now()))
  if (facts.releaseWithdrawn !== null || facts.releaseRefused !== null) return undefined
  // What it was held to is what members are sent to.
  const { release } = facts
  if (release) members.destinations.set(state.plan.version, Promise.resolve(await forthTo(members, release)))
  return opening && acceptanceOf(state, opening, at)
}

/** Returns the window that an upgrade of a profile runs in, for the targets that have hours of their own. */
function profileWindowOf({ request, window }: PlannedUpgrade): { readonly window?: ProfileWindow } {
  const { profile } = request.selection
  return profile === undefined || window === null ? {} : { window: { profile, start: window.start } }
}

/** Returns the target of a member and the identity of its attempt, as both streams know it. */
export async function attemptOf(
  { log, upgrade, state }: Members,
  { member, n }: Admitted,
): Promise<{ readonly target: string; readonly attempt: AttemptPlan; readonly planned: PlanMember }> {
  const planned = (await planMembers(log, state.plan.planHash, [member])).get(member)
  if (!planned) throw new NotInTheLog(`Member ${member} of the plan of upgrade ${upgrade}`)
  const { target, from, to } = planned
  const { kind, component } = state.request
  return {
    target,
    planned,
    attempt: { attempt: attemptId({ upgrade, target, n }), upgrade, member, n, kind, component, from, to },
  }
}

/** What an upgrade hands over to a member, beside where that one comes from and goes to. */
function offerOf(state: PlannedUpgrade, { digest }: PlanMember, { acceptBy, closing }: Acceptance) {
  const { accept, attempt } = state.request.deadlines
  return {
    digest: digest === undefined ? state.plan.digest : digest,
    ...{ acceptBy, ...(closing && { closing }) },
    seconds: attempt,
    calendars: state.calendars,
    ...(breaksGlass(state) && { breaksGlass: true as const }),
    ...(state.request.procedure && { procedure: state.request.procedure }),
    // A busy target may be asked again for as long as an attempt of its own might have taken.
    patience: { openSince: hasBegun(state) ? state.openSince : state.plannedAt, seconds: accept + attempt },
  }
}

/**
 * Assigns an admitted member its attempt, in the target's own stream; assigning twice changes nothing. `checked` is what checks before the
 * upgrade found, with the stream as it was read for them.
 */
export async function assignMember(
  members: Members,
  admitted: Admitted & Acceptance,
  checked?: { readonly ready: boolean; readonly from: Loaded<TargetState> },
): Promise<void> {
  const { log, state, cause } = members
  const { target, attempt, planned } = await attemptOf(members, admitted)
  const { licensed, ...destination } = await destinationOf(members, planned)
  const from = checked?.from ?? (licensed && (await log.load(targetAggregate, target)))
  const licence = from?.state.licence?.id ?? null
  const isRefused = licensed && !(await isEntitled(members, licence, licensed))
  const assignment = assignAttempt({
    ...attempt,
    ...offerOf(state, planned, admitted),
    ...destination,
    ...{ licensed: licensed !== undefined, ...(isRefused && { unentitled: licence }) },
    ready: checked?.ready ?? true,
    ...profileWindowOf(state),
  })
  await log.of(targetAggregate, target).carryOut(assignment, cause, from && { from })
}
