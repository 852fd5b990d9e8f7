import { randomUUID } from 'node:crypto'
import { leftOutWords } from '../../events/phrases.ts'
import { instantOf } from '../../events/time.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import { systemActor } from '../domain/actor.ts'
import { leftOutCounts, type Plan } from '../domain/plan/plan.ts'
import type { Rejection } from '../domain/rejection.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import {
  type ChildCommand,
  inFamily,
  type LeftOut,
  ownRollback,
  refuseSibling,
  requestChild,
  requestOfChild,
  type Sibling,
} from '../domain/upgrade/children.ts'
import { abortUpgrade } from '../domain/upgrade/control.ts'
import { requestUpgrade } from '../domain/upgrade/request.ts'
import { type ExistingUpgrade, exists, hasEnded, type PhaseOf, planOf } from '../domain/upgrade/state.ts'
import { areOnlyOffered, extentOf, type Family, familyOf, siblingsOf, touchedBy } from '../facts/family.ts'
import { notedLeftOut } from '../facts/left-out.ts'
import type { Metadata } from '../log/log.ts'
import { Contended, isCarriedOut, refusalOf } from '../log/outcome.ts'
import { lookedAtMost, type PlanningServices, prospectOf, storePlan, writePlan } from './planning.ts'

/** A child of at most so many members is planned before it is answered; a larger one by its execution. */
const inlineAtMost = 500
/** So many of those that a plan leaves out are named. */
const namedAtMost = 100

/** What a person, or the system itself, asks an upgrade for. */
export interface ChildAsked extends ChildCommand {
  /** The child's id, where it is decided by whoever asks; left out: a new one. */
  readonly child?: string
  /** The rollout that it is a phase of. */
  readonly rollout?: PhaseOf
  /** Makes a repeat recognisable; scoped to principal and route, with the hash of the body. */
  readonly idempotency?: { readonly key: string; readonly hash: string }
}

/** A child that was begun, with whom its plan leaves out; or why there is none. */
export type ChildResult =
  | {
      readonly child: string
      readonly parent: string
      readonly leftOut: LeftOut | undefined
      /** False: it is planned in the background. */
      readonly planned: boolean
    }
  | { readonly rejected: Rejection; readonly leftOut?: LeftOut | undefined }

const notFound = { rejected: { code: 'upgrade-not-found', detail: 'There is no such upgrade.' } }

function leftOutOf(leftOut: Plan['leftOut'] | undefined): LeftOut | undefined {
  if (!leftOut || leftOut.length === 0) return undefined
  return {
    counts: leftOutCounts({ leftOut }),
    first: leftOut.slice(0, namedAtMost).map(({ target, reason }) => ({ target, reason })),
  }
}

/** Returns why a child would do nothing, in the words of what was asked for. */
function nothingToDo(
  { kind, target }: ChildCommand,
  rejected: Rejection,
  leftOut: LeftOut | undefined,
): Rejection {
  if (rejected.code !== 'nothing-to-upgrade' && rejected.code !== 'update-in-progress') return rejected
  const code = kind === 'retry' ? 'nothing-to-retry' : 'nothing-to-roll-back'
  if (leftOut) {
    const words = leftOutWords(leftOut.counts)
    const verb = kind === 'retry' ? 'tried again' : 'taken back'
    const { release_unpublished: unpublished = 0 } = leftOut.counts
    const publish =
      ' The deployment refuses what nobody has signed: publish that version, with its manifest, and ask again.'
    return { code, detail: `Nobody would be ${verb}: ${words.join(', ')}.${unpublished > 0 ? publish : ''}` }
  }
  if (kind === 'retry') return { code, detail: 'No target of the upgrade has failed.' }
  return { code, detail: `The upgrade has not changed ${target ?? 'any target'}.` }
}

/** Begins the stream of a child that is noted, with its plan where there is one; one that has begun stays as it is. Throws Contended. */
export async function beginChild(
  { log }: Pick<PlanningServices, 'log'>,
  child: string,
  begun: Parameters<typeof requestUpgrade>[0],
  cause: Metadata,
): Promise<void> {
  const outcome = await log.execute(upgradeAggregate, child, requestUpgrade(begun), cause)
  if (!isCarriedOut(outcome)) throw new Contended(child)
}

