import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { systemActor } from '../../domain/actor.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { meaningOf } from '../../domain/target/outcome.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { ownRollback } from '../../domain/upgrade/children.ts'
import { eachMember } from '../../domain/upgrade/members.ts'
import {
  type ExistingUpgrade,
  exists,
  planOf,
  profileOf,
  type UpgradeState,
} from '../../domain/upgrade/state.ts'
import { planMembers } from '../../facts/plan-members.ts'
import type { Log } from '../../log/log.ts'
import { startChild } from '../../planning/children.ts'
import type { PlanningServices } from '../../planning/planning.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { duty } from '../duty.ts'

type Given = Extract<
  UpgradeEvent,
  { type: 'OutcomesRecorded' | 'MembersRegressed' | 'MembersSkipped' | 'RetriesGivenUp' }
>

/** Returns the members that an event gives up on after their targets were touched: no try comes any more. */
function givenUp(event: Given): readonly number[] {
  if (event.type === 'MembersSkipped')
    return event.data.was === 'retrying' ? [...eachMember(event.data.members)] : []
  if (event.type === 'RetriesGivenUp') return [...eachMember(event.data.members)]
  if (event.type === 'MembersRegressed')
    return event.data.members.flatMap(({ member, outcome }) => (meaningOf(outcome).takenBack ? [member] : []))
  return event.data.outcomes.flatMap(({ member, outcome, again }) => {
    const { counts, takenBack } = meaningOf(outcome)
    return again === null && counts === 'failed' && takenBack ? [member] : []
  })
}

/** Returns the profile that an upgrade is of, or that the upgrade is of which it tries the failed ones again. */
async function profileBehind(log: Log, state: ExistingUpgrade): Promise<string | undefined> {
  let present: UpgradeState = state
  while (exists(present) && present.request.kind === 'retry' && present.request.parent !== null)
    present = (await log.load(upgradeAggregate, present.request.parent)).state
  return exists(present) && present.request.kind === 'deploy' ? profileOf(present) : undefined
}

/**
 * Targets failed for good in an upgrade of a profile that takes nothing back, or in a retry of it: those whose membership wants it nevertheless
 * are taken back, each by a child of its own, which is the same one when it is asked for again. What they wanted when they failed counts, whenever this is done.
 */
export const rollBackWanted = duty(
  'roll-back-wanted',
  upgradeAggregate,
  ['OutcomesRecorded', 'MembersRegressed', 'MembersSkipped', 'RetriesGivenUp'],
  async ({ id: parent, commit: { at }, events, cause }, services: PlanningServices) => {
    const failed = events.flatMap(givenUp)
    if (failed.length === 0) return
    const { log } = services
    const { state } = await log.load(upgradeAggregate, parent)
    const plan = planOf(state)
    if (!plan || !exists(state)) return
    const profile = await profileBehind(log, state)
    if (profile === undefined) return
    const { definition } = (await log.load(profileAggregate, profile, { at })).state
    if (!definition || definition.upgrade_settings.rollback_on_failure) return
    const members = await planMembers(log, plan.planHash, new Set(failed))
    const reason = 'Its membership wants it taken back when it fails.'
    const takeBack = async ({ target }: { readonly target: string }) => {
      const { memberships } = (await log.load(targetAggregate, target, { at })).state
      if (memberships[profile]?.override.rollback_on_failure !== true) return
      const command = { kind: 'rollback', parent, by: systemActor, reason, target } as const
      await startChild(services, { ...command, child: ownRollback(parent, target) }, cause.correlation)
    }
    const each = new OnTheirOwn()
    await each.each(members.values(), 1, takeBack, ({ target }) => target)
    each.end()
  },
)
