import { createTables } from '../contract/tables.ts'
import { appendRates } from './append-rate.ts'
import { type Judged, timed } from './bars.ts'
import { handlerLatencies } from './handler-latency.ts'
import { pollRates } from './poll-rate.ts'
import { projectionRates } from './projection-rate.ts'
import { spreadOf } from './spread.ts'
import { waveLatencies } from './wave-latency.ts'
import { openWorld } from './world.ts'

/** Measures what takes time, and judges it by ratios within this one run. */
export async function timeAll(quick: boolean): Promise<Judged[]> {
  const world = await openWorld({ metered: false })
  try {
    await createTables(world.dynamo)
    const waves = await waveLatencies(world)
    const polls = await pollRates(world)
    const appends = await appendRates(world.dynamo, 'Log', quick ? { depth: 1000 } : {})
    const projections = await projectionRates(world.dynamo)
    const handlers = await handlerLatencies(world.dynamo)
    const ratio = <Round>(rounds: readonly Round[], figure: (round: Round) => number) =>
      spreadOf(rounds.map(figure))
    const middle = <Round>(rounds: readonly Round[], figure: (round: Round) => number, unit: string) =>
      `${spreadOf(rounds.map(figure)).median.toFixed(1)} ${unit}`
    console.log(
      `\nCalibration: raw conditional Put ${middle(appends, (r) => r.raw, '/s')} one after another, append ${middle(projections, (r) => r.append, '/s')} side by side, append-to-view ${middle(waves, (r) => r.appendToView, 'ms')}, next wave ${middle(waves, (r) => r.nextWave, 'ms')}, polls ${middle(polls, (r) => r.polls, '/s')} beside ${middle(polls, (r) => r.bare, '/s')} bare ones, bare handler p50 ${middle(handlers, (r) => r.bare, 'ms')}`,
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
        { least: 0.6 },
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
        { most: 8 },
      ),
      timed(
        'polls / bare requests, a second',
        ratio(polls, (r) => r.polls / r.bare),
        { least: 0.25 },
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
