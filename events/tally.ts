import * as z from 'zod'
import { name } from './words.ts'

const count = z.int().min(0)
/** Most figures of a small tally are none, and are not written. */
const countOrNone = count.default(0)

const bucketsAtMost = 128

/** How long something took, so many times: their sum, and how many fell into each bucket (domain: tally/times.ts), as [bucket, count]. */
const wholeTimes = z.object({
  count,
  milliseconds: count,
  buckets: z.array(z.tuple([count, z.int().positive()])).max(bucketsAtMost),
})
export type Times = z.output<typeof wholeTimes>

/** The same as it is written with each few ends: the sum, then each bucket and how many fell into it. Each time is in one bucket. */
const shortTimes = z
  .array(count)
  .min(1)
  .max(1 + 2 * bucketsAtMost)
  .refine((written) => written.length % 2 === 1, 'a sum, and buckets each with a count')

const times = z.union([wholeTimes, shortTimes]).transform((written): Times => {
  if (!Array.isArray(written)) return written
  const [milliseconds = 0, ...told] = written
  const buckets: [number, number][] = []
  for (let place = 0; place + 1 < told.length; place += 2)
    buckets.push([told[place] ?? 0, told[place + 1] ?? 0])
  return { count: buckets.reduce((sum, [, some]) => sum + some, 0), milliseconds, buckets }
})

function writtenTimes({ milliseconds, buckets }: Times): z.input<typeof shortTimes> {
  return [milliseconds, ...buckets.flat()]
}

/** Nothing was timed. */
export const noTimes: Times = { count: 0, milliseconds: 0, buckets: [] }

/** How the attempts on the targets of one region ended. */
const regionTally = z.object({
  /** Null: their targets have none, or it is one of the many that are not told apart. */
  region: name.nullable(),
  succeeded: countOrNone,
  failed: countOrNone,
  unreachable: countOrNone,
  /** Those of `failed` that took themselves back. */
  rolledBack: countOrNone,
  /** How often each code failed. */
  failures: z
    .array(z.object({ code: z.string().max(128), count: z.int().positive() }))
    .max(8)
    .default([]),
  /** Of those that succeeded: from the offer to its acceptance, and from there to the end. */
  acceptance: times.default(noTimes),
  work: times.default(noTimes),
})
export type RegionTally = z.output<typeof regionTally>

/** How attempts of one upgrade ended. */
export const tally = z.object({
  regions: z.array(regionTally).max(16),
  /** How long the steps of its procedure took in those that succeeded, by their ids. */
  steps: z
    .array(wholeTimes.extend({ step: z.string().max(64) }))
    .max(32)
    .default([]),
})
export type Tally = z.output<typeof tally>

/** Returns what is written of a tally: without the figures that are none. */
export function writtenTally({ regions, steps }: Tally): z.input<typeof tally> {
  return {
    regions: regions.map(({ region, failures, acceptance, work, ...counts }) => ({
      region,
      ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
      ...(failures.length > 0 && { failures }),
      ...(acceptance.count > 0 && { acceptance: writtenTimes(acceptance) }),
      ...(work.count > 0 && { work: writtenTimes(work) }),
    })),
    ...(steps.length > 0 && { steps }),
  }
}

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
