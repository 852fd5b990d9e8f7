import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { hasEnded } from '../../domain/upgrade/state.ts'
import { upgradeWorkflow } from '../../workflow/upgrade/upgrade.ts'
import { executionName } from '../../workflow/workflow.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'

/** A generation was decided: its execution is started. Only the reactor starts executions, and its name makes it one. */
export const startExecution = duty(
  'start-execution',
  upgradeAggregate,
  ['ExecutionStarting'],
  async ({ id, events }, { log, upgradeExecutions }: Pick<ReactorServices, 'log' | 'upgradeExecutions'>) => {
    for (const { data } of events) {
      const { generation } = data
      const { state } = await log.load(upgradeAggregate, id)
      if (hasEnded(state) || upgradeWorkflow.generation(state) !== generation) continue
      const execution = { id, generation }
      await upgradeExecutions.start(executionName(execution), execution)
    }
  },
)
