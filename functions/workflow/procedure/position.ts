import type { TargetEvent } from '../../../events/target.ts'
import { secondsUntil } from '../../domain/position.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { drivenIn, endExecution } from '../../domain/target/procedure.ts'
import type { TargetState } from '../../domain/target/state.ts'
import type { Workflow } from '../workflow.ts'

/** What an execution of a procedure may come to, as far as somebody waits for it. */
type Move = 'held' | 'step' | 'ended'

/** Places of the way back are counted on from here. */
const backFrom = 1000

/** What the executions of procedures drive: the attempt that is under way on a target. They are counted over all of its attempts. */
export const procedureWorkflow: Workflow<TargetState, TargetEvent, Move> = {
  aggregate: targetAggregate,
  position(state, now) {
    const { procedure } = drivenIn(state) ?? {}
    if (!procedure) return { move: 'ended', place: state.generation, timeoutSeconds: 1 }
    const { direction, passed, running } = procedure
    const place = passed + (direction === 'back' ? backFrom : 0)
    const timeoutSeconds = secondsUntil(running?.deadline ?? null, now)
    return { move: running?.held ? 'held' : 'step', place, timeoutSeconds }
  },
  generation: (state) => state.generation,
  endExecution: (ended) => (state, now) => {
    const attempt = drivenIn(state)?.attempt ?? ''
    return endExecution({ ...ended, attempt })(state, now)
  },
}
