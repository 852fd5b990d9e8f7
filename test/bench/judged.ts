import { counted, type Judged } from './bars.ts'
import { gatewayBatch } from './fleet.ts'
import { chargesFor } from './prices.ts'
import type { Counted } from './rollout.ts'
import { logSlope } from './spread.ts'

/** Slopes are taken from here on: below, the fixed part of an upgrade is a large part of the whole (design: #bars). */
const slopesFrom = 1000

/** Names a run in the table. */
export const nameOf = (one: Counted): string => `${one.mode}, ${one.size}`

/** Judges the units, requests and transitions of one rollout. */
export function judgeUnits(one: Counted): Judged[] {
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

/** Judges how the figures grow with the fleet. */
export function judgeSlopes(all: readonly Counted[]): Judged[] {
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

/** About so long is a line that the gateway writes about a request, with what is charged for each line beside it. */
const accessLineBytes = 200

/**
 * Returns AWS's charges for a million targets in US dollars, polling apart. Durations are those of a calm run, in which nobody waits
 * for anybody: under load functions of this machine share one processor, which those of Lambda do not.
 */
export function chargesOf(one: Counted, calm: Counted) {
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
    loggedBytes: each(one.loggedBytes + one.reports * accessLineBytes),
  })
}
