import * as z from 'zod'
import { name } from './words.ts'

const count = z.int().min(0)

/** How long something took, so many times: their sum, and how many fell into each bucket (domain: tally/times.ts), as [bucket, count]. */
const times = z.object({
  count,
  milliseconds: count,
  buckets: z.array(z.tuple([count, z.int().positive()])).max(128),
})
export type Times = z.output<typeof times>

/** How the attempts on the targets of one region ended. */
const regionTally = z.object({
  /** Null: their targets have none, or it is one of the many that are not told apart. */
  region: name.nullable(),
  succeeded: count,
  failed: count,
  unreachable: count,
  /** Those of `failed` that took themselves back. */
  rolledBack: count,
  /** How often each code failed. */
  failures: z.array(z.object({ code: z.string().max(128), count: z.int().positive() })).max(8),
  /** Of those that succeeded: from the offer to its acceptance, and from there to the end. */
  acceptance: times,
  work: times,
})
export type RegionTally = z.output<typeof regionTally>

/** How attempts of one upgrade ended. */
export const tally = z.object({
  regions: z.array(regionTally).max(16),
  /** How long the steps of its procedure took in those that succeeded, by their ids. */
  steps: z.array(times.extend({ step: z.string().max(64) })).max(32),
})
export type Tally = z.output<typeof tally>

/** What is counted of an attempt, as its target's stream tells it: times in milliseconds. */
export const measured = z.object({
  region: name.nullable(),
  /** From the offer to its acceptance, and from there to the end; null: it was never accepted. */
  acceptance: count.nullable(),
  work: count.nullable(),
  /** How long each step of its procedure took, by its id; left out: none drove it. */
  steps: z.exactOptional(z.record(z.string().max(64), count)),
})
export type Measured = z.output<typeof measured>
