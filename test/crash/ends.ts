import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Disk } from './disk.ts'
import { type Fate, longest, patience, type Trouble } from './kills.ts'
import { type FailPoint, type Point, points, type Side, sides } from './points.ts'
import type { Life, Runtime } from './runtime.ts'

/** How often a fail point that was not reached in time is tried again, in a longer life each time: some are reached once in several seconds. */
const triesAgain = 8

/** How the lives of a run ended. */
export interface Ends {
  readonly kills: {
    readonly runtime: number
    readonly dynamo: number
    readonly failPoint: number
    readonly frozen: number
    readonly withoutRights: number
    readonly full: number
  }
  readonly hits: readonly { readonly point: Point; readonly side: Side; readonly hits: number }[]
  /** How long a start took, in milliseconds: the median and the longest; and the first requests. */
  readonly starts: { readonly median: number; readonly longest: number; readonly warmUp: number }
  /** What happened to each life, in its order. */
  readonly story: readonly string[]
}

/**
 * Lives through fates one after the other and begins a last life that nothing ends. A fail point that was not reached in time ends in
 * a plain kill, and comes again later at its first write.
 */
export async function endLives(options: {
  readonly runtime: Runtime
  readonly fates: readonly Fate[]
  readonly first: Life
  /** How long the first requests took, for which functions had to start, in milliseconds: the measure of this machine. */
  readonly warmUp: number
  /** Undefined: no fate fills it. */
  readonly disk?: Disk | undefined
  begun(life: Life): void
}): Promise<Ends> {
  const { runtime, first, warmUp, disk, begun } = options
  const fates = [...options.fates]
  const kills = { runtime: 0, dynamo: 0, failPoint: 0, frozen: 0, withoutRights: 0, full: 0 }
  const starts: number[] = []
  const missed = new Map<string, number>()
  const story: string[] = []
  const tell = (words: string) => story.push(`${new Date().toISOString()} life ${starts.length}: ${words}`)

  const begin = async (failPoint?: FailPoint): Promise<Life | undefined> => {
    const asked = performance.now()
    const life = await runtime.begin(failPoint)
    starts.push(performance.now() - asked)
    if (life) begun(life)
    return life
  }

  const befall = async (life: Life, { kind, lasts }: Trouble): Promise<void> => {
    if (kind === 'dynamo killed') {
      if (!(await life.killDynamo())) return
      kills.dynamo += 1
    } else if (kind === 'without rights') {
      await life.loseRights(lasts)
      kills.withoutRights += 1
    } else {
      if (!(await life.freeze(kind === 'frozen' ? 'all' : 'dynamo', lasts))) return
      kills.frozen += 1
    }
    tell(lasts === 0 ? kind : `${kind} for ${lasts} ms`)
  }

  // The first life has no fail point: something has to be under way first.
  if (fates.length > 0) {
    await sleep(1500)
    await first.kill()
    kills.runtime += 1
  }
  for (let fate = fates.shift(); fate; fate = fates.shift()) {
    const { end, troubles } = fate
    if ('full' in end) {
      const life = await begin()
      await sleep(end.full)
      disk?.fill()
      const ended = await Promise.race([life?.ended, sleep(longest, 'late' as const)])
      disk?.free()
      if (ended === 'late') throw new Error('A life went on though its disk was full.')
      kills.full += 1
      tell(`ended, as its disk was full after ${end.full} ms`)
      continue
    }
    if ('after' in end) {
      const life = await begin()
      for (const trouble of troubles) {
        await sleep(trouble.wait)
        if (life) await befall(life, trouble)
      }
      await sleep(end.after)
      if (life?.over) throw new Error('A life without a fail point ended by itself.')
      await life?.kill()
      kills.runtime += 1
      tell(`killed after ${end.after} ms`)
      continue
    }
    const life = await begin(end)
    const name = `${end.point} ${end.side}`
    const before = missed.get(name) ?? 0
    // A machine on which a start takes long needs longer for everything else, too: killed before it has got to work, it would never get on.
    const fair = Math.max(patience, 5 * (starts.at(-1) ?? 0), 5 * warmUp)
    const patient = Math.round(Math.min(longest, fair * (1 + before)))
    const reached = life && (await Promise.race([life.ended, sleep(patient, 'late' as const)]))
    if (reached === null) throw new Error('A life ended by itself before it reached its fail point.')
    if (reached !== 'late') {
      kills.failPoint += 1
      tell(`died ${end.side} write ${end.count} of ${end.point}${life ? '' : ', before it answered'}`)
      continue
    }
    await life?.kill()
    kills.runtime += 1
    tell(`killed, as write ${end.count} of ${end.point} did not come in ${patient} ms`)
    missed.set(name, before + 1)
    if (before < triesAgain) fates.push({ end: { ...end, count: 1 }, troubles: [] })
  }
  if (Object.values(kills).some((count) => count > 0)) await begin()
  return {
    kills,
    hits: hitsIn(runtime.signs.hits),
    starts: { ...spread(starts), warmUp: Math.round(warmUp) },
    story,
  }
}

function hitsIn(file: string): Ends['hits'] {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  const hit = lines.filter(Boolean).map((line) => JSON.parse(line) as FailPoint) // written by fail-points.ts
  return points.flatMap((point) =>
    sides.map((side) => ({
      point,
      side,
      hits: hit.filter((one) => one.point === point && one.side === side).length,
    })),
  )
}

function spread(starts: readonly number[]): Omit<Ends['starts'], 'warmUp'> {
  const sorted = starts.map(Math.round).sort((a, b) => a - b)
  return { median: sorted[Math.floor(sorted.length / 2)] ?? 0, longest: sorted.at(-1) ?? 0 }
}
