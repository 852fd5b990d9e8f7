import * as z from 'zod'
import { defaultPriority, instant, priority, skipReasons } from '../events/words.ts'
import type { Contract } from './contract.ts'
import { byId, identifier, noQuery, paging, truth, wholeNumber, words } from './fields.ts'

/** The most assignments in one call. */
const mostAssignments = 10_000

const schedule = z.strictObject({
  cron_expression: z.string().meta({ description: 'Five unix fields; both day fields set means either.' }),
  timezone: z.string().meta({ description: 'A time zone of the IANA database.' }),
  maintenance_window_hours: z.int().min(1).max(24),
  retry_attempts: z.int().min(1).max(5).default(2),
  retry_delay_minutes: z.int().min(5).max(60).default(15),
  calendars: z.array(z.string()).default([]).meta({ description: 'No window opens on their closed days.' }),
})
const settings = z.strictObject({
  target_version: z.string().meta({ description: 'latest, stable or a version.' }),
  component: z.string().nullable().default(null).meta({ description: 'Null: named as the resource type.' }),
  pre_upgrade_checks: z.boolean().meta({
    description:
      'Hand a resource over only when its agent, or its gateway, was heard of in the last 24 hours, when the plan is made and again when it is assigned; who was not is left out as not_ready. Without it the version that the plan saw, pins, withdrawn releases and limits are checked all the same.',
  }),
  rollback_on_failure: z.boolean(),
  notification_enabled: z.boolean().default(true),
  parallel_upgrades: z.int().min(1).max(10),
  canary_percentage: z.number().min(1).max(100).nullable().default(null),
})
const filters = z.strictObject({
  resource_types: z.array(z.string()).min(1),
  tags: z.array(z.strictObject({ key: z.string(), value: z.string() })).default([]),
  regions: z.array(z.string()).default([]),
  exclude_critical: z.boolean().default(false),
  exclude_canary_resources: z.boolean().default(false),
})
const dependsOn = z.strictObject({
  profile_id: z.string(),
  min_success_rate: z.number().min(0).max(100).default(95),
})
const approvals = z.strictObject({
  required: z.int().min(1).max(5),
  approvers: z.array(z.string()).nullable().default(null),
  lead_time_hours: z.int().min(1).max(168).default(24),
})

const definition = z.strictObject({
  name: z.string().min(1).max(128),
  description: z.string().max(1024).nullable().default(null),
  schedule,
  upgrade_settings: settings,
  resource_filters: filters,
  depends_on: dependsOn.nullable().default(null),
  approvals: approvals.nullable().default(null),
})
const updates = definition
  .extend({
    status: z.enum(['active', 'inactive']),
    schedule: schedule.partial(),
    upgrade_settings: settings.partial(),
    resource_filters: filters.partial(),
  })
  .partial()

/** The domain names every bad field, also against what is there already; here it only has to be an object. */
const checkedByDomain = z.looseObject({})

const status = z.enum(['active', 'inactive', 'error']).meta({
  description:
    'error: it took itself out of service because of a failure with a code that begins CRITICAL_; setting status to active ends that.',
})
const executionStatus = z.enum(['running', 'completed', 'failed', 'cancelled'])
const rate = z.number().nullable().meta({ description: 'In percent; null before anything was attempted.' })

const created = z.object({
  id: z.string(),
  name: z.string(),
  status,
  next_execution: z.string().nullable(),
  affected_resources: z.int(),
  validation_results: z.object({
    schedule_valid: z.boolean(),
    timezone_recognized: z.boolean(),
    cron_next_runs: z.array(z.string()),
  }),
})

const listed = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  status,
  next_execution: z.string().nullable(),
  last_execution: z.string().nullable(),
  execution_count: z.int(),
  affected_resources: z.int(),
  resource_types: z.array(z.string()),
  success_rate: rate,
  average_duration_minutes: z.number().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  created_by: z.string(),
})

