import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { position } from '../domain/upgrade/position.ts'
import type { Log } from '../log/log.ts'
import type { Redemption } from '../work/redemption.ts'
import type { Tokens } from '../work/tokens.ts'
import { type Duty, holds, streamOf } from './duty.ts'

/** The events after which an execution may stand elsewhere; all others leave it in its wave. */
const moving = [
  'UpgradePlanned',
  'PlanningFailed',
  'ApprovalGiven',
  'UpgradeRejected',
  'UpgradeExpired',
  'ExecutionStarting',
  'WaveStarted',
  'WaveEnded',
  'BakeEnded',
  'GateEvaluated',
  'ContinueAwaited',
  'ContinueGiven',
  'WindowSet',
  'UpgradePaused',
  'UpgradeResumed',
  'AbortRequested',
  'UpgradeAborted',
  'UpgradeCompleted',
  'UpgradeFailed',
]

/** A wait is over: its token is redeemed with where the execution goes on. Tokens of older generations are void. */
export function endWaits(services: {
  log: Log
  tokens: () => Tokens
  redemption: () => Redemption
  now(): number
}): Duty {
  return {
    name: 'end-waits',
    concerns: (commit) => holds(commit, ...moving),
    async act(commit) {
      const upgrade = streamOf(commit).id
      const { state } = await services.log.load(upgradeAggregate, upgrade)
      const present = position(state, new Date(services.now()).toISOString())
      for (const stored of await services.tokens().list(upgrade)) {
        if (stored.generation < state.generation) {
          await services.redemption().fail(stored.token, 'Superseded', 'Another execution has taken over.')
        } else if (present.step !== stored.wait || present.wave !== stored.wave) {
          await services.redemption().succeed(stored.token, present)
        } else {
          continue
        }
        await services.tokens().remove(stored)
      }
    },
  }
}
