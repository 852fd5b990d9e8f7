import { streamOf } from '../../../events/stream.ts'
import { after, between, instantOf, later, minute, second } from '../../../events/time.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { schedulesOf, type WindowSchedule } from '../../domain/profile/schedules.ts'
import { windowOf } from '../../domain/profile/windows.ts'
import type { Metadata } from '../../log/log.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { duty } from '../duty.ts'
import type { Healer } from '../healer.ts'
import type { ReactorServices } from '../services.ts'
import { planAhead } from './plan-ahead.ts'

type Keeping = Pick<ReactorServices, 'log' | 'views' | 'windowSchedules' | 'now'>

/** A firing that was lost is made up for so much later: AWS has no schedules in the past. */
const soon = minute

/**
 * Brings the one-shot schedules of a profile to what its stream says: those of the next openings exist, one for all that is due, and no other.
 * `handling` is a firing that is being worked on: its schedule is neither made again nor removed. `each` has those that could not be made or removed.
 */
async function refillSchedules(
  { log, windowSchedules, now }: Omit<Keeping, 'views'>,
  profile: string,
  handling: string | undefined,
  each: OnTheirOwn,
): Promise<void> {
  const instant = instantOf(now())
  const { state } = await log.load(profileAggregate, profile)
  const wanted = schedulesOf(state, profile, instant)
  const present = new Set(await windowSchedules.list(`window-${profile}-`))
  if (handling !== undefined) present.add(handling)
  const missing = wanted.filter(({ name }) => !present.has(name))
  const coming = missing.filter(({ due }) => !due)
  // A firing judges all that is due. One of its own for each, made again at each judgement, would be the more of them the longer they wait.
  const isDueThere = wanted.some(({ name, due }) => due && present.has(name))
  const [late] = isDueThere ? [] : missing.filter(({ due }) => due)
  const make = async ({ name, scheduledAt, plansAt }: WindowSchedule) => {
    if (!state.definition) return
    const { start, end } = windowOf(state.definition.schedule, scheduledAt)
    const [from, until] = plansAt === null ? [start, end] : [plansAt, start]
    await windowSchedules.create({
      name,
      // A schedule of the future keeps its own instant to the second.
      at: from > instant ? from : later(from, after(instant, soon)),
      input: { profileId: profile, scheduledAt, ...(plansAt !== null && { plan: true }) },
      maximumAge: between(from, until) / second,
    })
  }
  await each.each(late ? [late, ...coming] : coming, 1, make, ({ name }) => name)
  const kept = new Set([handling, ...wanted.map(({ name }) => name)])
  const spare = [...present].filter((name) => !kept.has(name))
  await each.each(
    spare,
    1,
    (name) => windowSchedules.remove(name),
    (name) => name,
  )
}

/**
 * Brings a profile to what its stream says for the coming windows: their schedules exist, and the next one is planned when its lead time
 * has come. Whatever was missed is made up for by the next call, which the daily reconciliation makes for every profile. What fails of it keeps nothing else
 * from being done.
 */
export async function keepWindows(
  keeping: Keeping,
  profile: string,
  cause: Metadata,
  handling?: string,
): Promise<void> {
  const each = new OnTheirOwn()
  const stream = streamOf(profileAggregate.name, profile)
  await each.one(stream, () => refillSchedules(keeping, profile, handling, each))
  await each.one(stream, () => planAhead(keeping, profile, cause))
  each.end()
}

/** A profile or one of its windows changed: its schedules follow. */
export const keepSchedules = duty(
  'keep-schedules',
  profileAggregate,
  [
    'ProfileCreated',
    'ProfileUpdated',
    'ProfileActivated',
    'ProfileDeactivated',
    'ProfileDeleted',
    'WindowPlanned',
    'WindowOpened',
    'WindowSkipped',
    'UpgradeSummarised',
  ],
  ({ id, cause }, keeping: Keeping) => keepWindows(keeping, id, cause),
)

/** Brings each profile to what its stream says for the coming windows. */
export const keepsWindows: Healer = {
  aggregate: profileAggregate.name,
  async heal(services, { id, cause }) {
    await keepWindows(services, id, cause)
    return 0
  },
}
