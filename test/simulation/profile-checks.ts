import { type ProfileEvent, profileEvents } from '../../events/profile.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { hasEnded } from '../../functions/domain/upgrade/state.ts'
import { logOver } from '../../functions/log/over.ts'
import { timetables } from './owners.ts'
import type { World } from './world.ts'

const minute = 60_000
const hour = 60 * minute

/** A time in which a profile was in service and its schedule did not change. */
interface Period {
  readonly from: number
  to: number
  readonly cron: string
  readonly hours: number
}

/** One profile as its own events tell it. */
interface Told {
  readonly periods: Period[]
  inService: boolean
  /** So many hours ahead a window is planned; null: when it opens. */
  lead: number | null
  readonly judged: Set<string>
  readonly started: string[]
  readonly summarised: string[]
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
      told.lead = event.data.definition.approvals?.lead_time_hours ?? null
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

function toldBy(world: World): Map<string, Told> {
  const profiles = new Map<string, Told>()
  for (const { stream, at, events } of world.commits) {
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
function openings({ from, to, cron }: Period, until: number): number[] {
  const timetable = timetables[cron as keyof typeof timetables] // the owners use no other expression
  const found: number[] = []
  for (let at = (Math.floor(from / minute) + 1) * minute; at < Math.min(to, until); at += minute) {
    const date = new Date(at)
    const fits = (timetable.minutes as readonly number[]).includes(date.getUTCMinutes())
    if (fits && date.getUTCHours() % timetable.everyHours === 0) found.push(at)
  }
  return found
}

/** Reconciliation makes up for a firing that was lost within some quarters of an hour, mostly: a shorter window may pass by. */
const longEnough = 2

/** Openings of windows that nobody judged, though the profile was in service through all of the window. */
function unjudged(id: string, { periods, judged }: Told, now: number): string[] {
  return periods
    .filter(({ hours }) => hours >= longEnough)
    .flatMap((period) =>
      openings(period, now)
        .filter((start) => start + period.hours * hour < Math.min(period.to, now))
        .map((start) => new Date(start).toISOString())
        .filter((start) => !judged.has(start))
        .map((start) => `profile#${id}: nobody judged the window of ${start}`),
    )
}

/** What is wrong with the schedules: a profile in service has those of its next two openings, another has none. */
export function scheduleFaults(world: World): string[] {
  const now = world.clock.now()
  const wanted = new Set<string>()
  for (const [id, { inService, periods, lead }] of toldBy(world)) {
    const [present] = periods.slice(-1)
    if (!inService || !present) continue
    const ahead = openings({ ...present, from: now }, now + 12 * hour).slice(0, 2)
    for (const start of ahead) {
      const plans = lead !== null && start - lead * hour > now
      wanted.add(`window-${id}-${start / minute}${plans ? '-plan' : ''}`)
    }
  }
  const present = new Set(world.scheduler.names())
  return [
    ...[...wanted].filter((name) => !present.has(name)).map((name) => `the schedule ${name} is missing`),
    ...[...present].filter((name) => !wanted.has(name)).map((name) => `the schedule ${name} is left over`),
  ]
}

/** What is wrong with profiles after everything has healed and each has been taken out of service; windows are audited (W1 to W3). */
export async function profileFaults(world: World): Promise<string[]> {
  const log = logOver(world.store, { now: () => world.clock.now() })
  const found = scheduleFaults(world)
  for (const [id, told] of toldBy(world)) {
    found.push(...unjudged(id, told, world.clock.now()))
    for (const upgrade of told.started) {
      const { state } = await log.load(upgradeAggregate, upgrade)
      const times = told.summarised.filter((other) => other === upgrade).length
      if (!hasEnded(state)) found.push(`I11: profile#${id} started ${upgrade}, which is ${state.phase}`)
      else if (times !== 1) found.push(`profile#${id}: ${upgrade} ended and is summarised ${times} times`)
    }
  }
  return found
}
