import * as z from 'zod'
import { instantOf } from '../../events/time.ts'
import { systemActor } from '../domain/actor.ts'
import { runsOut } from '../domain/policy/calendar.ts'
import { calendarOfPolicy, policyAggregate } from '../domain/policy/policy.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import type { Log } from '../log/log.ts'
import { emitMetrics } from '../metrics.ts'
import { OnTheirOwn } from '../side-by-side.ts'
import { rebuild } from '../views/rebuild.ts'
import { type ReconcileReport, reconcile } from '../views/reconcile.ts'
import type { ViewStore } from '../views/store.ts'
import { driveUpgrade } from './executions/drive.ts'
import { keepFigures } from './profiles/figures.ts'
import { keepWindows } from './profiles/keep-windows.ts'
import type { ReactorServices } from './services.ts'

/** What an operator may ask for; the daily schedule asks for nothing. */
const input = z.object({ rebuild: z.boolean().optional() })

type Services = Pick<
  ReactorServices,
  'log' | 'views' | 'parked' | 'upgradeExecutions' | 'windowSchedules' | 'now'
> & { readonly viewStore: ViewStore }

interface Report extends ReconcileReport {
  readonly upgrades: number
  readonly healedMembers: number
  readonly profiles: number
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

/**
 * Brings views, executions and the schedules of windows to where the log is: daily, or by hand, with `{"rebuild": true}` for views made
 * anew. Where nothing was missed it changes nothing.
 */
export async function reconcileAll(services: Services, event: unknown): Promise<Report> {
  const asked = input.safeParse(event)
  const { log, now, parked, viewStore: store } = services
  const views =
    asked.success && asked.data.rebuild
      ? await rebuild({ store, log, parked })
      : await reconcile({ store, log, parked })
  const cause = { actor: systemActor, correlation: `reconcile-${instantOf(now())}` }
  const each = new OnTheirOwn()
  const nameOf = ({ stream }: { readonly stream: string }) => stream
  let upgrades = 0
  let healedMembers = 0
  const drive = async ({ id }: { readonly id: string }) => {
    upgrades++
    healedMembers += await driveUpgrade(services, id, cause)
  }
  await each.each(log.streams(upgradeAggregate), 1, drive, nameOf)
  let profiles = 0
  const keep = async ({ id }: { readonly id: string }) => {
    profiles++
    await keepWindows(services, id, cause)
  }
  await each.each(log.streams(profileAggregate), 1, keep, nameOf)
  await keepFigures(services)
  const runningOut = await calendarsRunningOut(log, instantOf(now()))
  const report = { ...views, upgrades, healedMembers, profiles, calendarsRunningOut: runningOut.length }
  const metrics = { ViewDrift: views.drift, CalendarsRunningOut: runningOut.length }
  emitMetrics(now(), metrics, { calendars: runningOut.join(', ').slice(0, 1000) })
  console.log(report)
  each.end()
  return report
}
