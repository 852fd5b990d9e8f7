import type { Judged } from './bars.ts'
import { counted, reported } from './bars.ts'
import { chargesOf, judgeSlopes, judgeUnits, nameOf } from './judged.ts'
import { unitsInLongLife } from './long-life.ts'
import { type Overshoot, overshootOf } from './overshoot.ts'
import { sumOf } from './prices.ts'
import { type Counted, rollOut } from './rollout.ts'
import { gatewayOf, settleFleet } from './settled-fleet.ts'
import { openWorld } from './world.ts'

const versions = ['v1.0.0', 'v1.1.0', 'v1.2.0', 'v1.3.0'] as const
const atOnce = 24

/**
 * In US dollars, what AWS may charge for a million targets: all of it, and without Lambda's time, which is this machine's. What an upgrade costs
 * once, whatever its size, is shared by its targets: it is judged for upgrades of 10,000 and more.
 */
const judgedFrom = 10_000
const bars = { agents: { all: 12, counted: 10.5 }, gateway: { all: 8, counted: 6.5 } } as const

/** What was counted in rollouts, and how it is judged. */
export interface CountedRollouts {
  readonly judged: readonly Judged[]
  readonly all: readonly Counted[]
  readonly overshoot: Overshoot
  /** By mode: AWS's charges for a million targets, in US dollars, by kind. */
  readonly charges: Readonly<Record<string, Readonly<Record<string, number>>>>
}

/**
 * Upgrades one fleet twice: each agent for itself, then all through a gateway. With `warm` it was upgraded once before, since of a million
 * targets next to none meets a function that has just started.
 */
async function countAt(size: number, together: number, { warm = false } = {}): Promise<readonly Counted[]> {
  const world = await openWorld({ metered: true })
  try {
    await settleFleet(world, size, warm ? versions : versions.slice(1))
    const [before, first, second, third] = versions
    const shared = { waves: 2, atOnce: together } as const
    if (warm) await rollOut(world, size, { ...shared, from: before, to: first, gateway: gatewayOf() })
    const agents = await rollOut(world, size, { ...shared, from: first, to: second, gateway: null })
    say(agents)
    const gateway = await rollOut(world, size, { ...shared, from: second, to: third, gateway: gatewayOf() })
    say(gateway)
    return [agents, gateway]
  } finally {
    await world.stop()
  }
}

function say({
  size,
  mode,
  seconds,
  log,
  views,
  commits,
  rows,
  workflow,
  busEvents,
  reports,
}: Counted): void {
  const each = (value: number) => (value / size).toFixed(2)
  console.log(
    `  ${String(size).padStart(6)} ${mode.padEnd(7)} ${seconds.toFixed(1)} s: log ${each(log.written)} units (${log.writes} commits, lost ${log.lost}), views ${each(views.written)} (${rows.items} rows), ${each(reports)} requests, ${workflow.transitions} transitions, ${workflow.historyEvents} history events, ${workflow.tokens} tokens, ${busEvents} bus events${
      log.writes === commits.items ? '' : `; ${commits.items} commits are present`
    }`,
  )
}

/** Rolls out to fleets of these sizes and counts what that takes. */
export async function countRollouts(sizes: readonly number[]): Promise<CountedRollouts> {
  console.log('Counted, per target where nothing else is said:')
  const calm = await countAt(50, 1, { warm: true })
  const all: Counted[] = []
  for (const size of sizes) all.push(...(await countAt(size, atOnce)))
  const overshoot = await overshootOf()
  const judged = [
    ...all.flatMap(judgeUnits),
    ...judgeSlopes(all),
    counted("log units of one upgrade in a long-lived target's stream", unitsInLongLife(), { most: 4 }),
    counted('admitted after a threshold was passed', overshoot.admittedAfter, { most: 0 }),
  ]
  const charges: Record<string, Readonly<Record<string, number>>> = {}
  for (const mode of ['agents', 'gateway'] as const) {
    const largest = all.findLast((one) => one.mode === mode)
    const quiet = calm.find((one) => one.mode === mode)
    if (!largest || !quiet) continue
    const of = chargesOf(largest, quiet)
    charges[mode] = of
    const most = bars[mode]
    const { gigabyteSeconds: _, ...withoutTime } = of
    const what = `AWS charges for a million targets, $ (${nameOf(largest)})`
    // What a build stops at holds no wall time: this machine's is not Lambda's.
    const withoutIt = `${what}, but Lambda's time`
    judged.push(
      largest.size < judgedFrom
        ? reported(withoutIt, sumOf(withoutTime), most.counted)
        : counted(withoutIt, sumOf(withoutTime), { most: most.counted }),
    )
    judged.push(reported(what, sumOf(of), most.all))
  }
  return { judged, all: [...calm, ...all], overshoot, charges }
}
