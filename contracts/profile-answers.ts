import * as z from 'zod'
import { skipReasons } from '../events/words.ts'
import { approvals, dependsOn, filters, rollout, schedule, settings } from './profile-definition.ts'

export const profileStatus = z.enum(['active', 'inactive', 'error']).meta({
  description:
    'error: it took itself out of service because of a failure with a code that begins CRITICAL_; setting status to active ends that.',
})
export const executionStatus = z.enum(['running', 'completed', 'failed', 'cancelled'])
const rate = z.number().nullable().meta({ description: 'In percent; null before anything was attempted.' })

const affectedNow = z.int().nullable().meta({
  description: 'How many targets it means; null: of a fleet of more than 1,000 that is counted daily.',
})

const affected = {
  affected_resources: z
    .int()
    .nullable()
    .meta({ description: 'How many targets it means; null: not counted yet.' }),
  affected_resources_at: z.string().nullable().meta({
    description: 'When that was counted, daily, of a fleet of more than 1,000 targets; null: just now.',
  }),
}

/** P1: the profile is there, and when it will run. */
export const createdProfile = z.object({
  id: z.string(),
  name: z.string(),
  status: profileStatus,
  next_execution: z.string().nullable(),
  affected_resources: affectedNow,
  validation_results: z.object({
    schedule_valid: z.boolean(),
    timezone_recognized: z.boolean(),
    cron_next_runs: z.array(z.string()),
  }),
})

/** P2: a profile in a list. */
export const listedProfile = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  status: profileStatus,
  next_execution: z.string().nullable(),
  last_execution: z.string().nullable(),
  execution_count: z.int(),
  ...affected,
  resource_types: z.array(z.string()),
  success_rate: rate,
  average_duration_minutes: z.number().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
  created_by: z.string(),
})

/** P3: a profile by itself, with its resources and what it did last. */
export const profileDetail = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  status: profileStatus,
  schedule: schedule.extend({ next_runs: z.array(z.string()), human_readable: z.string() }),
  upgrade_settings: settings,
  resource_filters: filters,
  depends_on: dependsOn.nullable(),
  approvals: approvals.nullable(),
  rollout: rollout.nullable(),
  ...affected,
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

/** P7: executions, the latest first, and what they come to. */
export const profileHistory = z.object({
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
})
