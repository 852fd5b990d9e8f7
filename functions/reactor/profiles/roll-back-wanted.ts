import { systemActor } from '../../domain/actor.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { meaningOf } from '../../domain/target/outcome.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { ownRollback } from '../../domain/upgrade/children.ts'
import { exists, planOf, profileOf } from '../../domain/upgrade/state.ts'
import { planMembers } from '../../facts/plan-members.ts'
import { startChild } from '../../planning/children.ts'
import type { PlanningServices } from '../../planning/planning.ts'
import { duty } from '../duty.ts'

/**
 * Targets failed for good in an upgrade of a profile that takes nothing back: those whose membership wants it nevertheless are taken back,
 * each by a child of its own, which is the same one when it is asked for again.
 */
export const rollBackWanted = duty(
  'roll-back-wanted',
  upgradeAggregate,
  ['OutcomesRecorded'],
  async ({ id: parent, events, cause }, services: PlanningServices) => {
    const failed = events
      .flatMap(({ data }) => data.outcomes)
      .filter(({ outcome, again }) => {
        const { counts, takenBack } = meaningOf(outcome)
        return again === null && counts === 'failed' && takenBack
      })
    if (failed.length === 0) return
    const { log } = services
    const { state } = await log.load(upgradeAggregate, parent)
    const plan = planOf(state)
    const profile = profileOf(state)
    if (profile === undefined || !plan || !exists(state) || state.request.kind !== 'deploy') return
    const { definition } = (await log.load(profileAggregate, profile)).state
    if (!definition || definition.upgrade_settings.rollback_on_failure) return
    const members = await planMembers(log, plan.planHash, new Set(failed.map(({ member }) => member)))
    const reason = 'Its membership wants it taken back when it fails.'
    for (const { target } of members.values()) {
      const { memberships } = (await log.load(targetAggregate, target)).state
      if (memberships[profile]?.override.rollback_on_failure !== true) continue
      const command = { kind: 'rollback', parent, by: systemActor, reason, target } as const
      await startChild(services, { ...command, child: ownRollback(parent, target) }, cause.correlation)
    }
  },
)
