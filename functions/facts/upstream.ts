import type { ProfileDefinition, UpgradeSummary } from '../../events/profile.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import {
  type Dependency,
  dependenciesOf,
  type Rollout,
  type Upstream,
  type UpstreamExecution,
  unmetBy,
} from '../domain/profile/dependency.ts'
import type { ProfileState } from '../domain/profile/state.ts'
import { executionStatusOf } from '../domain/profile/statistics.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { standsAs } from '../domain/target/state.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { exists } from '../domain/upgrade/state.ts'
import { sameVersion } from '../domain/version/identity.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'
import { childrenOf } from './children-of.ts'

interface Services {
  readonly log: Log
  readonly views: Views
}

/** Rollbacks that ended so have changed nothing. */
const cameToNothing: ReadonlySet<string> = new Set(['failed', 'rejected', 'expired'])

/** What rollbacks have taken back of an upgrade, and of those that tried its failed members again. */
interface TakenBack {
  whole: string | null
  readonly targets: Set<string>
}

async function collectTakenBack(log: Log, upgrade: string, found: TakenBack): Promise<void> {
  const { state } = await log.load(upgradeAggregate, upgrade)
  for (const { child, kind, target } of await childrenOf(log, upgrade, state)) {
    if (kind === 'retry') {
      await collectTakenBack(log, child, found)
      continue
    }
    const { state: taken } = await log.load(upgradeAggregate, child)
    if (exists(taken) && cameToNothing.has(taken.standing.status)) continue
    if (target === null) found.whole ??= child
    else found.targets.add(target)
  }
}

/** Had the upgrade taken a target to its version, and was it so when it ended? */
async function hadSucceeded(log: Log, upgrade: string, target: string): Promise<boolean> {
  const { attempts } = (await log.load(targetAggregate, target)).state
  const last = attempts.findLast((attempt) => attempt.upgrade === upgrade)
  return last !== undefined && standsAs(last).outcome === 'succeeded'
}

/** Returns what an execution came to, with what has become of its resources since: taken back one by one, or failed after all. */
async function executionOf(
  { log, views }: Services,
  summary: UpgradeSummary,
): Promise<UpstreamExecution | undefined> {
  const { upgrade, component, version, counts } = summary
  if (counts.succeeded + counts.failed + counts.unreachable === 0) return undefined
  const found: TakenBack = { whole: null, targets: new Set() }
  await collectTakenBack(log, upgrade, found)
  let lost = 0
  await sideBySide(found.targets, atOnce.targets, async (target) => {
    if (await hadSucceeded(log, upgrade, target)) lost++
  })
  for await (const { regressedAt } of views.attemptsOf(upgrade))
    if (regressedAt !== undefined && regressedAt > summary.endedAt) lost++
  lost = Math.min(lost, counts.succeeded)
  return {
    ...{ upgrade, component, version, takenBack: found.whole },
    status: executionStatusOf(summary),
    succeeded: counts.succeeded - lost,
    failed: counts.failed + counts.unreachable + lost,
  }
}

async function runningOf(log: Log, { running }: ProfileState): Promise<Upstream['running']> {
  if (!running) return null
  const { state } = await log.load(upgradeAggregate, running.upgrade)
  return { upgrade: running.upgrade, component: exists(state) ? state.request.component : null }
}

async function upstreamOf(
  services: Services,
  dependency: Dependency,
  rollouts: readonly Rollout[],
): Promise<Upstream> {
  const { log } = services
  const { state } = await log.load(profileAggregate, dependency.profile)
  const asked = state.summaries.filter(({ component, version }) =>
    rollouts.some(
      (one) =>
        one.component === component &&
        one.version !== null &&
        version !== null &&
        sameVersion(one.version, version),
    ),
  )
  const executions: UpstreamExecution[] = []
  for (const summary of asked) {
    const execution = await executionOf(services, summary)
    if (execution) executions.push(execution)
  }
  return {
    dependency,
    status: state.definition === null ? null : state.status,
    outOfService: state.deactivated?.reason ?? null,
    running: await runningOf(log, state),
    executions,
  }
}

/**
 * Returns the profiles that one depends on as they stand, read from the log: what they came to with the releases that it would roll out, and
 * whether that was taken back since. `passedOver` are the profiles whose canaries it passes over.
 */
export async function upstreamsOf(
  services: Services,
  profile: string,
  definition: ProfileDefinition,
  rollouts: readonly Rollout[],
  passedOver: ReadonlySet<string>,
): Promise<Upstream[]> {
  const implies = !definition.depends_on && definition.resource_filters.exclude_canary_resources
  const others = implies ? await Array.fromAsync(services.views.everyProfile()) : []
  const upstreams: Upstream[] = []
  for (const dependency of dependenciesOf(profile, definition, others, passedOver))
    upstreams.push(await upstreamOf(services, dependency, rollouts))
  return upstreams
}

/** Returns what keeps a profile from rolling out one component, by what it depends on; `judged`: somebody was asked. */
export async function dependencyOn(
  services: Services,
  profile: string,
  definition: ProfileDefinition,
  rollout: Rollout,
  passedOver: ReadonlySet<string>,
): Promise<{ readonly unmet: string | undefined; readonly judged: boolean }> {
  const upstreams = await upstreamsOf(services, profile, definition, [rollout], passedOver)
  return { unmet: unmetBy(upstreams, [rollout]), judged: upstreams.length > 0 }
}
