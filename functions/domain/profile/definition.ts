import { bytesOf } from '../../../events/bytes.ts'
import type { ProfileDefinition } from '../../../events/profile.ts'
import { isTimeZone } from '../../../events/time-zones.ts'
import { bytesOfApprovers, tags, unseen } from '../../../events/words.ts'
import { disorderIn } from '../rollout/order.ts'
import { defaultScheme, isMoving, isVersionIn, schemeWords, type VersionScheme } from '../version/scheme.ts'
import { readCron } from './cron.ts'
import { changedFields, type FieldProblem, Fields, type Pattern } from './fields.ts'

export type { ProfileDefinition } from '../../../events/profile.ts'
export type { FieldProblem } from './fields.ts'

/** What the profile that is waited for has to have reached, where nobody says. */
export const dependencyDefaults = (): {
  readonly min_success_rate: number
  readonly min_resources: number
} => ({
  min_success_rate: profileDefaults.min_success_rate,
  min_resources: profileDefaults.min_resources,
})

/** The ranges of P1, ends included; where nothing else is said the value is a whole number. */
const profileRanges = {
  offset_days: [0, 6],
  maintenance_window_hours: [1, 24],
  retry_attempts: [1, 5],
  retry_delay_minutes: [5, 60],
  parallel_upgrades: [1, 10],
  attempt_minutes: [1, 1440],
  /** Less than the shortest window. */
  expected_minutes: [1, 59],
  /** Need not be whole. */
  canary_percentage: [1, 100],
  /** Of a member; 1 comes first. */
  priority: [1, 10],
  /** Need not be whole. */
  min_success_rate: [0, 100],
  min_resources: [1, 10_000],
  required: [1, 5],
  lead_time_hours: [1, 168],
  pause_minutes: [0, 1440],
} as const satisfies Readonly<Record<string, readonly [number, number]>>

/** What a definition says where the request says nothing; the seed's own examples leave all of it out somewhere. */
const profileDefaults = {
  description: null,
  offset_days: 0,
  /** As in the seed's first example. */
  retry_attempts: 2,
  /** As in the seed's first example. */
  retry_delay_minutes: 15,
  calendars: [],
  component: null,
  notification_enabled: true,
  attempt_minutes: 60,
  expected_minutes: 5,
  canary_percentage: null,
  procedure: null,
  tags: [],
  regions: [],
  exclude_critical: false,
  exclude_canary_resources: false,
  /** The threshold of the seed's script that this takes the place of. */
  min_success_rate: 95,
  /** One of one is no sample. */
  min_resources: 2,
  lead_time_hours: 24,
  on_failure: 'hold',
  pause_minutes: 0,
  exceptions: 'hold',
} as const

type RolloutPhase = NonNullable<ProfileDefinition['rollout']>['phases'][number]

/** A valid definition, or every bad field of the request. */
export type Validated<Request> = Request | { readonly problems: readonly FieldProblem[] }

/** A partial update as it was understood. */
export interface ProfileUpdate {
  /** The whole new definition. */
  readonly definition: ProfileDefinition
  /** Null: the status stays. */
  readonly status: 'active' | 'inactive' | null
  /** The fields that change, as `schedule.timezone` (P4 `changes_applied`, without `status`). */
  readonly changes: readonly string[]
}

const resourceType = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/
/** Control characters, and what reads as something else than it is. */
const unprintable = `\\p{Cc}\\p{Cs}${unseen}${tags}`
/** A text of at most so many characters, of which emoji are two each, as the log counts them. */
const atMost = (longest: number, pattern: RegExp): Pattern => ({
  test: (text) => text.length <= longest && pattern.test(text),
})
/** Without these, and without spaces at its ends. */
const label = atMost(
  128,
  new RegExp(`^[^\\s${unprintable}](?:[^${unprintable}]*[^\\s${unprintable}])?$`, 'u'),
)
const description = atMost(1024, new RegExp(`^(?:[^${unprintable}]|[\\n\\r\\t])*$`, 'u'))
const approver = atMost(256, /^\S.*$/u)

/** As many bytes of JSON as a definition may have, and within it the names of its approvers: one event holds it. */
const mostBytes = { definition: 32_000, approvers: bytesOfApprovers } as const

/** Where nobody says how the versions of the components are written that a definition is about. */
const defaultSchemes = [defaultScheme]

/**
 * Reads the JSON of a create request (P1): the definition with every default filled in, or all of its bad fields together, each with
 * its value and what is allowed. `schemes` are those of the components that it is about.
 */
export function validateDefinition(
  input: unknown,
  schemes: readonly VersionScheme[] = defaultSchemes,
): Validated<{ readonly definition: ProfileDefinition }> {
  const problems: FieldProblem[] = []
  const fields = Fields.of(input, undefined, problems)
  const definition = read(fields, schemes)
  fields.refuseOthers()
  problems.push(...contradictionsIn(definition), ...excessIn(definition))
  return problems.length > 0 ? { problems } : { definition }
}