const detail = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  status,
  schedule: schedule.extend({ next_runs: z.array(z.string()), human_readable: z.string() }),
  upgrade_settings: settings,
  resource_filters: filters,
  depends_on: dependsOn.nullable(),
  approvals: approvals.nullable(),
  affected_resources: z.int(),
  current_resources: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      type: z.string(),
      current_version: z.string().nullable(),
      location: z.string().nullable(),
      last_upgraded: z.string().nullable(),
    }),
  ),
  statistics: z.object({
    total_executions: z.int(),
    successful_executions: z.int(),
    failed_executions: z.int(),
    average_duration_minutes: z.number().nullable(),
    total_resources_upgraded: z.int(),
    last_execution_date: z.string().nullable(),
    next_execution_date: z.string().nullable(),
  }),
  recent_executions: z.array(
    z.object({
      execution_id: z.string(),
      started_at: z.string(),
      completed_at: z.string().nullable(),
      status: executionStatus,
      resources_processed: z.int(),
      resources_successful: z.int(),
      resources_failed: z.int(),
      error_summary: z.string().nullable(),
    }),
  ),
  recent_windows: z
    .array(
      z.object({
        scheduled_at: z.string(),
        result: z.enum(['opened', 'resumed', ...skipReasons]),
        detail: z.string().nullable(),
        execution_id: z.string().nullable(),
      }),
    )
    .meta({ description: 'What became of the last openings, the latest first; why one did not open.' }),
})

const assignment = z.strictObject({
  resource_id: identifier,
  resource_type: identifier,
  priority: priority.default(defaultPriority),
  override_settings: z
    .strictObject({
      maintenance_window_hours: z.int().min(1).max(24).nullable().default(null),
      rollback_on_failure: z.boolean().nullable().default(null),
    })
    .default({ maintenance_window_hours: null, rollback_on_failure: null }),
})
export type AssignmentRequest = z.output<typeof assignment>

const assignments = z
  .array(assignment)
  .min(1)
  .max(mostAssignments)
  .superRefine((all, context) => {
    const seen = new Set<string>()
    for (const [place, { resource_id }] of all.entries()) {
      if (seen.has(resource_id)) {
        context.addIssue({ code: 'custom', path: [place, 'resource_id'], message: 'each resource once' })
      }
      seen.add(resource_id)
    }
  })

const assignmentResult = z.object({
  resource_id: z.string(),
  status: z.enum(['assigned', 'failed', 'already_assigned']),
  next_upgrade_window: z.string().nullable(),
  error_message: z.string().optional(),
})
const assigned = z.object({
  profile_id: z.string(),
  assignments_created: z.int(),
  assignments_failed: z.int(),
  assignment_results: z.array(assignmentResult),
})

const execution = z.object({
  execution_id: z.string(),
  started_at: z.string(),
  completed_at: z.string().nullable(),
  duration_minutes: z.number().nullable(),
  status: executionStatus,
  target_version: z.string(),
  resources_targeted: z.int(),
  resources_processed: z.int(),
  resources_successful: z.int(),
  resources_failed: z.int(),
  resources_skipped: z.int(),
  failure_reasons: z.array(
    z.object({ reason: z.string(), affected_resources: z.int(), error_code: z.string() }),
  ),
  resource_results: z.array(
    z.object({
      resource_id: z.string(),
      resource_name: z.string(),
      resource_type: z.string(),
      status: z.enum(['success', 'failed', 'skipped', 'rollback']),
      previous_version: z.string(),
      target_version: z.string(),
      actual_version: z.string().nullable(),
      duration_minutes: z.number(),
      error_message: z.string().nullable(),
    }),
  ),
  /** Where the rest of the results is; null when these are all. */
  resource_results_more: z.string().nullable(),
  metrics: z.object({
    average_upgrade_time: z.number().nullable().meta({ description: 'In minutes.' }),
    peak_concurrent_upgrades: z.int(),
    network_utilization: z.number().nullable().meta({
      description:
        'Bytes a second: artifact bytes (sizeBytes of the release) × targets that it was handed to (successful and failed) ÷ duration. Null while it runs, and where the release does not say how long it is.',
    }),
    rollback_count: z.int(),
  }),
})

const date = z.union([instant, z.iso.date()], { error: 'an instant in UTC, or a day, as 2026-01-31' })

