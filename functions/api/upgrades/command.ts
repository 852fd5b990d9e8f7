import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import { instantOf } from '../../../events/time.ts'
import type { ApprovingRole } from '../../domain/rules/demands.ts'
import { awaitsApproval } from '../../domain/standing.ts'
import type { AdmissionFacts } from '../../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import {
  approveUpgrade as decideApproval,
  rejectUpgrade as decideRejection,
} from '../../domain/upgrade/approval.ts'
import {
  continueUpgrade as decideContinue,
  pauseUpgrade as decidePause,
  resumeUpgrade as decideResume,
  endBakeEarly,
} from '../../domain/upgrade/control.ts'
import type { UpgradeDecision } from '../../domain/upgrade/draft.ts'
import { postMeasurement as decideMeasurement } from '../../domain/upgrade/note-measurement.ts'
import { type ExistingUpgrade, exists } from '../../domain/upgrade/state.ts'
import { admissionFacts } from '../../facts/admission.ts'
import { patience } from '../../patience.ts'
import { type Answer, accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import type { Principal } from '../http/exchange.ts'
import type { Services } from '../services.ts'
import { upgradeNotFound } from './history.ts'
import { upgradeWords } from './statuses.ts'

type Contracts = typeof upgradeContracts

/** A command of an operator. */
export type Commanded = Parameters<typeof metadataOf>[0] & { readonly params: { readonly id: string } }

/** An upgrade after a command, and the commit at which it is. */
export interface Decided {
  readonly state: ExistingUpgrade
  readonly commit: number
}

/** Appends what a command decides, or throws the problem that refuses it. It goes on against other writers as long as a person waits. */
export function command(request: Commanded, services: Services, decision: UpgradeDecision): Promise<Decided> {
  return carryOut(request, services, decision, patience.person)
}

/** The same for a command that may admit: what that is checked against is read just before, strongly, and it goes on while that is good. */
export async function commandWithFacts(
  request: Commanded,
  services: Services,
  decisionWith: (facts: AdmissionFacts) => UpgradeDecision,
): Promise<Decided> {
  const { state } = await services.log.load(upgradeAggregate, request.params.id)
  const decision = decisionWith(await admissionFacts(services, request.params.id, state))
  return carryOut(request, services, decision, patience.facts)
}

async function carryOut(
  request: Commanded,
  { log }: Services,
  decision: UpgradeDecision,
  retryFor: number,
): Promise<Decided> {
  const { id } = request.params
  const { state, commit } = accepted(
    await log.execute(upgradeAggregate, id, decision, metadataOf(request), { retryFor }),
  )
  if (!exists(state)) throw upgradeNotFound()
  return { state, commit }
}

/** Returns the answer that acknowledges a command. */
export function acknowledged(id: string, { state, commit }: Decided, message: string, status = 200): Answer {
  const body = { message, upgradeId: id, status: upgradeWords[state.standing.status] }
  return { status, body, commit, etag: commit }
}

/** Continues after a canary (C4). */
export const continueUpgrade: Operate<Contracts['continueUpgrade']> = async (input, services) => {
  const { id } = input.params
  const { commit } = await commandWithFacts(input, services, (facts) =>
    decideContinue({ by: input.principal.id }, facts),
  )
  return {
    status: 200,
    body: { message: 'Upgrade continuation queued', upgradeId: id, jobId: `${id}-1` },
    commit,
    etag: commit,
  }
}

/** As what a person approves: as an administrator, where they are one. */
export function approvingRole(principal: Principal): ApprovingRole {
  return principal.kind === 'person' && principal.roles.has('admin') ? 'admin' : 'approver'
}

/** Approves the plan of a hash. */
export const approveUpgrade: Operate<Contracts['approveUpgrade']> = async (input, services) => {
  const { window, ...body } = input.body
  const inUtc = window && { start: instantOf(window.start), end: instantOf(window.end) }
  const role = approvingRole(input.principal)
  const approval = { by: input.principal.id, role, ...body, ...(inUtc !== undefined && { window: inUtc }) }
  const loaded = await commandWithFacts(input, services, (facts) => decideApproval(approval, facts))
  const { given, needed, demanded = [] } = loaded.state.standing.approvals
  const ofPolicies = demanded.map((one) => `, ${one.given} of ${one.required} for policy ${one.policy}`)
  return acknowledged(input.params.id, loaded, `Approved: ${given} of ${needed}${ofPolicies.join('')}`)
}

/** Rejects what waits for approval. */
export const rejectUpgrade: Operate<Contracts['rejectUpgrade']> = async (input, services) =>
  acknowledged(
    input.params.id,
    await commandWithFacts(input, services, (facts) =>
      decideRejection({ by: input.principal.id, role: approvingRole(input.principal), ...input.body }, facts),
    ),
    'Upgrade rejected',
  )

/** Stops admitting. */
export const pauseUpgrade: Operate<Contracts['pauseUpgrade']> = async (input, services) =>
  acknowledged(
    input.params.id,
    await command(input, services, decidePause({ by: input.principal.id, ...input.body })),
    'Upgrade paused: what was accepted finishes',
  )

/** Goes on. */
export const resumeUpgrade: Operate<Contracts['resumeUpgrade']> = async (input, services) => {
  const { window, acknowledge } = input.body
  const inUtc = window && { start: instantOf(window.start), end: instantOf(window.end) }
  const resume = {
    by: input.principal.id,
    ...(inUtc && { window: inUtc }),
    ...(acknowledge && { acknowledge }),
  }
  const resumed = await commandWithFacts(input, services, (facts) => decideResume(resume, facts))
  const waits = awaitsApproval(resumed.state)
    ? 'Upgrade waits for approval in this window'
    : 'Upgrade resumed'
  return acknowledged(input.params.id, resumed, waits)
}

/** Ends a bake before its time. */
export const endBake: Operate<Contracts['endBake']> = async (input, services) => {
  const early = { by: input.principal.id, ...input.body }
  return acknowledged(input.params.id, await command(input, services, endBakeEarly(early)), 'Bake ended')
}

/** Takes what somebody else has measured. */
export const postMeasurement: Operate<Contracts['postMeasurement']> = async (input, services) => {
  const { metric, value, why } = input.body
  const reading = value === null ? { value, why: why ?? '' } : { value, why: null }
  const decision = decideMeasurement({ metric, reading, by: input.principal.id })
  return acknowledged(input.params.id, await command(input, services, decision), `${metric} was measured`)
}
