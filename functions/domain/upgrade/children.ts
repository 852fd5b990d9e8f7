import { nameId } from '../../../events/name-id.ts'
import type { ChildSettings, UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { systemActor } from '../actor.ts'
import { accept } from '../aggregate.ts'
import { meaningOf } from '../target/outcome.ts'
import { hasSecondPerson } from './approvers.ts'
import { upgradeNotFound } from './control.ts'
import { Draft, refuse, type UpgradeDecision } from './draft.ts'
import { eachMember } from './members.ts'
import {
  type Child,
  type ExistingUpgrade,
  exists,
  hasEnded,
  type PhaseOf,
  type PlannedUpgrade,
  planOf,
} from './state.ts'

/** Tries the failed members of its parent again, or takes back what the family touched. */
export type ChildKind = Child['kind']

/** Who asks for a child, for which members, and how it is to go. */
export interface ChildCommand {
  /** The upgrade whose failed members are tried again; of a rollback the root of the family, or a rollback that is tried again. */
  readonly parent: string
  readonly kind: ChildKind
  readonly by: string
  readonly reason?: string
  /** Why it shall run even while everything is stopped: it then waits for the approval of a second person. */
  readonly breakGlass?: string
  /** Who has approved that with the rollout that it is a phase of; left out: nobody yet. */
  readonly approvedBy?: readonly string[]
  /** One target alone; left out: all that the kind is about. */
  readonly target?: string
  readonly settings?: ChildSettings
}

/** Whom the plan of a child leaves out, and why. */
export type LeftOut = NonNullable<Extract<UpgradeEvent, { type: 'ChildRequested' }>['data']['leftOut']>

const childNamespace = '0c2f8a1e-7d0b-5a0e-8f55-3a1b9c6d7e42'

/** Returns the id of the child that one request of a person makes: the request's key names it, so that a repeat finishes what a crash left. */
export function childOfKey(key: string): string {
  return nameId(JSON.stringify(['key', key]), childNamespace)
}

/** Returns the id of the rollback that an upgrade starts by itself: of all when it was aborted so, or of one target that wants it. */
export function ownRollback(upgrade: string, target: string | null = null): string {
  return nameId(JSON.stringify(['rollback', upgrade, target]), childNamespace)
}

/**
 * What has run once was approved; taking it back must not wait for somebody to come to the office. To do so while everything is
 * stopped, or to a release that was withdrawn, takes a second person, whoever may approve: those named for the deploy may all be away.
 */
function approvalsOf({ breakGlass, settings, approvedBy = [] }: ChildCommand, { approvals }: UpgradeRequest) {
  const harmless = breakGlass === undefined && settings?.toWithdrawn === undefined
  const alone = harmless || approvedBy.length > 0
  return alone ? { ...approvals, required: 0 } : { ...approvals, required: 1, approvers: null }
}

/** How many a rollback has in flight where nobody says: nobody waits for a bad version to go that need not. */
const rollbackAtOnce = 10_000

/**
 * When a child may go on: a retry in the window of its parent that is not over, and by what binds that by now; what is taken back waits for
 * no window and no calendar, unless it shall. A stop binds either.
 */
function openingsOf(
  { window, ignoreWindow }: ChildSettings,
  kind: ChildKind,
  parent: ExistingUpgrade,
  now: string,
): Pick<UpgradeRequest, 'window' | 'calendars'> {
  const calendars = [...parent.calendars]
  if (window) return { window, calendars }
  if (ignoreWindow ?? kind === 'rollback') return { window: null, calendars: [] }
  return { window: parent.window && parent.window.end > now ? parent.window : null, calendars }
}

/**
 * How a child goes about its targets: all at once, or in the batches that it is told. What may be out of service at once binds whatever is done to them: a
 * child of a rolling or serial upgrade keeps to that, unless it is told how many it may have in flight. On the way back nothing is waited for between two
 * attempts: nobody watches (design: #children).
 */
function paceOf(
  kind: ChildKind,
  parent: ExistingUpgrade,
  { batchSize, parallel }: ChildSettings,
  again: boolean,
): Pick<UpgradeRequest, 'strategy' | 'batchSize' | 'parallel' | 'rolling' | 'spacingSeconds'> {
  const { request } = parent
  // A procedure takes its targets out of service, on the way back too: as many of them at once as on the way there.
  const hurries = kind === 'rollback' && !again && request.procedure === undefined
  const atOnce = hurries ? rollbackAtOnce : request.parallel
  if (batchSize !== undefined) return { strategy: 'batch', batchSize, parallel: parallel ?? atOnce }
  const all = { strategy: 'all', batchSize: null } as const
  if (parallel !== undefined) return { ...all, parallel }
  const rolling = planOf(parent)?.rolling
  if (rolling) {
    const numbers = { unavailable: { targets: rolling.unavailable }, surge: { targets: rolling.surge } }
    return { ...all, strategy: 'rolling', parallel: atOnce, rolling: numbers }
  }
  const { spacingSeconds } = request
  if (spacingSeconds === undefined) return { ...all, parallel: atOnce }
  return { ...all, strategy: 'serial', parallel: 1, spacingSeconds: kind === 'retry' ? spacingSeconds : 0 }
}

/**
 * Returns the request of a child. Of that of its parent it keeps what it names here alone: a person asks for a child, or it takes something back, and
 * neither waits for who is not ready; how long an attempt should take is known of its parent, by what it said or by what its plan found.
 */
export function requestOfChild(command: ChildCommand, parent: ExistingUpgrade, now: string): UpgradeRequest {
  const { kind, target, reason, breakGlass, settings = {} } = command
  const { request } = parent
  const { component, unreachable, retry, deadlines, allowDowngrade, procedure } = request
  const { profile } = request.selection
  const automatic = profile !== undefined && kind === 'rollback' && command.by === systemActor
  const again = kind === 'rollback' && request.kind === 'rollback'
  const attempt = settings.attempt ?? deadlines.attempt
  return {
    kind,
    parent: command.parent,
    component,
    version: planOf(parent)?.version ?? request.version,
    ...(allowDowngrade && { allowDowngrade }),
    ...(procedure && { procedure }),
    canaryPercent: null,
    ...paceOf(kind, parent, settings, again),
    selection: {
      targets: target === undefined ? null : [target],
      types: null,
      regions: null,
      tags: null,
      canaries: [],
      // Nobody asked for it: its targets are asked whether they want it.
      ...(automatic && { profile }),
    },
    approvals: approvalsOf(command, request),
    ...{ continueByHand: false, continueBySecondPerson: false },
    failures: { ...request.failures, ...settings.failures, action: 'pause' },
    unreachable,
    budget: null,
    retry,
    ...openingsOf(settings, kind, parent, now),
    bakeSeconds: 0,
    gate: null,
    deadlines: { ...deadlines, attempt, expected: Math.min(deadlines.expected, attempt) },
    breakGlass: breakGlass !== undefined,
    ...(settings.toWithdrawn !== undefined && { toWithdrawn: settings.toWithdrawn }),
    ...(settings.skippedToo && { skippedToo: true }),
    reason: breakGlass ?? reason ?? settings.toWithdrawn ?? null,
  }
}

/** Adds to the members that a child of this kind takes, or removes from them, what one more event of its parent tells. */
export function takeForChild(
  kind: ChildKind,
  members: Set<number>,
  event: Extract<
    UpgradeEvent,
    { type: 'OutcomesRecorded' | 'MembersRegressed' | 'MembersSkipped' | 'RetriesGivenUp' }
  >,
  skippedToo = false,
): void {
  const settle = (member: number, taken: boolean) => {
    if (taken) members.add(member)
    else members.delete(member)
  }
  if (event.type === 'MembersRegressed') {
    for (const { member, outcome } of event.data.members) {
      const { takenBack, triedAgain } = meaningOf(outcome)
      settle(member, kind === 'rollback' ? takenBack : triedAgain)
    }
  }
  if (event.type === 'OutcomesRecorded') {
    for (const { member, outcome, again } of event.data.outcomes) {
      const { counts, takenBack, triedAgain } = meaningOf(outcome)
      const wanted = triedAgain || (skippedToo && counts === 'skipped')
      // What a try has touched stays touched, even when a later one was withdrawn; only the last end says whether it failed.
      if (kind === 'retry') settle(member, wanted && again === null)
      else if (takenBack) members.add(member)
    }
  }
  if (event.type === 'RetriesGivenUp' && kind === 'retry')
    for (const member of eachMember(event.data.members)) members.add(member)
  // Whoever was skipped has no failure to mend; what was touched before stays touched.
  if (event.type === 'MembersSkipped' && kind === 'retry')
    for (const member of eachMember(event.data.members)) settle(member, skippedToo)
}

/**
 * May a rollback go to releases that were withdrawn? Only where it was asked for so, and somebody else than who asked has approved it
 * (design: #children).
 */
export function mayGoToWithdrawn(state: PlannedUpgrade): boolean {
  return state.request.toWithdrawn !== undefined && hasSecondPerson(state)
}

/**
 * Returns what is asked for in the terms of a family, by the id of its root: the rollback of a retry is that of the family, and trying a rollback again
 * takes back what it failed to. A rollback is not taken back.
 */
export function inFamily(command: ChildCommand, { request }: ExistingUpgrade, root: string) {
  if (command.kind === 'retry' && request.kind !== 'rollback') return command
  if (request.kind !== 'rollback') return { ...command, parent: root }
  if (command.kind === 'rollback')
    return refuse('rollback-of-rollback', 'A rollback is not rolled back: deploy the version that is wanted.')
  const [target] = request.selection.targets ?? []
  return { ...command, kind: 'rollback' as const, ...(target !== undefined && { target }) }
}

/** Returns the id of the rollback that an upgrade was aborted for; undefined: it was aborted for none. */
export function announcedBy(id: string, { abort }: ExistingUpgrade): string | undefined {
  return abort?.rollBack ? (abort.rollback?.child ?? ownRollback(id)) : undefined
}

/**
 * Returns why a family is not taken back once more while one of its tries at work takes it back as soon as it is over; undefined: none does, or what
 * is asked for breaks the glass that it has not broken.
 */
export function refuseAnnounced(
  { breakGlass }: Pick<ChildCommand, 'breakGlass'>,
  tries: readonly { readonly id: string; readonly state: ExistingUpgrade }[],
) {
  const back = tries.find(({ state }) => !hasEnded(state) && state.abort?.rollBack)
  if (!back || (breakGlass !== undefined && back.state.abort?.breakGlass === undefined)) return undefined
  return refuse(
    'child-at-work',
    `A rollback is asked for already: upgrade ${announcedBy(back.id, back.state)}, which begins as soon as nothing is in flight.`,
  )
}

/** What is known of a child of a family that may stand in the way of another. */
export interface Sibling extends Child {
  readonly lives: boolean
  readonly breakGlass: boolean
  /** Did it take anything back, or is it about to? */
  readonly effective: boolean
}

/** Does a rollback that lives stand in the way of another? One that the stop holds must not hold up one that it does not hold. */
function excludes(sibling: Sibling, { target, breakGlass }: ChildCommand): boolean {
  if (breakGlass !== undefined && !sibling.breakGlass) return false
  return target === undefined || sibling.target === null || sibling.target === target
}

/**
 * Returns why a family has no room for a child now, or undefined when it has: of a kind there is one at a time, and a rollback of all
 * and one of a target stand in each other's way.
 */
export function refuseSibling(command: ChildCommand, siblings: readonly Sibling[]) {
  const { kind } = command
  if (kind === 'retry') {
    const back = siblings.find((one) => one.kind === 'rollback' && one.target === null && one.effective)
    if (back) {
      const detail = `Upgrade ${back.child} takes this back, or has: what was taken back is not tried again. Deploy what is wanted.`
      return refuse('upgrade-rolled-back', detail)
    }
  }
  // A rollback that failed for some, and waits for somebody to look, does not stand in the way of another try of these.
  const others = siblings.filter((one) => one.lives && one.kind === kind && one.child !== command.parent)
  const other = others.find((one) => kind === 'retry' || excludes(one, command))
  if (!other) return undefined
  const what = other.target === null ? `A ${kind}` : `A ${kind} of ${other.target}`
  return refuse(
    'child-at-work',
    `${what} is at work: upgrade ${other.child}. Wait for its end, or abort it first.`,
  )
}

/**
 * Notes a child, and what it is begun with. One child of an identity is noted once. `siblings` are those that whoever asks has looked at: one
 * that came to be since is at work.
 */
export function requestChild(command: {
  child: string
  /** What was asked for; undefined: it was decided elsewhere that the child may be. */
  asked?: ChildCommand | undefined
  kind: ChildKind
  /** The one target that it is for; null: for all. */
  target: string | null
  by: string
  request: UpgradeRequest
  /** The rollout that it is a phase of. */
  rollout?: PhaseOf | undefined
  /** Whom its plan leaves out, the first of them by name; undefined: nobody, or it is not planned yet. */
  leftOut?: LeftOut | undefined
  siblings?: readonly Sibling[]
}): UpgradeDecision {
  return (state, now) => {
    if (!exists(state)) return upgradeNotFound
    const { asked, siblings = [], leftOut, rollout, ...child } = command
    const data = { ...child, ...(leftOut && { leftOut }), ...(rollout && { rollout }) }
    const isNoted = ({ child }: Child) => child === data.child
    if (state.children.some(isNoted) || siblings.some(isNoted)) return accept()
    if (!planOf(state)) {
      const code = child.kind === 'retry' ? 'nothing-to-retry' : 'nothing-to-roll-back'
      return refuse(code, 'The upgrade has not touched anything yet.')
    }
    const unseen = state.children
      .filter(({ child }) => siblings.every((known) => known.child !== child))
      .map((child) => ({ ...child, lives: true, breakGlass: true, effective: true }))
    const refused = asked && refuseSibling(asked, [...siblings, ...unseen])
    if (refused) return refused
    const draft = new Draft(state, now)
    draft.add({ type: 'ChildRequested', data })
    return draft.decision()
  }
}
