import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { exists } from '../../domain/rollout/state.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { recordEnd, steerPhases } from '../../planning/phases.ts'
import type { PlanningServices } from '../../planning/planning.ts'
import { beginRollback } from '../../planning/rollbacks.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'

/** Phases have begun, or the rollout was paused, resumed, aborted or given another window: whoever decided that carries it to their upgrades, or was cut short. */
export const steerRollout = duty(
  'steer-rollout',
  rolloutAggregate,
  ['PhaseStarted', 'RolloutPaused', 'RolloutResumed', 'AbortRequested', 'WindowMoved'],
  ({ id, cause }, services: PlanningServices) => steerPhases(services, id, cause),
)

/** An upgrade has ended: if it is a phase, its rollout hears of it. */
export const recordPhases = duty(
  'record-phases',
  upgradeAggregate,
  ['UpgradeCompleted', 'UpgradeAborted', 'PlanningFailed', 'UpgradeRejected', 'UpgradeExpired'],
  ({ id, cause }, services: Pick<ReactorServices, 'log' | 'now'>) => recordEnd(services, id, cause),
)

/** A rollback was noted: whoever noted it begins it. Where that was cut short, it is begun here. */
export const beginRollbacks = duty(
  'begin-rollbacks',
  rolloutAggregate,
  ['ChildRequested'],
  async ({ id, events, cause }, { log }: Pick<ReactorServices, 'log'>) => {
    const begin = async ({ data }: (typeof events)[number]) => {
      if ((await log.load(rolloutAggregate, data.child)).commit > 0) return
      const { state } = await log.load(rolloutAggregate, id)
      if (exists(state)) await beginRollback(log, id, state, data, cause)
    }
    const each = new OnTheirOwn()
    await each.each(events, 1, begin, ({ data }) => data.child)
    each.end()
  },
)
