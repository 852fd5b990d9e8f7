import * as z from 'zod'
import { defineEvents, type EventsOf } from './registry.ts'
import { endedStatuses } from './upgrade.ts'
import { instant, name, person, skipReasons, words } from './words.ts'

const count = z.int().min(0)

/** All of them must match. */
const tags = z.array(z.object({ key: name, value: z.string().max(256) }))

/** One phase of the rollout that the windows of a profile start: an upgrade of those of its resources that the phase means. */
const profilePhase = z.object({
  name,
  /** By their names: all of them have to end well before it begins. */
  depends_on: z.array(name),
  component: name,
  /** Null: that of the profile. */
  target_version: name.nullable(),
  /** Null: that of the profile. */
  procedure: name.nullable(),
  /** Any of them; none: all that the profile means. */
  resource_types: z.array(name),
  regions: z.array(name),
  tags,
  /** So long those that depend on it wait after its end. */
  pause_minutes: z.int().min(0).max(1440),
  exceptions: z.enum(['hold', 'accept']),
})

/** What a profile says, in the words of its JSON; everything that was left out has its default here. */
export const profileDefinition = z.object({
  name,
  description: z.string().max(1024).nullable(),
  schedule: z.object({
    cron_expression: z.string().min(1).max(256),
    timezone: z.string().min(1).max(64),
    /** A window opens so many days after the time that the expression names: the Wednesday after the second Tuesday. */
    offset_days: z.int().min(0).max(6),
    maintenance_window_hours: z.int().min(1).max(24),
    retry_attempts: z.int().min(1).max(5),
    retry_delay_minutes: z.int().min(5).max(60),
    /** Names of calendars on whose closed days no window opens. */
    calendars: z.array(name),
  }),
  upgrade_settings: z.object({
    /** `latest`, `stable` or a version: the first two are resolved when a window opens. */
    target_version: name,
    /** The component that is upgraded; null: the one that bears the name of the resource type. */
    component: name.nullable(),
    pre_upgrade_checks: z.boolean(),
    rollback_on_failure: z.boolean(),
    notification_enabled: z.boolean(),
    parallel_upgrades: z.int().min(1).max(10),
    /** How long one attempt may take from its acceptance on, and how long it should take, at the end of a window at the latest. */
    attempt_minutes: z.int().min(1).max(1440),
    expected_minutes: z.int().min(1).max(59),
    canary_percentage: z.number().min(1).max(100).nullable(),
    /** By which procedure each resource is upgraded, at its last revision when an upgrade is requested; left out: by its agent. */
    procedure: z.exactOptional(name),
  }),
  resource_filters: z.object({
    resource_types: z.array(name).min(1),
    tags,
    /** Any of them; none: every region. */
    regions: z.array(name),
    exclude_critical: z.boolean(),
    exclude_canary_resources: z.boolean(),
  }),
  /**
   * A window opens only for a release that the other profile has rolled out well: with at least that success rate, in percent, and on so many
   * resources.
   */
  depends_on: z
    .object({
      profile_id: name,
      min_success_rate: z.number().min(0).max(100),
      min_resources: z.int().min(1).max(10_000),
    })
    .nullable(),
  approvals: z
    .object({
      required: z.int().min(1).max(5),
      approvers: z.array(person).nullable(),
      /** How long before a window opens its plan is made, so that there is time to approve it. */
      lead_time_hours: z.int().min(1).max(168),
    })
    .nullable(),
  /** The phases of the rollout that a window starts; null or left out: it starts an upgrade. */
  rollout: z.exactOptional(
    z
      .object({ phases: z.array(profilePhase).min(1).max(20), on_failure: z.enum(['hold', 'rollback']) })
      .nullable(),
  ),
})
export type ProfileDefinition = z.output<typeof profileDefinition>

export type SkipReason = (typeof skipReasons)[number]

