import type { FamilyIds, Touched } from '../domain/plan/way-back.ts'
import { freezePolicy, policyAggregate } from '../domain/policy/policy.ts'
import { releaseAggregate, releaseId } from '../domain/release/release.ts'
import { isUnpublished } from '../domain/release/trusted.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { confirmedBefore } from '../domain/target/state.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { type Sibling, takeForChild } from '../domain/upgrade/children.ts'
import { membersInFlight } from '../domain/upgrade/chunks.ts'
import { eachMember } from '../domain/upgrade/members.ts'
import type { Relatives } from '../domain/upgrade/possible.ts'
import {
  type Child,
  type ExistingUpgrade,
  exists,
  hasEnded,
  isPlanned,
  planOf,
  type UpgradeState,
} from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import { membersToRetry } from './child-members.ts'
import { childrenOf } from './children-of.ts'
import { planMembers } from './plan-members.ts'

/** An upgrade of a family that tries its version. */
export interface Try {
  readonly id: string
  readonly state: ExistingUpgrade
}

/** A child that was noted. Its own stream may not have begun yet. */
export interface KnownChild extends Child {
  readonly state: UpgradeState
}

/** An upgrade that nobody's child is, with all that tries its version again or takes it back (design: #children). */
export interface Family {
  readonly root: string
  readonly state: ExistingUpgrade
  /** All that the root's stream names. */
  readonly children: readonly KnownChild[]
  /** The root and its retries, in the order in which they were asked for. */
  readonly tries: readonly Try[]
}

/** Returns the family of an upgrade; undefined where there is no such upgrade. */
export async function familyOf(log: Log, upgrade: string): Promise<Family | undefined> {
  const { state } = await log.load(upgradeAggregate, upgrade)
  if (!exists(state)) return undefined
  if (state.request.parent !== null) return familyOf(log, state.request.parent)
  const children = await sideBySide(
    await childrenOf(log, upgrade, state),
    atOnce.upgrades,
    async (child) => ({
      ...child,
      state: (await log.load(upgradeAggregate, child.child)).state,
    }),
  )
  const retries = children.flatMap(({ child, kind, state: known }) =>
    kind === 'retry' && exists(known) ? [{ id: child, state: known }] : [],
  )
  return { root: upgrade, state, children, tries: [{ id: upgrade, state }, ...retries] }
}

/** Returns the children of a family as far as one may stand in the way of another. */
export function siblingsOf({ children }: Pick<Family, 'children'>): Sibling[] {
  return children.map(({ state, ...child }) => ({
    ...child,
    lives: !hasEnded(state),
    breakGlass: exists(state) && state.request.breakGlass,
    effective: !hasEnded(state) || state.standing.wave >= 0,
  }))
}

/** Returns the ids of a family's upgrades, by what they do. */
export function idsOf({ tries, children }: Family): FamilyIds {
  const rollbacks = children.filter(({ kind }) => kind === 'rollback')
  return {
    tries: new Set(tries.map(({ id }) => id)),
    rollbacks: new Set(rollbacks.map(({ child }) => child)),
  }
}

/** Returns the members of a try that it changed, or may have, and those of whom nobody knows yet. */
async function membersTouched(log: Log, upgrade: string) {
  const touched = new Set<number>()
  const inFlight = new Set<number>()
  const told = log
    .of(upgradeAggregate, upgrade)
    .events({ consistent: true }, ['TargetsAdmitted', 'OutcomesRecorded'])
  for await (const { event } of told) {
    if (event.type === 'OutcomesRecorded') {
      takeForChild('rollback', touched, event)
      for (const { member } of event.data.outcomes) inFlight.delete(member)
      continue
    }
    const { members, retried, readmitted } = event.data
    for (const member of eachMember([...members, ...retried, ...readmitted])) inFlight.add(member)
  }
  return { touched, inFlight }
}

/** Returns how many targets the tries of a family have changed at least, and how many ends would have to be read to tell all of them; by their counts alone. */
export function extentOf({ tries }: Pick<Family, 'tries'>): {
  readonly touched: number
  readonly told: number
} {
  const counts = tries.map(({ state }) => state.standing.counts)
  return {
    // Another try takes some of those whom the first one took.
    touched: Math.max(...counts.map(({ succeeded }) => succeeded)),
    told: counts.reduce((sum, one) => sum + one.succeeded + one.failed + one.unreachable + one.inFlight, 0),
  }
}

/** Returns every target that a family changed, or may have, by its id (design: #children). */
export async function touchedBy(log: Log, { tries }: Family): Promise<ReadonlyMap<string, Touched>> {
  const found = new Map<string, Touched>()
  for (const { id, state } of tries) {
    const plan = planOf(state)
    if (!plan) continue
    const { touched, inFlight } = await membersTouched(log, id)
    const all = [...new Set([...touched, ...inFlight])].sort((left, right) => left - right)
    for (const [member, { target, from, to }] of await planMembers(log, plan.planHash, all)) {
      const known = found.get(target)
      const present = { inFlight: inFlight.has(member) || known?.inFlight === true }
      found.set(target, { target, from: known?.from ?? from, to, ...present })
    }
  }
  return found
}

