import { second } from '../../../events/time.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { bakeAfter, type Timed } from '../plan/duration.ts'
import { inFlightAtMost } from '../plan/rolling.ts'
import { waveCount, waveRange } from '../plan/waves.ts'
import type { Sample } from './durations.ts'
import type { Hours } from './hours.ts'

/** What an upgrade still has to do. All times are in milliseconds. */
export interface Left {
  /** Those who are still to begin in each wave, in order, and how long it is watched afterwards. */
  readonly waves: readonly WaveLeft[]
  /** How many may be in flight at once. */
  readonly slots: number
  /** From the end of one attempt to the next admission. */
  readonly spacing: number
  /** How long those have taken already who are in flight: they are of the first of these waves. */
  readonly inFlight: readonly number[]
  /** Nobody takes longer. */
  readonly longest: number
}

interface WaveLeft {
  readonly members: number
  readonly bake: number
}

/** Of fewer each is played for itself; of more a wave is played as one. */
const playedSingly = 2000

/** Of more waves none is played: that would take seconds. */
const wavesAtMost = 10_000

/** Returns what a plan has to do, from a wave on; null: it has more waves than are played. */
export function leftOfPlan(request: UpgradeRequest, plan: Timed, first = 0): Left | null {
  const { accept, attempt } = request.deadlines
  const length = waveCount(plan.waves, plan.members) - first
  if (length > wavesAtMost) return null
  const waves = Array.from({ length }, (_, place) => {
    const { from, to } = waveRange(plan.waves, plan.members, first + place)
    return { members: to - from, bake: bakeAfter(request, plan, first + place) * second }
  })
  return {
    waves,
    slots: inFlightAtMost(request, plan),
    spacing: (plan.spacingSeconds ?? 0) * second,
    inFlight: [],
    longest: (accept + attempt) * second,
  }
}

/**
 * Plays once what is left, by the rules of admission: in the order of the plan, as many at once as may be, wave after wave, nobody outside of the hours.
 * Returns when it is over, for a beginning, both in milliseconds since the epoch; infinity: no opening is known in which it would be.
 */
export function play(left: Left, hours: Hours, sample: Sample, begins: number): number {
  const all = left.waves.reduce((sum, { members }) => sum + members, 0)
  const playWave = all <= playedSingly ? singly : asOne
  let at = begins
  for (const [place, { members, bake }] of left.waves.entries()) {
    const inFlight = place > 0 ? [] : left.inFlight
    const ends = inFlight.map((taken) => begins + sample.rest(taken, left.longest - taken))
    const over = playWave({ ...left, members, at, ends }, hours, sample)
    const isLast = place + 1 === left.waves.length
    at = over + (isLast ? bake : Math.max(bake, left.spacing))
  }
  return at
}

/** One wave. */
interface Played extends Pick<Left, 'slots' | 'spacing'> {
  /** Who are to begin, from when on. */
  readonly members: number
  readonly at: number
  /** When those end who are in flight. */
  readonly ends: readonly number[]
}

/** Returns when a wave is over in which each takes the first slot that is free. */
function singly({ members, at, ends, slots, spacing }: Played, hours: Hours, sample: Sample): number {
  const taken = new Slots(Math.min(slots, members + ends.length), ends)
  let over = Math.max(at, ...ends)
  for (let member = 0; member < members; member++) {
    const free = taken.isFull ? taken.free() + spacing : at
    const end = hours.from(Math.max(at, free)) + sample.one()
    taken.take(end)
    over = Math.max(over, end)
  }
  return over
}

/** Returns when a wave is over of which only the sum of its members is looked at, and the slowest at last. */
function asOne({ members, at, ends, slots, spacing }: Played, hours: Hours, sample: Sample): number {
  const before = Math.max(at, ...ends)
  if (members === 0) return before
  const together = members + ends.length
  if (together <= slots) return Math.max(before, hours.from(at) + sample.slowest(members))
  const played = sample.many(together, slots)
  const between = ((members - 1) * spacing) / slots
  return Math.max(before, hours.after(at, played.together + between) + played.last)
}

/** When each slot is free: a heap, the first to be free at its top. */
class Slots {
  readonly #ends: Float64Array
  #taken = 0

  constructor(count: number, ends: readonly number[]) {
    this.#ends = new Float64Array(Math.max(count, ends.length))
    for (const end of ends) this.take(end)
  }

  /** Is no slot free? */
  get isFull(): boolean {
    return this.#taken === this.#ends.length
  }

  /** Frees the slot that is free first, and returns when it is. */
  free(): number {
    const ends = this.#ends
    const first = ends[0] ?? 0
    this.#taken -= 1
    const moved = ends[this.#taken] ?? 0
    let place = 0
    for (let child = 1; child < this.#taken; child = 2 * place + 1) {
      if (child + 1 < this.#taken && (ends[child + 1] ?? 0) < (ends[child] ?? 0)) child += 1
      if (moved <= (ends[child] ?? 0)) break
      ends[place] = ends[child] ?? 0
      place = child
    }
    ends[place] = moved
    return first
  }

  /** Takes a free slot until an instant. */
  take(end: number): void {
    let place = this.#taken
    this.#taken += 1
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = this.#ends[parent] ?? 0
      if (above <= end) break
      this.#ends[place] = above
      place = parent
    }
    this.#ends[place] = end
  }
}