/** What an upgrade came to, copied into the stream of the profile that started it. */
export const upgradeSummary = z.object({
  upgrade: name,
  status: z.enum(endedStatuses),
  component: name,
  /** The version that `latest` or `stable` stood for; null when nothing was planned. */
  version: name.nullable(),
  counts: z.object({
    targeted: count,
    succeeded: count,
    failed: count,
    unreachable: count,
    skipped: count,
    /** Those of `failed` that took themselves back, and those that a rollback took back. */
    rolledBack: count,
    /** Those of `rolledBack` that took themselves back, also before a try that an abort overtook; left out: nobody did. */
    tookThemselvesBack: z.exactOptional(z.int().positive()),
  }),
  startedAt: instant,
  endedAt: instant,
  failures: z.array(z.object({ code: name, count: z.int().positive() })),
  /** The most attempts that were in flight at once. */
  peak: count,
  /** Mean time of an attempt from its acceptance to its end; null when none ended. */
  averageSeconds: z.number().min(0).nullable(),
  /** Bytes that went to targets: the artifact's length once for each target that it was handed to. Null: its length is not known. */
  bytes: count.nullable(),
})
export type UpgradeSummary = z.output<typeof upgradeSummary>

export const profileEvents = defineEvents({
  ProfileCreated: { schema: z.object({ definition: profileDefinition, by: person }) },
  /** Whole new parts of the definition: a part that is not named stays as it was. */
  ProfileUpdated: {
    schema: z.object({
      parts: z.object({
        name: z.exactOptional(profileDefinition.shape.name),
        description: z.exactOptional(profileDefinition.shape.description),
        schedule: z.exactOptional(profileDefinition.shape.schedule),
        upgrade_settings: z.exactOptional(profileDefinition.shape.upgrade_settings),
        resource_filters: z.exactOptional(profileDefinition.shape.resource_filters),
        depends_on: z.exactOptional(profileDefinition.shape.depends_on),
        approvals: z.exactOptional(profileDefinition.shape.approvals),
        rollout: profileDefinition.shape.rollout,
      }),
      /** The fields that changed, as `schedule.timezone`. */
      changes: z.array(z.string().max(128)).min(1),
      by: person,
    }),
  },
  ProfileActivated: { schema: z.object({ reason: words, by: person }) },
  ProfileDeactivated: { schema: z.object({ reason: words, by: person }) },
  /** `cancelled` are the upgrades that were running or planned ahead, and that the deletion ends. */
  ProfileDeleted: { schema: z.object({ force: z.boolean(), cancelled: z.array(name), by: person }) },
  /** The window of one occurrence of the schedule is open; `resumed`: it carries on an upgrade of an earlier one. */
  WindowOpened: {
    schema: z.object({ scheduledAt: instant, end: instant, upgrade: name, resumed: z.boolean() }),
  },
  WindowSkipped: {
    schema: z.object({ scheduledAt: instant, reason: z.enum(skipReasons), detail: words }),
  },
  /** Upgrades of a coming window, one for each component, are planned now so that people can approve them before it opens. */
  WindowPlanned: {
    schema: z.object({
      scheduledAt: instant,
      end: instant,
      upgrades: z.array(z.object({ upgrade: name, component: name })).min(1),
      /** Who else has edited the profile since what it runs was last approved: they do not approve this either. Left out: nobody. */
      editors: z.exactOptional(z.array(person).max(100)),
      by: person,
    }),
  },
  /** What was planned ahead and has not started is not to run; `upgrades` are to be aborted. */
  PlanVoided: {
    schema: z.object({
      scheduledAt: instant,
      upgrades: z.array(name).min(1),
      reason: z.enum(['edited', 'deactivated', 'skipped', 'resumed']),
      by: person,
    }),
  },
  /** An upgrade is to be started, or a rollout; its id is the execution's id. */
  ExecutionStarted: {
    schema: z.object({
      upgrade: name,
      /** It is that of a rollout. Left out: of an upgrade. */
      rollout: z.exactOptional(z.literal(true)),
      reason: z.enum(['window', 'emergency']),
      /** The occurrence that started it; null: somebody did, out of turn. */
      scheduledAt: instant.nullable(),
      /** Why somebody started it out of turn. */
      justification: words.nullable(),
      /** What the profile that it depends on was asked about: it rolls out this, whatever is newest by then. Left out: nobody was asked. */
      release: z.exactOptional(z.object({ component: name, version: name })),
      /** Who else has edited the profile since what it runs was last approved: they do not approve this either. Left out: nobody. */
      editors: z.exactOptional(z.array(person).max(100)),
      by: person,
    }),
  },
  UpgradeSummarised: {
    schema: upgradeSummary,
  },
  AlertRaised: { schema: z.object({ code: name, upgrade: name }) },
})

export type ProfileEvent = EventsOf<typeof profileEvents>
