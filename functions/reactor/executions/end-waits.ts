import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { rolloutWorkflow } from '../../workflow/rollout/rollout.ts'
import { upgradeWorkflow } from '../../workflow/upgrade/upgrade.ts'
import { endWaits as endWaitsOf, type Waits } from '../../workflow/waits.ts'
import { duty } from '../duty.ts'

/**
 * A wait may be over: its token is redeemed. The events after which an execution may stand elsewhere; all others leave it in its wave.
 * `WakeUpMoved` is among them because it comes at least daily: a wake-up that was lost is made up for then.
 */
export const endWaits = duty(
  'end-waits',
  upgradeAggregate,
  [
    'UpgradePlanned',
    'PlanningFailed',
    'ApprovalGiven',
    'ApprovalsDemanded',
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
    'HoldLifted',
    'UpgradePaused',
    'UpgradeResumed',
    'AbortRequested',
    'UpgradeAborted',
    'UpgradeCompleted',
    'WakeUpMoved',
  ],
  ({ id }, waits: Waits) => endWaitsOf(upgradeWorkflow, waits, id),
)

/** The same of a rollout. */
export const endRolloutWaits = duty(
  'end-rollout-waits',
  rolloutAggregate,
  [
    'RolloutPlanned',
    'PlanningFailed',
    'ApprovalGiven',
    'RolloutRejected',
    'RolloutExpired',
    'ExecutionStarting',
    'PhaseStarted',
    'PhaseSkipped',
    'PhaseEnded',
    'PhaseOvertaken',
    'PhaseAccepted',
    'RolloutPaused',
    'RolloutResumed',
    'AbortRequested',
    'ChildRequested',
    'RolloutAborted',
    'RolloutCompleted',
    'WakeUpMoved',
  ],
  ({ id }, waits: Waits) => endWaitsOf(rolloutWorkflow, waits, id),
)
