import * as z from 'zod'
import { defaultPriority, instant, priority } from '../events/words.ts'
import type { Contract } from './contract.ts'
import { byId, identifier, noQuery, paging, truth, wholeNumber, words } from './fields.ts'
import {
  createdProfile,
  executionStatus,
  listedProfile,
  profileDetail,
  profileHistory,
  profileStatus,
} from './profile-answers.ts'
import { profileDefinition, profileUpdates } from './profile-definition.ts'

/** The most assignments in one call. */
const mostAssignments = 10_000

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

const date = z.union([instant, z.iso.date()], { error: 'an instant in UTC, or a day, as 2026-01-31' })

/** The domain names every bad field, also against what is there already; here it only has to be an object. */
const checkedByDomain = z.looseObject({})

export const profileContracts = {
  createUpgradeProfile: {
    summary: 'Create an upgrade profile: a standing maintenance schedule',
    query: noQuery,
    body: checkedByDomain,
    describedBody: profileDefinition,
    answers: { 201: { description: 'The profile is active.', schema: createdProfile } },
    problems: ['conflict'],
  },
  getUpgradeProfiles: {
    summary: 'List upgrade profiles by id',
    query: z.strictObject({
      ...paging,
      status: profileStatus.optional(),
      resource_type: identifier.optional(),
    }),
    answers: {
      200: {
        description: 'One page.',
        schema: z.object({
          profiles: z.array(listedProfile),
          count: z.int(),
          next_cursor: z.string().nullable(),
        }),
      },
    },
  },
  getUpgradeProfile: {
    summary: 'Read an upgrade profile, its resources and its latest executions',
    tagged: true,
    params: byId,
    query: noQuery,
    answers: { 200: { description: 'The profile.', schema: profileDetail } },
    problems: ['profile-not-found', 'profile-deleted'],
  },
  updateUpgradeProfile: {
    summary: 'Change fields of an upgrade profile; what is not named stays',
    params: byId,
    query: noQuery,
    body: checkedByDomain,
    describedBody: profileUpdates,
    answers: {
      200: {
        description: 'What has changed.',
        schema: z.object({
          id: z.string(),
          status: z.literal('updated'),
          changes_applied: z.array(z.string()),
          next_execution: z.string().nullable(),
          affected_resources_change: z.int().nullable().meta({
            description:
              'How many targets more it means; null: of a fleet of more than 1,000 that is counted daily.',
          }),
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
          affected_resources: z.int().nullable().meta({
            description:
              'How many targets it meant; of a fleet of more than 1,000 as they were counted last, null where they never were.',
          }),
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
    problems: ['profile-not-found', 'profile-deleted', 'release-held-back', 'approvers-missing', 'conflict'],
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
        schema: profileHistory,
      },
    },
    problems: ['profile-not-found'],
  },
} as const satisfies Partial<Record<string, Contract>>
