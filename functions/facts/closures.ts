import type { CalendarDefinition } from '../../events/policy.ts'
import { after, day } from '../../events/time.ts'
import { closedBetween } from '../domain/policy/calendar.ts'
import type { Closure } from '../domain/policy/closure.ts'
import { calendarPolicy, policyAggregate } from '../domain/policy/policy.ts'
import type { Log } from '../log/log.ts'

/** Returns which of some names no calendar bears. */
export async function unknownCalendars(log: Log, names: readonly string[]): Promise<string[]> {
  const loaded = await Promise.all(names.map((name) => log.load(policyAggregate, calendarPolicy(name))))
  return names.filter((_, place) => loaded[place]?.state.calendar === null)
}

/** Closings by definition, as they were last asked for: whoever admits asks for the same days again and again. */
const asked = new WeakMap<CalendarDefinition, { from: string; to: string; closings: readonly Closure[] }>()

/** Closings are worked out for so much more than is asked for. */
const margin = day

function closingsOf(definition: CalendarDefinition, from: string, to: string): Closure[] {
  const known = asked.get(definition)
  const whole =
    known && known.from <= from && known.to >= to
      ? known.closings
      : closedBetween(definition, from, after(to, margin))
  if (whole !== known?.closings) asked.set(definition, { from, to: after(to, margin), closings: whole })
  return whole.filter((closing) => closing.from < to && closing.to > from)
}

/**
 * Returns when calendars are closed in `[from, to)`, each closing whole and with the name of its calendar; both are ISO instants. A
 * calendar that is not defined closes nothing.
 */
export async function closuresOf(
  log: Log,
  names: readonly string[],
  from: string,
  to: string,
): Promise<Closure[]> {
  const loaded = await Promise.all(names.map((name) => log.load(policyAggregate, calendarPolicy(name))))
  return loaded.flatMap(({ state }, place) =>
    state.calendar === null
      ? []
      : closingsOf(state.calendar, from, to).map((closing) => ({
          ...closing,
          why: `${closing.why} (${names[place]})`,
        })),
  )
}
