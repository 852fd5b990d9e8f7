/** What a clock on the wall shows. `month` is 1 to 12. */
export interface WallTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
}

const day = 86_400_000
const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
    ...{ hour: 'numeric', minute: 'numeric', second: 'numeric' },
  })
  formats.set(zone, format)
  return format
}

/** Returns whether a text names a time zone of the IANA database. */
export function isZone(zone: string): boolean {
  // `Intl` takes offsets as `+02:00` too, which know no daylight saving time.
  if (!/^[A-Za-z]/.test(zone)) return false
  try {
    formatOf(zone)
    return true
  } catch {
    return false
  }
}

/** Returns what the clocks of a zone show at an instant (milliseconds since the epoch). Throws a RangeError for an unknown zone. */
export function wallTimeAt(zone: string, instant: number): WallTime {
  const parts = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 }
  for (const { type, value } of formatOf(zone).formatToParts(instant)) {
    if (Object.hasOwn(parts, type)) parts[type as keyof typeof parts] = Number(value) // hasOwn has just said so
  }
  return parts
}

function asUtc({ year, month, day: date, hour, minute, second }: WallTime): number {
  return Date.UTC(year, month - 1, date, hour, minute, second)
}

function offsetAt(zone: string, instant: number): number {
  return asUtc(wallTimeAt(zone, instant)) - Math.floor(instant / 1000) * 1000
}

/**
 * Returns the instant (milliseconds since the epoch) at which the clocks of a zone show a time: where they show it twice, the
 * first; where they skip it, the first instant after the gap (DESIGN §6).
 */
export function instantOf(zone: string, wall: WallTime): number {
  const utc = asUtc(wall)
  const [before, after] = [offsetAt(zone, utc - day), offsetAt(zone, utc + day)]
  const shown = [before, after].map((offset) => utc - offset).filter((at) => offsetAt(zone, at) === utc - at)
  if (shown.length > 0) return Math.min(...shown)
  let [early, late] = [utc - day, utc + day]
  while (late - early > 1000) {
    const middle = Math.floor((early + late) / 2000) * 1000
    if (offsetAt(zone, middle) === after) late = middle
    else early = middle
  }
  return late
}

/** Returns the first instant of a day in a zone, in milliseconds since the epoch; days past a month's end run on into the next. */
export function startOfDay(zone: string, year: number, month: number, date: number): number {
  const normal = new Date(Date.UTC(year, month - 1, date))
  return instantOf(zone, {
    year: normal.getUTCFullYear(),
    month: normal.getUTCMonth() + 1,
    day: normal.getUTCDate(),
    ...{ hour: 0, minute: 0, second: 0 },
  })
}
