import { randomUUID } from 'node:crypto'
import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import { instantOf } from '../../../events/time.ts'
import type { ChildSettings } from '../../../events/upgrade.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import {
  announcedBy,
  type ChildKind,
  childOfKey,
  type LeftOut,
  refuseAnnounced,
  refuseSibling,
} from '../../domain/upgrade/children.ts'
import { abortUpgrade as decideAbort } from '../../domain/upgrade/control.ts'
import { exists, hasEnded } from '../../domain/upgrade/state.ts'
import { type Family, familyOf, siblingsOf } from '../../facts/family.ts'
import { type ChildAsked, type ChildResult, nothingTakenBack, startChild } from '../../planning/children.ts'
import type { Operate } from '../http/endpoint.ts'
import { asProblem, Problem } from '../http/problem.ts'
import type { Services } from '../services.ts'
import { namespaceOf } from '../targets/register.ts'
import { acknowledged, command as carryOut } from './command.ts'
import { upgradeNotFound } from './history.ts'

type Contracts = typeof upgradeContracts
type RollBack = Parameters<Operate<Contracts['rollBackUpgrade']>>[0]
type RollBackOne = Parameters<Operate<Contracts['rollBackCustomer']>>[0]
type Retry = Parameters<Operate<Contracts['retryFailed']>>[0]

const noReason = 'no reason given'

export function settingsOf(
  body: Omit<Retry['body'], 'reason'> & Omit<RollBack['body'], 'reason' | 'breakGlass'>,
): ChildSettings {
  const { parallel, batchSize, failureThreshold, deadlines, window, ignoreWindow, toWithdrawn } = body
  const { attemptSeconds } = deadlines ?? {}
  const skippedToo = body.include?.includes('skipped') === true
  return {
    ...(parallel !== undefined && { parallel }),
    ...(batchSize !== undefined && { batchSize }),
    ...(failureThreshold && { failures: failureThreshold }),
    ...(attemptSeconds !== undefined && { attempt: attemptSeconds }),
    ...(window && { window: { start: instantOf(window.start), end: instantOf(window.end) } }),
    ...(ignoreWindow !== undefined && { ignoreWindow }),
    ...(toWithdrawn && { toWithdrawn: toWithdrawn.reason }),
    ...(skippedToo && { skippedToo }),
  }
}

/** Returns why a rollback is asked for, in the words that its body has for it. */
export function reasonOf({ reason, breakGlass, toWithdrawn }: RollBack['body']): string {
  return breakGlass?.reason ?? reason ?? toWithdrawn?.reason ?? noReason
}

function askedBy(
  kind: ChildKind,
  input: RollBack | RollBackOne | Retry,
): ChildAsked & { readonly child: string } {
  const { params, principal, body, idempotency } = input
  const { breakGlass } = 'breakGlass' in body ? body : {}
  return {
    parent: params.id,
    kind,
    by: principal.id,
    reason: body.reason ?? ('toWithdrawn' in body ? body.toWithdrawn?.reason : undefined) ?? noReason,
    settings: settingsOf(body),
    child: idempotency ? childOfKey(idempotency.id) : randomUUID(),
    ...(breakGlass && { breakGlass: breakGlass.reason }),
    ...(idempotency && { idempotency: { key: idempotency.id, hash: idempotency.bodyHash } }),
  }
}

function namesOf(leftOut: LeftOut | undefined) {
  return {
    leftOut: (leftOut?.first ?? []).map(({ target, reason }) => ({ targetId: target, reason })),
    leftOutCounts: leftOut?.counts ?? {},
  }
}

type Begun = Exclude<ChildResult, { readonly rejected: unknown }>

/** Starts a child, or throws the problem that refuses it, with whom it would leave out. */
async function begin(services: Services, asked: ChildAsked, correlation: string): Promise<Begun> {
  const result = await startChild(services, asked, correlation)
  if (!('rejected' in result)) return result
  const { rejected, leftOut } = result
  throw asProblem(rejected, leftOut && namesOf(leftOut))
}

function messageOf({ breakGlass, settings }: ChildAsked, { planned }: Begun): string {
  if (breakGlass !== undefined) return 'Rollback waits for the approval of a second person (break-glass)'
  if (settings?.toWithdrawn !== undefined)
    return 'Rollback waits for the approval of a second person (it goes to a withdrawn release)'
  return planned ? 'Rollback started' : 'Rollback started; it is planned in the background'
}

function started(parentId: string, child: string, message: string, leftOut: LeftOut | undefined) {
  const body = { message, upgradeId: child, parentId, jobId: `${child}-1`, ...namesOf(leftOut) }
  return { status: 202, body, location: `/api/upgrades/${child}` }
}

/** Throws a Problem where a family at work has nothing to take back, or is being taken back. */
async function refuseTakingBack(services: Services, asked: ChildAsked, family: Family): Promise<void> {
  if (family.state.stage === 'requested')
    throw new Problem('nothing-to-roll-back', 'The upgrade has not touched anything yet: abort it instead.')
  const refused = refuseSibling(asked, siblingsOf(family)) ?? refuseAnnounced(asked, family.tries)
  if (refused) throw asProblem(refused.rejected)
  const nothing = await nothingTakenBack(services, asked, family)
  if (!nothing) return
  const { rejected, leftOut } = nothing
  const instead = leftOut
    ? rejected
    : { ...rejected, detail: `${rejected.detail} To end it, abort it instead.` }
  throw asProblem(instead, leftOut && namesOf(leftOut))
}

