import type { Commit } from '../../events/envelope.ts'
import { type ProfileDefinition, type ProfileEvent, profileEvents } from '../../events/profile.ts'

const minute = 60_000
const hour = 60 * minute

/** Schedules in UTC, and on which minutes of which hours they open: told without any cron. */
const timetables: Readonly<Record<string, { readonly every: number; readonly rest: number }>> = {
  '*/2 * * * *': { every: 2, rest: 0 },
  '*/30 * * * *': { every: 30, rest: 0 },
  '0 * * * *': { every: 60, rest: 0 },
  '15 */2 * * *': { every: 120, rest: 15 },
}

/** A time in which a profile was in service and its schedule did not change. */
export interface Period {
  readonly from: number
  to: number
  readonly cron: string
  readonly hours: number
}

/** One profile as its own events tell it. */
export interface Told {
  readonly periods: Period[]
  inService: boolean
  /** So many hours ahead a window is planned; null: when it opens. */
  lead: number | null
  readonly judged: Set<string>
  readonly started: string[]
  readonly summarised: string[]
}

/** The phases of a rollout are planned when it begins. */
function leadOf({ approvals, rollout }: ProfileDefinition): number | null {
  return rollout ? null : (approvals?.lead_time_hours ?? null)
}

function follow(told: Told, event: ProfileEvent, at: number, present: Period | undefined): void {
  const begin = (schedule: { cron_expression: string; maintenance_window_hours: number }) => {
    const { cron_expression: cron, maintenance_window_hours: hours } = schedule
    told.periods.push({ from: at, to: told.inService ? Number.POSITIVE_INFINITY : at, cron, hours })
  }
  const asBefore = { cron_expression: present?.cron ?? '', maintenance_window_hours: present?.hours ?? 0 }
  switch (event.type) {
    case 'ProfileCreated':
      told.inService = true
      told.lead = leadOf(event.data.definition)
      begin(event.data.definition.schedule)
      break
    case 'ProfileUpdated':
      if (!event.data.parts.schedule) break
      if (present && told.inService) present.to = at
      begin(event.data.parts.schedule)
      break
    case 'ProfileActivated':
      told.inService = true
      begin(asBefore)
      break
    case 'ProfileDeactivated':
    case 'ProfileDeleted':
      told.inService = false
      if (present) present.to = Math.min(present.to, at)
      break
    case 'WindowOpened':
    case 'WindowSkipped':
      told.judged.add(event.data.scheduledAt)
      break
    case 'ExecutionStarted':
      told.started.push(event.data.upgrade)
      break
    case 'UpgradeSummarised':
      told.summarised.push(event.data.upgrade)
      break
    case 'WindowPlanned':
    case 'PlanVoided':
    case 'AlertRaised':
      break
  }
}

/** Returns what the streams of profiles tell, by the profile. */
export function toldBy(commits: readonly Commit[]): Map<string, Told> {
  const profiles = new Map<string, Told>()
  for (const { stream, at, events } of commits) {
    if (!stream.startsWith('profile#')) continue
    const id = stream.slice('profile#'.length)
    const told: Told = profiles.get(id) ?? {
      ...{ periods: [], inService: false, lead: null, judged: new Set(), started: [], summarised: [] },
    }
    profiles.set(id, told)
    for (const { type, schema, data } of events)
      follow(told, profileEvents.decode(type, schema, JSON.parse(data)), Date.parse(at), told.periods.at(-1))
  }
  return profiles
}

/** The openings of a period after its first instant, from the timetable alone. */
export function openings({ from, to, cron }: Period, until: number): number[] {
  const timetable = timetables[cron]
  if (!timetable) throw new Error(`There is no timetable for ${cron}.`)
  const found: number[] = []
  for (let at = (Math.floor(from / minute) + 1) * minute; at < Math.min(to, until); at += minute)
    if ((at / minute) % timetable.every === timetable.rest) found.push(at)
  return found
}

/**
 * Returns the openings that nobody judged though the profile was in service with that schedule for so many milliseconds of them: all of
 * their window where nothing else is said.
 */
export function unjudged(
  id: string,
  { periods, judged }: Told,
  until: number,
  within: (period: Period) => number = ({ hours }) => hours * hour,
): string[] {
  return periods.flatMap((period) =>
    openings(period, until)
      .filter((start) => start + within(period) < Math.min(period.to, until))
      .map((start) => new Date(start).toISOString())
      .filter((start) => !judged.has(start))
      .map((start) => `profile#${id}: nobody judged the window of ${start}`),
  )
}

/** The name of the schedule of an opening, or of its planning ahead. */
export function scheduleOf(id: string, { lead }: Told, start: number, now: number): string {
  const plans = lead !== null && start - lead * hour > now
  return `window-${id}-${start / minute}${plans ? '-plan' : ''}`
}
