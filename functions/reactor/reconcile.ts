import * as z from 'zod'
import type { Connections } from '../connections.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { emitMetrics } from '../metrics.ts'
import { rebuild } from '../views/rebuild.ts'
import { type ReconcileReport, reconcile } from '../views/reconcile.ts'
import { driveUpgrade } from './drive-upgrade.ts'
import { keepWindows } from './keep-schedules.ts'

/** What an operator may ask for; the daily schedule asks for nothing. */
const input = z.object({ rebuild: z.boolean().optional() })

interface Report extends ReconcileReport {
  readonly upgrades: number
  readonly healedMembers: number
  readonly profiles: number
}

/**
 * Brings views, executions and the schedules of windows to where the log is: daily, or by hand, with `{"rebuild": true}` for views made anew. Where nothing was
 * missed it changes nothing.
 */
export async function reconcileAll(
  services: Pick<
    Connections,
    'log' | 'views' | 'viewStore' | 'parked' | 'upgradeMachine' | 'windowSchedules' | 'now'
  >,
  event: unknown,
): Promise<Report> {
  const asked = input.safeParse(event)
  const { log, now, parked, viewStore } = services
  const reached = { store: viewStore, log, parked }
  const views = asked.success && asked.data.rebuild ? await rebuild(reached) : await reconcile(reached)
  const drive = {
    log,
    now,
    client: () => services.upgradeMachine.client,
    machine: () => services.upgradeMachine.arn,
  }
  const correlation = `reconcile-${new Date(now()).toISOString()}`
  let upgrades = 0
  let healedMembers = 0
  for await (const { stream } of log.streams('upgrade')) {
    upgrades++
    healedMembers += await driveUpgrade(drive, stream.slice('upgrade#'.length), correlation)
  }
  let profiles = 0
  const keeping = { log, now, views: () => services.views, schedules: () => services.windowSchedules }
  for await (const { stream } of log.streams('profile')) {
    profiles++
    await keepWindows(keeping, stream.slice('profile#'.length), { actor: systemActor, correlation })
  }
  const report = { ...views, upgrades, healedMembers, profiles }
  emitMetrics(now(), { ViewDrift: views.drift })
  console.log(JSON.stringify(report))
  return report
}
