import type { ProfileEvent } from '../../../events/profile.ts'
import { accept } from '../../domain/aggregate.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { abortRollout } from '../../domain/rollout/control.ts'
import { exists as rolloutExists } from '../../domain/rollout/state.ts'
import { awaitsApproval, type Life } from '../../domain/standing.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { abortUpgrade } from '../../domain/upgrade/control.ts'
import { exists } from '../../domain/upgrade/state.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
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
    const each = new OnTheirOwn()
    for (const { data } of events) {
      const decision = abortUpgrade({ by: data.by, reason: reasons[data.reason], rollBack: false })
      const abort = (upgrade: string) =>
        log.of(upgradeAggregate, upgrade).carryOut(decision, { ...cause, actor: data.by })
      await each.each(data.upgrades, 1, abort, (upgrade) => upgrade)
    }
    each.end()
  },
)

/** Does it still wait for its approvals, and has nothing of it begun? */
function isUnapproved(one: { readonly standing: Life }): boolean {
  return awaitsApproval(one) && one.standing.startedAt === null
}

/**
 * A profile was changed, or taken out of service, while what it has started waits for its approvals: that is not to begin any more, since whoever
 * approved it would approve what the profile no longer says. What has begun goes on.
 */
export const voidUnapproved = duty(
  'void-unapproved',
  profileAggregate,
  ['ProfileUpdated', 'ProfileDeactivated'],
  async ({ id, commit, events, cause }, { log }: Pick<ReactorServices, 'log'>) => {
    const { running } = (await log.load(profileAggregate, id)).state
    // What it has started since then is of what it says by now.
    if (!running?.approved || running.startedAt > commit.at) return
    for (const { type, data } of events) {
      const { by } = data
      const abort = { by, reason: reasons[type === 'ProfileUpdated' ? 'edited' : 'deactivated'] }
      const metadata = { ...cause, actor: by }
      if (running.rollout)
        await log.of(rolloutAggregate, running.upgrade).carryOut((state, now) => {
          const waits = rolloutExists(state) && isUnapproved(state)
          return waits ? abortRollout({ ...abort, rollback: null })(state, now) : accept()
        }, metadata)
      else
        await log.of(upgradeAggregate, running.upgrade).carryOut((state, now) => {
          const waits = exists(state) && isUnapproved(state)
          return waits ? abortUpgrade({ ...abort, rollBack: false })(state, now) : accept()
        }, metadata)
    }
  },
)