/**
 * Starts a child of an upgrade: it takes back what the family changed, or tries the failed ones again; all of them, or one target. What
 * must refuse it is found before anything is appended. Then the root of the family notes it, which decides whether it may be; then its
 * stream begins, and whoever finds it noted and not begun begins it. Throws Contended.
 */
export async function startChild(
  services: PlanningServices,
  { child: named, idempotency, rollout, ...asked }: ChildAsked,
  correlation: string,
): Promise<ChildResult> {
  const { log, now } = services
  const [family, { state: asker }] = await Promise.all([
    familyOf(log, asked.parent),
    log.load(upgradeAggregate, asked.parent),
  ])
  if (!family || !exists(asker)) return notFound
  const command = inFamily(asked, asker, family.root)
  if ('rejected' in command) return command
  const parent = command.parent === family.root ? family.state : asker
  const child = named ?? randomUUID()
  const { kind, by, target = null } = command
  const request = requestOfChild(command, parent, instantOf(now()))
  const known = family.children.some((present) => present.child === child)
  const siblings = siblingsOf(family)
  const found = known
    ? undefined
    : await prospectOfChild(services, command, { parent, family, siblings }, request)
  if (found && 'rejected' in found) return found
  const cause: Metadata = { actor: by, correlation, causation: log.of(upgradeAggregate, asked.parent).name }
  const note = { child, kind, target, by, request, rollout, leftOut: found?.leftOut }
  const noted = await log.execute(
    upgradeAggregate,
    family.root,
    requestChild({ ...note, asked: command, siblings }),
    { ...cause, ...(idempotency && { idempotency }) },
  )
  if (noted.kind === 'contended') throw new Contended(family.root)
  if (!isCarriedOut(noted)) return { rejected: refusalOf(noted) }
  if (asked.parent !== family.root)
    await log.of(upgradeAggregate, asked.parent).carryOut(requestChild(note), cause)
  const planned = found?.plan && (await storePlan(services, found.plan, request, child))
  await beginChild(services, child, { request, by, planned, rollout }, cause)
  if (planned) await writePlan(services, child)
  const leftOut = known ? await notedLeftOut(log, family.root, child) : found?.leftOut
  const isPlanned = planOf((await log.load(upgradeAggregate, child)).state) !== null
  return { child, parent: command.parent, leftOut, planned: isPlanned }
}

/** Would a child of all take so many, by the counts, or be told from so many ends, that nobody waits until each is read? */
function isLarge(
  { kind, target, settings }: Pick<ChildCommand, 'kind' | 'target' | 'settings'>,
  { standing }: ExistingUpgrade,
  family: Family,
): boolean {
  if (target !== undefined) return false
  const { touched, told } = extentOf(family)
  const { failed, unreachable, skipped } = standing.counts
  const again = failed + unreachable + (settings?.skippedToo ? skipped : 0)
  return (kind === 'retry' ? again : touched) > inlineAtMost || told > lookedAtMost
}

async function prospectOfChild(
  services: PlanningServices,
  command: ChildCommand,
  {
    parent,
    family,
    siblings,
  }: { readonly parent: ExistingUpgrade; readonly family: Family; readonly siblings: readonly Sibling[] },
  request: UpgradeRequest,
): Promise<
  | { readonly plan: Plan | undefined; readonly leftOut: LeftOut | undefined }
  | { readonly rejected: Rejection; readonly leftOut?: LeftOut | undefined }
> {
  if (!planOf(parent))
    return {
      rejected: {
        code: command.kind === 'retry' ? 'nothing-to-retry' : 'nothing-to-roll-back',
        detail: hasEnded(parent)
          ? 'The upgrade has ended without a plan: it has touched nothing.'
          : 'The upgrade has not touched anything yet: abort it instead.',
      },
    }
  const refused = refuseSibling(command, siblings)
  if (refused) return refused
  if (isLarge(command, parent, family)) return { plan: undefined, leftOut: undefined }
  const prospect = await prospectOf(services, request, { candidates: inlineAtMost, looked: lookedAtMost })
  if ('large' in prospect) return { plan: undefined, leftOut: undefined }
  if ('plan' in prospect) return { plan: prospect.plan, leftOut: leftOutOf(prospect.plan.leftOut) }
  const leftOut = leftOutOf(prospect.leftOut)
  return { rejected: nothingToDo(command, prospect.rejected, leftOut), leftOut }
}

