import { rolloutAggregate } from '../../functions/domain/rollout/aggregate.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { exists, hasEnded } from '../../functions/domain/upgrade/state.ts'
import { logOver } from '../../functions/log/append.ts'
import { openings, type Period, scheduleOf, toldBy, unjudged } from './told.ts'
import type { World } from './world.ts'

const hour = 3_600_000

/** Reconciliation makes up for a firing that was lost within some quarters of an hour, mostly: a shorter window may pass by. */
const longEnough = ({ hours }: Period): boolean => hours >= 2

/** What is wrong with the schedules: a profile in service has those of its next two openings, another has none. */
export function scheduleFaults(world: World): string[] {
  const now = world.clock.now()
  const wanted = new Set<string>()
  for (const [id, told] of toldBy(world.commits)) {
    const present = told.periods.at(-1)
    if (!told.inService || !present) continue
    const ahead = openings({ ...present, from: now }, now + 12 * hour).slice(0, 2)
    for (const start of ahead) wanted.add(scheduleOf(id, told, start, now))
  }
  const present = new Set(world.scheduler.names())
  return [
    ...[...wanted].filter((name) => !present.has(name)).map((name) => `the schedule ${name} is missing`),
    ...[...present].filter((name) => !wanted.has(name)).map((name) => `the schedule ${name} is left over`),
  ]
}

/** What is wrong with profiles after everything has healed and each has been taken out of service; windows are audited (W1 to W4). */
export async function profileFaults(world: World): Promise<string[]> {
  const log = logOver(world.store, { now: () => world.clock.now() })
  const found = scheduleFaults(world)
  for (const [id, told] of toldBy(world.commits)) {
    found.push(...unjudged(id, { ...told, periods: told.periods.filter(longEnough) }, world.clock.now()))
    for (const upgrade of told.started) {
      const { state } = await log.load(upgradeAggregate, upgrade)
      const ofRollout = (await log.load(rolloutAggregate, upgrade)).state
      const times = told.summarised.filter((other) => other === upgrade).length
      if (!hasEnded(state) && ofRollout.stage !== 'ended')
        found.push(
          `I11: profile#${id} started ${upgrade}, which is ${exists(state) ? state.standing.status : 'unknown'}`,
        )
      else if (times !== 1) found.push(`profile#${id}: ${upgrade} ended and is summarised ${times} times`)
    }
  }
  return found
}
