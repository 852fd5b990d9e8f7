import type { ProfileEvent } from '../../../events/profile.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { abortUpgrade } from '../../domain/upgrade/control.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'

type VoidReason = Extract<ProfileEvent, { type: 'PlanVoided' }>['data']['reason']

const reasons: Readonly<Record<VoidReason, string>> = {
  edited: 'The profile was changed after it was planned: it is planned again.',
  deactivated: 'The profile that planned it was taken out of service.',
  skipped: 'Its window did not open.',
  resumed: 'Its window carries on an unfinished upgrade.',
}

/** What was planned ahead is not to run: its upgrades are aborted. None of them has begun, as no window has opened for them. */
export const voidPlans = duty(
  'void-plans',
  profileAggregate,
  ['PlanVoided'],
  async ({ events, cause }, { log }: Pick<ReactorServices, 'log'>) => {
    for (const { data } of events) {
      const abort = abortUpgrade({ by: data.by, reason: reasons[data.reason], rollBack: false })
      for (const upgrade of data.upgrades)
        await log.of(upgradeAggregate, upgrade).carryOut(abort, { ...cause, actor: data.by })
    }
  },
)
