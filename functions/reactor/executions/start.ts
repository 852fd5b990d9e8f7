import { instantOf } from '../../../events/time.ts'
import type { DomainEvent } from '../../domain/aggregate.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import type { Executions } from '../../work/executions.ts'
import { rolloutWorkflow } from '../../workflow/rollout/rollout.ts'
import { upgradeWorkflow } from '../../workflow/upgrade/upgrade.ts'
import { executionName, type Workflow } from '../../workflow/workflow.ts'
import { duty, type Fact } from '../duty.ts'
import type { ReactorServices } from '../services.ts'

/** A generation was decided: its execution is started, unless all is over or another has taken its place. Its name makes it one. */
async function start<State, Event extends DomainEvent, Move extends string>(
  workflow: Workflow<State, Event, Move>,
  { id, events }: Fact<{ readonly data: { readonly generation: number } }>,
  { log, now }: Pick<ReactorServices, 'log' | 'now'>,
  executions: Executions,
): Promise<void> {
  for (const { data } of events) {
    const { generation } = data
    const { state } = await log.load(workflow.aggregate, id)
    const isOver = workflow.position(state, instantOf(now())).move === 'ended'
    if (isOver || workflow.generation(state) !== generation) continue
    const execution = { id, generation }
    await executions.start(executionName(execution), execution)
  }
}

/** Starts the executions of upgrades. Only the reactor does. */
export const startExecution = duty(
  'start-execution',
  upgradeAggregate,
  ['ExecutionStarting'],
  (fact, services: Pick<ReactorServices, 'log' | 'now' | 'upgradeExecutions'>) =>
    start(upgradeWorkflow, fact, services, services.upgradeExecutions),
)

/** Starts those of rollouts. */
export const startRolloutExecution = duty(
  'start-rollout-execution',
  rolloutAggregate,
  ['ExecutionStarting'],
  (fact, services: Pick<ReactorServices, 'log' | 'now' | 'rolloutExecutions'>) =>
    start(rolloutWorkflow, fact, services, services.rolloutExecutions),
)
