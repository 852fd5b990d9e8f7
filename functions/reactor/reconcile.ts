import * as z from 'zod'
import { instantOf } from '../../events/time.ts'
import { systemActor } from '../domain/actor.ts'
import { runsOut } from '../domain/policy/calendar.ts'
import { calendarOfPolicy, policyAggregate } from '../domain/policy/policy.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import type { ListedStream, Log, Metadata } from '../log/log.ts'
import { emitMetrics } from '../metrics.ts'
import { atOnce } from '../patience.ts'
import { OnTheirOwn } from '../side-by-side.ts'
import { rebuild } from '../views/rebuild.ts'
import { type ReconcileReport, reconcile } from '../views/reconcile.ts'
import type { ViewStore } from '../views/store.ts'
import type { Parked } from '../work/parked.ts'
import { type Healer, type HealingServices, lookAt } from './healer.ts'
import { everyHealer } from './healers.ts'
import { keepFigures } from './profiles/figures.ts'

/** What an operator may ask for; the daily schedule asks for nothing. */
const input = z.object({ rebuild: z.boolean().optional() })

interface Services extends HealingServices {
  readonly parked: Parked
  readonly viewStore: ViewStore
}

interface Report extends ReconcileReport {
  readonly upgrades: number
  readonly profiles: number
  /** How much the reactor had missed, as far as that can be told: members, executions, events that nobody was told of. */
  readonly missed: number
  /** Calendars that are closed for good within a month, as nobody defined them anew. */
  readonly calendarsRunningOut: number
}

/** Returns the names of the calendars that somebody has to define anew soon, or has failed to. */
async function calendarsRunningOut(log: Log, at: string): Promise<string[]> {
  const names: string[] = []
  for await (const { id } of log.streams(policyAggregate)) {
    const name = calendarOfPolicy(id)
    if (name === undefined) continue
    const { calendar } = (await log.load(policyAggregate, id)).state
    if (calendar && runsOut(calendar, at)) names.push(name)
  }
  return names.sort()
}

const nothingCompared: ReconcileReport = { streams: 0, healed: 0, drift: 0, drifted: [], parked: 0 }

/** Lets every healer look through the streams of its aggregate. Returns how many streams of each there are, and how much was missed. */
export async function makeGood(services: HealingServices, cause: Metadata, each: OnTheirOwn) {
  const { log } = services
  const streams = new Map<string, number>()
  let missed = 0
  for (const [name, own] of Map.groupBy(everyHealer(), ({ aggregate }) => aggregate)) {
    const heal = async (listed: ListedStream) => {
      streams.set(name, (streams.get(name) ?? 0) + 1)
      const stream = lookAt(services, listed, cause)
      // One that fails keeps no other from looking at the same stream.
      const healing = new OnTheirOwn()
      const look = async (healer: Healer) => {
        missed += await healer.heal(services, stream)
      }
      await healing.each(own, 1, look, () => listed.stream)
      healing.end()
    }
    await each.each(log.streams({ name }), atOnce.upgrades, heal, ({ stream }) => stream)
  }
  return { streams, missed }
}

/**
 * Brings views, and all that the reactor should have done, to where the log is: daily, or by hand, with `{"rebuild": true}` for views made
 * anew. Where nothing was missed it changes nothing.
 */
export async function reconcileAll(services: Services, event: unknown): Promise<Report> {
  const asked = input.safeParse(event)
  const { log, now, parked, viewStore: store } = services
  const each = new OnTheirOwn()
  let views = nothingCompared
  const compare = async () => {
    const reached = { store, log, parked }
    views = asked.success && asked.data.rebuild ? await rebuild(reached) : await reconcile(reached)
  }
  await each.each(['the views'], 1, compare, (name) => name)
  const cause = { actor: systemActor, correlation: `reconcile-${instantOf(now())}` }
  const { streams, missed } = await makeGood(services, cause, each)
  await each.each(
    ['the figures'],
    1,
    () => keepFigures(services),
    (name) => name,
  )
  const runningOut = await calendarsRunningOut(log, instantOf(now()))
  const report = {
    ...views,
    upgrades: streams.get(upgradeAggregate.name) ?? 0,
    profiles: streams.get(profileAggregate.name) ?? 0,
    missed,
    calendarsRunningOut: runningOut.length,
  }
  const metrics = { ViewDrift: views.drift, CalendarsRunningOut: runningOut.length }
  emitMetrics(now(), metrics, { calendars: runningOut.join(', ').slice(0, 1000) })
  console.log(report)
  each.end()
  return report
}
