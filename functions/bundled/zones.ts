import { instantRead, wallAt } from '../domain/profile/zone.ts'

/** What a wall clock shows, as far as somebody asks; months count from 0. */
interface Shown {
  year(): number
  month(): number
  date(): number
  hours(): number
  minutes(): number
  seconds(): number
  /** The instant, in ISO 8601. */
  format(): string
}

function shown(instant: number, wall: number): Shown {
  const clock = new Date(wall)
  return {
    year: () => clock.getUTCFullYear(),
    month: () => clock.getUTCMonth(),
    date: () => clock.getUTCDate(),
    hours: () => clock.getUTCHours(),
    minutes: () => clock.getUTCMinutes(),
    seconds: () => clock.getUTCSeconds(),
    format: () => new Date(instant).toISOString(),
  }
}

/** Reads `YYYY-MM-DD hh:mm:ss` as the clocks of a zone show it, or says what they show at an instant. */
function tz(time: string | Date, zone: string): Shown {
  if (typeof time !== 'string') return shown(time.getTime(), wallAt(time.getTime(), zone))
  const wall = Date.parse(`${time.replace(' ', 'T')}Z`)
  return shown(instantRead(wall, zone), wall)
}

/** Says what clocks show at an instant, in ISO 8601: those of a zone, or those that far (`+08:00`) from UTC. */
function clocksAt(time: string) {
  const instant = Date.parse(time)
  return {
    tz: (zone: string) => shown(instant, wallAt(instant, zone)),
    utcOffset(offset: string): Shown {
      const [, sign, hours, minutes] = /^([+-])(\d{2}):(\d{0,2})$/.exec(offset) ?? []
      const away = (Number(hours) * 60 + Number(minutes)) * 60_000
      return shown(instant, instant + (sign === '-' ? -away : away))
    },
  }
}

/**
 * Stands in bundles for `moment-timezone`, of which the rules of holidays ask this much: it brings a table of all zones, which the runtime
 * has as well, and which is a third of a bundle.
 */
export default Object.assign(clocksAt, { tz })
