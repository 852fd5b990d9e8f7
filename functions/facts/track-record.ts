import { between, second } from '../../events/time.ts'
import { boundedMapsBy } from '../bounded-map.ts'
import { type Forecast, forecastOf } from '../domain/forecast/forecast.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { isPlanned } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import type { UpgradeRow } from '../views/rows.ts'
import type { Past } from './durations.ts'
import { alone, prospectsOf } from './forecast.ts'

/** How many forecasts were judged, and how many of these upgrades ended within their range. */
export interface TrackRecord {
  readonly judged: number
  readonly inside: number
}

/** So many upgrades that have ended are judged at most, the newest first. */
const judgedAtMost = 10

/** Of one that somebody had to continue the whole stream is read: not of larger ones. */
const largestRead = 10_000

type Verdict = 'inside' | 'outside' | 'not-judged'

/** By log, what became of the forecasts of what has ended, by its id: an instance judges each once. */
const verdictsBy = boundedMapsBy<Log, Promise<Verdict>>(2000)

/** Judges each of some by its id, unless that was done before, and counts. */
export async function tally<One>(
  log: Log,
  ended: readonly One[],
  idOf: (one: One) => string,
  judge: (one: One) => Promise<Verdict>,
): Promise<TrackRecord> {
  const known = verdictsBy(log)
  const found = await sideBySide(ended.slice(0, judgedAtMost), atOnce.upgrades, async (one) => {
    const verdict = known.get(idOf(one)) ?? judge(one)
    known.set(idOf(one), verdict)
    // What could not be read is read again by the next who asks.
    verdict.catch(() => known.delete(idOf(one)))
    return verdict
  })
  const inside = found.filter((verdict) => verdict === 'inside').length
  return { judged: inside + found.filter((verdict) => verdict === 'outside').length, inside }
}

/** Says whether what took so long ended within its forecast, both in seconds; one without a range is not judged. */
export function verdictOn({ seconds }: Pick<Forecast, 'seconds'>, took: number): Verdict {
  const { earliest = null, latest = null } = seconds ?? {}
  if (earliest === null || latest === null) return 'not-judged'
  return earliest <= took && took <= latest ? 'inside' : 'outside'
}

/**
 * Returns how often the forecasts of the last upgrades of a component came true that ran to their end: each is made again as the log was when its first
 * wave began. Nothing is stored for it. What people took to continue is left out, as no forecast knows it; a pause counts.
 */
export async function trackRecord(
  log: Log,
  past: Past,
  component: string,
  kind: UpgradeRow['kind'],
): Promise<TrackRecord> {
  const ended = (await past.upgrades(component, kind)).filter(({ status }) => status.startsWith('completed'))
  return tally(
    log,
    ended,
    ({ upgradeId }) => upgradeId,
    (row) => judge(log, past, row),
  )
}

async function judge(
  log: Log,
  past: Past,
  { upgradeId, startedAt, completedAt, total }: UpgradeRow,
): Promise<Verdict> {
  if (startedAt === null || completedAt === null) return 'not-judged'
  const { state, commit } = await log.load(upgradeAggregate, upgradeId, { at: startedAt })
  if (!isPlanned(state)) return 'not-judged'
  const prospects = await prospectsOf(log, past, upgradeId, { state, commit }, startedAt)
  const seed = state.plan.planHash
  const made = forecastOf({ now: startedAt, seed, parts: [alone(prospects)] })
  const continues = made.waitsFor.some(({ code }) => code === 'CONTINUE')
  if (continues && total > largestRead) return 'not-judged'
  const waited = continues ? await waitedFor(log, upgradeId) : 0
  return verdictOn(made, (between(startedAt, completedAt) - waited) / second)
}

/** Returns for how long an upgrade waited for somebody to continue it, in milliseconds. */
async function waitedFor(log: Log, upgrade: string): Promise<number> {
  let sum = 0
  let since: string | null = null
  const told = log
    .of(upgradeAggregate, upgrade)
    .events({ consistent: true }, ['ContinueAwaited', 'ContinueGiven'])
  for await (const { event, at } of told) {
    if (event.type === 'ContinueAwaited') since ??= at
    else if (since !== null) {
      sum += between(since, at)
      since = null
    }
  }
  return sum
}
