import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import {
  abortUpgrade as decideAbort,
  continueUpgrade as decideContinue,
  pauseUpgrade as decidePause,
  resumeUpgrade as decideResume,
} from '../../domain/upgrade/control.ts'
import type { UpgradeDecision } from '../../domain/upgrade/draft.ts'
import {
  approveUpgrade as decideApproval,
  rejectUpgrade as decideRejection,
} from '../../domain/upgrade/lifecycle.ts'
import type { UpgradeState } from '../../domain/upgrade/state.ts'
import type { Loaded } from '../../log/log.ts'
import { admissionFacts } from '../../planning/facts.ts'
import { type Answer, metadataOf, settled } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import type { Services } from '../services.ts'
import { inMilliseconds } from './request.ts'
import { upgradeWords } from './statuses.ts'

type Contracts = typeof upgradeContracts

/** A command of an operator. */
export type Commanded = Parameters<typeof metadataOf>[0] & { readonly params: { readonly id: string } }

/** A pause or an abort goes on against other writers for so long, in milliseconds (DESIGN §3). */
const retryFor = 5000

/** Appends what a command decides, or throws the problem that refuses it. */
export async function command(
  request: Commanded,
  { log }: Services,
  decision: UpgradeDecision,
): Promise<Loaded<UpgradeState>> {
  const { id } = request.params
  return settled(await log.execute(upgradeAggregate, id, decision, metadataOf(request), { retryFor }))
}

function acknowledged(
  id: string,
  { state, commit }: Loaded<UpgradeState>,
  message: string,
  status = 200,
): Answer {
  return {
    status,
    body: { message, upgradeId: id, status: upgradeWords[state.status] },
    commit,
    etag: commit,
  }
}

/** Continues after a canary (C4). */
export const continueUpgrade: Operate<Contracts['continueUpgrade']> = async (input, services) => {
  const { id } = input.params
  const { commit } = await command(input, services, decideContinue({ by: input.principal.id }))
  return {
    status: 200,
    body: { message: 'Upgrade continuation queued', upgradeId: id, jobId: `${id}-1` },
    commit,
    etag: commit,
  }
}

/** Approves the plan of a hash. */
export const approveUpgrade: Operate<Contracts['approveUpgrade']> = async (input, services) => {
  const loaded = await command(input, services, decideApproval({ by: input.principal.id, ...input.body }))
  const { approvals, request } = loaded.state
  const message = `Approved: ${approvals.length} of ${request?.approvals.required ?? 0}`
  return acknowledged(input.params.id, loaded, message)
}

/** Rejects what waits for approval. */
export const rejectUpgrade: Operate<Contracts['rejectUpgrade']> = async (input, services) =>
  acknowledged(
    input.params.id,
    await command(input, services, decideRejection({ by: input.principal.id, ...input.body })),
    'Upgrade rejected',
  )

/** Stops admitting. */
export const pauseUpgrade: Operate<Contracts['pauseUpgrade']> = async (input, services) =>
  acknowledged(
    input.params.id,
    await command(input, services, decidePause({ by: input.principal.id, ...input.body })),
    'Upgrade paused: what was accepted finishes',
  )

/** Goes on. What the admission is checked against is read just before, strongly. */
export const resumeUpgrade: Operate<Contracts['resumeUpgrade']> = async (input, services) => {
  const { state } = await services.log.load(upgradeAggregate, input.params.id)
  const facts = await admissionFacts(services.log, state)
  const { window } = input.body
  const inUtc = window && { start: inMilliseconds(window.start), end: inMilliseconds(window.end) }
  const decision = decideResume({ by: input.principal.id, ...(inUtc && { window: inUtc }) }, facts)
  return acknowledged(input.params.id, await command(input, services, decision), 'Upgrade resumed')
}

/** Ends it early. */
export const abortUpgrade: Operate<Contracts['abortUpgrade']> = async (input, services) =>
  acknowledged(
    input.params.id,
    await command(input, services, decideAbort({ by: input.principal.id, ...input.body })),
    'Upgrade is being aborted',
    202,
  )
