import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { abortRollout } from '../../domain/rollout/control.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { leaveProfile } from '../../domain/target/membership.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { abortUpgrade } from '../../domain/upgrade/control.ts'
import { atOnce } from '../../patience.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'

/**
 * A profile was deleted: what it runs is aborted, and its targets are free again. A target that the view does not show yet stays a
 * member of a profile that is gone, which holds it nowhere.
 */
export const cleanUpProfile = duty(
  'clean-up-profile',
  profileAggregate,
  ['ProfileDeleted'],
  async ({ id: profile, events, cause }, { log, views }: Pick<ReactorServices, 'log' | 'views'>) => {
    const each = new OnTheirOwn()
    for (const { data } of events) {
      const reason = 'The profile that started it was deleted.'
      const abort = abortUpgrade({ by: data.by, reason, rollBack: false })
      const abortPhases = abortRollout({ by: data.by, reason, rollback: null })
      const by = { ...cause, actor: data.by }
      const cancel = async (id: string) => {
        if ((await log.load(rolloutAggregate, id)).commit > 0)
          await log.of(rolloutAggregate, id).carryOut(abortPhases, by)
        else await log.of(upgradeAggregate, id).carryOut(abort, by)
      }
      await each.each(data.cancelled, 1, cancel, (id) => id)
    }
    const members: string[] = []
    for await (const { id, memberships } of views.everyTarget()) {
      if (Object.hasOwn(memberships, profile)) members.push(id)
    }
    const leave = (target: string) =>
      log.of(targetAggregate, target).carryOut(leaveProfile({ profile }), cause)
    await each.each(members, atOnce.targets, leave, (target) => target)
    each.end()
  },
)
