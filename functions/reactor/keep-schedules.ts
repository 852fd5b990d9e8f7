import { profileAggregate } from '../domain/profile/aggregate.ts'
import { schedulesOf } from '../domain/profile/schedules.ts'
import { windowOf } from '../domain/profile/windows.ts'
import type { Log } from '../log/log.ts'
import type { WindowSchedules } from '../work/window-schedules.ts'
import { type Duty, holds, streamOf } from './duty.ts'

interface Keeping {
  readonly log: Log
  readonly schedules: () => WindowSchedules
  now(): number
}

/** A firing that was lost is made up for so much later, in milliseconds: AWS has no schedules in the past. */
const soon = 60_000

/**
 * Brings the one-shot schedules of a profile to what its stream says: those of the next openings exist, and no other. `handling` is an
 * opening whose firing is being worked on: its schedule is neither made again nor removed.
 */
export async function refillSchedules(
  { log, schedules, now }: Keeping,
  profile: string,
  handling?: string,
): Promise<void> {
  const instant = now()
  const { state } = await log.load(profileAggregate, profile)
  const wanted = schedulesOf(state, profile, new Date(instant).toISOString())
  const present = new Set(await schedules().list(`window-${profile}-`))
  for (const { name, scheduledAt } of wanted) {
    if (present.delete(name) || scheduledAt === handling || !state.definition) continue
    const { start, end } = windowOf(state.definition.schedule, scheduledAt)
    const at = Math.max(Date.parse(start), instant + soon)
    await schedules().create({
      name,
      // A schedule of the future keeps its own instant to the second.
      at: Date.parse(start) > instant ? start : new Date(at).toISOString(),
      input: { profileId: profile, scheduledAt },
      maximumAge: (Date.parse(end) - Date.parse(start)) / 1000,
    })
  }
  for (const name of present) await schedules().remove(name)
}

/** A profile or one of its windows changed: its schedules follow. */
export function keepSchedules(keeping: Keeping): Duty {
  return {
    name: 'keep-schedules',
    concerns: (commit) =>
      holds(
        commit,
        'ProfileCreated',
        'ProfileUpdated',
        'ProfileActivated',
        'ProfileDeactivated',
        'ProfileDeleted',
        'WindowOpened',
        'WindowSkipped',
      ),
    act: (commit) => refillSchedules(keeping, streamOf(commit).id),
  }
}
