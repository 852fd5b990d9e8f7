import type { Random } from '../views/random.ts'
import { type FailPoint, type Point, points, sides } from './points.ts'

/** What befalls a life that goes on: its emulator is killed, all of it or the emulator stands still, or its functions lose their rights. */
export interface Trouble {
  readonly kind: 'dynamo killed' | 'dynamo frozen' | 'frozen' | 'without rights'
  /** In milliseconds after the trouble before it. */
  readonly wait: number
  /** In milliseconds; a kill takes none. */
  readonly lasts: number
}

/** How one life of the runtime ends, and what befalls it before that. */
export interface Fate {
  /** `kill -9` of the process group after so many milliseconds, a disk that is full after so many, or a fail point. */
  readonly end: { readonly after: number } | { readonly full: number } | FailPoint
  /** One after the other, in a life that is ended by the clock: a fail point might be reached before. */
  readonly troubles: readonly Trouble[]
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

/** What is done to a runtime beside fail points, in the order of the first round. */
const others = ['runtime', 'dynamo killed', 'frozen', 'without rights', 'full', 'dynamo frozen'] as const

/**
 * How long a trouble lasts at most, in milliseconds. Rights are away for up to ten minutes of the clock: Lambda tries an event again after one and after two
 * more, and what is without rights for longer than that is given up, rings, and is made good by a round of reconcile, which begins by itself.
 */
const lastsAtMost: Readonly<Record<Trouble['kind'], number>> = {
  ...{ 'dynamo killed': 0, 'dynamo frozen': 5000, frozen: 5000, 'without rights': 20_000 },
}

function troubleOf(kind: Trouble['kind'], random: Random): Trouble {
  const most = lastsAtMost[kind]
  return { kind, wait: 50 + random.below(1200), lasts: most === 0 ? 0 : 300 + random.below(most - 300) }
}

/**
 * Plans so many kills and other troubles: every fail point once when there are enough for that, then each of the others, and the rest by chance. Disks
 * are filled only where `mayFill`.
 */
export function planKills(kills: number, random: Random, mayFill: boolean): Fate[] {
  const all = points.flatMap((point) => sides.map((side) => ({ point, side })))
  const rest = Math.max(0, kills - all.length)
  const ends: Fate['end'][] = random
    .shuffled(all)
    .slice(0, kills)
    .map(({ point, side }) => ({ point, side, count: 1 + random.below(within[point]) }))
  const troubles: Trouble[] = []
  for (let extra = 0; extra < rest; extra += 1) {
    const kind = others[extra] ?? random.pick([...others, 'runtime', 'dynamo killed', 'point'] as const)
    if (kind === 'runtime' || (kind === 'full' && !mayFill)) ends.push({ after: 100 + random.below(2500) })
    else if (kind === 'full') ends.push({ full: 100 + random.below(2500) })
    else if (kind !== 'point') troubles.push(troubleOf(kind, random))
    else {
      const { point, side } = random.pick(all)
      ends.push({ point, side, count: 1 + random.below(within[point]) })
    }
  }
  const shares = ends.filter((end) => 'after' in end).map(() => [] as Trouble[])
  for (const trouble of troubles) {
    const share = random.pick(shares)
    // Twice in one life would be once for longer.
    if (trouble.kind !== 'without rights' || !share.some(({ kind }) => kind === trouble.kind))
      share.push(trouble)
    else share.push(troubleOf('frozen', random))
  }
  return random.shuffled(ends).map((end) => ({ end, troubles: 'after' in end ? (shares.pop() ?? []) : [] }))
}
