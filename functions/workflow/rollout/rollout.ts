import type { RolloutEvent } from '../../../events/rollout.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { endExecution } from '../../domain/rollout/execution.ts'
import { type Move, position } from '../../domain/rollout/position.ts'
import { exists, type RolloutState } from '../../domain/rollout/state.ts'
import type { Workflow } from '../workflow.ts'

/** A rollout, as the executions of its state machine drive it. */
export const rolloutWorkflow: Workflow<RolloutState, RolloutEvent, Move> = {
  aggregate: rolloutAggregate,
  position,
  generation: (state) => (exists(state) ? state.standing.generation : 0),
  endExecution,
}
