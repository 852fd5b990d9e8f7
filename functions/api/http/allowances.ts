import { BoundedMap } from '../../bounded-map.ts'

/** How much one caller may ask of one instance of a function: so many requests at once, and so many a second from then on. */
export interface Allowance {
  readonly atOnce: number
  readonly perSecond: number
}

/** Who is counted alike. */
export type Counted = 'person' | 'agent' | 'gateway' | 'receiver'
export type Allowances = Readonly<Record<Counted, Allowance>>

/**
 * What each may ask of one instance. Lambda hands an instance one request at a time (AWS), so a share of an instance's time is the same share of
 * the function's: ten requests a second of 50 ms are half of it, and an agent's one is a twentieth, however many instances there are. An
 * agent that does as it is told asks every 5 to 15 minutes; a gateway that asks and reports for each of 1,000 members alone makes
 * 3,000 requests of 50 ms, one after the other. A receiver of messages is whoever calls back from one address.
 */
export const allowances: Allowances = {
  person: { atOnce: 100, perSecond: 10 },
  agent: { atOnce: 60, perSecond: 1 },
  gateway: { atOnce: 2000, perSecond: 10 },
  receiver: { atOnce: 100, perSecond: 10 },
}

/** Callers that are remembered; the one that was heard of longest ago is forgotten first, and may begin anew. */
const mostCallers = 10_000

interface Bucket {
  as: Counted
  left: number
  filledAt: number
}

/** The callers of one instance, each with what is left to it. */
export interface Callers {
  /** Takes one request of a caller. Returns in how many seconds the next is taken where nothing is left, else null. */
  take(caller: string, as: Counted): number | null
  /** Counts a caller as a gateway from now on: it has just spoken for a member. */
  countAsGateway(caller: string): void
}

/** Opens the count of an instance's callers: token buckets in memory, bounded; `now` is in milliseconds since the epoch. */
export function openCallers(now: () => number, all: Allowances = allowances): Callers {
  const buckets = new BoundedMap<string, Bucket>(mostCallers)

  function fill(bucket: Bucket): void {
    const { atOnce, perSecond } = all[bucket.as]
    const seconds = Math.max(0, now() - bucket.filledAt) / 1000
    bucket.left = Math.min(atOnce, bucket.left + seconds * perSecond)
    bucket.filledAt = now()
  }

  return {
    take(caller, as) {
      const bucket = buckets.get(caller) ?? { as, left: all[as].atOnce, filledAt: now() }
      fill(bucket)
      buckets.set(caller, bucket) // whoever has asked last is forgotten last
      if (bucket.left < 1) return Math.ceil((1 - bucket.left) / all[bucket.as].perSecond)
      bucket.left -= 1
      return null
    },
    countAsGateway(caller) {
      const bucket = buckets.get(caller)
      if (!bucket || bucket.as === 'gateway') return
      fill(bucket)
      bucket.left += all.gateway.atOnce - all[bucket.as].atOnce
      bucket.as = 'gateway'
    },
  }
}
