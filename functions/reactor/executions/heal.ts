import { after, instantOf } from '../../../events/time.ts'
import type { DomainEvent } from '../../domain/aggregate.ts'
import type { Generation } from '../../domain/generation.ts'
import type { Log, Metadata } from '../../log/log.ts'
import { executionStarts } from '../../patience.ts'
import type { Executions } from '../../work/executions.ts'
import { executionName, type Workflow } from '../../workflow/workflow.ts'

/** Tells the log when the present execution is over or was never started; the reactor then starts the next generation. */
export async function healExecution<State, Event extends DomainEvent, Move extends string>(
  workflow: Workflow<State, Event, Move>,
  { log, executions, now }: { log: Log; executions: Pick<Executions, 'statusOf'>; now(): number },
  id: string,
  present: { readonly standing: { readonly generation: number }; readonly execution: Generation },
  cause: Metadata,
): Promise<void> {
  const { generation } = present.standing
  if (present.execution.restartAt !== null) return
  const status = await executions.statusOf(executionName({ id, generation }))
  if (status === 'RUNNING') return
  if (status === undefined && instantOf(now()) < after(present.execution.since, executionStarts)) return
  const ended = workflow.endExecution({
    generation,
    status: status ?? 'NOT_STARTED',
    cause: 'found by reconcile',
  })
  await log.of(workflow.aggregate, id).carryOut(ended, cause)
}
