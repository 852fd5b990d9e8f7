import { randomUUID } from 'node:crypto'
import type { profileContracts } from '../../../contracts/profiles.ts'
import { nameId } from '../../../events/name-id.ts'
import { counted } from '../../../events/phrases.ts'
import type { ProfileDefinition, ProfileEvent } from '../../../events/profile.ts'
import { instantOf } from '../../../events/time.ts'
import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { validateDefinition, validateUpdate } from '../../domain/profile/definition.ts'
import { startExecution } from '../../domain/profile/execution.ts'
import { createProfile, deleteProfile, updateProfile } from '../../domain/profile/lifecycle.ts'
import { type ExistingProfile, exists, type ProfileState } from '../../domain/profile/state.ts'
import { warningsOf } from '../../domain/profile/warnings.ts'
import type { Rejection } from '../../domain/rejection.ts'
import { targetingOf, workOf } from '../../facts/targeting.ts'
import type { Log, Outcome } from '../../log/log.ts'
import { accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { fleetAtOnce } from './fleet.ts'
import { checkReferences, invalidDefinition, nextRuns, profileOf, schemesFor } from './profile.ts'

type Contracts = typeof profileContracts

/** The name space of ids that follow from an idempotency key. */
const profileNamespace = '6a1d5c2e-98b7-5f3a-8c41-0f7f2b9d6e13'
const executionNamespace = 'b7c0f4d9-2a6e-5b81-9d35-c4e8a1f06b27'

/** Something valid to check an update against where there is no profile. */
const anyDefinition: ProfileDefinition = {
  name: 'any',
  description: null,
  schedule: {
    cron_expression: '0 0 * * 0',
    timezone: 'UTC',
    offset_days: 0,
    maintenance_window_hours: 1,
    retry_attempts: 1,
    retry_delay_minutes: 5,
    calendars: [],
  },
  upgrade_settings: {
    target_version: 'stable',
    component: null,
    pre_upgrade_checks: true,
    rollback_on_failure: true,
    notification_enabled: true,
    parallel_upgrades: 1,
    attempt_minutes: 60,
    expected_minutes: 5,
    canary_percentage: null,
  },
  resource_filters: {
    resource_types: ['any'],
    tags: [],
    regions: [],
    exclude_critical: false,
    exclude_canary_resources: false,
  },
  depends_on: null,
  approvals: null,
}

/** Creates a profile, active from the start (P1). */
export const createUpgradeProfile: Operate<Contracts['createUpgradeProfile']> = async (input, services) => {
  const { log, now } = services
  const validated = validateDefinition(input.body, await schemesFor(log, input.body))
  if ('problems' in validated) throw invalidDefinition(validated.problems)
  const { definition } = validated
  const id = input.idempotency ? nameId(input.idempotency.id, profileNamespace) : randomUUID()
  await checkReferences(log, id, definition)
  const command = createProfile({ definition, by: input.principal.id })
  const metadata = metadataOf({ ...input, ifMatch: null })
  const { state, commit } = accepted(await log.execute(profileAggregate, id, command, metadata))
  const runs = await nextRuns(log, definition, now(), 5)
  const fleet = await fleetAtOnce(services.views)
  const members = fleet && (await targetingOf(services, id, definition, fleet)).members
  const active = state.status === 'active'
  const body = {
    id,
    name: definition.name,
    status: state.status === 'deleted' ? 'inactive' : state.status,
    next_execution: active ? (runs[0] ?? null) : null,
    affected_resources: members?.length ?? null,
    // What is not valid is refused: a profile that exists has passed both.
    validation_results: { schedule_valid: true, timezone_recognized: true, cron_next_runs: runs },
  }
  return { status: 201, body, commit, etag: commit, location: `/api/v1/upgrade-profiles/${id}` }
}

/** Returns what a command has decided; a repeat of it finds that in the commit that it made the first time. */
async function decided(
  log: Log,
  id: string,
  outcome: Outcome<ProfileState, ProfileEvent, Rejection>,
  key: string | undefined,
): Promise<readonly ProfileEvent[]> {
  if (outcome.kind === 'committed') return outcome.events
  if (outcome.kind !== 'repeated') return []
  const used = outcome.loaded.keys.find((one) => one.key === key)
  if (!used) return []
  const told = log.of(profileAggregate, id).events({ from: used.commit, to: used.commit })
  return Array.fromAsync(told, ({ event }) => event)
}

/** Changes fields of a profile (P4): what is allowed but perhaps not meant is said as a warning. */
export const updateUpgradeProfile: Operate<Contracts['updateUpgradeProfile']> = async (input, services) => {
  const { log, now } = services
  const { id } = input.params
  const loaded = (await log.load(profileAggregate, id)).state.definition
  // What is wrong with a body is said first, also where there is no profile for it.
  const schemes = await schemesFor(log, input.body, loaded)
  const validated = validateUpdate(loaded ?? anyDefinition, input.body, schemes)
  if ('problems' in validated) throw invalidDefinition(validated.problems)
  const before = (await profileOf(log, id)).state.definition
  await checkReferences(log, id, validated.definition)
  const command = updateProfile({ updates: input.body, by: input.principal.id, schemes })
  const outcome = await log.execute(profileAggregate, id, command, metadataOf(input))
  const { state, commit } = accepted(outcome)
  const changes = (await decided(log, id, outcome, input.idempotency?.id)).flatMap((event) => {
    if (event.type === 'ProfileUpdated') return event.data.changes
    return event.type === 'ProfileActivated' || event.type === 'ProfileDeactivated' ? ['status'] : []
  })
  const definition = state.definition ?? validated.definition
  const fleet = await fleetAtOnce(services.views)
  const [old, present] = await Promise.all(
    [before, definition].map((each) => fleet && targetingOf(services, id, each, fleet)),
  )
  const [next = null] = state.status === 'active' ? await nextRuns(log, definition, now(), 1) : []
  const { maintenance_window_hours: hours } = definition.schedule
  const longer = present?.members.filter(
    ({ override }) => (override.maintenance_window_hours ?? 0) > hours,
  ).length
  const matching = present?.members.length ?? null
  const body = {
    id,
    status: 'updated',
    changes_applied: changes,
    next_execution: next,
    affected_resources_change: present && old ? present.members.length - old.members.length : null,
    validation_warnings: warningsOf(definition, { matching, longer: longer ?? 0, now: instantOf(now()) }),
  }
  return { status: 200, body, commit, etag: commit }
}

/** Deletes a profile (P5). What it runs is aborted and its targets are set free by the reactor, from the event. */
export const deleteUpgradeProfile: Operate<Contracts['deleteUpgradeProfile']> = async (input, services) => {
  const { log, views } = services
  const { id } = input.params
  const [{ state: before }, fleet, figure] = await Promise.all([
    log.load(profileAggregate, id),
    fleetAtOnce(views),
    views.profileFigure(id),
  ])
  const assigned = fleet?.filter(({ memberships }) => Object.hasOwn(memberships, id)).length
  const targeting = before.definition && fleet && targetingOf(services, id, before.definition, fleet)
  const affected = targeting ? (await targeting).members.length : (figure?.members ?? null)
  const command = deleteProfile({ force: input.query.force ?? false, by: input.principal.id })
  const outcome = await log.execute(profileAggregate, id, command, metadataOf(input))
  const { commit } = accepted(outcome)
  const events = await decided(log, id, outcome, input.idempotency?.id)
  const cancelled = events.flatMap((event) => (event.type === 'ProfileDeleted' ? event.data.cancelled : []))
  const tasks = [
    ...cancelled.map((upgrade) => `abort upgrade ${upgrade}`),
    'delete the schedules of the coming windows',
    assigned === undefined ? 'remove its assignments' : `remove ${counted(assigned, 'assignment')}`,
    'keep the execution history',
  ]
  const body = {
    id,
    status: 'deleted',
    affected_resources: affected,
    pending_executions_cancelled: cancelled.length,
    cleanup_tasks: tasks,
  }
  return { status: 200, body, commit }
}

/** Could a profile start an upgrade now? Its stream says why not. */
function isIdle(state: ProfileState): state is ExistingProfile {
  return exists(state) && state.status === 'active' && !state.running
}

/**
 * Throws a Problem where all that a profile would roll out is held back: nobody names it now, so somebody frees it first. Of a large fleet
 * that is found by the execution, which fails with the same words.
 */
async function refuseHeldBack(services: Services, id: string, definition: ProfileDefinition): Promise<void> {
  const fleet = await fleetAtOnce(services.views)
  if (!fleet) return
  const work = await workOf(services, id, definition, fleet)
  const detail = work.find(({ heldBack }) => heldBack !== null)?.heldBack
  if (detail && work.every(({ matching }) => matching === 0)) throw new Problem('release-held-back', detail)
}

/** Starts an upgrade of the profile now (P12). Its plan is made by the same rules as in a window. */
export const startProfileExecution: Operate<Contracts['startProfileExecution']> = async (input, services) => {
  const { log } = services
  const { id } = input.params
  const upgrade = input.idempotency ? nameId(input.idempotency.id, executionNamespace) : randomUUID()
  const command = startExecution({ upgrade, justification: input.body.reason, by: input.principal.id })
  const { state, keys } = await log.load(profileAggregate, id)
  const repeated = keys.some(({ key }) => key === input.idempotency?.id)
  if (!repeated && isIdle(state)) await refuseHeldBack(services, id, state.definition)
  const { commit } = accepted(await log.execute(profileAggregate, id, command, metadataOf(input)))
  const body = { profile_id: id, execution_id: upgrade, status: 'running' }
  const location = state.definition?.rollout ? `/api/v1/rollouts/${upgrade}` : `/api/upgrades/${upgrade}`
  return { status: 202, body, commit, location }
}
