import { profileEvents } from '../../events/profile.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { leaveProfile } from '../domain/target/membership.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { abortUpgrade } from '../domain/upgrade/control.ts'
import type { Log } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'
import { causedBy, type Duty, eventsIn, holds, streamOf } from './duty.ts'

const atOnce = 16

/**
 * A profile was deleted: what it runs is aborted, and its targets are free again. A target that the view does not show yet stays a
 * member of a profile that is gone, which holds it nowhere.
 */
export function cleanUpProfile({ log, views }: { readonly log: Log; readonly views: () => Views }): Duty {
  return {
    name: 'clean-up-profile',
    concerns: (commit) => holds(commit, 'ProfileDeleted'),
    async act(commit) {
      const profile = streamOf(commit).id
      for (const { data } of eventsIn(commit, profileEvents.decode, 'ProfileDeleted')) {
        const abort = abortUpgrade({
          by: data.by,
          reason: 'The profile that started it was deleted.',
          rollBack: false,
        })
        for (const upgrade of data.cancelled) {
          const outcome = await log.execute(upgradeAggregate, upgrade, abort, causedBy(commit, data.by), {
            retryFor: 5000,
          })
          settled(`upgrade#${upgrade}`, outcome)
        }
      }
      const members: string[] = []
      for await (const { id, memberships } of views().everyTarget()) {
        if (Object.hasOwn(memberships, profile)) members.push(id)
      }
      const metadata = causedBy(commit, systemActor)
      await sideBySide(members, atOnce, async (target) => {
        const outcome = await log.execute(targetAggregate, target, leaveProfile({ profile }), metadata)
        settled(`target#${target}`, outcome)
      })
    },
  }
}
