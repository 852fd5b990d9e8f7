import { targetAggregate } from '../domain/target/aggregate.ts'
import { withdrawAttempt } from '../domain/target/attempt.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { membersOf } from '../domain/upgrade/members.ts'
import type { UpgradeState } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import { settled } from '../log/settled.ts'
import { sideBySide } from '../side-by-side.ts'
import { attemptOf } from './assignment.ts'
import { causedBy, type Duty, holds, streamOf } from './duty.ts'

const batchSize = 100
const atOnce = 16

/** Is there a reason why what no target has accepted yet has to come back? */
function mustWithdraw(state: UpgradeState): boolean {
  if (state.status === 'paused' || state.status === 'aborting') return true
  return state.holds.some(({ code }) => code === 'WINDOW_CLOSED' || code === 'FREEZE')
}

function inFlight(state: UpgradeState): { member: number; n: number }[] {
  return Object.keys(state.chunks).flatMap((chunk) =>
    [...membersOf(state.chunks, Number(chunk))]
      .filter(([, { status }]) => status === 'in_flight')
      .map(([member, { n }]) => ({ member, n })),
  )
}

/** Paused, aborted, frozen or out of its window: what no target has accepted is withdrawn; what is accepted finishes. */
export function withdrawTargets({ log }: { log: Log }): Duty {
  return {
    name: 'withdraw-targets',
    concerns: (commit) => holds(commit, 'UpgradePaused', 'AbortRequested', 'HoldPlaced'),
    async act(commit) {
      const upgrade = streamOf(commit).id
      const metadata = causedBy(commit, systemActor)
      const first = (await log.load(upgradeAggregate, upgrade)).state
      const admissions = inFlight(first)
      for (let start = 0; start < admissions.length; start += batchSize) {
        const { state } = start === 0 ? { state: first } : await log.load(upgradeAggregate, upgrade)
        if (!mustWithdraw(state)) return
        const context = { log, upgrade, state, metadata }
        await sideBySide(admissions.slice(start, start + batchSize), atOnce, async (admission) => {
          const { target, identity } = await attemptOf(context, admission)
          const outcome = await log.execute(targetAggregate, target, withdrawAttempt(identity), metadata, {
            retryFor: 5000,
          })
          settled(`target#${target}`, outcome)
        })
      }
    },
  }
}
