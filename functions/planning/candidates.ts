import type { UpgradeRequest } from '../../events/upgrade.ts'
import { type Candidate, candidateOf, selects } from '../domain/plan/candidate.ts'
import { namesIn } from '../domain/plan/named.ts'
import type { Unmatched } from '../domain/plan/warnings.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { confirmedBefore } from '../domain/target/state.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { planOf } from '../domain/upgrade/state.ts'
import { membersForChild } from '../facts/child-members.ts'
import { planMembers } from '../facts/plan-members.ts'
import { targetingOf } from '../facts/targeting.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'

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
    const { state } = await log.load(targetAggregate, target)
    return state.registered ? [[target, candidateOf(target, state, component)] as const] : []
  })
  return new Map(read.flat())
}

/**
 * Yields the targets that a request is about; `unmatched` is shown all that were looked at. A view may lag, which costs nothing: assigning
 * asks each target's stream again.
 */
export function candidatesOf(
  services: Services,
  request: UpgradeRequest,
  named: Named,
  unmatched: Unmatched,
): AsyncIterable<Candidate> | Iterable<Candidate> {
  const { parent, selection, component } = request
  if (parent !== null) return candidatesOfChild(services, parent, request)
  if (selection.profile !== undefined) return candidatesOfProfile(services, selection.profile, component)
  return selection.targets
    ? candidatesNamed(request, selection.targets, named, unmatched)
    : candidatesSelected(services, request, named, unmatched)
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
  { views }: Services,
  { component, selection }: UpgradeRequest,
  named: Named,
  unmatched: Unmatched,
): AsyncGenerator<Candidate> {
  for (const candidate of named.values()) {
    unmatched.show(candidate)
    yield candidate
  }
  for await (const row of views.everyTarget()) {
    const candidate = candidateOf(row.id, row, component)
    unmatched.show(candidate)
    if (candidate.from !== null && !named.has(row.id) && selects(selection, candidate)) yield candidate
  }
}

/** Whom a profile takes into the upgrade of one component, and whom it leaves out with the reason. */
async function* candidatesOfProfile(
  services: Services,
  profile: string,
  component: string,
): AsyncGenerator<Candidate> {
  const { definition } = (await services.log.load(profileAggregate, profile)).state
  if (!definition) return
  const rows = await Array.fromAsync(services.views.everyTarget())
  const { members, leftOut } = await targetingOf(services, profile, definition, rows)
  const byId = new Map(rows.map((row) => [row.id, row]))
  for (const member of members) {
    const row = byId.get(member.target)
    const { maintenance_window_hours: hours } = member.override
    if (row && member.component === component)
      yield { ...candidateOf(row.id, row, component), ...(hours !== null && { hours }) }
  }
  for (const { target, reason } of leftOut) {
    const row = byId.get(target)
    if (!row || (definition.upgrade_settings.component ?? row.facts.type) !== component) continue
    yield { ...candidateOf(row.id, row, component), ...(reason !== 'retired' && { excluded: reason }) }
  }
}

/** The targets of a child: those of its parent that it is about, each read from its own stream. */
async function* candidatesOfChild(
  { log }: Services,
  parent: string,
  { kind, component, selection }: UpgradeRequest,
): AsyncGenerator<Candidate> {
  const plan = planOf((await log.load(upgradeAggregate, parent)).state)
  if (!plan || kind === 'deploy') return
  const members = await planMembers(log, plan.planHash, await membersForChild(log, parent, kind))
  const chosen = [...members.values()].filter(({ target }) => selection.targets?.includes(target) ?? true)
  for (let from = 0; from < chosen.length; from += batch) {
    yield* await sideBySide(chosen.slice(from, from + batch), atOnce.targets, async (member) => {
      const { state } = await log.load(targetAggregate, member.target)
      const membership = state.memberships[selection.profile ?? '']
      const unwanted = membership?.override.rollback_on_failure === false
      // A target keeps its last attempts only; what the parent's plan saw is the same version.
      const to = confirmedBefore(state, parent, component) ?? member.from
      return {
        ...candidateOf(member.target, state, component),
        to,
        ...(unwanted && { excluded: 'rollback_unwanted' as const }),
      }
    })
  }
}
