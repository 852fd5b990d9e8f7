import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { endExecution } from '../../domain/upgrade/execution.ts'
import { type Move, position } from '../../domain/upgrade/position.ts'
import { exists, type UpgradeState } from '../../domain/upgrade/state.ts'
import type { Workflow } from '../workflow.ts'

/** An upgrade, as the executions of its state machine drive it. */
export const upgradeWorkflow: Workflow<UpgradeState, UpgradeEvent, Move> = {
  aggregate: upgradeAggregate,
  position,
  generation: (state) => (exists(state) ? state.standing.generation : 0),
  endExecution,
}
