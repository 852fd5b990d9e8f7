import { v5 } from 'uuid'
import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { systemActor } from '../actor.ts'
import { accept } from '../aggregate.ts'
import { meaningOf } from '../target/outcome.ts'
import { upgradeNotFound } from './control.ts'
import { Draft, refuse, type UpgradeDecision } from './draft.ts'
import { eachMember } from './members.ts'
import { type Child, type ExistingUpgrade, exists, planOf } from './state.ts'

/** Tries the failed members of its parent again, or takes back what the parent touched. */
export type ChildKind = Child['kind']

/** Who asks for a child, and for which members. */
export interface ChildCommand {
  readonly parent: string
  readonly kind: ChildKind
  readonly by: string
  readonly reason?: string
  /** Why it shall run even while everything is stopped: it then waits for the approval of a second person. */
  readonly breakGlass?: string
  /** One target alone; left out: all that the kind is about. */
  readonly target?: string
  /** Sets this child apart from an earlier one of its kind; scoped to principal and route, with the hash of the body. */
  readonly idempotency?: { readonly key: string; readonly hash: string }
}

const childNamespace = '0c2f8a1e-7d0b-5a0e-8f55-3a1b9c6d7e42'

/** Returns the id of a child: asked for again it is the same one. */
export function childId({ parent, kind, target, idempotency, breakGlass }: ChildCommand): string {
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

/** Returns the request of a child, made from that of its parent. */
export function requestOfChild(command: ChildCommand, parent: ExistingUpgrade, now: string): UpgradeRequest {
  const { kind, target, reason, breakGlass } = command
  const { window } = parent
  const { profile } = parent.request.selection
  const automatic = profile !== undefined && kind === 'rollback' && command.by === systemActor
  // A person asks for a child, or it takes something back: neither waits for who is not ready.
  const { preUpgradeChecks: _, judged: __, ...unchecked } = parent.request
  return {
    ...unchecked,
    kind,
    parent: command.parent,
    version: planOf(parent)?.version ?? unchecked.version,
    strategy: 'all',
    canaryPercent: null,
    batchSize: null,
    selection: {
      targets: target === undefined ? null : [target],
      types: null,
      regions: null,
      tags: null,
      canaries: [],
      // Nobody asked for it: its targets are asked whether they want it.
      ...(automatic && { profile }),
    },
    approvals: approvalsOf(command, unchecked),
    continueByHand: false,
    failures: { ...unchecked.failures, action: 'pause' },
    budget: null,
    window: kind === 'retry' && window && window.end > now ? window : null,
    bakeSeconds: 0,
    gate: null,
    breakGlass: breakGlass !== undefined,
    reason: breakGlass ?? reason ?? null,
  }
}

/** Adds to the members that a child of this kind takes, or removes from them, what one more event of its parent tells. */
export function takeForChild(
  kind: ChildKind,
  members: Set<number>,
  event: Extract<UpgradeEvent, { type: 'OutcomesRecorded' | 'MembersRegressed' | 'MembersSkipped' }>,
): void {
  if (event.type === 'MembersRegressed') {
    for (const { member, outcome } of event.data.members) {
      const { takenBack, triedAgain } = meaningOf(outcome)
      if (kind === 'rollback' ? takenBack : triedAgain) members.add(member)
      else members.delete(member)
    }
  }
  if (event.type === 'OutcomesRecorded') {
    for (const { member, outcome, again } of event.data.outcomes) {
      const { takenBack, triedAgain } = meaningOf(outcome)
      // What a try has touched stays touched, even when a later one was withdrawn; only the last end says whether it failed.
      if (kind === 'rollback') {
        if (takenBack) members.add(member)
      } else if (triedAgain && again === null) members.add(member)
      else members.delete(member)
    }
  }
  // Whoever was skipped has no failure to mend; what was touched before stays touched.
  if (event.type === 'MembersSkipped' && kind === 'retry')
    for (const member of eachMember(event.data.members)) members.delete(member)
}

const notPlanned = refuse('not-planned', 'The upgrade has not touched anything yet.')

/**
 * Returns why there is no child to start, or undefined when there is. `members` are how many of the parent's it would take, and `concerned`
 * whether the one target that it names is among them.
 */
export function refuseChild(
  { kind, target }: ChildCommand,
  parent: ExistingUpgrade,
  { members, concerned }: { readonly members: number; readonly concerned: boolean },
) {
  if (!planOf(parent)) return notPlanned
  // An abort that takes back waits for its child: where nothing was changed, the child itself says so.
  if (parent.abort?.rollBack && kind === 'rollback' && target === undefined) return undefined
  const code = kind === 'retry' ? 'nothing-to-retry' : 'nothing-to-roll-back'
  if (members === 0)
    return refuse(
      code,
      kind === 'retry' ? 'No target of the upgrade has failed.' : 'The upgrade has changed no target.',
    )
  return concerned ? undefined : refuse(code, `The upgrade has not changed ${target}.`)
}

/** Notes the child that takes members back or tries them again. One child of an identity is noted once. */
export function requestChild(command: {
  child: string
  kind: ChildKind
  /** The one target that it is for; null: for all. */
  target: string | null
  by: string
}): UpgradeDecision {
  return (state, now) => {
    if (!exists(state)) return upgradeNotFound
    if (state.children.some(({ child }) => child === command.child)) return accept()
    if (!planOf(state)) return notPlanned
    const draft = new Draft(state, now)
    draft.add({ type: 'ChildRequested', data: command })
    return draft.decision()
  }
}
