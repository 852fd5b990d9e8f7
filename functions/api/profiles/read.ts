import type { profileContracts } from '../../../contracts/profiles.ts'
import { describeSchedule } from '../../domain/profile/schedule-words.ts'
import type { WindowResult } from '../../domain/profile/state.ts'
import { statisticsOf } from '../../domain/profile/statistics.ts'
import type { Targeting } from '../../domain/profile/targeting.ts'
import { targetingOf } from '../../facts/targeting.ts'
import type { ProfileFigure } from '../../views/figures.ts'
import type { TargetRow } from '../../views/rows.ts'
import type { Operate } from '../http/endpoint.ts'
import { pageOf } from '../http/page.ts'
import { executionOf, executionsMatching } from './executions.ts'
import { fleetAtOnce } from './fleet.ts'
import { nextRuns, profileOf } from './profile.ts'

type Contracts = typeof profileContracts

/** How many resources and executions one answer names; `affected_resources` and the history have all. */
const shownResources = 1000
const shownExecutions = 10
const shownWindows = 10

/** Of a larger fleet so many targets are looked at for those that a profile shows. */
const lookedAt = 1000

/** Lists profiles from the view (P2). */
export const getUpgradeProfiles: Operate<Contracts['getUpgradeProfiles']> = async ({ query }, services) => {
  const { log, views, now } = services
  const { limit, cursor, status, resource_type: resourceType } = query
  const { rows, nextCursor } = await pageOf(views.listProfiles({ limit, cursor, status, resourceType }))
  const targets = rows.length === 0 ? [] : await fleetAtOnce(views)
  const every = targets ? await Array.fromAsync(views.everyProfile()) : []
  const profiles = await Promise.all(
    rows.map(async (row) => {
      const { id, definition, lastExecutionAt } = row
      const statistics = statisticsOf({ totals: { ...row.totals, failures: {} }, lastExecutionAt })
      const [next = null] = row.status === 'active' ? await nextRuns(log, definition, now(), 1) : []
      const affected = targets
        ? countedNow(await targetingOf(services, id, definition, targets, every))
        : countedBefore(await views.profileFigure(id))
      return {
        id,
        name: definition.name,
        description: definition.description,
        status: row.status,
        next_execution: next,
        last_execution: lastExecutionAt,
        execution_count: statistics.executions + (row.running === null ? 0 : 1),
        ...affected,
        resource_types: definition.resource_filters.resource_types,
        success_rate: statistics.successRate,
        average_duration_minutes: statistics.averageMinutes,
        created_at: row.createdAt,
        updated_at: row.updatedAt,
        created_by: row.createdBy,
      }
    }),
  )
  return { status: 200, body: { profiles, count: profiles.length, next_cursor: nextCursor } }
}

function countedNow({ members }: Targeting) {
  return { affected_resources: members.length, affected_resources_at: null }
}

function countedBefore(figure: ProfileFigure | undefined) {
  return { affected_resources: figure?.members ?? null, affected_resources_at: figure?.at ?? null }
}

function windowBody(window: WindowResult) {
  const { scheduledAt: scheduled_at } = window
  return window.result === 'opened'
    ? {
        scheduled_at,
        result: window.resumed ? 'resumed' : 'opened',
        detail: null,
        execution_id: window.upgrade,
      }
    : { scheduled_at, result: window.result, detail: window.detail, execution_id: null }
}

function lastUpgraded(row: TargetRow | undefined): string | null {
  const last = row?.lastOutcome
  return last?.outcome === 'succeeded' ? last.at : null
}

/** Reads one profile from the log, and its resources and latest executions from the views (P3). */
export const getUpgradeProfile: Operate<Contracts['getUpgradeProfile']> = async ({ params }, services) => {
  const { log, views, now } = services
  const { id } = params
  const { state, commit } = await profileOf(log, id)
  const { definition } = state
  const { schedule } = definition
  const active = state.status === 'active'
  const [runs, fleet, { latest }] = await Promise.all([
    active ? nextRuns(log, definition, now(), 10) : [],
    fleetAtOnce(views),
    executionsMatching(services, id, shownExecutions),
  ])
  const rows = fleet ?? (await views.listTargets({ limit: lookedAt, retired: false })).rows
  const targeting = await targetingOf(services, id, definition, rows)
  const affected = fleet ? countedNow(targeting) : countedBefore(await views.profileFigure(id))
  const byId = new Map(rows.map((row) => [row.id, row]))
  const recent = await Promise.all(latest.map((row) => executionOf(services, definition, row)))
  const statistics = statisticsOf(state)
  const body = {
    id,
    name: definition.name,
    description: definition.description,
    status: state.status,
    schedule: {
      ...schedule,
      next_runs: runs,
      human_readable: describeSchedule(schedule),
    },
    upgrade_settings: { procedure: null, ...definition.upgrade_settings },
    resource_filters: definition.resource_filters,
    depends_on: definition.depends_on,
    approvals: definition.approvals,
    rollout: definition.rollout ?? null,
    ...affected,
    current_resources: targeting.members.slice(0, shownResources).map(({ target, from }) => ({
      id: target,
      name: target,
      type: byId.get(target)?.facts.type ?? '',
      current_version: from,
      location: byId.get(target)?.facts.region ?? null,
      last_upgraded: lastUpgraded(byId.get(target)),
    })),
    statistics: {
      total_executions: statistics.executions + (state.running ? 1 : 0),
      successful_executions: statistics.successful,
      failed_executions: statistics.failed,
      average_duration_minutes: statistics.averageMinutes,
      total_resources_upgraded: statistics.resourcesUpgraded,
      last_execution_date: statistics.lastExecutionAt,
      next_execution_date: runs[0] ?? null,
    },
    recent_executions: recent.map((execution) => ({
      execution_id: execution.execution_id,
      started_at: execution.started_at,
      completed_at: execution.completed_at,
      status: execution.status,
      resources_processed: execution.resources_processed,
      resources_successful: execution.resources_successful,
      resources_failed: execution.resources_failed,
      error_summary:
        execution.failure_reasons
          .map(({ error_code, affected_resources }) => `${error_code} on ${affected_resources}`)
          .join(', ') || null,
    })),
    recent_windows: state.windows.slice(-shownWindows).reverse().map(windowBody),
  }
  return { status: 200, body, etag: commit }
}
