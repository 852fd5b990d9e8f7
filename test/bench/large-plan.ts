import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import * as z from 'zod'
import { counted, type Judged } from './bars.ts'

/** What came of planning a large upgrade in a process of its own. */
const planned = z.object({
  planHash: z.string(),
  members: z.number(),
  chunks: z.number(),
  seconds: z.number(),
  /** Megabytes by which the process was larger at its peak than when planning began. */
  grown: z.number(),
})

/** Plans an upgrade of so many targets where JavaScript has so many megabytes; rejects where they are too few. */
export async function planLargeWithin(size: number, heap: { readonly old: number; readonly young: number }) {
  const child = fileURLToPath(new URL('large-plan-child.ts', import.meta.url))
  const limits = [`--max-old-space-size=${heap.old}`, `--max-semi-space-size=${heap.young}`]
  const { stdout } = await promisify(execFile)(process.execPath, [...limits, child, String(size)])
  return planned.parse(JSON.parse(stdout))
}

/** How Lambda divides the 1,024 MB of a function: nine tenths, and a twentieth for what has just been made. */
const ofAFunction = { old: 921, young: 51 }

/** Judges by how much the process grows that plans so many targets. */
export async function judgeLargePlan(size: number): Promise<Judged[]> {
  const { members, chunks, seconds, grown } = await planLargeWithin(size, ofAFunction)
  console.log(`Planned ${members} of ${size} in ${chunks} chunks, in ${seconds.toFixed(1)} s`)
  return [counted(`megabytes that planning ${size} takes`, Math.round(grown), { most: 400 })]
}
