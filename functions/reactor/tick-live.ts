import { systemActor } from '../domain/upgrade/admission.ts'
import type { Log } from '../log/log.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'
import { type Duty, holds } from './duty.ts'
import { healMembers } from './heal-members.ts'
import { tickUpgrade } from './tick.ts'

/** Everything was stopped, a stop was lifted, or a release was withdrawn: every live upgrade hears of it at once. */
export function tickLive({ log, views }: { log: Log; views: () => Views }): Duty {
  return {
    name: 'tick-live',
    concerns: (commit) => holds(commit, 'FreezePlaced', 'FreezeLifted', 'ReleaseWithdrawn'),
    async act(commit) {
      const cause = { correlation: commit.correlation, causation: `${commit.stream}@${commit.commit}` }
      const live = await Array.fromAsync(views().liveUpgrades())
      await sideBySide(live, 8, async ({ upgrade }) => {
        await tickUpgrade(log, upgrade, cause)
        // A stop that was over before any upgrade noticed it left no hold whose end would bring the assignments it held back.
        const metadata = { actor: systemActor, ...cause }
        if (holds(commit, 'FreezeLifted'))
          await healMembers({ log, metadata, at: Date.parse(commit.at) }, upgrade)
      })
    },
  }
}