/** Reads the JSON of a partial update (P4) on top of what is there: nested fields are merged, lists and null replace. */
export function validateUpdate(
  present: ProfileDefinition,
  updates: unknown,
  schemes: readonly VersionScheme[] = defaultSchemes,
): Validated<ProfileUpdate> {
  const problems: FieldProblem[] = []
  const fields = Fields.of(updates, { ...present, status: null }, problems)
  const status = fields.nullableText('status', /^(?:in)?active$/, 'active or inactive', null)
  const definition = read(fields, schemes)
  fields.refuseOthers()
  problems.push(...contradictionsIn(definition), ...excessIn(definition))
  if (problems.length > 0) return { problems }
  return {
    definition,
    status: status === 'active' || status === 'inactive' ? status : null,
    changes: changedFields(present, definition),
  }
}

/** Returns where a definition is more than the log keeps in one event: its approvers, or the part that is largest. */
function excessIn(definition: ProfileDefinition): FieldProblem[] {
  const refused = (field: string, size: number, most: number) => ({
    ...{ field, value: `${size} bytes` },
    expected: `fewer or shorter names: at most ${most} bytes of JSON in all`,
  })
  const people = bytesOf(definition.approvals?.approvers ?? [])
  if (people > mostBytes.approvers) return [refused('approvals.approvers', people, mostBytes.approvers)]
  const whole = bytesOf(definition)
  if (whole <= mostBytes.definition) return []
  const parts = Object.entries(definition).map(([field, part]) => ({ field, size: bytesOf(part) }))
  const [{ field } = { field: '' }] = parts.sort((left, right) => right.size - left.size)
  return [refused(field, whole, mostBytes.definition)]
}

/** What starts a rollout says in its phases what is upgraded, and what comes first; and they have an order. */
function contradictionsIn(definition: ProfileDefinition): FieldProblem[] {
  const { rollout, upgrade_settings, resource_filters, depends_on } = definition
  if (!rollout) return []
  const order = disorderIn(
    rollout.phases.map(({ name, depends_on: dependsOn }) => ({ name, dependsOn })),
  ).map(({ phase, place, detail }): FieldProblem => {
    const { name = '', depends_on: others = [] } = rollout.phases[phase] ?? {}
    const field = place === null ? 'name' : `depends_on[${place}]`
    return {
      field: `rollout.phases[${phase}].${field}`,
      value: place === null ? name : others[place],
      expected: detail,
    }
  })
  const expected = (what: string) => `${what}, where there is a rollout: its phases say that`
  const others: FieldProblem[] = []
  const { component } = upgrade_settings
  if (component !== null)
    others.push({ field: 'upgrade_settings.component', value: component, expected: expected('null') })
  if (depends_on) others.push({ field: 'depends_on', value: depends_on, expected: expected('null') })
  const { exclude_canary_resources: excludes } = resource_filters
  if (excludes)
    others.push({
      ...{ field: 'resource_filters.exclude_canary_resources', value: excludes },
      expected: 'false, where there is a rollout: it waits for no other profile',
    })
  return [...order, ...others]
}

function read(fields: Fields, schemes: readonly VersionScheme[]): ProfileDefinition {
  return {
    name: fields.text('name', label, 'a text of 1 to 128 characters without spaces at its ends'),
    description: fields.nullableText(
      'description',
      description,
      'a text of at most 1024 characters, or null',
      null,
    ),
    schedule: schedule(fields.nested('schedule')),
    upgrade_settings: settings(fields.nested('upgrade_settings'), schemes),
    resource_filters: filters(fields.nested('resource_filters')),
    depends_on: fields.optional('depends_on', dependsOn),
    approvals: fields.optional('approvals', approvals),
    rollout: fields.optional('rollout', (part) => rollout(part, schemes)),
  }
}

function schedule(fields: Fields): ProfileDefinition['schedule'] {
  const cron = fields.checked('cron_expression', (value) => {
    if (typeof value !== 'string')
      return 'five fields in one text: minute hour day-of-month month day-of-week'
    const read = readCron(value)
    return 'problem' in read ? `${read.problem.field}: ${read.problem.expected}` : undefined
  })
  const whole = fields.whole.bind(fields)
  const result = {
    cron_expression: cron,
    timezone: fields.checked('timezone', (value) =>
      isTimeZone(value) ? undefined : 'a time zone of the IANA database, such as America/New_York or UTC',
    ),
    offset_days: whole('offset_days', profileRanges.offset_days, profileDefaults.offset_days),
    maintenance_window_hours: whole('maintenance_window_hours', profileRanges.maintenance_window_hours),
    retry_attempts: whole('retry_attempts', profileRanges.retry_attempts, profileDefaults.retry_attempts),
    retry_delay_minutes: whole(
      'retry_delay_minutes',
      profileRanges.retry_delay_minutes,
      profileDefaults.retry_delay_minutes,
    ),
    calendars: fields.texts('calendars', label, 'names of calendars', [0, 10], profileDefaults.calendars),
  }
  fields.refuseOthers()
  return result
}

