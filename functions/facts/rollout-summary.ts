import type { UpgradeSummary } from '../../events/profile.ts'
import { later } from '../../events/time.ts'
import { sumOfFailures } from '../domain/profile/statistics.ts'
import { rolloutAggregate } from '../domain/rollout/aggregate.ts'
import { exists, hasEnded } from '../domain/rollout/state.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { exists as existsUpgrade } from '../domain/upgrade/state.ts'
import { isEnd } from '../domain/upgrade/status.ts'
import { NotInTheLog } from '../errors.ts'
import type { Log } from '../log/log.ts'
import type { Views } from '../views/views.ts'
import { summaryOf } from './summary.ts'

interface Services {
  readonly log: Log
  readonly views: Views
}

/** As many characters as a summary takes for what was upgraded. */
const longestName = 128

/** Returns what the phases of a rollout came to that have begun, in their order. */
async function ofPhases(
  services: Services,
  upgrades: readonly (string | null)[],
): Promise<readonly UpgradeSummary[]> {
  const summaries: UpgradeSummary[] = []
  for (const upgrade of upgrades) {
    if (upgrade === null) continue
    const { state } = await services.log.load(upgradeAggregate, upgrade)
    if (existsUpgrade(state)) summaries.push(await summaryOf(services, upgrade))
  }
  return summaries
}

/** Mean over all attempts; the phases know their own means alone, so each counts as often as its targets were touched. */
function averageOf(summaries: readonly UpgradeSummary[]): number | null {
  let seconds = 0
  let attempts = 0
  for (const { averageSeconds, counts } of summaries) {
    if (averageSeconds === null) continue
    const touched = Math.max(1, counts.succeeded + counts.failed)
    seconds += averageSeconds * touched
    attempts += touched
  }
  return attempts === 0 ? null : seconds / attempts
}

/**
 * Returns what a rollout that has ended came to, as its profile keeps it: the sums over its phases, with the components that they upgrade and no version.
 * `peak` is that of the phase that had the most attempts in flight. Throws for one that has not ended.
 */
export async function rolloutSummaryOf(services: Services, rollout: string): Promise<UpgradeSummary> {
  const { state } = await services.log.load(rolloutAggregate, rollout)
  if (!exists(state) || !hasEnded(state)) throw new NotInTheLog(`The end of the rollout ${rollout}`)
  const { status, endedAt } = state.standing
  if (!isEnd(status) || endedAt === null) throw new NotInTheLog(`The end of the rollout ${rollout}`)
  const summaries = await ofPhases(
    services,
    state.phases.map(({ upgrade }) => upgrade),
  )
  const sum = (figure: Exclude<keyof UpgradeSummary['counts'], 'tookThemselvesBack'>) =>
    summaries.reduce((total, { counts }) => total + counts[figure], 0)
  const tookThemselvesBack = summaries.reduce(
    (total, { counts }) => total + (counts.tookThemselvesBack ?? 0),
    0,
  )
  const sizes = summaries.map(({ bytes }) => bytes)
  const components = [...new Set(summaries.map(({ component }) => component))].join(', ')
  return {
    ...{ upgrade: rollout, status, version: null },
    component: (components || state.request.name).slice(0, longestName),
    counts: {
      targeted: state.phases.reduce((total, { members }) => total + members, 0),
      succeeded: sum('succeeded'),
      failed: sum('failed'),
      unreachable: sum('unreachable'),
      skipped: sum('skipped'),
      rolledBack: sum('rolledBack'),
      ...(tookThemselvesBack > 0 && { tookThemselvesBack }),
    },
    startedAt: state.requestedAt,
    endedAt: summaries.map((one) => one.endedAt).reduce(later, endedAt),
    failures: sumOfFailures(summaries.flatMap(({ failures }) => failures)),
    peak: Math.max(0, ...summaries.map(({ peak }) => peak)),
    averageSeconds: averageOf(summaries),
    bytes: sizes.includes(null) ? null : sizes.reduce<number>((total, size) => total + (size ?? 0), 0),
  }
}