/**
 * Aborts what is at work in a family, so that it takes itself back; returns the id of that rollback, which is known before it begins.
 * Undefined where all of it came to its end a moment before.
 */
async function abortedToRollBack(
  input: RollBack,
  services: Services,
  asked: ChildAsked & { readonly child: string },
  family: Family,
): Promise<string | undefined> {
  const { by, reason = noReason, breakGlass, settings = {} } = asked
  const rollback = { child: asked.child, settings }
  const glass = breakGlass === undefined ? {} : { breakGlass }
  const abort = decideAbort({ by, reason: breakGlass ?? reason, rollBack: true, rollback, ...glass })
  let child: string | undefined
  for (const { id, state } of family.tries) {
    if (hasEnded(state)) continue
    // The first of them keeps the request's key and condition; the others follow from it.
    const condition = child === undefined ? input : { ...input, idempotency: null, ifMatch: null }
    try {
      const aborted = await carryOut({ ...condition, params: { id } }, services, abort)
      child ??= announcedBy(id, aborted.state)
    } catch (problem) {
      if (!(problem instanceof Problem && problem.code === 'upgrade-ended')) throw problem
    }
  }
  return child
}

/**
 * Takes back all that an upgrade and its retries changed. What of them is at work is aborted first and takes itself back as soon as nothing
 * is in flight, a quarter of an hour later at the latest.
 */
export const rollBackUpgrade: Operate<Contracts['rollBackUpgrade']> = async (input, services) => {
  const family = await familyOf(services.log, input.params.id)
  const { state } = await services.log.load(upgradeAggregate, input.params.id)
  if (!family || !exists(state)) throw upgradeNotFound()
  const asked = askedBy('rollback', input)
  const message = 'Rollback starts as soon as nothing is in flight, in 15 minutes at the latest'
  const known = family.children.some(({ child }) => child === asked.child)
  const aborted = family.tries.some((one) => announcedBy(one.id, one.state) === asked.child)
  if (aborted && !known) return started(family.root, asked.child, message, undefined)
  if (!known && state.request.kind !== 'rollback' && family.tries.some((one) => !hasEnded(one.state))) {
    await refuseTakingBack(services, asked, family)
    const child = await abortedToRollBack(input, services, asked, family)
    if (child !== undefined) return started(family.root, child, message, undefined)
  }
  const begun = await begin(services, asked, input.correlation)
  return started(begun.parent, begun.child, messageOf(asked, begun), begun.leftOut)
}

/** Takes one customer back (C5). */
export const rollBackCustomer: Operate<Contracts['rollBackCustomer']> = async (input, services) => {
  const { customerId } = input.params
  const { state } = await services.log.load(targetAggregate, customerId)
  if (!state.registered) throw new Problem('not-a-member', 'There is no such customer in this upgrade.')
  const asked = { ...askedBy('rollback', input), target: customerId }
  const family = await familyOf(services.log, input.params.id)
  const known = family?.children.some(({ child }) => child === asked.child)
  const back = family?.children.some((one) => one.kind === 'rollback' && one.child === state.active?.upgrade)
  if (state.active && !known && !back) {
    throw new Problem(
      'update-in-progress',
      `Update already in progress on this customer, by upgrade ${state.active.upgrade}: wait for its end.`,
    )
  }
  const begun = await begin(services, asked, input.correlation)
  const namespace = state.facts?.namespace ?? namespaceOf(customerId)
  const body = { message: messageOf(asked, begun), customerId, namespace, upgradeId: begun.child }
  return { status: 202, body, location: `/api/upgrades/${begun.child}` }
}

/** Tries the failed ones again. */
export const retryFailed: Operate<Contracts['retryFailed']> = async (input, services) => {
  const begun = await begin(services, askedBy('retry', input), input.correlation)
  const message = begun.planned ? 'Retry started' : 'Retry started; it is planned in the background'
  return started(input.params.id, begun.child, message, begun.leftOut)
}

/** Ends it early. What is then to be taken back is begun once nothing is in flight: where there is nothing, as it stands, the answer says so. */
export const abortUpgrade: Operate<Contracts['abortUpgrade']> = async (input, services) => {
  const { id } = input.params
  const aborted = await carryOut(input, services, decideAbort({ by: input.principal.id, ...input.body }))
  const nothing = input.body.rollBack ? await nothingToTakeBack(services, id, input.principal.id) : undefined
  const message = 'Upgrade is being aborted'
  return acknowledged(id, aborted, nothing === undefined ? message : `${message}. ${nothing}`, 202)
}

/** Returns why an upgrade has nothing to take back as it stands, in words; undefined: it has, or nobody knows yet. */
async function nothingToTakeBack(
  services: Services,
  parent: string,
  by: string,
): Promise<string | undefined> {
  const family = await familyOf(services.log, parent)
  const nothing = family && (await nothingTakenBack(services, { parent, kind: 'rollback', by }, family))
  return nothing && `Nothing is to be taken back as it stands: ${nothing.rejected.detail}`
}
