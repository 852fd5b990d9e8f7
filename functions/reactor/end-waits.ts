import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { position } from '../domain/upgrade/position.ts'
import type { Log } from '../log/log.ts'
import type { Redemption } from '../work/redemption.ts'
import type { Tokens } from '../work/tokens.ts'
import { type Duty, holds, streamOf } from './duty.ts'

/**
 * The events after which an execution may stand elsewhere; all others leave it in its wave. `WakeUpMoved` is among them because it comes at
 * least daily: a wake-up that was lost is made up for then.
 */
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
  'WakeUpMoved',
]

interface Waits {
  readonly log: Log
  readonly tokens: () => Tokens
  readonly redemption: () => Redemption
  now(): number
}

/** Redeems the tokens of waits that are over with where the execution goes on. Tokens of older generations are void. */
async function endWaitsOf({ log, tokens, redemption, now }: Waits, upgrade: string): Promise<void> {
  // The tokens first: a wait that began after the log was read would look over, and be sent back to where it came from.
  const waiting = await tokens().list(upgrade)
  if (waiting.length === 0) return
  const { state } = await log.load(upgradeAggregate, upgrade)
  const present = position(state, new Date(now()).toISOString())
  for (const stored of waiting) {
    if (stored.generation < state.generation) {
      await redemption().fail(stored.token, 'Superseded', 'Another execution has taken over.')
    } else if (present.move !== stored.wait || present.wave !== stored.wave) {
      await redemption().succeed(stored.token, present)
    } else {
      continue
    }
    await tokens().remove(stored)
  }
}

/** A wait may be over: its token is redeemed. */
export function endWaits(waits: Waits): Duty {
  return {
    name: 'end-waits',
    concerns: (commit) => streamOf(commit).aggregate === 'upgrade' && holds(commit, ...moving),
    act: (commit) => endWaitsOf(waits, streamOf(commit).id),
  }
}
