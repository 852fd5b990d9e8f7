import type { FieldError } from '../../../contracts/problem-document.ts'
import type { ProfileDefinition } from '../../../events/profile.ts'
import { day, instantOf } from '../../../events/time.ts'
import { componentAggregate, schemeOf } from '../../domain/component/component.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import type { FieldProblem } from '../../domain/profile/fields.ts'
import type { ExistingProfile } from '../../domain/profile/state.ts'
import { exists } from '../../domain/profile/state.ts'
import { hasRoom, openings, windowOf } from '../../domain/profile/windows.ts'
import { defaultScheme, isMoving, type VersionScheme } from '../../domain/version/scheme.ts'
import { closuresOf, unknownCalendars } from '../../facts/closures.ts'
import { dependencyFault } from '../../facts/dependencies.ts'
import { procedureFor } from '../../facts/procedures.ts'
import type { Log } from '../../log/log.ts'
import { invalidFields, Problem } from '../http/problem.ts'
import { shown } from '../http/validation.ts'

/** Closed days are looked up so far ahead, in milliseconds; beyond, the schedule alone says when a profile runs. */
const ahead = 3 * 366 * day
/** So many openings are looked through for the next runs. */
const mostOpenings = 5000

/** Returns a profile that exists, from the log. Throws a Problem for one that never did, or was deleted. */
export async function profileOf(
  log: Log,
  id: string,
): Promise<{ readonly state: ExistingProfile; readonly commit: number }> {
  const { state, commit } = await log.load(profileAggregate, id)
  if (exists(state)) return { state, commit }
  if (state.status === 'deleted') {
    throw new Problem('profile-deleted', 'This profile was deleted: only its history can still be read.')
  }
  throw new Problem('profile-not-found', 'There is no such profile. GET /api/v1/upgrade-profiles lists them.')
}

/** Returns the next runs of a schedule, those left out of which calendars leave too little to open, as ISO instants. */
export async function nextRuns(
  log: Log,
  definition: ProfileDefinition,
  now: number,
  count: number,
): Promise<string[]> {
  const from = instantOf(now)
  const until = instantOf(now + ahead)
  const { schedule } = definition
  const closures = await closuresOf(log, schedule.calendars, from, until)
  const runs: string[] = []
  for (const opening of openings(schedule, from).take(mostOpenings)) {
    if (hasRoom(definition, windowOf(schedule, opening), closures)) runs.push(opening)
    if (runs.length === count) break
  }
  return runs
}

/** The most components that a definition is about, one for each resource type. */
const mostComponents = 20

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** Returns how the versions of the components are written that a body is about, on top of what is there, before anything of it is checked. */
export async function schemesFor(
  log: Log,
  body: unknown,
  present?: ProfileDefinition | null,
): Promise<readonly VersionScheme[]> {
  const { upgrade_settings, resource_filters } = membersOf(body)
  const settings = { ...present?.upgrade_settings, ...membersOf(upgrade_settings) }
  const { target_version: version, component } = settings
  if (typeof version !== 'string' || isMoving(version)) return [defaultScheme]
  const filters = { ...present?.resource_filters, ...membersOf(resource_filters) }
  const named: readonly unknown[] = component ? [component] : [filters.resource_types].flat()
  const components = named.filter((name) => typeof name === 'string' && /^.{1,128}$/.test(name))
  const loaded = await Promise.all(
    components.slice(0, mostComponents).map((name) => log.load(componentAggregate, String(name))),
  )
  const schemes = new Set(loaded.map(({ state }) => schemeOf(state)))
  return schemes.size > 0 ? [...schemes] : [defaultScheme]
}

/** Returns the problem that names bad fields, all together. */
export function invalidDefinition(problems: readonly FieldProblem[]): Problem {
  const errors = problems.map(
    ({ field, value, expected }): FieldError => ({
      field: field.slice(0, 256),
      value: shown(value, field),
      expected,
    }),
  )
  return invalidFields(errors, errors.slice(0, 100))
}

/** Throws a Problem where a definition names a calendar or a profile that does not exist, or waits for itself in a circle. */
export async function checkReferences(log: Log, id: string, definition: ProfileDefinition): Promise<void> {
  const { schedule, depends_on, upgrade_settings } = definition
  const unknown = await unknownCalendars(log, schedule.calendars)
  const problems: FieldProblem[] = unknown.map((value) => ({
    field: `schedule.calendars[${schedule.calendars.indexOf(value)}]`,
    value,
    expected: 'the name of a calendar: GET /api/v1/calendars lists them',
  }))
  const phases = definition.rollout?.phases ?? []
  const procedures = [
    { field: 'upgrade_settings.procedure', name: upgrade_settings.procedure ?? null },
    ...phases.map(({ procedure: name }, place) => ({ field: `rollout.phases[${place}].procedure`, name })),
  ]
  for (const { field, name } of procedures) {
    if (name === null || !('rejected' in (await procedureFor(log, { name, revision: null })))) continue
    const expected = 'the name of a procedure: GET /api/v1/procedures lists them'
    problems.push({ field, value: name, expected })
  }
  if (depends_on) {
    const value = depends_on.profile_id
    const fault = await dependencyFault(log, id, value)
    const expected =
      fault?.kind === 'cycle'
        ? `a profile that does not wait for this one: ${fault.path.join(' waits for ')}`
        : 'the id of another profile'
    if (fault) problems.push({ field: 'depends_on.profile_id', value, expected: expected.slice(0, 512) })
  }
  if (problems.length > 0) throw invalidDefinition(problems)
}
