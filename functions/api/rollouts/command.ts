import { randomUUID } from 'node:crypto'
import type { rolloutContracts } from '../../../contracts/rollouts.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import {
  approveRollout as decideApproval,
  rejectRollout as decideRejection,
} from '../../domain/rollout/approval.ts'
import {
  acceptPhase,
  abortRollout as decideAbort,
  pauseRollout as decidePause,
  resumeRollout as decideResume,
} from '../../domain/rollout/control.ts'
import type { RolloutDecision } from '../../domain/rollout/draft.ts'
import { ownRollback } from '../../domain/rollout/outcome.ts'
import { type ExistingRollout, exists, hasEnded } from '../../domain/rollout/state.ts'
import { childOfKey } from '../../domain/upgrade/children.ts'
import { patience } from '../../patience.ts'
import { steerPhases } from '../../planning/phases.ts'
import { nothingTakenBackOf, startRollback } from '../../planning/rollbacks.ts'
import { type Answer, accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'
import { asProblem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { reasonOf, settingsOf } from '../upgrades/children.ts'
import type { Commanded } from '../upgrades/command.ts'
import { upgradeWords } from '../upgrades/statuses.ts'
import { rolloutNotFound } from './history.ts'

type Contracts = typeof rolloutContracts

interface Decided {
  readonly state: ExistingRollout
  readonly commit: number
}

/** Appends what a command decides, or throws the problem that refuses it. It goes on against other writers as long as a person waits. */
async function command(request: Commanded, { log }: Services, decision: RolloutDecision): Promise<Decided> {
  const { id } = request.params
  const trying = { retryFor: patience.person }
  const { state, commit } = accepted(
    await log.execute(rolloutAggregate, id, decision, metadataOf(request), trying),
  )
  if (!exists(state)) throw rolloutNotFound()
  return { state, commit }
}

/**
 * The same for a command that reaches the phases that run: all of their upgrades have heard of it when it is acknowledged. Where that is cut short,
 * the reactor goes on with it.
 */
async function steered(request: Commanded, services: Services, decision: RolloutDecision): Promise<Decided> {
  const decided = await command(request, services, decision)
  const { principal, correlation } = request
  await steerPhases(services, request.params.id, { actor: principal.id, correlation })
  return decided
}

function acknowledged(id: string, { state, commit }: Decided, message: string, status = 200): Answer {
  const body = { message, rolloutId: id, status: upgradeWords[state.standing.status] }
  return { status, body, commit, etag: commit }
}

/** Approves the plan of a hash. */
export const approveRollout: Operate<Contracts['approveRollout']> = async (input, services) => {
  const decided = await command(input, services, decideApproval({ by: input.principal.id, ...input.body }))
  const { given, needed } = decided.state.standing.approvals
  return acknowledged(input.params.id, decided, `Approved: ${given} of ${needed}`)
}

/** Rejects what waits for approval. */
export const rejectRollout: Operate<Contracts['rejectRollout']> = async (input, services) => {
  const decided = await command(input, services, decideRejection({ by: input.principal.id, ...input.body }))
  return acknowledged(input.params.id, decided, 'Rollout rejected')
}

/** Begins nothing any more. */
export const pauseRollout: Operate<Contracts['pauseRollout']> = async (input, services) => {
  const decided = await steered(input, services, decidePause({ by: input.principal.id, ...input.body }))
  return acknowledged(input.params.id, decided, 'Rollout paused: what was accepted finishes')
}

/** Goes on. */
export const resumeRollout: Operate<Contracts['resumeRollout']> = async (input, services) => {
  const decided = await steered(input, services, decideResume({ by: input.principal.id }))
  return acknowledged(input.params.id, decided, 'Rollout resumed')
}

/** Lets those begin that depend on a phase that did not end well. */
export const continueRollout: Operate<Contracts['continueRollout']> = async (input, services) => {
  const decided = await command(input, services, acceptPhase({ by: input.principal.id, ...input.body }))
  return acknowledged(input.params.id, decided, `What depends on "${input.body.phase}" may begin`)
}

/** Ends it early. */
export const abortRollout: Operate<Contracts['abortRollout']> = async (input, services) => {
  const { id } = input.params
  const { reason, rollBack } = input.body
  const rollback = rollBack ? ownRollback(id) : null
  const decided = await steered(input, services, decideAbort({ by: input.principal.id, reason, rollback }))
  const { abort, phases } = decided.state
  // Once it is being aborted no phase begins any more: where none has, there is nothing to take back, and no rollback comes.
  const hasBegun = phases.some(({ upgrade }) => upgrade !== null)
  const words = rollBack && !hasBegun ? '. Nothing is to be taken back: no phase of it has begun.' : ''
  const answer = acknowledged(id, decided, `Rollout is being aborted${words}`, 202)
  return { ...answer, body: { ...answer.body, rollbackId: hasBegun ? (abort?.rollback ?? null) : null } }
}

/**
 * Takes back what a rollout changed. One that is at work is aborted first, and taken back as soon as no phase runs; some phases alone are taken back when
 * it is over.
 */
export const rollBackRollout: Operate<Contracts['rollBackRollout']> = async (input, services) => {
  const { id } = input.params
  const { phases, breakGlass, ...body } = input.body
  const reason = reasonOf(input.body)
  const settings = settingsOf(body)
  const by = input.principal.id
  const { state } = await services.log.load(rolloutAggregate, id)
  if (!exists(state)) throw rolloutNotFound()
  const child = input.idempotency ? childOfKey(input.idempotency.id) : randomUUID()
  const started = (
    rollout: string,
    message: string,
    names: readonly string[],
    shownBy = rollout,
  ): Answer => ({
    status: 202,
    body: { message, rolloutId: rollout, parentId: id, jobId: `${rollout}-1`, phases: [...names] },
    location: `/api/v1/rollouts/${shownBy}`,
  })
  if (!hasEnded(state)) {
    if (phases) {
      const detail = 'The rollout is at work: abort it, or roll back the upgrade of the phase by itself.'
      throw asProblem({ code: 'rollout-at-work', detail })
    }
    const begun = state.phases.flatMap(({ upgrade }, number) => (upgrade === null ? [] : [number]))
    const nothing = state.abort?.rollback
      ? undefined
      : await nothingTakenBackOf(services, state, { by, settings }, begun)
    if (nothing) throw asProblem({ ...nothing, detail: `${nothing.detail} Abort the rollout instead.` })
    const glass = breakGlass ? { breakGlass: breakGlass.reason } : {}
    const abort = decideAbort({ by, reason, rollback: child, settings, ...glass })
    const decided = await steered(input, services, abort)
    const rollback = decided.state.abort?.rollback ?? child
    const names = decided.state.phases.flatMap(({ name, upgrade }) => (upgrade === null ? [] : [name]))
    // It is not there before that: until then its parent shows where it stands.
    return started(rollback, 'Rollback starts as soon as no phase runs', names, id)
  }
  const result = await startRollback(
    services,
    {
      ...{ rollout: id, child, phases: phases ?? null, by, reason, settings },
      ...(breakGlass && { breakGlass: true as const }),
      ...(input.idempotency && {
        idempotency: { key: input.idempotency.id, hash: input.idempotency.bodyHash },
      }),
    },
    input.correlation,
  )
  if ('rejected' in result) throw asProblem(result.rejected)
  const second = breakGlass ?? body.toWithdrawn
  const message = second ? 'Rollback waits for the approval of a second person' : 'Rollback started'
  return started(result.child, message, result.phases)
}
