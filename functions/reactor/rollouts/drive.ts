import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { isRunning } from '../../domain/rollout/phases.ts'
import { exists, hasEnded } from '../../domain/rollout/state.ts'
import { rouse } from '../../domain/wake-up.ts'
import type { Metadata } from '../../log/log.ts'
import { recordEnd, steerPhases } from '../../planning/phases.ts'
import { rolloutWorkflow } from '../../workflow/rollout/rollout.ts'
import { waitsInVain } from '../../workflow/waits.ts'
import { healExecution } from '../executions/heal.ts'
import type { HealingServices } from '../healer.ts'
import { tickRollout } from './tick.ts'

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
    const healing = { log, now: services.now, executions: services.rolloutExecutions }
    await healExecution(rolloutWorkflow, healing, rollout, state, cause)
    await tickRollout(services, rollout, cause)
  }
  if (await waitsInVain(rolloutWorkflow, services, rollout))
    await log.of(rolloutAggregate, rollout).carryOut(rouse(), cause)
  return missed
}
