import { after, second } from '../../../events/time.ts'
import type { PlanMember } from '../../domain/plan/aggregate.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { assignAttempt, attemptId } from '../../domain/target/attempt.ts'
import type { ProfileWindow } from '../../domain/target/own-window.ts'
import type { AttemptPlan, TargetState } from '../../domain/target/state.ts'
import { breaksGlass } from '../../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { mayGoToWithdrawn } from '../../domain/upgrade/children.ts'
import { keepsEverybodyOut } from '../../domain/upgrade/hold.ts'
import { isPlanned, type PlannedUpgrade } from '../../domain/upgrade/state.ts'
import { NotInTheLog } from '../../errors.ts'
import { admissionFacts } from '../../facts/admission.ts'
import { planMembers } from '../../facts/plan-members.ts'
import { releasesOf } from '../../facts/release.ts'
import type { Loaded, Log, Metadata } from '../../log/log.ts'

/** An upgrade at work, as it was read to act on the targets of its members. */
export interface Members {
  readonly log: Log
  readonly upgrade: string
  readonly state: PlannedUpgrade
  readonly cause: Metadata
  /** Whether releases were withdrawn, by version, as they were read strongly since. */
  readonly withdrawn: Map<string, Promise<boolean>>
}

/** A member that was admitted, and the how-manieth admission this is. */
export interface Admitted {
  readonly member: number
  readonly n: number
}

/** Reads an upgrade to act on its members; undefined when it has none, or is over. */
export async function membersOf(log: Log, upgrade: string, cause: Metadata): Promise<Members | undefined> {
  const { state } = await log.load(upgradeAggregate, upgrade)
  return isPlanned(state) ? { log, upgrade, state, cause, withdrawn: new Map() } : undefined
}

/** Was the release that a member of a rollback goes to withdrawn? Others have one release for all, which the admission is held to. */
async function goesToWithdrawn({ log, state, withdrawn }: Members, { to }: PlanMember): Promise<boolean> {
  const { kind, component } = state.request
  if (kind !== 'rollback' || mayGoToWithdrawn(state)) return false
  const known =
    withdrawn.get(to) ??
    releasesOf(log, component, [to]).then((releases) => releases.get(to)?.withdrawn === true)
  withdrawn.set(to, known)
  return known
}

/** May targets still be assigned? A pause, an abort, a closed window and a stop forbid it. */
export async function mayAssign({ log, state }: Members): Promise<boolean> {
  if (state.standing.status !== 'running' || keepsEverybodyOut(state.standing.holds)) return false
  const facts = await admissionFacts(log, state)
  return (facts.freeze === null || breaksGlass(state)) && facts.releaseWithdrawn === null
}

/** Returns until when a target may accept what it is assigned at an instant. */
export function acceptByAfter({ state }: Members, at: string): string {
  return after(at, state.request.deadlines.accept * second)
}

/** Returns the window that an upgrade of a profile runs in, for the targets that have hours of their own. */
export function profileWindowOf({ request, window }: PlannedUpgrade): { readonly window?: ProfileWindow } {
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

/**
 * Assigns an admitted member its attempt, in the target's own stream; assigning twice changes nothing. `checked` is what checks before the
 * upgrade found, with the stream as it was read for them.
 */
export async function assignMember(
  members: Members,
  admitted: Admitted & { readonly acceptBy: string },
  checked?: { readonly ready: boolean; readonly from: Loaded<TargetState> },
): Promise<void> {
  const { log, state, cause } = members
  const { target, attempt, planned } = await attemptOf(members, admitted)
  const assignment = assignAttempt({
    ...attempt,
    digest: planned.digest === undefined ? state.plan.digest : planned.digest,
    withdrawn: await goesToWithdrawn(members, planned),
    acceptBy: admitted.acceptBy,
    seconds: state.request.deadlines.attempt,
    ready: checked?.ready ?? true,
    ...profileWindowOf(state),
  })
  await log.of(targetAggregate, target).carryOut(assignment, cause, checked && { from: checked.from })
}