/**
 * Returns why the rollback of a family would take nothing back, with whom it would leave out; undefined: it would take something, or nobody knows yet, as
 * something has begun that has not ended, or they are too many to be looked at while somebody waits.
 */
export async function nothingTakenBack(
  services: PlanningServices,
  asked: ChildCommand,
  family: Family,
): Promise<{ readonly rejected: Rejection; readonly leftOut?: LeftOut | undefined } | undefined> {
  if (isLarge({ ...asked, kind: 'rollback' }, family.state, family)) return undefined
  const touched = [...(await touchedBy(services.log, family)).values()]
  if (touched.length > inlineAtMost) return undefined
  const open = touched.flatMap(({ target, inFlight }) => (inFlight ? [target] : []))
  if (!(await areOnlyOffered(services.log, family, open))) return undefined
  if (touched.length === open.length) {
    const detail =
      'No target runs anything else for it: none has begun, or those that have took it back by themselves.'
    return { rejected: { code: 'nothing-to-roll-back', detail } }
  }
  const command: ChildCommand = { ...asked, parent: family.root, kind: 'rollback' }
  const whole = requestOfChild(command, family.state, instantOf(services.now()))
  const targets = touched.flatMap(({ target, inFlight }) => (inFlight ? [] : [target]))
  const request = { ...whole, selection: { ...whole.selection, targets } }
  const prospect = await prospectOf(services, request, { candidates: inlineAtMost, looked: lookedAtMost })
  if (!('rejected' in prospect)) return undefined
  const leftOut = leftOutOf(prospect.leftOut)
  const rejected = nothingToDo(command, prospect.rejected, leftOut)
  return rejected.code === 'nothing-to-roll-back' ? { rejected, leftOut } : undefined
}

/** Others of the family that are at work admit nobody any more, once it is taken back. */
async function abortOthers(
  { log }: PlanningServices,
  { tries }: Family,
  upgrade: string,
  by: string,
  cause: Metadata,
): Promise<void> {
  for (const { id, state } of tries) {
    if (id === upgrade || hasEnded(state) || state.abort) continue
    const abort = { by, reason: `Upgrade ${upgrade}, of which it is part, is taken back.`, rollBack: false }
    await log.of(upgradeAggregate, id).carryOut(abortUpgrade(abort), cause)
  }
}

/**
 * Starts the rollback that the abort of an upgrade asked for, or finds that of its family at work. Returns false where there is none, as the
 * family has changed nobody. It is never refused: one that whoever asked was told of begins all the same, and says itself that there is
 * nothing to take back, or whom it leaves out. Throws Contended.
 */
export async function startOwnRollback(services: PlanningServices, upgrade: string): Promise<boolean> {
  const { log, now } = services
  const family = await familyOf(log, upgrade)
  const { state } = await log.load(upgradeAggregate, upgrade)
  if (!family || !exists(state)) return false
  const { by = systemActor, reason, breakGlass, rollback } = state.abort ?? {}
  const cause: Metadata = {
    actor: by,
    correlation: upgrade,
    causation: log.of(upgradeAggregate, upgrade).name,
  }
  await abortOthers(services, family, upgrade, by, cause)
  const living = siblingsOf(family).find(
    ({ kind, target, lives, ...one }) =>
      lives && kind === 'rollback' && target === null && (breakGlass === undefined || one.breakGlass),
  )
  if (!living && !rollback && (await touchedBy(log, family)).size === 0) return false
  const child = living?.child ?? rollback?.child ?? ownRollback(upgrade)
  const command: ChildCommand = {
    ...{ parent: family.root, kind: 'rollback', by },
    ...(reason !== undefined && { reason }),
    ...(breakGlass !== undefined && { breakGlass }),
    ...(rollback && { settings: rollback.settings }),
  }
  const request = requestOfChild(command, family.state, instantOf(now()))
  const note = requestChild({ child, kind: 'rollback', target: null, by, request })
  for (const id of new Set([family.root, upgrade])) await log.of(upgradeAggregate, id).carryOut(note, cause)
  if (living) return true
  await beginChild(services, child, { request, by }, cause)
  await writePlan(services, child)
  return true
}
