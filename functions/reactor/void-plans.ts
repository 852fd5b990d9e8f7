import { profileEvents } from '../../events/profile.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { abortUpgrade } from '../domain/upgrade/control.ts'
import type { Log } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { causedBy, type Duty, eventsIn, holds, streamOf } from './duty.ts'

type VoidReason = ReturnType<typeof voided>[number]['data']['reason']

const reasons: Readonly<Record<VoidReason, string>> = {
  edited: 'The profile was changed after it was planned: it is planned again.',
  deactivated: 'The profile that planned it was taken out of service.',
  skipped: 'Its window did not open.',
  resumed: 'Its window carries on an unfinished upgrade.',
}

function voided(commit: Parameters<Duty['act']>[0]) {
  return eventsIn(commit, profileEvents.decode, 'PlanVoided')
}

/** What was planned ahead is not to run: its upgrades are aborted. None of them has begun, as no window has opened for them. */
export function voidPlans({ log }: { readonly log: Log }): Duty {
  return {
    name: 'void-plans',
    concerns: (commit) => streamOf(commit).aggregate === 'profile' && holds(commit, 'PlanVoided'),
    async act(commit) {
      for (const { data } of voided(commit)) {
        const abort = abortUpgrade({ by: data.by, reason: reasons[data.reason], rollBack: false })
        const metadata = causedBy(commit, data.by)
        for (const upgrade of data.upgrades) {
          const outcome = await log.execute(upgradeAggregate, upgrade, abort, metadata, { retryFor: 5000 })
          settled(`upgrade#${upgrade}`, outcome)
        }
      }
    },
  }
}
