import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { createTables } from '../contract/tables.ts'
import { appendRates } from './append-rate.ts'
import { counted, type Judged, tableOf, timed } from './bars.ts'
import { gatewayBatch } from './fleet.ts'
import { handlerLatencies } from './handler-latency.ts'
import { unitsInLongLife } from './long-life.ts'
import { type Overshoot, overshootOf } from './overshoot.ts'
import { chargesFor, prices, sumOf } from './prices.ts'
import { projectionRates } from './projection-rate.ts'
import { type Counted, gatewayOf, rollOut, settleFleet } from './rollout.ts'
import { logSlope, spreadOf } from './spread.ts'
import { waveLatencies } from './wave-latency.ts'
import { openWorld } from './world.ts'

const usage = 'npm run bench -- [--size 100000] [--json FILE] [--quick] [--only counted|timed]'

const versions = ['v1.1.0', 'v1.2.0', 'v1.3.0'] as const
const atOnce = 24
/** Slopes are taken from here on: below, the fixed part of an upgrade is a large part of the whole (DESIGN §11). */
const slopesFrom = 1000

function readOptions() {
  const { values } = parseArgs({
    options: {
      size: { type: 'string' },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  })
  const largest = values.size === undefined ? undefined : Number(values.size)
  if (largest !== undefined && !(Number.isInteger(largest) && largest >= 100 && largest <= 100_000))
    throw new Error(`--size is a whole number from 100 to 100000, not ${values.size}. ${usage}`)
  const { only } = values
  if (only !== undefined && only !== 'counted' && only !== 'timed')
    throw new Error(`--only is counted or timed, not ${only}. ${usage}`)
  const sizes = values.quick ? [100, 1000] : [100, 1000, 10_000]
  if (largest !== undefined && !sizes.includes(largest)) sizes.push(largest)
  return { sizes: sizes.sort((a, b) => a - b), json: values.json, quick: values.quick, only }
}

/** Upgrades one fleet twice: each agent for itself, then all through a gateway. */
async function countAt(size: number, together: number): Promise<readonly Counted[]> {
  const world = await openWorld({ metered: true })
  try {
    await settleFleet(world, size, versions)
    const [first, second, third] = versions
    const shared = { waves: 2, atOnce: together } as const
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

const nameOf = (one: Counted): string => `${one.mode}, ${one.size}`

function judgeUnits(one: Counted): Judged[] {
  const each = (value: number) => value / one.size
  const { log, views, workflow, waves } = one
  // Both reports of an agent, and for a gateway one of each for 25 targets.
  const most = one.mode === 'agents' ? 2 : 2 / gatewayBatch
  return [
    counted(`write units a target (${nameOf(one)})`, each(log.written + views.written), { most: 8.5 }),
    counted(`  log`, each(log.written), { most: 4 }),
    counted(`  views`, each(views.written), { most: 4.5 }),
    counted(`  lost to conflicts, share of the log's`, log.lost / (log.written + log.lost), { most: 0.1 }),
    // A gateway's last batch of a wave is not full: of a small fleet that is every other one.
    ...(one.mode === 'agents' || one.size >= slopesFrom
      ? [counted(`requests a target beyond polling (${nameOf(one)})`, each(one.reports), { most })]
      : []),
    counted(`transitions a wave (${nameOf(one)})`, workflow.transitions / waves, { most: 15 }),
    counted(`history events a wave (${nameOf(one)})`, workflow.historyEvents / waves, { most: 40 }),
    // An index entry of a newly listed stream is charged with its commit: this upgrade's stream is one.
    counted(`commits stored − present (${nameOf(one)})`, log.writes - one.commits.items, {
      most: 0,
      least: 0,
    }),
    counted(`log units − units of what is present`, log.written - one.commits.units, { most: 1, least: 0 }),
    counted(`attempt and target rows a target`, each(one.rows.items - 1), { most: 2, least: 2 }),
  ]
}

function judgeSlopes(all: readonly Counted[]): Judged[] {
  return (['agents', 'gateway'] as const).flatMap((mode) => {
    const runs = all.filter((one) => one.mode === mode && one.size >= slopesFrom)
    if (runs.length < 2) return []
    const slope = (figure: (one: Counted) => number) =>
      logSlope(runs.map((one) => [one.size, figure(one)] as const))
    return [
      counted(
        `slope of transitions (${mode})`,
        slope(({ workflow }) => workflow.transitions),
        { most: 0.05 },
      ),
      counted(
        `slope of tokens (${mode})`,
        slope(({ workflow }) => workflow.tokens),
        { most: 0.05 },
      ),
      counted(
        `slope of bus events (${mode})`,
        slope(({ busEvents }) => busEvents),
        { most: 0.05 },
      ),
      counted(
        `slope of write units (${mode})`,
        slope(({ log, views }) => log.written + views.written),
        { least: 0.98, most: 1.02 },
      ),
    ]
  })
}

/**
 * Returns AWS's charges for a million targets in US dollars, polling apart. Durations are those of a calm run, in which nobody waits
 * for anybody: under load functions of this machine share one processor, which those of Lambda do not.
 */
function chargesOf(one: Counted, calm: Counted) {
  const each = (value: number) => (value / one.size) * 1e6
  const polled = (name: string) => name.includes('agents')
  const invocations = Object.entries(one.invoked).reduce(
    (sum, [name, { count }]) => sum + (polled(name) ? one.reports : count),
    0,
  )
  const share = one.mode === 'agents' ? calm.reports / (calm.reports + calm.polls) : 1
  const gigabyteSeconds = Object.entries(calm.invoked).reduce(
    (sum, [name, one]) => sum + one.gigabyteSeconds * (polled(name) ? share : 1),
    0,
  )
  const { log, views, work, workflow } = one
  return chargesFor({
    writeUnits: each(log.written + log.lost + views.written + views.lost + work.written + work.lost),
    readUnits: each(log.read + views.read + work.read),
    invocations: each(invocations),
    gigabyteSeconds: (gigabyteSeconds / calm.size) * 1e6,
    httpRequests: each(one.reports),
    transitions: each(workflow.transitions),
    busEvents: each(one.busEvents),
  })
}

async function countAll(sizes: readonly number[]) {
  console.log('Counted, per target where nothing else is said:')
  const calm = await countAt(50, 1)
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
    const most = mode === 'agents' ? 12 : 8
    judged.push(counted(`AWS charges for a million targets, $ (${nameOf(largest)})`, sumOf(of), { most }))
  }
  const found: { overshoot: Overshoot | null } = { overshoot }
  return { judged, all: [...calm, ...all], ...found, charges }
}

const nothingCounted: Awaited<ReturnType<typeof countAll>> = {
  judged: [],
  all: [],
  overshoot: null,
  charges: {},
}

async function timeAll(quick: boolean): Promise<Judged[]> {
  const world = await openWorld({ metered: false })
  try {
    await createTables(world.dynamo)
    const waves = await waveLatencies(world)
    const appends = await appendRates(world.dynamo, 'Log', quick ? { depth: 1000 } : {})
    const projections = await projectionRates(world.dynamo)
    const handlers = await handlerLatencies(world.dynamo)
    const ratio = <Round>(rounds: readonly Round[], figure: (round: Round) => number) =>
      spreadOf(rounds.map(figure))
    const middle = <Round>(rounds: readonly Round[], figure: (round: Round) => number, unit: string) =>
      `${spreadOf(rounds.map(figure)).median.toFixed(1)} ${unit}`
    console.log(
      `\nCalibration: raw conditional Put ${middle(appends, (r) => r.raw, '/s')} one after another, append ${middle(projections, (r) => r.append, '/s')} side by side, append-to-view ${middle(waves, (r) => r.appendToView, 'ms')}, next wave ${middle(waves, (r) => r.nextWave, 'ms')}, bare handler p50 ${middle(handlers, (r) => r.bare, 'ms')}`,
    )
    return [
      timed(
        'append / raw conditional Put',
        ratio(appends, (r) => r.append / r.raw),
        { least: 0.8 },
      ),
      timed(
        'command / append',
        ratio(appends, (r) => r.command / r.append),
        { least: 0.5 },
      ),
      timed(
        `command at depth ${quick ? '1,000' : '10,000'} / at 10`,
        ratio(appends, (r) => r.deep / r.command),
        { least: 0.8 },
      ),
      timed(
        'projection / append',
        ratio(projections, (r) => r.projection / r.append),
        { least: 1.5 },
      ),
      timed(
        'last outcome to next wave / append-to-view',
        ratio(waves, (r) => r.nextWave / r.appendToView),
        { most: 10 },
      ),
      timed(
        'handler p50 / bare handler p50',
        ratio(handlers, (r) => r.handler / r.bare),
        { most: 1.3 },
      ),
    ]
  } finally {
    await world.stop()
  }
}

async function main(): Promise<void> {
  const { sizes, json, quick, only } = readOptions()
  const began = performance.now()
  const { judged, ...found } = only === 'timed' ? nothingCounted : await countAll(sizes)
  if (only !== 'counted') judged.push(...(await timeAll(quick)))
  console.log(`\n${tableOf(judged)}`)
  for (const [mode, charges] of Object.entries(found.charges)) {
    const parts = Object.entries(charges).map(([kind, dollars]) => `${kind} ${dollars.toFixed(2)}`)
    console.log(`\nCharges for a million targets, ${mode}, $: ${parts.join(', ')}`)
  }
  const poll = prices.httpRequest + prices.lambdaRequest + 2 * prices.readRequestUnit
  console.log(`Polling is apart: a poll is $${(poll * 1e6).toFixed(2)} a million, before its duration.`)
  const seconds = (performance.now() - began) / 1000
  console.log(`Took ${seconds.toFixed(0)} s on ${cpus().length} processors.`)
  if (json !== undefined) {
    const report = { at: new Date().toISOString(), node: process.version, seconds, prices, judged, ...found }
    writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`)
  }
  process.exit(judged.some(({ failed }) => failed) ? 1 : 0)
}

main().catch((error: unknown) => {
  console.error(error)
  process.exit(1)
})
