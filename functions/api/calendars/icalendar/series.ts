import { day } from '../../../../events/time.ts'
import type { Series } from './event.ts'
import { type Moment, momentInstant } from './moment.ts'
import { occurrences } from './recurrence.ts'
import { NotACalendar, type Work } from './refusal.ts'
import type { Length } from './values.ts'

/** One time of an event, in milliseconds since the epoch: `[start, end)`. */
export interface Occurrence {
  readonly start: number
  readonly end: number
  readonly name: string
}

/** What an event comes to in a span of time. */
export interface Occurrences {
  /** Beside its rule; without a rule that is all. */
  readonly single: readonly Occurrence[]
  /** Whether all of those begin within the span. */
  readonly complete: boolean
  /** By its rule, in order on the clock. It returns whether there are no more. */
  readonly ruled: Generator<Occurrence, boolean, undefined>
}

/** From here on instants no longer compare as text. */
const endOfCalendar = Date.UTC(9999, 11, 30)
/** No zone is more than a day from UTC. */
const aroundUtc = 2 * day
/** What it takes to find an instant, against looking at one day. */
const workOfInstant = 4

/** So far a rule is looked through for its first occurrence. */
const insight = 10 * 366 * day

/** Throws NotACalendar where the start is not one of the occurrences that the rule names: what is meant then, nobody says. */
export function refuseStrayStart({ rule, start, line }: Series, work: Work): void {
  if (!rule) return
  const [first] = occurrences(rule, start.wall, start.wall, start.wall + insight, work).take(1)
  if (first === start.wall) return
  const where = `the RRULE of the VEVENT of line ${line}`
  if (first === undefined) throw new NotACalendar(`${where} names nothing in the ten years from DTSTART on`)
  const shown = new Date(first).toISOString().replace(/[-:]|\.000Z/g, '')
  const form = start.form === 'date' ? shown.slice(0, 8) : shown
  throw new NotACalendar(`${where} does not name its DTSTART: let it begin at the first occurrence, ${form}`)
}

/** Returns the occurrences of an event that end after `from` and begin before `horizon`. Throws NotACalendar when they take too much work. */
export function occurrencesOf(series: Series, from: number, horizon: number, work: Work): Occurrences {
  const { rule, start, length, until, name, line } = series
  const since = from - length.days * day - length.milliseconds - aroundUtc
  const last = horizon + aroundUtc
  const near = ({ wall }: Moment) => wall >= since && wall <= last
  const excluded = new Set(series.excluded.filter(near).map(momentInstant))
  const singles = [...series.added, ...(rule ? [] : [{ start, length: null }])]
  work.spend(singles.length + excluded.size * workOfInstant)

  function* at(moment: Pick<Moment, 'wall' | 'zone'>, instant: number, own: Length): Generator<Occurrence> {
    if (excluded.has(instant)) return
    const later = own.days === 0 ? instant : momentInstant({ ...moment, wall: moment.wall + own.days * day })
    const end = later + own.milliseconds
    if (end > endOfCalendar) throw new NotACalendar(`the VEVENT of line ${line} ends after the year 9999`)
    if (end > from) yield { start: instant, end, name }
  }

  let complete = true
  const single = singles.flatMap(({ start: moment, length: own }) => {
    const instant = moment.wall > last ? horizon : momentInstant(moment)
    if (instant >= horizon) complete = false
    return instant >= horizon ? [] : [...at(moment, instant, own ?? length)]
  })

  function* ruled(): Generator<Occurrence, boolean, undefined> {
    if (!rule) return true
    let count = 0
    for (const wall of occurrences(rule, start.wall, rule.count === null ? since : start.wall, last, work)) {
      count += 1
      // Where there is a COUNT there is no UNTIL.
      if (rule.count === null || wall >= since) {
        work.spend(workOfInstant)
        const instant = momentInstant({ wall, zone: start.zone })
        if (instant > until) return true
        if (instant >= horizon) return false
        yield* at({ wall, zone: start.zone }, instant, length)
      }
      if (count === rule.count) return true
    }
    return until < horizon
  }
  return { single, complete, ruled: ruled() }
}
