import type { UpgradeSummary } from '../../events/profile.ts'
import { between, later, second } from '../../events/time.ts'
import { bytesSent, failuresByCode } from '../domain/profile/statistics.ts'
import { releaseAggregate, releaseId } from '../domain/release/release.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { Course, type Try } from '../domain/upgrade/course.ts'
import { type ExistingUpgrade, exists, planOf } from '../domain/upgrade/state.ts'
import { isEnd } from '../domain/upgrade/status.ts'
import { NotInTheLog } from '../errors.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'
import { childrenOf } from './children-of.ts'
import { planMembers } from './plan-members.ts'
import { readableTarget } from './readable-target.ts'

interface Services {
  readonly log: Log
  readonly views: Views
}

/** Returns what an upgrade that has ended came to, as its profile keeps it. Throws for one that has not. */
export async function summaryOf(services: Services, upgrade: string): Promise<UpgradeSummary> {
  const { log } = services
  const { state, course } = await courseOf(log, upgrade)
  const { status, counts, endedAt } = state.standing
  if (!isEnd(status) || endedAt === null) throw new NotInTheLog(`The end of the upgrade ${upgrade}`)
  const { succeeded, failed, unreachable, skipped } = counts
  let takenBack = 0
  let over = endedAt
  for (const { child, kind } of await childrenOf(log, upgrade, state)) {
    if (kind !== 'rollback') continue
    const taken = (await log.load(upgradeAggregate, child)).state
    if (!exists(taken)) continue
    takenBack += taken.standing.counts.succeeded
    over = later(over, taken.standing.endedAt ?? over)
  }
  const plan = planOf(state)
  return {
    upgrade,
    status,
    component: state.request.component,
    version: plan?.version ?? null,
    counts: {
      targeted: plan?.members ?? 0,
      ...{ succeeded, failed, unreachable, skipped },
      rolledBack: course.rolledBack + takenBack,
      ...(course.rolledBack > 0 && { tookThemselvesBack: course.rolledBack }),
    },
    startedAt: state.requestedAt,
    endedAt: over,
    failures: failuresByCode(course.codes),
    peak: course.peak,
    averageSeconds: await averageOf(services, upgrade, plan?.planHash, course.ended),
    bytes: bytesSent(await sizeOf(log, state), { succeeded, failed }),
  }
}

/** Follows an upgrade through its stream up to its end. */
async function courseOf(
  log: Log,
  upgrade: string,
): Promise<{ readonly state: ExistingUpgrade; readonly course: Course }> {
  const course = new Course()
  let state = upgradeAggregate.initial
  for await (const { event, ...context } of log.of(upgradeAggregate, upgrade).events({ consistent: true })) {
    state = upgradeAggregate.evolve(state, event, context)
    course.follow(event, state)
  }
  if (!exists(state)) throw new NotInTheLog(`The upgrade ${upgrade}`)
  return { state, course }
}

/**
 * Mean time of a try from its acceptance to its end, in seconds, over those that were accepted. The rows of the view are what the targets'
 * events say; tries that it does not know the end of yet are asked of the targets' streams, but for those that cannot be read.
 */
async function averageOf(
  { log, views }: Services,
  upgrade: string,
  planHash: string | undefined,
  ended: ReadonlySet<Try>,
): Promise<number | null> {
  let milliseconds = 0
  let tries = 0
  const add = (acceptedAt: string | null, endedAt: string) => {
    if (acceptedAt === null) return
    milliseconds += between(acceptedAt, endedAt)
    tries++
  }
  const missing = new Set(ended)
  for await (const { member, n, acceptedAt, completedAt } of views.attemptsOf(upgrade)) {
    if (completedAt === null || !missing.delete(`${member}#${n}`)) continue
    add(acceptedAt, completedAt)
  }
  const late = new Set([...missing].map((one) => Number.parseInt(one, 10)))
  const members =
    planHash !== undefined && late.size > 0
      ? await planMembers(log, planHash, late)
      : new Map<number, never>()
  await sideBySide(members.values(), atOnce.targets, async ({ target }) => {
    const state = await readableTarget(log, target)
    for (const attempt of state?.attempts ?? []) {
      const isMissing = attempt.upgrade === upgrade && missing.has(`${attempt.member}#${attempt.n}`)
      if (isMissing) add(attempt.acceptedAt, attempt.endedAt)
    }
  })
  return tries === 0 ? null : milliseconds / tries / second
}

/** Length of the artifact that an upgrade rolls out; null where its release does not say, or nothing was planned. */
async function sizeOf(log: Log, state: ExistingUpgrade): Promise<number | null> {
  const plan = planOf(state)
  if (!plan) return null
  return (await log.load(releaseAggregate, releaseId(state.request.component, plan.version))).state.sizeBytes
}
