import type { ProfileDefinition } from '../../../events/profile.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { noTotals } from '../../domain/profile/state.ts'
import { addSummary, statisticsOf } from '../../domain/profile/statistics.ts'
import { sideBySide } from '../../side-by-side.ts'
import { awaitVersion } from '../../views/await-version.ts'
import type { Views } from '../../views/read.ts'
import type { AttemptRow, ExecutionRow } from '../../views/rows.ts'
import type { profileContracts } from '../contracts/profiles.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { executionOf, latestExecutions, statusOf } from './executions.ts'

/** How many results of single resources one execution shows. */
const shownResults = 100
/** How many attempts of one execution are looked at for its failures. */
const mostAttempts = 10_000

type Result = 'success' | 'failed' | 'skipped' | 'rollback'

/** The seed's word for how an attempt ended; what is under way, or was taken back before it began, is no result. */
const results: Partial<Record<AttemptRow['status'], Result>> = {
  succeeded: 'success',
  failed: 'failed',
  timed_out: 'failed',
  lost: 'failed',
  rejected: 'failed',
  cancelled: 'failed',
  unreachable: 'failed',
  rollback_failed: 'failed',
  rolled_back: 'rollback',
  skipped: 'skipped',
}

interface Ended {
  readonly attempt: AttemptRow
  readonly status: Result
}

/** Yields the last try of each target that has ended: the tries of one target follow one another. */
async function* lastTries(attempts: AsyncIterable<AttemptRow>): AsyncGenerator<Ended> {
  let last: Ended | undefined
  for await (const attempt of attempts) {
    const status = results[attempt.status]
    if (last && last.attempt.member !== attempt.member) yield last
    if (last?.attempt.member !== attempt.member) last = undefined
    if (status) last = { attempt, status }
  }
  if (last) yield last
}

async function resultsOf(views: Views, upgrade: string): Promise<{ shown: Ended[]; more: boolean }> {
  const [bad, good]: [Ended[], Ended[]] = [[], []]
  let seen = 0
  for await (const ended of lastTries(views.attemptsOf(upgrade))) {
    seen += 1
    const list = ended.status === 'failed' || ended.status === 'rollback' ? bad : good
    if (list.length < shownResults) list.push(ended)
    if (bad.length === shownResults || seen === mostAttempts) break
  }
  const shown = [...bad, ...good].slice(0, shownResults)
  return { shown, more: seen > shown.length || seen === mostAttempts }
}

function resultBody({ attempt, status }: Ended, types: ReadonlyMap<string, string>) {
  const { target, from, to, acceptedAt, completedAt, code } = attempt
  const milliseconds = acceptedAt && completedAt ? Date.parse(completedAt) - Date.parse(acceptedAt) : 0
  const actual = { success: to, rollback: from, skipped: null, failed: null } as const
  return {
    resource_id: target,
    resource_name: target,
    resource_type: types.get(target) ?? attempt.component,
    status,
    previous_version: from,
    target_version: to,
    actual_version: actual[status],
    duration_minutes: milliseconds / 60_000,
    error_message: code,
  }
}

function summaryOf(rows: readonly ExecutionRow[]) {
  const summaries = rows.flatMap(({ summary }) => (summary ? [summary] : []))
  const statistics = statisticsOf({ totals: summaries.reduce(addSummary, noTotals), lastExecutionAt: null })
  return {
    total_executions: rows.length,
    success_rate: statistics.successRate,
    average_duration: statistics.averageMinutes,
    total_resources_upgraded: statistics.resourcesUpgraded,
    most_common_failure: statistics.mostCommonFailure,
  }
}

/** A day without a time is its first instant, as an end its last. */
function instantFrom(date: string, end: boolean): string {
  return new Date(date.length === 10 ? `${date}T${end ? '23:59:59.999' : '00:00:00'}Z` : date).toISOString()
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
  const matching = (await latestExecutions(services, id)).filter(
    (row) =>
      row.startedAt >= start && row.startedAt <= end && (status === undefined || statusOf(row) === status),
  )
  const shown = await sideBySide(matching.slice(0, limit), 8, async (row) => ({
    execution: await executionOf(services, definition, row),
    ...(await resultsOf(views, row.upgrade)),
  }))
  const types = new Map<string, string>()
  if (shown.some((one) => one.shown.length > 0)) {
    for await (const target of views.everyTarget()) types.set(target.id, target.facts.type)
  }
  const body = {
    profile_id: id,
    profile_name: definition.name,
    executions: shown.map(({ execution, shown: ended, more }) => ({
      ...execution,
      resource_results: ended.map((one) => resultBody(one, types)),
      resource_results_more: more ? `/api/upgrades/${execution.execution_id}/logs` : null,
    })),
    summary: summaryOf(matching),
  }
  return { status: 200, body }
}