/** `latest`, `stable` or a version in one of the schemes; undefined: it is right. */
function versionFault(value: unknown, schemes: readonly VersionScheme[]): string | undefined {
  const isRight =
    typeof value === 'string' && (isMoving(value) || schemes.some((scheme) => isVersionIn(scheme, value)))
  return isRight
    ? undefined
    : `latest, stable or a version: ${schemes.map((scheme) => schemeWords[scheme]).join('; ')}`
}

function settings(fields: Fields, schemes: readonly VersionScheme[]): ProfileDefinition['upgrade_settings'] {
  const procedure = fields.nullableText(
    'procedure',
    label,
    'the name of a procedure, or null',
    profileDefaults.procedure,
  )
  const result = {
    target_version: fields.checked('target_version', (value) => versionFault(value, schemes)),
    component: fields.nullableText(
      'component',
      label,
      'the name of a component, or null',
      profileDefaults.component,
    ),
    pre_upgrade_checks: fields.flag('pre_upgrade_checks'),
    rollback_on_failure: fields.flag('rollback_on_failure'),
    notification_enabled: fields.flag('notification_enabled', profileDefaults.notification_enabled),
    parallel_upgrades: fields.whole('parallel_upgrades', profileRanges.parallel_upgrades),
    attempt_minutes: fields.whole(
      'attempt_minutes',
      profileRanges.attempt_minutes,
      profileDefaults.attempt_minutes,
    ),
    expected_minutes: fields.whole(
      'expected_minutes',
      profileRanges.expected_minutes,
      profileDefaults.expected_minutes,
    ),
    canary_percentage: fields.nullableNumber(
      'canary_percentage',
      profileRanges.canary_percentage,
      profileDefaults.canary_percentage,
    ),
    ...(procedure !== null && { procedure }),
  }
  fields.refuseOthers()
  return result
}

function filters(fields: Fields): ProfileDefinition['resource_filters'] {
  const result = {
    resource_types: fields.texts(
      'resource_types',
      resourceType,
      'names of resource types, such as publisher',
      [1, 20],
    ),
    tags: fields.tags('tags', 20),
    regions: fields.texts('regions', label, 'names of regions', [0, 50], profileDefaults.regions),
    exclude_critical: fields.flag('exclude_critical', profileDefaults.exclude_critical),
    exclude_canary_resources: fields.flag(
      'exclude_canary_resources',
      profileDefaults.exclude_canary_resources,
    ),
  }
  fields.refuseOthers()
  return result
}

function rollout(
  fields: Fields,
  schemes: readonly VersionScheme[],
): NonNullable<ProfileDefinition['rollout']> {
  const result = {
    phases: fields.objects('phases', 'phases', [1, 20], (phase) => phaseOf(phase, schemes)),
    on_failure: fields.oneOf('on_failure', ['hold', 'rollback'], profileDefaults.on_failure),
  }
  fields.refuseOthers()
  return result
}

function phaseOf(fields: Fields, schemes: readonly VersionScheme[]): RolloutPhase {
  const none: readonly string[] = []
  const result = {
    name: fields.text('name', label, 'a text of 1 to 128 characters without spaces at its ends'),
    depends_on: fields.texts('depends_on', label, 'names of other phases', [0, 20], none),
    component: fields.text('component', label, 'the name of a component'),
    target_version: fields.nullableChecked('target_version', (value) => versionFault(value, schemes)),
    procedure: fields.nullableText('procedure', label, 'the name of a procedure, or null', null),
    resource_types: fields.texts('resource_types', resourceType, 'names of resource types', [0, 20], none),
    regions: fields.texts('regions', label, 'names of regions', [0, 50], none),
    tags: fields.tags('tags', 20),
    pause_minutes: fields.whole('pause_minutes', profileRanges.pause_minutes, profileDefaults.pause_minutes),
    exceptions: fields.oneOf('exceptions', ['hold', 'accept'], profileDefaults.exceptions),
  }
  fields.refuseOthers()
  return result
}

function dependsOn(fields: Fields): NonNullable<ProfileDefinition['depends_on']> {
  const result = {
    profile_id: fields.text('profile_id', label, 'the id of another profile'),
    min_success_rate: fields.number(
      'min_success_rate',
      profileRanges.min_success_rate,
      profileDefaults.min_success_rate,
    ),
    min_resources: fields.whole('min_resources', profileRanges.min_resources, profileDefaults.min_resources),
  }
  fields.refuseOthers()
  return result
}

function approvals(fields: Fields): NonNullable<ProfileDefinition['approvals']> {
  const result = {
    required: fields.whole('required', profileRanges.required),
    approvers: fields.nullableTexts('approvers', approver, 'names of approvers, or null', [1, 50]),
    lead_time_hours: fields.whole(
      'lead_time_hours',
      profileRanges.lead_time_hours,
      profileDefaults.lead_time_hours,
    ),
  }
  fields.refuseOthers()
  return result
}
