/** What a wall clock time is in a zone. */
export interface ZonedInstant {
  readonly instant: number
  /** False when clocks skip that time; the instant is then the first one after the gap. */
  readonly exists: boolean
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Throws an error when a name is no time zone of the IANA database. */
export function checkZone(timeZone: string): void {
  try {
    formatOf(timeZone)
  } catch {
    throw new Error(`${timeZone} is not a time zone of the IANA database, as Europe/Berlin is one.`)
  }
}

/**
 * Finds the instant of a wall clock time, which is given as the milliseconds it would be in UTC. A time that occurs
 * twice is its first occurrence.
 */
export function instantAt(wall: number, timeZone: string): ZonedInstant {
  const day = 86_400_000
  const offsets = [offsetAt(wall - day, timeZone), offsetAt(wall + day, timeZone)]
  const instants = offsets
    .map((offset) => wall - offset)
    .filter((one) => one + offsetAt(one, timeZone) === wall)
  if (instants.length > 0) return { instant: Math.min(...instants), exists: true }
  return {
    instant: gapEnd(wall - Math.max(...offsets), wall - Math.min(...offsets), timeZone),
    exists: false,
  }
}

/** The wall clock time of an instant, as the milliseconds that it would be in UTC. */
export function wallAt(instant: number, timeZone: string): number {
  return instant + offsetAt(instant, timeZone)
}

function gapEnd(before: number, after: number, timeZone: string): number {
  let [low, high] = [before, after]
  const offset = offsetAt(after, timeZone)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle, timeZone) === offset) high = middle
    else low = middle
  }
  return high
}

function offsetAt(instant: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0
  const parts = new Map<string, number>()
  for (const { type, value } of formatOf(timeZone).formatToParts(instant)) parts.set(type, Number(value))
  const part = (name: string): number => parts.get(name) ?? 0
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return wall - Math.floor(instant / 1000) * 1000
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const numeric = 'numeric'
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: numeric,
    month: numeric,
    day: numeric,
    hour: numeric,
    minute: numeric,
    second: numeric,
  })
  formats.set(timeZone, format)
  return format
}
