import { targetAggregate } from '../domain/target/aggregate.ts'
import { assignAttempt, attemptId } from '../domain/target/attempt.ts'
import type { ProfileWindow } from '../domain/target/own-window.ts'
import type { TargetState } from '../domain/target/state.ts'
import { breaksGlass } from '../domain/upgrade/admission.ts'
import type { UpgradeState } from '../domain/upgrade/state.ts'
import type { Loaded, Log, Metadata } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { admissionFacts } from '../planning/facts.ts'
import { planMembers } from '../planning/members.ts'

/** How long a duty goes on against other writers of a target, in milliseconds. */
const retryFor = 5000

/** What the reactor needs to act on a member's target. */
export interface MemberContext {
  readonly log: Log
  readonly upgrade: string
  readonly state: UpgradeState
  readonly metadata: Metadata
}

/** May targets still be assigned? A pause, an abort, a closed window and a stop forbid it. */
export async function mayAssign(log: Log, state: UpgradeState): Promise<boolean> {
  if (state.status !== 'running') return false
  if (state.holds.some(({ code }) => code === 'WINDOW_CLOSED' || code === 'FREEZE')) return false
  const facts = await admissionFacts(log, state)
  return (facts.freeze === null || breaksGlass(state)) && facts.releaseWithdrawn === null
}

/** Returns the window that an upgrade of a profile runs in, for the targets that have hours of their own. */
export function profileWindowOf({ request, window }: UpgradeState): { readonly window?: ProfileWindow } {
  const profile = request?.selection.profile
  return profile === undefined || window === null ? {} : { window: { profile, start: window.start } }
}

/** Returns the target of a member and the identity of its attempt, as both streams know it. */
export async function attemptOf(
  { log, upgrade, state }: MemberContext,
  admission: { member: number; n: number },
) {
  if (!state.plan || !state.request) throw new Error(`upgrade#${upgrade} has no plan, so it has no members.`)
  const { member, n } = admission
  const planned = (await planMembers(log, state.plan.planHash, [member])).get(member)
  if (!planned) throw new Error(`The plan of upgrade#${upgrade} has no member ${member}.`)
  const identity = {
    attempt: attemptId({ upgrade, target: planned.target, n }),
    upgrade,
    member,
    n,
    kind: state.request.kind,
    component: state.request.component,
    from: planned.from,
    to: planned.to,
  }
  return { target: planned.target, identity }
}

/**
 * Assigns an admitted member its attempt, in the target's own stream; assigning twice changes nothing. `checked` is what checks before the
 * upgrade found, with the stream as it was read for them.
 */
export async function assignMember(
  context: MemberContext,
  admission: { member: number; n: number; acceptBy: string },
  checked?: { readonly ready: boolean; readonly from: Loaded<TargetState> },
): Promise<void> {
  const { log, state, metadata } = context
  const { target, identity } = await attemptOf(context, admission)
  const assignment = assignAttempt({
    ...identity,
    digest: state.plan?.digest ?? null,
    acceptBy: admission.acceptBy,
    seconds: state.request?.deadlines.attempt ?? 3600,
    ready: checked?.ready ?? true,
    ...profileWindowOf(state),
  })
  const options = { retryFor, ...(checked && { from: checked.from }) }
  settled(`target#${target}`, await log.execute(targetAggregate, target, assignment, metadata, options))
}
