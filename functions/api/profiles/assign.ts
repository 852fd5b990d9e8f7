import { randomUUID } from 'node:crypto'
import type { AssignmentRequest, profileContracts } from '../../../contracts/profiles.ts'
import type { RequestedMembership } from '../../../events/membership.ts'
import { nameId } from '../../../events/name-id.ts'
import {
  listMemberships,
  membershipJobAggregate,
  membershipsPerChunk,
  requestMemberships,
} from '../../domain/membership/job.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { joinProfile } from '../../domain/target/membership.ts'
import { sideBySide } from '../../side-by-side.ts'
import { accepted, type Input, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { nextRuns, profileOf } from './profile.ts'

type Contracts = typeof profileContracts

/** So many targets are made members before they are answered; more by a job, as an answer has to come within 30 seconds. */
const inlineAtMost = 1000
const atOnce = 32
/** The name space of ids of jobs that follow from an idempotency key. */
const jobNamespace = '2f4e9b70-5d1c-5a68-b3e7-91c0d8f2a654'

interface Result {
  readonly resource_id: string
  readonly status: 'assigned' | 'failed' | 'already_assigned'
  readonly next_upgrade_window: string | null
  readonly error_message?: string
}

function answered(profile: string, results: readonly Result[]) {
  const count = (status: Result['status']) => results.filter((result) => result.status === status).length
  return {
    profile_id: profile,
    assignments_created: count('assigned'),
    assignments_failed: count('failed'),
    assignment_results: results,
  }
}

function requested({
  resource_id,
  resource_type,
  priority,
  override_settings,
}: AssignmentRequest): RequestedMembership {
  return { target: resource_id, type: resource_type, priority, override: override_settings }
}

async function assignOne(
  input: Input<Contracts['assignUpgradeProfile']>,
  { log }: Services,
  { target, ...membership }: RequestedMembership,
  { next, windowHours }: { readonly next: string | null; readonly windowHours: number },
): Promise<Result> {
  const decision = joinProfile({ profile: input.params.id, ...membership, windowHours })
  const metadata = metadataOf({ ...input, ifMatch: null })
  const outcome = await log.execute(targetAggregate, target, decision, metadata)
  try {
    accepted(outcome)
    const status = outcome.kind === 'unchanged' ? 'already_assigned' : 'assigned'
    return { resource_id: target, status, next_upgrade_window: next }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { resource_id: target, status: 'failed', next_upgrade_window: null, error_message: error.message }
  }
}

/** Appends what was asked for to the job's stream, part by part; the same call again goes on where the first one broke off. */
async function begin(
  input: Input<Contracts['assignUpgradeProfile']>,
  { log }: Services,
  memberships: readonly RequestedMembership[],
): Promise<string> {
  const job = input.idempotency ? nameId(input.idempotency.id, jobNamespace) : randomUUID()
  const { actor, correlation } = metadataOf({ ...input, ifMatch: null })
  const request = requestMemberships({ profile: input.params.id, count: memberships.length, by: actor })
  // Only the first commit keeps the key: a repeat has to be let through to the parts that are missing.
  const metadata = metadataOf({ ...input, ifMatch: null })
  accepted(await log.execute(membershipJobAggregate, job, request, metadata))
  for (let chunk = 0; chunk * membershipsPerChunk < memberships.length; chunk++) {
    const from = chunk * membershipsPerChunk
    const part = listMemberships({ chunk, memberships: memberships.slice(from, from + membershipsPerChunk) })
    accepted(await log.execute(membershipJobAggregate, job, part, { actor, correlation }))
  }
  return job
}

/** Makes targets members of a profile (P6): at once, or by a job when there are thousands. */
export const assignUpgradeProfile: Operate<Contracts['assignUpgradeProfile']> = async (input, services) => {
  const { id } = input.params
  const { state } = await profileOf(services.log, id)
  const memberships = input.body.resource_assignments.map(requested)
  if (memberships.length > inlineAtMost) {
    const job = await begin(input, services, memberships)
    const body = { profile_id: id, job_id: job, status: 'running', assignments_requested: memberships.length }
    return { status: 202, body, location: `/api/v1/upgrade-profiles/${id}/assignments/jobs/${job}` }
  }
  const [next = null] =
    state.status === 'active' ? await nextRuns(services.log, state.definition, services.now(), 1) : []
  const { maintenance_window_hours: windowHours } = state.definition.schedule
  const results = await sideBySide(memberships, atOnce, (one) =>
    assignOne(input, services, one, { next, windowHours }),
  )
  return { status: 200, body: answered(id, results) }
}

/** Reads a job that makes members from its stream. */
export const getAssignmentJob: Operate<Contracts['getAssignmentJob']> = async ({ params }, services) => {
  const { log } = services
  const { id, jobId } = params
  const { state: job } = await log.load(membershipJobAggregate, jobId)
  if (job.requested?.profile !== id) {
    throw new Problem('assignment-job-not-found', 'This profile has no such job of assignments.')
  }
  const { state } = await profileOf(log, id)
  const [next = null] =
    state.status === 'active' ? await nextRuns(log, state.definition, services.now(), 1) : []
  const listed = new Map<number, readonly RequestedMembership[]>()
  const results = new Map<number, Result[]>()
  for await (const { event } of log.of(membershipJobAggregate, jobId).events({ consistent: true })) {
    if (event.type === 'MembershipsListed') listed.set(event.data.chunk, event.data.memberships)
    if (event.type !== 'MembershipsMade') continue
    const { chunk, already, failed } = event.data
    const part = (listed.get(chunk) ?? []).map(
      ({ target }): Result => ({ resource_id: target, status: 'assigned', next_upgrade_window: next }),
    )
    for (const place of already) {
      const result = part[place]
      if (result) part[place] = { ...result, status: 'already_assigned' }
    }
    for (const { place, detail } of failed) {
      const result = part[place]
      if (result)
        part[place] = { ...result, status: 'failed', next_upgrade_window: null, error_message: detail }
    }
    results.set(chunk, part)
  }
  const inOrder = [...results].sort(([left], [right]) => left - right).flatMap(([, part]) => part)
  const { count, chunks } = job.requested
  const body = {
    job_id: jobId,
    status: job.made.length === chunks ? 'completed' : 'running',
    assignments_requested: count,
    ...answered(id, inOrder),
  }
  return { status: 200, body }
}
