import { endedPhases, type UpgradeSummary } from '../../events/profile.ts'
import { upgradeEvents } from '../../events/upgrade.ts'
import { bytesSent } from '../domain/profile/statistics.ts'
import { releaseAggregate } from '../domain/release/release.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { countOf } from '../domain/upgrade/counts.ts'
import type { UpgradeState } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import type { Views } from '../views/read.ts'

/** What an upgrade went through, by its own events: its last state, the peak of attempts in flight, and failures by their code. */
async function courseOf(log: Log, upgrade: string) {
  let state: UpgradeState = upgradeAggregate.initial
  let peak = 0
  let endedAt = ''
  const failures = new Map<string, number>()
  for await (const { events, commit, at, actor } of log.commits(`upgrade#${upgrade}`, { consistent: true })) {
    for (const { type, schema, data } of events) {
      const event = upgradeEvents.decode(type, schema, JSON.parse(data))
      state = upgradeAggregate.evolve(state, event, { commit, at, actor })
      peak = Math.max(peak, state.counts.inFlight)
      if (event.type === 'PlanningFailed' || event.type === 'UpgradeFailed')
        failures.set(event.data.code, (failures.get(event.data.code) ?? 0) + 1)
      if (event.type !== 'OutcomesRecorded') continue
      for (const { outcome, code, again } of event.data.outcomes) {
        const counted = again === null ? countOf(outcome) : undefined
        if (counted !== 'failed' && counted !== 'unreachable') continue
        const reason = code ?? outcome.toUpperCase()
        failures.set(reason, (failures.get(reason) ?? 0) + 1)
      }
    }
    endedAt = at
    if (state.endedAt !== null) break
  }
  return { state, peak, failures, endedAt: state.endedAt ?? endedAt }
}

/** Mean time from acceptance to end, in seconds, over the attempts that were accepted. They are read from the view, which may lag. */
async function averageOf(views: Views, upgrade: string): Promise<number | null> {
  let seconds = 0
  let ended = 0
  for await (const { acceptedAt, completedAt } of views.attemptsOf(upgrade)) {
    if (acceptedAt === null || completedAt === null) continue
    seconds += (Date.parse(completedAt) - Date.parse(acceptedAt)) / 1000
    ended++
  }
  return ended === 0 ? null : Math.max(0, seconds / ended)
}

/** Length of the artifact that an upgrade rolls out; null where its release does not say, or nothing was planned. */
async function sizeOf(log: Log, { request, plan }: UpgradeState): Promise<number | null> {
  if (!request || !plan) return null
  return (await log.load(releaseAggregate, `${request.component}@${plan.version}`)).state.sizeBytes
}

/** Returns what an upgrade that has ended came to, as its profile keeps it. Throws for one that has not. */
export async function summaryOf(
  { log, views }: { readonly log: Log; readonly views: Views },
  upgrade: string,
): Promise<UpgradeSummary> {
  const { state, peak, failures, endedAt } = await courseOf(log, upgrade)
  const phase = endedPhases.find((ended) => ended === state.phase)
  if (!phase) throw new Error(`upgrade#${upgrade} is ${state.phase}: it has not ended.`)
  const { succeeded, failed, unreachable, skipped, rolledBack } = state.counts
  let takenBack = 0
  let over = endedAt
  for (const { child, kind } of state.children) {
    if (kind !== 'rollback') continue
    const taken = (await log.load(upgradeAggregate, child)).state
    takenBack += taken.counts.succeeded
    if (taken.endedAt !== null && taken.endedAt > over) over = taken.endedAt
  }
  const codes = [...failures].sort(([left], [right]) => (left < right ? -1 : 1))
  return {
    upgrade,
    phase,
    version: state.plan?.version ?? null,
    counts: {
      targeted: state.plan?.members ?? 0,
      ...{ succeeded, failed, unreachable, skipped },
      rolledBack: rolledBack + takenBack,
    },
    startedAt: state.requestedAt,
    endedAt: over,
    failures: codes.map(([code, count]) => ({ code, count })),
    peak,
    averageSeconds: await averageOf(views, upgrade),
    bytes: bytesSent(await sizeOf(log, state), { succeeded, failed }),
  }
}
