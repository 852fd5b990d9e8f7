import { upgradeEvents } from '../../events/upgrade.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { requestRollback } from '../planning/children.ts'
import { planMembers } from '../planning/members.ts'
import type { PlanningServices } from '../planning/planning.ts'
import { causedBy, type Duty, eventsIn, holds, streamOf } from './duty.ts'

/** Ends of a try after which the target may run something else than before. */
const touched: ReadonlySet<string> = new Set(['failed', 'timed_out', 'lost'])

/**
 * Targets failed for good in an upgrade of a profile that takes nothing back: those whose membership wants it nevertheless are taken back,
 * each by a child of its own, which is the same one when it is asked for again.
 */
export function rollBackWanted(services: () => PlanningServices): Duty {
  return {
    name: 'roll-back-wanted',
    concerns: (commit) => streamOf(commit).aggregate === 'upgrade' && holds(commit, 'OutcomesRecorded'),
    async act(commit) {
      const failed = eventsIn(commit, upgradeEvents.decode, 'OutcomesRecorded')
        .flatMap(({ data }) => data.outcomes)
        .filter(({ outcome, again }) => again === null && touched.has(outcome))
      if (failed.length === 0) return
      const { log } = services()
      const upgrade = streamOf(commit).id
      const { request, plan } = (await log.load(upgradeAggregate, upgrade)).state
      const profile = request?.selection.profile
      if (request?.kind !== 'deploy' || profile === undefined || !plan) return
      const { definition } = (await log.load(profileAggregate, profile)).state
      if (!definition || definition.upgrade_settings.rollback_on_failure) return
      const members = await planMembers(log, plan.planHash, new Set(failed.map(({ member }) => member)))
      for (const { target } of members.values()) {
        const { memberships } = (await log.load(targetAggregate, target)).state
        if (memberships[profile]?.override.rollback_on_failure !== true) continue
        await requestRollback(services(), {
          parent: upgrade,
          by: systemActor,
          correlation: causedBy(commit, systemActor).correlation,
          reason: 'Its membership wants it taken back when it fails.',
          target,
        })
      }
    },
  }
}