export const profileContracts = {
  createUpgradeProfile: {
    summary: 'Create an upgrade profile: a standing maintenance schedule',
    query: noQuery,
    body: checkedByDomain,
    describedBody: definition,
    answers: { 201: { description: 'The profile is active.', schema: created } },
    problems: ['conflict'],
  },
  getUpgradeProfiles: {
    summary: 'List upgrade profiles by id',
    query: z.strictObject({ ...paging, status: status.optional(), resource_type: identifier.optional() }),
    answers: {
      200: {
        description: 'One page.',
        schema: z.object({
          profiles: z.array(listed),
          count: z.int(),
          next_cursor: z.string().nullable(),
        }),
      },
    },
  },
  getUpgradeProfile: {
    summary: 'Read an upgrade profile, its resources and its latest executions',
    params: byId,
    query: noQuery,
    answers: { 200: { description: 'The profile.', schema: detail } },
    problems: ['profile-not-found', 'profile-deleted'],
  },
  updateUpgradeProfile: {
    summary: 'Change fields of an upgrade profile; what is not named stays',
    params: byId,
    query: noQuery,
    body: checkedByDomain,
    describedBody: updates,
    answers: {
      200: {
        description: 'What has changed.',
        schema: z.object({
          id: z.string(),
          status: z.literal('updated'),
          changes_applied: z.array(z.string()),
          next_execution: z.string().nullable(),
          affected_resources_change: z.int(),
          validation_warnings: z.array(z.string()),
        }),
      },
    },
    problems: ['profile-not-found', 'profile-deleted'],
  },
  deleteUpgradeProfile: {
    summary: 'Delete an upgrade profile; its history stays',
    params: byId,
    query: z.strictObject({ force: truth.optional() }),
    answers: {
      200: {
        description: 'Deleted.',
        schema: z.object({
          id: z.string(),
          status: z.literal('deleted'),
          affected_resources: z.int(),
          pending_executions_cancelled: z.int(),
          cleanup_tasks: z.array(z.string()),
        }),
      },
    },
    problems: ['profile-not-found', 'conflict'],
  },
  assignUpgradeProfile: {
    summary: 'Assign targets to an upgrade profile, thousands at once',
    params: byId,
    query: noQuery,
    body: z.strictObject({ resource_assignments: assignments }),
    largestBody: 4 * 1024 * 1024,
    answers: {
      200: { description: 'The result of each.', schema: assigned },
      202: {
        description: 'They are being worked off: the job has the results.',
        schema: z.object({
          profile_id: z.string(),
          job_id: z.string(),
          status: z.literal('running'),
          assignments_requested: z.int(),
        }),
      },
    },
    problems: ['profile-not-found', 'profile-deleted'],
  },
  getAssignmentJob: {
    summary: 'Read how far a job of assignments has come, and its results so far',
    params: z.strictObject({ id: identifier, jobId: identifier }),
    query: noQuery,
    answers: {
      200: {
        description: 'The results so far.',
        schema: assigned.extend({
          job_id: z.string(),
          status: z.enum(['running', 'completed']),
          assignments_requested: z.int(),
        }),
      },
    },
    problems: ['assignment-job-not-found'],
  },
  startProfileExecution: {
    summary: 'Start an upgrade of the profile now, out of turn, with a reason',
    params: byId,
    query: noQuery,
    body: z.strictObject({ reason: words(512) }),
    answers: {
      202: {
        description: 'The execution begins.',
        schema: z.object({ profile_id: z.string(), execution_id: z.string(), status: z.literal('running') }),
      },
    },
    problems: ['profile-not-found', 'profile-deleted', 'conflict'],
  },
  getUpgradeHistory: {
    summary: 'Read the executions of an upgrade profile, a deleted one too',
    params: byId,
    query: z.strictObject({
      limit: wholeNumber(1, 200).default(50),
      start_date: date.optional(),
      end_date: date.optional(),
      status: executionStatus.optional(),
    }),
    answers: {
      200: {
        description: 'The latest first.',
        schema: z.object({
          profile_id: z.string(),
          profile_name: z.string(),
          executions: z.array(execution),
          summary: z.object({
            total_executions: z.int(),
            success_rate: rate,
            average_duration: z.number().nullable(),
            total_resources_upgraded: z.int(),
            most_common_failure: z.string().nullable(),
          }),
        }),
      },
    },
    problems: ['profile-not-found'],
  },
} as const satisfies Partial<Record<string, Contract>>
