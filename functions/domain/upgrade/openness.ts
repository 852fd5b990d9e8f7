import { after, second } from '../../../events/time.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { type Closure, closureAt } from '../policy/closure.ts'
import { minus, type Window } from '../window.ts'
import type { Requested } from './state.ts'

/** What the hours of an upgrade follow from. */
type Timed = Pick<Requested, 'window' | 'awaitsOpening'> & {
  readonly request: Pick<UpgradeRequest, 'deadlines'>
}

/** May targets be handed over now? Until when, or why not and from when on. */
export type Openness =
  | {
      readonly open: true
      /** From then on no attempt fits any more; null: no end is known. */
      readonly until: string | null
    }
  | {
      readonly open: false
      /** When it opens again; null: no opening is known. */
      readonly until: string | null
      /** What closes it, where it is a calendar and not the window. */
      readonly why: string | null
    }

/** Where no window binds, everything is open that no calendar closes. */
const always: Window = { start: '0000-01-01T00:00:00.000Z', end: '9999-12-31T00:00:00.000Z' }

/**
 * Returns the times in which an attempt that takes as long as it should may be begun, in order: what the calendars leave of the window,
 * each part less the expected time at its end. `[start, end)`; both are instants that compare as text.
 */
export function rooms(
  { window, request }: Omit<Timed, 'awaitsOpening'>,
  closures: readonly Closure[],
): Window[] {
  return minus([window ?? always], closures)
    .map(({ start, end }) => ({
      start,
      end: end >= always.end ? end : after(end, -request.deadlines.expected * second),
    }))
    .filter(({ start, end }) => start < end)
}

/** Returns whether an upgrade is open at an instant, given what its calendars close from then on. */
export function opennessOf(upgrade: Timed, closures: readonly Closure[], now: string): Openness {
  const { window, awaitsOpening } = upgrade
  const [room] = rooms(upgrade, closures).filter(({ end }) => now < end)
  const opened = room !== undefined && room.start <= now
  // Its profile says when the window is open; what it waits for is not on any calendar.
  if (opened && awaitsOpening) return { open: false, until: null, why: null }
  if (opened) return { open: true, until: room.end >= always.end ? null : room.end }
  const until = room?.start ?? null
  if (window && (now < window.start || now >= window.end)) return { open: false, until, why: null }
  return { open: false, until, why: closerOf(upgrade, closures, now) }
}

/** Returns the calendar that closes an upgrade inside its window: now, or so soon that no attempt fits before. */
function closerOf({ window, request }: Timed, closures: readonly Closure[], now: string): string | null {
  const soon = after(now, request.deadlines.expected * second)
  const closer =
    closureAt(closures, now) ?? closures.find(({ from, to }) => now < from && from <= soon && from < to)
  return closer && closer.from < (window ?? always).end ? closer.why : null
}
