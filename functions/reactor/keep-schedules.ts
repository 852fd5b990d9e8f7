import { profileAggregate } from '../domain/profile/aggregate.ts'
import { schedulesOf } from '../domain/profile/schedules.ts'
import { windowOf } from '../domain/profile/windows.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import type { Log, Metadata } from '../log/log.ts'
import type { Views } from '../views/views.ts'
import type { WindowSchedules } from '../work/window-schedules.ts'
import { causedBy, type Duty, holds, streamOf } from './duty.ts'
import { planAhead } from './plan-ahead.ts'

interface Keeping {
  readonly log: Log
  readonly views: () => Views
  readonly schedules: () => WindowSchedules
  now(): number
}

/** A firing that was lost is made up for so much later, in milliseconds: AWS has no schedules in the past. */
const soon = 60_000

/**
 * Brings the one-shot schedules of a profile to what its stream says: those of the next openings exist, and no other. `handling` is a
 * firing that is being worked on: its schedule is neither made again nor removed.
 */
async function refillSchedules(
  { log, schedules, now }: Omit<Keeping, 'views'>,
  profile: string,
  handling?: string,
): Promise<void> {
  const instant = now()
  const { state } = await log.load(profileAggregate, profile)
  const wanted = schedulesOf(state, profile, new Date(instant).toISOString())
  const present = new Set(await schedules().list(`window-${profile}-`))
  if (handling !== undefined) present.delete(handling)
  for (const { name, scheduledAt, plansAt } of wanted) {
    if (present.delete(name) || name === handling || !state.definition) continue
    const { start, end } = windowOf(state.definition.schedule, scheduledAt)
    const [from, until] = plansAt === null ? [start, end] : [plansAt, start]
    const at = Math.max(Date.parse(from), instant + soon)
    await schedules().create({
      name,
      // A schedule of the future keeps its own instant to the second.
      at: Date.parse(from) > instant ? from : new Date(at).toISOString(),
      input: { profileId: profile, scheduledAt, ...(plansAt !== null && { plan: true }) },
      maximumAge: (Date.parse(until) - Date.parse(from)) / 1000,
    })
  }
  for (const name of present) await schedules().remove(name)
}

/**
 * Brings a profile to what its stream says for the coming windows: their schedules exist, and the next one is planned when its lead time
 * has come. Whatever was missed is made up for by the next call, which the daily reconciliation makes for every profile.
 */
export async function keepWindows(
  keeping: Keeping,
  profile: string,
  metadata: Metadata,
  handling?: string,
): Promise<void> {
  await refillSchedules(keeping, profile, handling)
  await planAhead(keeping, profile, metadata)
}

/** A profile or one of its windows changed: its schedules follow. */
export function keepSchedules(keeping: Keeping): Duty {
  return {
    name: 'keep-schedules',
    concerns: (commit) =>
      streamOf(commit).aggregate === 'profile' &&
      holds(
        commit,
        'ProfileCreated',
        'ProfileUpdated',
        'ProfileActivated',
        'ProfileDeactivated',
        'ProfileDeleted',
        'WindowPlanned',
        'WindowOpened',
        'WindowSkipped',
        'UpgradeSummarised',
      ),
    act: (commit) => keepWindows(keeping, streamOf(commit).id, causedBy(commit, systemActor)),
  }
}
