import { endedStatuses, type UpgradeSummary } from '../../events/profile.ts'
import { upgradeEvents } from '../../events/upgrade.ts'
import { bytesSent, failuresByCode } from '../domain/profile/statistics.ts'
import { releaseAggregate } from '../domain/release/release.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { countOf } from '../domain/upgrade/counts.ts'
import { eachMember } from '../domain/upgrade/members.ts'
import type { UpgradeState } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'
import { planMembers } from './members.ts'

interface Services {
  readonly log: Log
  readonly views: Views
}

/** Streams of targets read at once. */
const atOnce = 16

/** One try on one member. */
type Try = `${number}#${number}`

/** What an upgrade went through, by its own events: its last state, the peak of attempts in flight, how tries ended, and who failed with what. */
async function courseOf(log: Log, upgrade: string) {
  let state: UpgradeState = upgradeAggregate.initial
  let peak = 0
  let endedAt = ''
  const ended = new Set<Try>()
  /** Why the upgrade itself failed, and with what code each member that its counts call failed, unreachable or retrying. */
  const reasons: string[] = []
  const failed = new Map<number, string>()
  for await (const { events, commit, at, actor } of log.commits(`upgrade#${upgrade}`, { consistent: true })) {
    for (const { type, schema, data } of events) {
      const event = upgradeEvents.decode(type, schema, JSON.parse(data))
      state = upgradeAggregate.evolve(state, event, { commit, at, actor })
      peak = Math.max(peak, state.counts.inFlight)
      if (event.type === 'PlanningFailed' || event.type === 'UpgradeFailed') reasons.push(event.data.code)
      if (event.type === 'MembersSkipped')
        for (const member of eachMember(event.data.members)) failed.delete(member)
      if (event.type !== 'OutcomesRecorded') continue
      for (const { member, n, outcome, code, again } of event.data.outcomes) {
        ended.add(`${member}#${n}`)
        const count = countOf(outcome)
        const fails = again === null ? count === 'failed' || count === 'unreachable' : again === 'retry'
        if (fails) failed.set(member, code ?? outcome.toUpperCase())
        else failed.delete(member)
      }
    }
    endedAt = at
    if (state.endedAt !== null) break
  }
  return { state, peak, ended, codes: [...reasons, ...failed.values()], endedAt: state.endedAt ?? endedAt }
}

/**
 * Mean time of a try from its acceptance to its end, in seconds, over those that were accepted. The rows of the view are what the targets'
 * events say; tries that it does not know the end of yet are asked of the targets' streams.
 */
async function averageOf(
  { log, views }: Services,
  upgrade: string,
  plan: UpgradeState['plan'],
  ended: ReadonlySet<Try>,
): Promise<number | null> {
  let milliseconds = 0
  let tries = 0
  const add = (acceptedAt: string | null, endedAt: string) => {
    if (acceptedAt === null) return
    milliseconds += Date.parse(endedAt) - Date.parse(acceptedAt)
    tries++
  }
  const missing = new Set(ended)
  for await (const { member, n, acceptedAt, completedAt } of views.attemptsOf(upgrade)) {
    if (completedAt === null || !missing.delete(`${member}#${n}`)) continue
    add(acceptedAt, completedAt)
  }
  const late = new Set([...missing].map((one) => Number.parseInt(one, 10)))
  const members =
    plan && late.size > 0 ? await planMembers(log, plan.planHash, late) : new Map<number, never>()
  await sideBySide(members.values(), atOnce, async ({ target }) => {
    const { attempts } = (await log.load(targetAggregate, target)).state
    for (const attempt of attempts) {
      const isMissing = attempt.upgrade === upgrade && missing.has(`${attempt.member}#${attempt.n}`)
      if (isMissing) add(attempt.acceptedAt, attempt.endedAt)
    }
  })
  return tries === 0 ? null : milliseconds / tries / 1000
}

/** Length of the artifact that an upgrade rolls out; null where its release does not say, or nothing was planned. */
async function sizeOf(log: Log, { request, plan }: UpgradeState): Promise<number | null> {
  if (!request || !plan) return null
  return (await log.load(releaseAggregate, `${request.component}@${plan.version}`)).state.sizeBytes
}

/** Returns what an upgrade that has ended came to, as its profile keeps it. Throws for one that has not. */
export async function summaryOf(services: Services, upgrade: string): Promise<UpgradeSummary> {
  const { log } = services
  const { state, peak, ended, codes, endedAt } = await courseOf(log, upgrade)
  const status = endedStatuses.find((ended) => ended === state.status)
  if (!status) throw new Error(`upgrade#${upgrade} is ${state.status}: it has not ended.`)
  const { succeeded, unreachable, skipped, rolledBack, retrying } = state.counts
  // Who was still to be tried again when an abort came has failed.
  const failed = state.counts.failed + retrying
  let takenBack = 0
  let over = endedAt
  for (const { child, kind } of state.children) {
    if (kind !== 'rollback') continue
    const taken = (await log.load(upgradeAggregate, child)).state
    takenBack += taken.counts.succeeded
    if (taken.endedAt !== null && taken.endedAt > over) over = taken.endedAt
  }
  return {
    upgrade,
    status,
    version: state.plan?.version ?? null,
    counts: {
      targeted: state.plan?.members ?? 0,
      ...{ succeeded, failed, unreachable, skipped },
      rolledBack: rolledBack + takenBack,
    },
    startedAt: state.requestedAt,
    endedAt: over,
    failures: failuresByCode(codes),
    peak,
    averageSeconds: await averageOf(services, upgrade, state.plan, ended),
    bytes: bytesSent(await sizeOf(log, state), { succeeded, failed }),
  }
}
