import { closedBetween } from '../domain/policy/calendar.ts'
import type { Closure } from '../domain/policy/closure.ts'
import { calendarPolicy, policyAggregate } from '../domain/policy/policy.ts'
import type { Log } from '../log/log.ts'

/** Returns which of some names no calendar bears. */
export async function unknownCalendars(log: Log, names: readonly string[]): Promise<string[]> {
  const loaded = await Promise.all(names.map((name) => log.load(policyAggregate, calendarPolicy(name))))
  return names.filter((_, place) => loaded[place]?.state.calendar === null)
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
      : closedBetween(state.calendar, from, to).map((closing) => ({
          ...closing,
          why: `${closing.why} (${names[place]})`,
        })),
  )
}
