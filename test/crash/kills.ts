import type { Random } from '../views/random.ts'
import { type FailPoint, type Point, points, sides } from './points.ts'

/** How one life of the runtime ends, and how often its emulator is killed before that. */
export interface Fate {
  /** `kill -9` of the process group after so many milliseconds, or at a fail point. */
  readonly end: { readonly after: number } | FailPoint
  /** Milliseconds between one kill of the emulator and the next. */
  readonly dynamo: readonly number[]
}

/** Up to the how manieth write of a kind a life goes on: about what happens in a second of a canary. */
const within: Readonly<Record<Point, number>> = {
  'log: target': 16,
  'log: upgrade': 3,
  'log: plan': 1,
  'log: rollout': 2,
  'log: profile': 2,
  'log: window judged': 1,
  'log: execution requested': 1,
  'log: upgrade summarised': 1,
  'views: put': 20,
  'work: put': 8,
  'work: delete': 1,
  'engine: transaction': 4,
  'bus: store': 2,
  'scheduler: store': 3,
  'schedule: create': 3,
  'schedule: delete': 2,
  'invocations: store': 3,
  'checkpoints: store': 20,
  'stream: prune': 2,
  'clock: anchor': 2,
}

/** How long a life may go on when its fail point is not reached, in milliseconds: so long, and on a slow machine up to the longest. */
export const patience = 6_000
export const longest = 20_000

/** Plans so many kills: every fail point once when there are enough for that, the others by chance. */
export function planKills(kills: number, random: Random): Fate[] {
  const all = points.flatMap((point) => sides.map((side) => ({ point, side })))
  const rest = Math.max(0, kills - all.length)
  const ends: Fate['end'][] = random
    .shuffled(all)
    .slice(0, kills)
    .map(({ point, side }) => ({ point, side, count: 1 + random.below(within[point]) }))
  const dynamo: number[] = []
  for (let extra = 0; extra < rest; extra += 1) {
    const kind = random.pick(['runtime', 'dynamo', extra < 24 ? 'runtime' : 'point'] as const)
    if (kind === 'runtime') ends.push({ after: 100 + random.below(2500) })
    else if (kind === 'dynamo') dynamo.push(50 + random.below(1200))
    else {
      const { point, side } = random.pick(all)
      ends.push({ point, side, count: 1 + random.below(within[point]) })
    }
  }
  // The emulator is killed in lives that a clock ends: a fail point might be reached before.
  const timed = ends.filter((end) => 'after' in end).length
  if (timed === 0) for (const after of dynamo.splice(0)) ends.push({ after })
  const shares = Array.from({ length: timed }, () => [] as number[])
  for (const wait of dynamo) if (shares.length > 0) random.pick(shares).push(wait)
  return random.shuffled(ends).map((end) => ({ end, dynamo: 'after' in end ? (shares.pop() ?? []) : [] }))
}
