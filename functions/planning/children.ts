import { v5 } from 'uuid'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import type { Rejection } from '../domain/rejection.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { requestChild, requestUpgrade } from '../domain/upgrade/lifecycle.ts'
import { exists, type UpgradeState } from '../domain/upgrade/state.ts'
import type { Metadata, Outcome } from '../log/log.ts'
import { planMembers } from './members.ts'
import { membersForChild } from './members-of-parent.ts'
import { type PlanningServices, writePlan } from './planning.ts'

const childNamespace = '0c2f8a1e-7d0b-5a0e-8f55-3a1b9c6d7e42'
/** A child of at most so many members is planned at once; a larger one by its execution. */
const inlineAtMost = 500

export interface ChildCommand {
  readonly parent: string
  readonly by: string
  readonly correlation: string
  readonly reason?: string
  /** Why it shall run even while everything is stopped: it then waits for the approval of a second person. */
  readonly breakGlass?: string
  /** One target alone. */
  readonly target?: string
  /** Sets this child apart from an earlier one of its kind; scoped to principal and route, with the hash of the body. */
  readonly idempotency?: { readonly key: string; readonly hash: string }
}

export type ChildResult = { readonly child: string } | { readonly rejected: Rejection }

/** Returns the id of a child: asked for again it is the same one. */
export function childId(
  kind: 'retry' | 'rollback',
  { parent, target, idempotency, breakGlass }: ChildCommand,
): string {
  // A rollback that the stop holds must not stand in the way of one that it does not hold.
  const apart = breakGlass === undefined ? [] : ['break-glass']
  return v5(
    JSON.stringify([parent, kind, target ?? null, idempotency?.key ?? null, ...apart]),
    childNamespace,
  )
}

/**
 * What has run once was approved; taking it back must not wait for somebody to come to the office. To do so while everything is
 * stopped takes a second person, whoever may approve: those named for the deploy may all be away.
 */
function approvalsOf({ breakGlass }: ChildCommand, { approvals }: UpgradeRequest) {
  return breakGlass === undefined
    ? { ...approvals, required: 0 }
    : { ...approvals, required: 1, approvers: null }
}

function requestOf(
  kind: 'retry' | 'rollback',
  command: ChildCommand,
  parent: UpgradeRequest,
  state: UpgradeState,
  now: string,
): UpgradeRequest {
  const { window } = state
  const { profile } = parent.selection
  const automatic = profile !== undefined && kind === 'rollback' && command.by === systemActor
  // A person asks for a child, or it takes something back: neither waits for who is not ready.
  const { preUpgradeChecks: _, ...unchecked } = parent
  return {
    ...unchecked,
    kind,
    parent: command.parent,
    version: state.plan?.version ?? parent.version,
    strategy: 'all',
    canaryPercent: null,
    batchSize: null,
    selection: {
      targets: command.target === undefined ? null : [command.target],
      types: null,
      regions: null,
      tags: null,
      canaries: [],
      // Nobody asked for it: its targets are asked whether they want it.
      ...(automatic && { profile }),
    },
    approvals: approvalsOf(command, parent),
    continueByHand: false,
    failures: { ...parent.failures, action: 'pause' },
    window: kind === 'retry' && window && window.end > now ? window : null,
    bakeSeconds: 0,
    gate: null,
    breakGlass: command.breakGlass !== undefined,
    reason: command.breakGlass ?? command.reason ?? null,
  }
}

async function nothingFor(
  { log }: PlanningServices,
  kind: 'retry' | 'rollback',
  { parent, target }: ChildCommand,
  state: UpgradeState,
): Promise<Rejection | number> {
  if (!state.plan) return { code: 'not-planned', detail: 'The upgrade has not touched anything yet.' }
  const members = await membersForChild(log, parent, kind)
  // An abort that takes back waits for its child: where nothing was changed, the child itself says so.
  if (state.abort?.rollBack && kind === 'rollback' && target === undefined) return members.length
  const nothing = {
    code: kind === 'retry' ? 'nothing-to-retry' : 'nothing-to-roll-back',
    detail: kind === 'retry' ? 'No target of the upgrade has failed.' : 'The upgrade has changed no target.',
  }
  if (members.length === 0) return nothing
  if (target === undefined) return members.length
  const found = await planMembers(log, state.plan.planHash, members)
  return [...found.values()].some((member) => member.target === target)
    ? 1
    : { ...nothing, detail: `The upgrade has not changed ${target}.` }
}

function refusalOf(outcome: Outcome<UpgradeState, unknown, Rejection>): Rejection | undefined {
  if (outcome.kind === 'rejected') return outcome.rejection
  if (outcome.kind === 'key-reused') {
    return {
      code: 'idempotency-key-reused',
      detail: 'This Idempotency-Key came with another body before: use a new key.',
    }
  }
  if (outcome.kind === 'contended') throw new Error('The upgrade is contended.')
  return undefined
}

/**
 * Starts a child upgrade. The child's stream is begun first and the parent's note follows, so that a parent never names a child
 * that is not there; asking again finishes what a crash left half done.
 */
async function requestChildOf(
  services: PlanningServices,
  kind: 'retry' | 'rollback',
  command: ChildCommand,
): Promise<ChildResult> {
  const { log, now } = services
  const { state } = await log.load(upgradeAggregate, command.parent)
  if (!exists(state)) return { rejected: { code: 'upgrade-not-found', detail: 'There is no such upgrade.' } }
  const child = childId(kind, command)
  const origin: Metadata = {
    actor: command.by,
    correlation: command.correlation,
    causation: `upgrade#${command.parent}`,
  }
  const known = state.children.some((present) => present.child === child)
  const count = known ? 0 : await nothingFor(services, kind, command, state)
  if (typeof count !== 'number') return { rejected: count }
  const request = requestOf(kind, command, state.request, state, new Date(now()).toISOString())
  const begin = requestUpgrade({ request, by: command.by })
  const { idempotency } = command
  const metadata = { ...origin, ...(idempotency && { idempotency }) }
  const begun = refusalOf(await log.execute(upgradeAggregate, child, begin, metadata))
  if (begun) return { rejected: begun }
  if (known) return { child }
  const note = requestChild({ child, kind, target: command.target ?? null, by: command.by })
  const noted = refusalOf(await log.execute(upgradeAggregate, command.parent, note, origin))
  if (noted) return { rejected: noted }
  if (count <= inlineAtMost) await writePlan(services, child)
  return { child }
}

/** Takes back what an upgrade changed, or one target of it. */
export function requestRollback(services: PlanningServices, command: ChildCommand): Promise<ChildResult> {
  return requestChildOf(services, 'rollback', command)
}

/** Tries the failed members of an upgrade again. */
export function requestRetry(services: PlanningServices, command: ChildCommand): Promise<ChildResult> {
  return requestChildOf(services, 'retry', command)
}
