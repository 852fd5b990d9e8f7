import { type PublicDetail, publicData } from '../../events/public.ts'
import { day, minute } from '../../events/time.ts'
import { type Severity, severities } from '../../events/words.ts'
import type { Destination } from '../domain/destination/destinations.ts'
import { firstInstantAt, wallAt } from '../domain/profile/zone.ts'
import type { About } from './notice.ts'

/** Returns how messages on their way to a destination name it: one of its name that comes later, or is of another kind, is another. */
export function placeOf({ name, life }: Pick<Destination, 'name' | 'life'>): string {
  return `${name}@${life}`
}

const rank = (severity: Severity) => severities.indexOf(severity)

/** Returns the components that an event is about; undefined: none, and no filter leaves it out. */
function componentsOf(detail: PublicDetail, about: About | null): readonly string[] | undefined {
  if (about?.kind === 'upgrade') return [about.state.request.component]
  if ('releaseId' in detail) return [detail.releaseId.split('@')[0] ?? '']
  if (detail.type === 'AttemptRegressed') return [detail.data.component]
  return undefined
}

/** Returns the regions that an upgrade may take targets of; undefined: any. */
function regionsOf(about: About | null): readonly string[] | undefined {
  if (about?.kind !== 'upgrade') return undefined
  return about.state.request.selection.regions ?? undefined
}

function meets(wanted: readonly string[] | null, present: readonly string[] | undefined): boolean {
  return wanted === null || present === undefined || present.some((one) => wanted.includes(one))
}

/** Does it matter as much as a destination asks at the least? */
export function matters({ document }: Pick<Destination, 'document'>, severity: Severity): boolean {
  return rank(severity) >= rank(document.severity)
}

/** Does a destination follow events of this kind? What an event does not say (its component, its region) may be any. */
export function follows(
  { document }: Pick<Destination, 'document'>,
  detail: PublicDetail,
  about: About | null,
): boolean {
  return (
    (document.events === null || document.events.includes(detail.type)) &&
    meets(document.components, componentsOf(detail, about)) &&
    meets(document.regions, regionsOf(about))
  )
}

/** The types of events by which an upgrade, or a rollout, goes on. */
const ofStreams: Readonly<Record<About['kind'], readonly string[]>> = {
  upgrade: Object.keys(publicData.upgrade),
  rollout: Object.keys(publicData.rollout),
}

/** Does a destination follow how an upgrade or a rollout stands? Whoever names any of its events is shown all of it: what is shown must not stay behind. */
export function followsAll(
  { document }: Pick<Destination, 'document'>,
  detail: PublicDetail,
  about: About,
): boolean {
  return (
    (document.events === null || document.events.some((type) => ofStreams[about.kind].includes(type))) &&
    meets(document.components, componentsOf(detail, about)) &&
    meets(document.regions, regionsOf(about))
  )
}

/** Returns the milliseconds of a time of the day as `22:00`. */
function timeOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  return (hours * 60 + minutes) * minute
}

/** Returns when something may be sent that comes now (milliseconds since the epoch): now, or when the quiet hours are over. */
export function sendableAt(
  { quietHours }: Pick<Destination['document'], 'quietHours'>,
  severity: Severity,
  now: number,
): number {
  if (quietHours === null || severity === 'critical') return now
  const { from, to, timezone } = quietHours
  const [begin, end] = [timeOf(from), timeOf(to)]
  const wall = wallAt(now, timezone)
  const today = Math.floor(wall / day) * day
  const time = wall - today
  const isQuiet = begin < end ? time >= begin && time < end : time >= begin || time < end
  if (!isQuiet) return now
  return firstInstantAt((time < end ? today : today + day) + end, timezone)
}
