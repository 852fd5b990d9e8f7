import { after, instantOf } from '../../../events/time.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { endExecution, rouse } from '../../domain/rollout/execution.ts'
import { isRunning } from '../../domain/rollout/phases.ts'
import { type ExistingRollout, exists, hasEnded } from '../../domain/rollout/state.ts'
import type { Metadata } from '../../log/log.ts'
import { executionStarts } from '../../patience.ts'
import { recordEnd, steerPhases } from '../../planning/phases.ts'
import { rolloutWorkflow } from '../../workflow/rollout/rollout.ts'
import { waitsInVain } from '../../workflow/waits.ts'
import { executionName } from '../../workflow/workflow.ts'
import type { HealingServices } from '../healer.ts'
import { tickRollout } from './tick.ts'

/** Tells the log when the present execution is over or was never started; the reactor then starts the next generation. */
async function healExecution(
  { log, rolloutExecutions, now }: HealingServices,
  id: string,
  { standing: { generation }, execution }: ExistingRollout,
  cause: Metadata,
): Promise<void> {
  const status = await rolloutExecutions.statusOf(executionName({ id, generation }))
  if (status === 'RUNNING') return
  if (status === undefined && instantOf(now()) < after(execution.since, executionStarts)) return
  const ended = endExecution({ generation, status: status ?? 'NOT_STARTED', cause: 'found by reconcile' })
  await log.of(rolloutAggregate, id).carryOut(ended, cause)
}

/** Does again what the reactor may have missed for one rollout. Returns how many ends of phases it had not heard of. */
export async function driveRollout(
  services: HealingServices,
  rollout: string,
  cause: Metadata,
): Promise<number> {
  const { log } = services
  const { state } = await log.load(rolloutAggregate, rollout)
  if (!exists(state)) return 0
  let missed = 0
  if (!hasEnded(state)) {
    const running = state.phases.filter(isRunning)
    for (const { upgrade } of running) if (upgrade !== null) await recordEnd(services, upgrade, cause)
    const { state: present } = await log.load(rolloutAggregate, rollout)
    if (exists(present)) missed = running.length - present.phases.filter(isRunning).length
    await steerPhases(services, rollout, cause)
    if (state.execution.restartAt === null) await healExecution(services, rollout, state, cause)
    await tickRollout(services, rollout, cause)
  }
  if (await waitsInVain(rolloutWorkflow, services, rollout))
    await log.of(rolloutAggregate, rollout).carryOut(rouse(), cause)
  return missed
}
