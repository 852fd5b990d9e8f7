import { existsSync, renameSync, writeFileSync } from 'node:fs'
import type { Clock } from './clock.ts'
import type { ClockSight } from './clock-sight.ts'
import { DamagedFile, readJson } from './damage.ts'
import { isRecord } from './template/shapes.ts'

/** A clock that belongs to one data directory and can be closed. */
export interface MachineClock extends Clock {
  /** True when the clock does not show the wall's time: another speed, or an anchor that is ahead of the wall. */
  readonly differs: boolean
  /**
   * The age, in the clock's milliseconds, of something that happened at an instant of the wall's clock. It counts from the opening of
   * the clock at the earliest: nobody could do anything about it while the machine was off.
   */
  ageOf(wallInstant: number): number
  /** Is something due that was not called yet? */
  readonly overdue: boolean
  /** The earliest instant for which something waits that is not routine; undefined when nothing does. */
  next(): number | undefined
  /**
   * Moves ahead to an instant; what has come due by then is called soon, in the order of its instants. An instant that has passed
   * changes nothing. Throws for a clock that shows the wall's time, as `Date` does not follow that.
   */
  moveTo(instant: number): void
  /** What other threads need to see this clock's time. */
  readonly sight: ClockSight
  /** Keeps the present instant for the next start and cancels every timer. */
  stop(): void
}

// The global Date may show this very clock while the runtime runs (date.ts), hence the one of the module's loading.
const WallDate = globalThis.Date
const longestTimer = 2 ** 31 - 1
const reserve = 1_000

/** Something that waits for an instant. */
interface Timer {
  readonly instant: number
  readonly routine: boolean
  readonly action: () => void
  armed: NodeJS.Timeout | undefined
}

/**
 * Opens the clock whose anchor is kept in `file`. It starts at the wall's time or where the last run ended, whichever
 * is later. While it runs, the file always holds an instant that the clock has not reached yet (at most one second of
 * the wall ahead), so that it never runs backwards even after `kill -9`; the price is a jump of up to that second.
 */
export function openClock(options: {
  readonly file: string
  readonly speed: number
  readonly wall?: () => number
}): MachineClock {
  const { file, speed } = options
  if (!Number.isFinite(speed) || speed <= 0) {
    throw new Error(
      `The speed of the clock must be a number above 0, not ${speed}: 1 is real time, 60 makes a minute a second.`,
    )
  }
  const wall = options.wall ?? (() => WallDate.now())
  const wallOrigin = wall()
  let origin = Math.max(wallOrigin, readAnchor(file))
  const differs = speed !== 1 || origin !== wallOrigin
  let latest = origin
  let ceiling = origin
  let stopped = false
  const timers = new Set<Timer>()
  const shared = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)
  const seen = new BigInt64Array(shared)
  const show = () => {
    Atomics.store(seen, 0, BigInt(Math.floor(origin)))
    Atomics.store(seen, 1, BigInt(latest))
  }

  const keep = (instant: number) => {
    writeFileSync(`${file}.next`, `${JSON.stringify({ instant })}\n`)
    renameSync(`${file}.next`, file)
    ceiling = instant
  }
  const now = () => {
    latest = Math.max(latest, Math.floor(origin + (wall() - wallOrigin) * speed))
    show()
    if (latest >= ceiling && !stopped) keep(Math.ceil(latest + reserve * speed))
    return latest
  }
  now()

  const arm = (timer: Timer) => {
    const delay = Math.min(Math.max(0, Math.ceil((timer.instant - now()) / speed)), longestTimer)
    timer.armed = setTimeout(() => {
      // A timer may fire a little early, and a long wait is made of several.
      if (now() < timer.instant) return arm(timer)
      timers.delete(timer)
      timer.action()
    }, delay)
    timer.armed.unref()
  }
  const waiting = () => [...timers].toSorted((a, b) => a.instant - b.instant)

  return {
    speed,
    differs,
    sight: { speed, wallOrigin, differs, shared },
    now,
    ageOf: (wallInstant) => (wall() - Math.max(wallInstant, wallOrigin)) * speed,
    at(instant, action, kind) {
      if (stopped) return () => {}
      const timer: Timer = { instant, routine: kind === 'routine', action, armed: undefined }
      timers.add(timer)
      arm(timer)
      return () => {
        clearTimeout(timer.armed)
        timers.delete(timer)
      }
    },
    get overdue() {
      return (waiting()[0]?.instant ?? Number.POSITIVE_INFINITY) <= now()
    },
    next: () => waiting().find(({ routine }) => !routine)?.instant,
    moveTo(instant) {
      if (!differs) throw new Error("This clock shows the wall's time: start it ahead of that to move it.")
      origin += Math.max(0, instant - now())
      now()
      // Armed again in order: timers of one delay fire in the order in which they were set.
      for (const timer of waiting()) {
        clearTimeout(timer.armed)
        arm(timer)
      }
    },
    stop() {
      if (stopped) return
      keep(now())
      stopped = true
      for (const { armed } of timers) clearTimeout(armed)
      timers.clear()
    },
  }
}

/** Returns the instant that a clock's file holds; 0 when there is no file. Throws a DamagedFile when it holds none. */
export function readAnchor(file: string): number {
  if (!existsSync(file)) return 0
  const anchor = readJson(file)
  if (isRecord(anchor) && Number.isFinite(anchor.instant)) return Number(anchor.instant)
  throw new DamagedFile(file, 'it does not hold {"instant": number}')
}
