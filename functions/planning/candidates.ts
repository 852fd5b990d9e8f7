import type { UpgradeRequest } from '../../events/upgrade.ts'
import { type Candidate, candidateOf, selects, unreadable } from '../domain/plan/candidate.ts'
import { namesIn } from '../domain/plan/named.ts'
import type { Unmatched } from '../domain/plan/warnings.ts'
import { wayBack } from '../domain/plan/way-back.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { isFor, standingIn } from '../domain/profile/targeting.ts'
import type { TargetState } from '../domain/target/state.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { exists, planOf } from '../domain/upgrade/state.ts'
import { membersToRetry } from '../facts/child-members.ts'
import { familyOf, idsOf, touchedBy } from '../facts/family.ts'
import { planMembers } from '../facts/plan-members.ts'
import { readableTarget } from '../facts/readable-target.ts'
import { targetingFacts } from '../facts/targeting.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'
import type { Look } from './look.ts'

interface Services {
  readonly log: Log
  readonly views: Views
}

/** So many members of a parent are read before the next are. */
const batch = 256

/** The targets that a request names one by one, as far as they are registered. */
export type Named = ReadonlyMap<string, Candidate>

/** Does somebody ask for targets, by names and filters? Children and profiles find theirs otherwise. */
export function choosesTargets({ parent, selection }: UpgradeRequest): boolean {
  return parent === null && selection.profile === undefined
}

/** Reads the targets that a request names, and its canaries, from their streams: one that was registered a moment ago is among them. */
export async function namedIn({ log }: Services, { component, selection }: UpgradeRequest): Promise<Named> {
  const read = await sideBySide(namesIn(selection), atOnce.targets, async (target) => {
    const state = await readableTarget(log, target)
    if (!state) return [[target, unreadable(target)] as const]
    return state.registered ? [[target, candidateOf(target, state, component)] as const] : []
  })
  return new Map(read.flat())
}

/**
 * Yields the targets that a request is about; `unmatched` is shown all that were looked at, and `look` is what goes through them. A view may lag, which costs nothing: assigning
 * asks each target's stream again.
 */
export function candidatesOf(
  services: Services,
  request: UpgradeRequest,
  named: Named,
  unmatched: Unmatched,
  look: Look,
): AsyncIterable<Candidate> | Iterable<Candidate> {
  const { parent, selection } = request
  if (parent !== null) return candidatesOfChild(services, parent, request)
  if (selection.profile !== undefined) return candidatesOfProfile(services, selection.profile, request, look)
  return selection.targets
    ? candidatesNamed(request, selection.targets, named, unmatched)
    : candidatesSelected(request, named, unmatched, look)
}

/** Those that are named and that other parts of the selection do not mean are left out by name. */
function* candidatesNamed(
  { selection }: UpgradeRequest,
  targets: readonly string[],
  named: Named,
  unmatched: Unmatched,
): Generator<Candidate> {
  for (const target of new Set(targets)) {
    const candidate = named.get(target)
    if (!candidate) continue
    unmatched.show(candidate)
    yield selects(selection, candidate) ? candidate : { ...candidate, excluded: 'not_selected' }
  }
}

/** Who runs nothing of the component is nobody's candidate, but for canaries, which somebody has named. */
async function* candidatesSelected(
  { component, selection }: UpgradeRequest,
  named: Named,
  unmatched: Unmatched,
  look: Look,
): AsyncGenerator<Candidate> {
  for (const candidate of named.values()) {
    unmatched.show(candidate)
    yield candidate
  }
  for await (const row of look.targets()) {
    const candidate = candidateOf(row.id, row, component)
    unmatched.show(candidate)
    if (candidate.from !== null && !named.has(row.id) && selects(selection, candidate)) yield candidate
  }
}

/** Whom a profile takes into the upgrade of one component, and whom it leaves out with the reason. */
async function* candidatesOfProfile(
  services: Services,
  profile: string,
  { component, selection }: UpgradeRequest,
  look: Look,
): AsyncGenerator<Candidate> {
  const { definition } = (await services.log.load(profileAggregate, profile)).state
  if (!definition) return
  const facts = await targetingFacts(services, profile, definition)
  for await (const row of look.targets()) {
    if (!isFor(definition, component, row) || !selects(selection, candidateOf(row.id, row, component)))
      continue
    const standing = standingIn(profile, definition, row, facts)
    if (standing === undefined) continue
    const membership = Object.hasOwn(row.memberships, profile) ? row.memberships[profile] : undefined
    const hours = membership?.override.maintenance_window_hours ?? null
    yield {
      ...candidateOf(row.id, row, component),
      ...(standing === 'member'
        ? hours !== null && { hours }
        : standing !== 'retired' && { excluded: standing }),
    }
  }
}

/** The targets of a child, each read from its own stream. */
async function* candidatesOfChild(
  { log }: Services,
  parent: string,
  request: UpgradeRequest,
): AsyncGenerator<Candidate> {
  const { kind, component, selection, skippedToo } = request
  const { state } = await log.load(upgradeAggregate, parent)
  const plan = planOf(state)
  if (!plan || !exists(state) || kind === 'deploy') return
  const again = kind === 'retry' || state.request.kind === 'rollback'
  const failed = again ? await membersToRetry(log, parent, { skippedToo: skippedToo === true }) : []
  const named = new Map(
    [...(await planMembers(log, plan.planHash, failed)).values()].map((member) => [member.target, member]),
  )
  const isMeant = ({ target }: { readonly target: string }) => selection.targets?.includes(target) ?? true
  if (kind === 'retry') {
    const meant = [...named.values()].filter(isMeant)
    yield* inBatches(log, meant, ({ target }, state) => candidateOf(target, state, component))
    return
  }
  const family = await familyOf(log, parent)
  if (!family) return
  const ids = idsOf(family)
  const touched = [...(await touchedBy(log, family)).values()].filter(isMeant)
  const taken = again ? touched.filter(({ target }) => named.has(target)) : touched
  yield* inBatches(log, taken, (one, target) => {
    const membership = target.memberships[selection.profile ?? '']
    const unwanted = membership?.override.rollback_on_failure === false
    const candidate = wayBack(one, target, component, ids)
    return unwanted ? { ...candidate, excluded: 'rollback_unwanted' as const } : candidate
  })
}

/** Yields each as a candidate by its stream. One that cannot be read is left out, and takes no other back or anew with it. */
async function* inBatches<Item extends { readonly target: string }>(
  log: Log,
  items: readonly Item[],
  toCandidate: (item: Item, state: TargetState) => Candidate,
): AsyncGenerator<Candidate> {
  const read = async (item: Item) => {
    const { target } = item
    const state = await readableTarget(log, target)
    return state ? toCandidate(item, state) : unreadable(target)
  }
  for (let from = 0; from < items.length; from += batch)
    yield* await sideBySide(items.slice(from, from + batch), atOnce.targets, read)
}
