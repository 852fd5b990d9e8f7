import { instantOf } from '../../events/time.ts'
import type { Rejection } from '../domain/rejection.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import {
  type ChildCommand,
  childId,
  refuseChild,
  requestChild,
  requestOfChild,
} from '../domain/upgrade/children.ts'
import { requestUpgrade } from '../domain/upgrade/request.ts'
import { type ExistingUpgrade, exists, planOf } from '../domain/upgrade/state.ts'
import { membersForChild } from '../facts/child-members.ts'
import { planMembers } from '../facts/plan-members.ts'
import type { Metadata } from '../log/log.ts'
import { Contended, isCarriedOut, refusalOf } from '../log/outcome.ts'
import { type PlanningServices, writePlan } from './planning.ts'

/** A child of at most so many members is planned at once; a larger one by its execution. */
const inlineAtMost = 500

export type ChildResult = { readonly child: string } | { readonly rejected: Rejection }

/** Returns how many members of its parent a child would take, and whether the one that it names is among them. */
async function membersOf(
  { log }: PlanningServices,
  { parent, kind, target }: ChildCommand,
  state: ExistingUpgrade,
): Promise<{ readonly members: number; readonly concerned: boolean }> {
  const plan = planOf(state)
  const members = plan ? await membersForChild(log, parent, kind) : []
  if (!plan || target === undefined) return { members: members.length, concerned: true }
  const named = await planMembers(log, plan.planHash, members)
  return {
    members: Math.min(1, members.length),
    concerned: [...named.values()].some((member) => member.target === target),
  }
}

/**
 * Starts a child of an upgrade: it takes back what the upgrade changed, or tries the failed ones again; all of them, or one target. The
 * child's stream is begun first and the parent's note follows, so that a parent never names a child that is not there; asking again finishes
 * what a crash left half done. Throws Contended.
 */
export async function startChild(
  services: PlanningServices,
  command: ChildCommand,
  correlation: string,
): Promise<ChildResult> {
  const { log, now } = services
  const parent = log.of(upgradeAggregate, command.parent)
  const { state } = await log.load(upgradeAggregate, command.parent)
  if (!exists(state)) return { rejected: { code: 'upgrade-not-found', detail: 'There is no such upgrade.' } }
  const child = childId(command)
  const known = state.children.some((present) => present.child === child)
  const taken = known ? undefined : await membersOf(services, command, state)
  const refused = taken && refuseChild(command, state, taken)
  if (refused) return refused
  const { kind, by, target = null, idempotency } = command
  const cause: Metadata = { actor: by, correlation, causation: parent.name }
  const request = requestOfChild(command, state, instantOf(now()))
  const begun = await log.execute(upgradeAggregate, child, requestUpgrade({ request, by }), {
    ...cause,
    ...(idempotency && { idempotency }),
  })
  if (begun.kind === 'contended') throw new Contended(child)
  if (!isCarriedOut(begun)) return { rejected: refusalOf(begun) }
  if (!taken) return { child }
  const noted = await parent.carryOut(requestChild({ child, kind, target, by }), cause)
  if (noted.kind === 'rejected') return { rejected: noted.rejection }
  if (taken.members <= inlineAtMost) await writePlan(services, child)
  return { child }
}
