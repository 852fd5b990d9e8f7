import * as z from 'zod'

export const schedule = z.strictObject({
  cron_expression: z.string().meta({ description: 'Five unix fields; both day fields set means either.' }),
  timezone: z.string().meta({ description: 'A time zone of the IANA database.' }),
  offset_days: z.int().min(0).max(6).default(0).meta({
    description:
      'A window opens so many days after the time that the expression names: 0 2 * * 2#2 with 1 is the Wednesday after the second Tuesday.',
  }),
  maintenance_window_hours: z.int().min(1).max(24),
  retry_attempts: z.int().min(1).max(5).default(2),
  retry_delay_minutes: z.int().min(5).max(60).default(15),
  calendars: z.array(z.string()).default([]).meta({ description: 'No window opens on their closed days.' }),
})

export const settings = z.strictObject({
  target_version: z.string().meta({ description: 'latest, stable or a version.' }),
  component: z.string().nullable().default(null).meta({ description: 'Null: named as the resource type.' }),
  pre_upgrade_checks: z.boolean().meta({
    description:
      'Hand a resource over only when its agent, or its gateway, was heard of in the last 24 hours, when the plan is made and again when it is assigned; who was not is left out as not_ready. Without it the version that the plan saw, pins, withdrawn releases and limits are checked all the same.',
  }),
  rollback_on_failure: z.boolean(),
  notification_enabled: z.boolean().default(true),
  parallel_upgrades: z.int().min(1).max(10),
  attempt_minutes: z
    .int()
    .min(1)
    .max(1440)
    .default(60)
    .meta({ description: 'How long one attempt may take.' }),
  expected_minutes: z.int().min(1).max(59).default(5).meta({
    description: 'How long one should take: so long before a window ends the last one is handed over.',
  }),
  canary_percentage: z.number().min(1).max(100).nullable().default(null),
  procedure: z.string().nullable().default(null).meta({
    description:
      'By which procedure each resource is upgraded: its last revision when an upgrade is requested, which is when a window opens, or is planned ahead. Null: by its agent.',
  }),
})

export const filters = z.strictObject({
  resource_types: z.array(z.string()).min(1),
  tags: z.array(z.strictObject({ key: z.string(), value: z.string() })).default([]),
  regions: z.array(z.string()).default([]),
  exclude_critical: z.boolean().default(false),
  exclude_canary_resources: z.boolean().default(false),
})

export const dependsOn = z.strictObject({
  profile_id: z.string(),
  min_success_rate: z
    .number()
    .min(0)
    .max(100)
    .default(95)
    .describe('Of its last execution of the very release that a window would roll out, in percent.'),
  min_resources: z
    .int()
    .min(1)
    .max(10_000)
    .default(2)
    .describe('So many of its resources have to run that release.'),
})

export const approvals = z.strictObject({
  required: z.int().min(1).max(5),
  approvers: z.array(z.string()).nullable().default(null),
  lead_time_hours: z.int().min(1).max(168).default(24),
})

const rolloutPhase = z.strictObject({
  name: z.string(),
  depends_on: z
    .array(z.string())
    .max(20)
    .default([])
    .describe('All of these phases have to end well before it begins.'),
  component: z.string(),
  target_version: z.string().nullable().default(null).describe('Null: that of upgrade_settings.'),
  procedure: z.string().nullable().default(null).describe('Null: that of upgrade_settings.'),
  resource_types: z
    .array(z.string())
    .max(20)
    .default([])
    .describe(
      'Which of the resources of the profile it upgrades; none, here and below: all that run its component.',
    ),
  regions: z.array(z.string()).max(50).default([]),
  tags: z
    .array(z.strictObject({ key: z.string(), value: z.string() }))
    .max(20)
    .default([]),
  pause_minutes: z
    .int()
    .min(0)
    .max(1440)
    .default(0)
    .describe('So long those that depend on it wait after its end.'),
  exceptions: z
    .enum(['hold', 'accept'])
    .default('hold')
    .describe(
      'Some of its resources failed or were left out, within its limits: does that hold those that depend on it until somebody accepts it?',
    ),
})

/** The phases of the rollout that a window starts: each an upgrade by the settings of the profile, in the order of what they depend on. */
export const rollout = z.strictObject({
  phases: z.array(rolloutPhase).min(1).max(20),
  on_failure: z
    .enum(['hold', 'rollback'])
    .default('hold')
    .describe(
      'A phase did not end well: somebody looks at it, or everything that was changed is taken back.',
    ),
})

/** What a profile says; what is left out has the default that stands here. */
export const profileDefinition = z.strictObject({
  name: z.string().min(1).max(128),
  description: z.string().max(1024).nullable().default(null),
  schedule,
  upgrade_settings: settings,
  resource_filters: filters,
  depends_on: dependsOn.nullable().default(null),
  approvals: approvals.nullable().default(null),
  rollout: rollout
    .nullable()
    .default(null)
    .describe(
      'What a window starts is a rollout of these phases: execution ids are those of rollouts then, and approvals are asked for when the window opens. Takes no depends_on, no upgrade_settings.component and no exclude_canary_resources beside it.',
    ),
})

/** Fields of it that change; what is not named stays. */
export const profileUpdates = profileDefinition
  .extend({
    status: z.enum(['active', 'inactive']),
    schedule: schedule.partial(),
    upgrade_settings: settings.partial(),
    resource_filters: filters.partial(),
  })
  .partial()
