import type { profileContracts } from '../../../contracts/profiles.ts'
import type { ProfileDefinition } from '../../../events/profile.ts'
import { instantOf } from '../../../events/time.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { statisticsOf } from '../../domain/profile/statistics.ts'
import { atOnce } from '../../patience.ts'
import { sideBySide } from '../../side-by-side.ts'
import { awaitVersion } from '../../views/await-version.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { executionOf, executionsMatching, type Matching, statusOf } from './executions.ts'
import { resultsOf } from './results.ts'

/** Returns the figures over all executions that match; `total_executions` counts those that run, too. */
function summaryOf({ count, totals }: Pick<Matching, 'count' | 'totals'>) {
  const statistics = statisticsOf({ totals, lastExecutionAt: null })
  return {
    total_executions: count,
    success_rate: statistics.successRate,
    average_duration: statistics.averageMinutes,
    total_resources_upgraded: statistics.resourcesUpgraded,
    most_common_failure: statistics.mostCommonFailure,
  }
}

/** A day without a time is its first instant, as an end its last. */
function instantFrom(date: string, end: boolean): string {
  return instantOf(date.length === 10 ? `${date}T${end ? '23:59:59.999' : '00:00:00'}Z` : date)
}

/**
 * Returns the name and the definition of a profile, deleted or not. Who brings the number of a commit waits for the views to have
 * it; a row that is not there yet is folded, so that an acknowledged profile is never "not found".
 */
async function definitionOf(
  { log, views }: Services,
  id: string,
  seen: number | null,
): Promise<ProfileDefinition | undefined> {
  const read = () => views.getProfile(id)
  const found = seen === null ? await read() : await awaitVersion(read, seen)
  return found?.row.definition ?? (await log.load(profileAggregate, id)).state.definition ?? undefined
}

/** Reads the executions of a profile from the views (P7): they outlive it. The summary covers all that match, beyond the limit too. */
export const getUpgradeHistory: Operate<(typeof profileContracts)['getUpgradeHistory']> = async (
  { params, query, seen },
  services,
) => {
  const { views } = services
  const { id } = params
  const definition = await definitionOf(services, id, seen)
  if (!definition) throw new Problem('profile-not-found', 'There is no such profile, and there was none.')
  const { limit, status, start_date, end_date } = query
  const start = start_date === undefined ? '' : instantFrom(start_date, false)
  const end = end_date === undefined ? '~' : instantFrom(end_date, true)
  const matching = await executionsMatching(services, id, limit, (row) => {
    const inTime = row.startedAt >= start && row.startedAt <= end
    return inTime && (status === undefined || statusOf(row) === status)
  })
  const shown = await sideBySide(matching.latest, 8, async (row) => ({
    execution: await executionOf(services, definition, row),
    results: await resultsOf(services, row),
  }))
  const named = new Set(shown.flatMap(({ results }) => results.targets))
  const types = await sideBySide(named, atOnce.targets, async (target): Promise<[string, string][]> => {
    const found = await views.getTarget(target)
    return found ? [[target, found.row.facts.type]] : []
  })
  const body = {
    profile_id: id,
    profile_name: definition.name,
    executions: shown.map(({ execution, results }) => ({
      ...execution,
      resource_results: results.bodies(new Map(types.flat())),
      resource_results_more: results.more,
      metrics: { ...execution.metrics, rollback_count: results.rollbackCount },
    })),
    summary: summaryOf(matching),
  }
  return { status: 200, body }
}
