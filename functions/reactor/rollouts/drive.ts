import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { isRunning } from '../../domain/rollout/phases.ts'
import { exists, hasEnded } from '../../domain/rollout/state.ts'
import { rouse } from '../../domain/wake-up.ts'
import type { Metadata } from '../../log/log.ts'
import { recordEnd, steerPhases } from '../../planning/phases.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { rolloutWorkflow } from '../../workflow/rollout/rollout.ts'
import { waitsInVain } from '../../workflow/waits.ts'
import { healExecution } from '../executions/heal.ts'
import type { HealingServices } from '../healer.ts'
import { tickRollout } from './tick.ts'

/** Does again what the reactor may have missed for one rollout, each thing by itself. Returns how many ends of phases it had not heard of. */
export async function driveRollout(
  services: HealingServices,
  rollout: string,
  cause: Metadata,
): Promise<number> {
  const { log } = services
  const { state } = await log.load(rolloutAggregate, rollout)
  if (!exists(state)) return 0
  let missed = 0
  const each = new OnTheirOwn()
  if (!hasEnded(state)) {
    const running = state.phases.filter(isRunning)
    const hear = async ({ upgrade }: (typeof running)[number]) => {
      if (upgrade !== null) await recordEnd(services, upgrade, cause)
    }
    await each.each(running, 1, hear, ({ name }) => name)
    const { state: present } = await log.load(rolloutAggregate, rollout)
    if (exists(present)) missed = running.length - present.phases.filter(isRunning).length
    await each.one('its phases', () => steerPhases(services, rollout, cause))
    const healing = { log, now: services.now, executions: services.rolloutExecutions }
    await each.one('its execution', () => healExecution(rolloutWorkflow, healing, rollout, state, cause))
    await each.one('its clock', () => tickRollout(services, rollout, cause))
  }
  await each.one('what it waits for', async () => {
    if (await waitsInVain(rolloutWorkflow, services, rollout))
      await log.of(rolloutAggregate, rollout).carryOut(rouse(), cause)
  })
  each.end()
  return missed
}
