import { instantOf } from '../../../events/time.ts'
import type { Licensed } from '../../domain/licence/licence.ts'
import type { PlanMember } from '../../domain/plan/aggregate.ts'
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
import { isEntitled, licensedRelease } from '../../facts/entitlement.ts'
import { planMembers } from '../../facts/plan-members.ts'
import { releasesOf } from '../../facts/release.ts'
import type { Loaded, Metadata } from '../../log/log.ts'

/** An upgrade at work, as it was read to act on the targets of its members. */
export interface Members extends LogAndClock {
  readonly upgrade: string
  readonly state: PlannedUpgrade
  readonly cause: Metadata
  /** What keeps targets from going back to releases, by version, as they were read strongly since. */
  readonly before: Map<string, Promise<Refused>>
  /** Returns what members have to be entitled to, as it was read strongly once; undefined: nothing. */
  licensed(): Promise<Licensed | undefined>
}

/** Why nothing is sent to a release. */
interface Refused {
  readonly withdrawn: boolean
  readonly distrusted: boolean
}

const mayGo: Refused = { withdrawn: false, distrusted: false }

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
  if (!isPlanned(state)) return undefined
  const { kind, component } = state.request
  let found: Promise<Licensed | undefined> | undefined
  return {
    ...{ log, now, upgrade, state, cause, before: new Map() },
    licensed() {
      // Going back asks for no licence: one that is over must keep nobody at what has failed.
      found ??=
        kind === 'rollback' ? Promise.resolve(undefined) : licensedRelease(log, component, state.plan.version)
      return found
    },
  }
}

/** Why nothing is sent to the release that a member of a rollback goes back to. Others have one release for all, which the admission is held to. */
async function refusedBack(members: Members, { to }: PlanMember): Promise<Refused> {
  const { state, before } = members
  const { kind, component } = state.request
  if (kind !== 'rollback') return mayGo
  const known =
    before.get(to) ??
    releasesOf(members, component, [to]).then((releases) => {
      const { withdrawn = null, distrusted = null } = releases.get(to) ?? {}
      return { withdrawn: withdrawn !== null, distrusted: distrusted !== null }
    })
  before.set(to, known)
  const { withdrawn, distrusted } = await known
  return { withdrawn: withdrawn && !mayGoToWithdrawn(state), distrusted }
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
  const licensed = await members.licensed()
  const from = checked?.from ?? (licensed && (await log.load(targetAggregate, target)))
  const licence = from?.state.licence?.id ?? null
  const isRefused = licensed && !(await isEntitled(members, licence, licensed))
  const assignment = assignAttempt({
    ...attempt,
    ...offerOf(state, planned, admitted),
    ...(await refusedBack(members, planned)),
    ...{ licensed: licensed !== undefined, ...(isRefused && { unentitled: licence }) },
    ready: checked?.ready ?? true,
    ...profileWindowOf(state),
  })
  await log.of(targetAggregate, target).carryOut(assignment, cause, from && { from })
}
