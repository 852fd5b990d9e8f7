import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { type ChildCommand, type ChildKind, childId } from '../../domain/upgrade/children.ts'
import { abortUpgrade } from '../../domain/upgrade/control.ts'
import { exists, hasEnded, isPlanned } from '../../domain/upgrade/state.ts'
import { startChild } from '../../planning/children.ts'
import type { Operate } from '../http/endpoint.ts'
import { Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { namespaceOf } from '../targets/register.ts'
import { type Commanded, command as carryOut } from './command.ts'
import { upgradeNotFound } from './history.ts'

type Contracts = typeof upgradeContracts
type Asked = Commanded & {
  readonly body: {
    readonly reason?: string | undefined
    readonly breakGlass?: { readonly reason: string } | undefined
  }
}

const noReason = 'no reason given'

function commandOf(kind: ChildKind, { params, principal, body, idempotency }: Asked): ChildCommand {
  return {
    parent: params.id,
    kind,
    by: principal.id,
    reason: body.reason ?? noReason,
    ...(body.breakGlass && { breakGlass: body.breakGlass.reason }),
    ...(idempotency && { idempotency: { key: idempotency.id, hash: idempotency.bodyHash } }),
  }
}

function messageOf({ body }: Asked): string {
  return body.breakGlass
    ? 'Rollback waits for the approval of a second person (break-glass)'
    : 'Rollback started'
}

/** Starts a child and returns its id, or throws the problem that refuses it. */
async function begin(services: Services, command: ChildCommand, correlation: string): Promise<string> {
  const result = await startChild(services, command, correlation)
  if ('rejected' in result) throw new Problem(result.rejected.code, result.rejected.detail)
  return result.child
}

function started(parentId: string, child: string, message: string) {
  const body = { message, upgradeId: child, parentId, jobId: `${child}-1` }
  return { status: 202, body, location: `/api/upgrades/${child}` }
}

/** Aborts an upgrade so that it takes itself back; false when it came to its end a moment before. */
async function abortedToRollBack(
  input: Parameters<Operate<Contracts['rollBackUpgrade']>>[0],
  services: Parameters<Operate<Contracts['rollBackUpgrade']>>[1],
): Promise<boolean> {
  const { reason, breakGlass } = input.body
  const abort = {
    by: input.principal.id,
    reason: breakGlass?.reason ?? reason ?? noReason,
    rollBack: true,
    ...(breakGlass && { breakGlass: breakGlass.reason }),
  }
  try {
    await carryOut(input, services, abortUpgrade(abort))
    return true
  } catch (problem) {
    if (problem instanceof Problem && problem.code === 'upgrade-ended') return false
    throw problem
  }
}

/**
 * Takes a whole upgrade back. One that is still at work is aborted first and takes itself back as soon as nothing is in flight;
 * the id of that child is known before it begins.
 */
export const rollBackUpgrade: Operate<Contracts['rollBackUpgrade']> = async (input, services) => {
  const { id } = input.params
  const { state } = await services.log.load(upgradeAggregate, id)
  if (!exists(state)) throw upgradeNotFound()
  const { idempotency: _, ...ofAbort } = commandOf('rollback', input)
  if (!hasEnded(state)) {
    if (!isPlanned(state))
      throw new Problem('not-planned', 'The upgrade has not touched anything yet: abort it instead.')
    if (await abortedToRollBack(input, services)) {
      return started(id, childId(ofAbort), 'Rollback starts as soon as nothing is in flight')
    }
  }
  const command = state.abort?.rollBack ? ofAbort : commandOf('rollback', input)
  return started(id, await begin(services, command, input.correlation), messageOf(input))
}

/** Takes one customer back (C5). */
export const rollBackCustomer: Operate<Contracts['rollBackCustomer']> = async (input, services) => {
  const { customerId } = input.params
  const { state } = await services.log.load(targetAggregate, customerId)
  if (!state.registered) throw new Problem('not-a-member', 'There is no such customer in this upgrade.')
  if (state.active) {
    throw new Problem(
      'update-in-progress',
      `Update already in progress on this customer, by upgrade ${state.active.upgrade}: wait for its end.`,
    )
  }
  const command = { ...commandOf('rollback', input), target: customerId }
  const child = await begin(services, command, input.correlation)
  const namespace = state.facts?.namespace ?? namespaceOf(customerId)
  const body = { message: messageOf(input), customerId, namespace, upgradeId: child }
  return { status: 202, body, location: `/api/upgrades/${child}` }
}

/** Tries the failed ones again. */
export const retryFailed: Operate<Contracts['retryFailed']> = async (input, services) =>
  started(
    input.params.id,
    await begin(services, commandOf('retry', input), input.correlation),
    'Retry started',
  )
