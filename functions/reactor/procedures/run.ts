import { streamOf } from '../../../events/stream.ts'
import { after, instantOf } from '../../../events/time.ts'
import { samePlace } from '../../domain/position.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { drivenIn, endExecution } from '../../domain/target/procedure.ts'
import type { TargetState } from '../../domain/target/state.ts'
import type { Metadata } from '../../log/log.ts'
import { executionStarts } from '../../patience.ts'
import { isMachineMissing } from '../../work/procedure-machines.ts'
import { procedureWorkflow } from '../../workflow/procedure/position.ts'
import { endWaits, type Waits } from '../../workflow/waits.ts'
import { executionName } from '../../workflow/workflow.ts'
import { duty } from '../duty.ts'
import type { Healer, HealingServices } from '../healer.ts'
import { type KeepsMachines, makeMachine } from './machines.ts'

/** Starts the execution that drives the attempt of a target, if the log still wants one. Its name makes it one. */
async function start(services: KeepsMachines, target: string, cause: Metadata): Promise<void> {
  const { state } = await services.log.load(targetAggregate, target)
  const active = drivenIn(state)
  if (!active) return
  const { attempt, procedure } = active
  const { generation } = procedure
  const begin = () =>
    services.procedureMachines
      .executions(procedure)
      .start(executionName({ id: attempt, generation }), { target, attempt, generation })
  try {
    await begin()
  } catch (error) {
    if (!isMachineMissing(error)) throw error
    await makeMachine(services, procedure, cause)
    await begin()
  }
}

/** An attempt that a procedure drives was assigned, or needs another execution: it is started. Only the reactor does. */
export const runProcedures = duty(
  'run-procedures',
  targetAggregate,
  ['AttemptAssigned', 'ExecutionStarting'],
  async ({ id, events, cause }, services: KeepsMachines) => {
    const driven = events.some(
      ({ type, data }) => type === 'ExecutionStarting' || data.procedure !== undefined,
    )
    if (driven) await start(services, id, cause)
  },
)

/** A person has decided about a step that waited for one, or its call has come back after all: the wait is over. */
export const endStepWaits = duty(
  'end-step-waits',
  targetAggregate,
  ['StepEnded', 'StepReleased'],
  async ({ id, events }, waits: Waits) => {
    if (events.some(({ data }) => data.holding !== undefined)) await endWaits(procedureWorkflow, waits, id)
  },
)

/** Does an execution wait for a word that was given? */
async function waitsInVain(
  { tokens, now }: Pick<HealingServices, 'tokens' | 'now'>,
  target: string,
  state: TargetState,
): Promise<boolean> {
  const waiting = await tokens.list(streamOf(targetAggregate.name, target))
  const position = procedureWorkflow.position(state, instantOf(now()))
  return waiting.some((wait) => wait.generation === state.generation && !samePlace(wait, position))
}

/**
 * Looks after the executions of procedures: one that is over, was never started, or waits for a word that was given, is followed by the next. To end
 * its wait takes rights that only the reactor has.
 */
export const drivesProcedures: Healer = {
  aggregate: targetAggregate.name,
  async heal(services, { id, cause }) {
    const { log, now, procedureMachines } = services
    const { state } = await log.load(targetAggregate, id)
    const active = drivenIn(state)
    if (!active) return 0
    const { attempt, procedure } = active
    const { generation, execution } = procedure
    const status = await procedureMachines
      .executions(procedure)
      .statusOf(executionName({ id: attempt, generation }))
    const isYoung = instantOf(now()) < after(execution.since, executionStarts)
    if (status === undefined && isYoung) return 0
    if (status === 'RUNNING' && !(await waitsInVain(services, id, state))) return 0
    const ended = { attempt, generation, status: status ?? 'NOT_STARTED', cause: 'found by reconcile' }
    await log.of(targetAggregate, id).carryOut(endExecution(ended), cause)
    return 1
  },
}