/** Are all of these offered, and accepted by nobody yet? Then whoever aborts has them withdrawn. */
export async function areOnlyOffered(
  log: Log,
  { tries }: Family,
  targets: readonly string[],
): Promise<boolean> {
  const ours = new Set(tries.map(({ id }) => id))
  const offered = await sideBySide(targets, atOnce.targets, async (target) => {
    const { active } = (await log.load(targetAggregate, target)).state
    return active !== null && ours.has(active.upgrade) && active.acceptedAt === null
  })
  return offered.every(Boolean)
}

/** So many targets are asked where they go back to; where nobody of so many can, others may. */
const lookedAtMost = 500

/**
 * Returns what finds out whether any member of a try can go back to what it ran, which stops at the first (design: #children); undefined: whoever was
 * changed can.
 */
async function goingBack(log: Log, { tries, state: { request } }: Family) {
  const { component } = request
  const { state: policy } = await log.load(policyAggregate, freezePolicy)
  if (policy.unsigned === 'allowed' || request.procedure) return undefined
  const ids = new Set(tries.map(({ id }) => id))
  const unpublished = new Map<string, boolean>()
  let looked = 0
  const isOpen = async (version: string) => {
    const known = unpublished.get(version)
    if (known !== undefined) return !known
    const { state } = await log.load(releaseAggregate, releaseId(component, version))
    unpublished.set(version, isUnpublished(state, policy, request))
    return !unpublished.get(version)
  }
  return async (planHash: string, members: readonly number[]): Promise<boolean> => {
    if (members.length === 0) return false
    for (const { target, from } of (await planMembers(log, planHash, members)).values()) {
      if ((await isOpen(from)) || looked++ >= lookedAtMost) return true
      const { state } = await log.load(targetAggregate, target)
      const confirmed = confirmedBefore(state, ids, component)
      if (confirmed !== null && (await isOpen(confirmed))) return true
    }
    return false
  }
}

/** Has a try of a family changed anybody who can go back? Who succeeded was changed; where that is not enough, its stream is read to the first. */
async function hasTouched(log: Log, family: Family): Promise<boolean> {
  const anyGoesBack = await goingBack(log, family)
  if (!anyGoesBack && family.tries.some(({ state }) => state.standing.counts.succeeded > 0)) return true
  for (const { id, state } of family.tries) {
    const plan = planOf(state)
    if (!plan) continue
    const ends = log.of(upgradeAggregate, id).events({ consistent: true }, ['OutcomesRecorded'])
    for await (const { event } of ends) {
      const touched = new Set<number>()
      takeForChild('rollback', touched, event)
      if (anyGoesBack ? await anyGoesBack(plan.planHash, [...touched]) : touched.size > 0) return true
    }
  }
  return false
}

/** Was all that a family has touched taken back: by a rollback that left nobody out, ended well, and was asked for when all tries had ended? */
function isTakenBack({ children, tries }: Family): boolean {
  return children.some(({ kind, target, state }) => {
    if (kind !== 'rollback' || target !== null || !exists(state)) return false
    const leftOut = Object.keys(planOf(state)?.leftOut ?? {})
    const hadEnded = tries.every(({ state: { standing } }) => (standing.endedAt ?? '~') <= state.requestedAt)
    return state.standing.status === 'completed' && leftOut.length === 0 && hadEnded
  })
}

/** May anybody have begun who is in flight? Where they are more than are looked at while somebody waits, they may. */
async function mayHaveBegun(log: Log, family: Family): Promise<boolean> {
  const inFlight = family.tries.reduce((sum, { state }) => sum + state.standing.counts.inFlight, 0)
  if (inFlight === 0 || inFlight > atOnce.targets) return inFlight > 0
  const open = await sideBySide(family.tries, atOnce.upgrades, async ({ state }) => {
    if (!isPlanned(state)) return []
    const members = membersInFlight(state.chunks).map(({ member }) => member)
    return [...(await planMembers(log, state.plan.planHash, members)).values()].map(({ target }) => target)
  })
  return !(await areOnlyOffered(log, family, open.flat()))
}

/** So many ends are read for whoever only asks what may be asked for; of more that nobody is left to be tried again is found when that is asked for. */
const endsReadAtMost = 10_000

/** Is anybody left to be tried again, the skipped ones included? By the counts; only where they do not tell, the stream is read to the first. */
async function mayBeTriedAgain(log: Log, upgrade: string, { standing }: ExistingUpgrade): Promise<boolean> {
  const { succeeded, failed, unreachable, skipped, rolledBack } = standing.counts
  if (unreachable + skipped + rolledBack > 0) return true
  if (failed === 0 || succeeded + failed > endsReadAtMost) return failed > 0
  return (await membersToRetry(log, upgrade, { atMost: 1 })).length > 0
}

/** Returns what of its family decides what may be asked of an upgrade. One whose parent is not in the log has none, and can have no child. */
export async function relativesOf(
  log: Log,
  upgrade: string,
  state: ExistingUpgrade,
  family: Family | undefined,
): Promise<Relatives> {
  if (!family) return { root: upgrade, siblings: [], tries: [], touched: false, again: false }
  const { root, tries } = family
  const touched =
    !isTakenBack(family) && ((await hasTouched(log, family)) || (await mayHaveBegun(log, family)))
  const again = await mayBeTriedAgain(log, upgrade, state)
  return { root, siblings: siblingsOf(family), tries, touched, again }
}
