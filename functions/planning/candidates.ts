import type { UpgradeRequest } from '../../events/upgrade.ts'
import { type Candidate, candidateOf, selects } from '../domain/plan/candidate.ts'
import { wayBack } from '../domain/plan/way-back.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { exists, planOf } from '../domain/upgrade/state.ts'
import { membersToRetry } from '../facts/child-members.ts'
import { familyOf, idsOf, touchedBy } from '../facts/family.ts'
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

/** So many targets named one by one are read from their streams; more, or a selection by filters, come from the view. */
const readStrongly = 100
/** So many members of a parent are read before the next are. */
const batch = 256

/**
 * Yields the targets that a request is about. A view may lag, which costs nothing: assigning asks each target's stream again.
 */
export function candidatesOf(services: Services, request: UpgradeRequest): AsyncGenerator<Candidate> {
  const { parent, selection, component } = request
  if (parent !== null) return candidatesOfChild(services, parent, request)
  if (selection.profile !== undefined) return candidatesOfProfile(services, selection.profile, component)
  return candidatesSelected(services, request)
}

/** Those that are named and do not exist run nothing: the plan says that they are left out. */
async function* candidatesSelected(
  { log, views }: Services,
  { component, selection }: UpgradeRequest,
): AsyncGenerator<Candidate> {
  const fromLog = (targets: readonly string[]) =>
    sideBySide(targets, atOnce.targets, async (target) =>
      candidateOf(target, (await log.load(targetAggregate, target)).state, component),
    )
  const named = selection.targets && [...new Set(selection.targets)]
  if (named && named.length <= readStrongly) {
    yield* (await fromLog(named)).filter((candidate) => selects(selection, candidate))
    return
  }
  const missing = new Set(named)
  for await (const row of views.everyTarget()) {
    const candidate = candidateOf(row.id, row, component)
    if (candidate.from === null) continue
    missing.delete(row.id)
    if (selects(selection, candidate)) yield candidate
  }
  // Registered a moment ago: the view does not know it yet, the log does. Or it runs other components, or nothing of it exists.
  yield* (await fromLog([...missing])).filter((candidate) => selects(selection, candidate))
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
  const failed = again ? await membersToRetry(log, parent, skippedToo) : []
  const named = new Map(
    [...(await planMembers(log, plan.planHash, failed)).values()].map((member) => [member.target, member]),
  )
  const isMeant = ({ target }: { readonly target: string }) => selection.targets?.includes(target) ?? true
  if (kind === 'retry') {
    const meant = [...named.values()].filter(isMeant)
    yield* inBatches(meant, async ({ target }) =>
      candidateOf(target, (await log.load(targetAggregate, target)).state, component),
    )
    return
  }
  const family = await familyOf(log, parent)
  if (!family) return
  const ids = idsOf(family)
  const touched = [...(await touchedBy(log, family)).values()].filter(isMeant)
  const taken = again ? touched.filter(({ target }) => named.has(target)) : touched
  yield* inBatches(taken, async (one) => {
    const { state: target } = await log.load(targetAggregate, one.target)
    const membership = target.memberships[selection.profile ?? '']
    const unwanted = membership?.override.rollback_on_failure === false
    const candidate = wayBack(one, target, component, ids)
    return unwanted ? { ...candidate, excluded: 'rollback_unwanted' as const } : candidate
  })
}

async function* inBatches<Item>(
  items: readonly Item[],
  read: (item: Item) => Promise<Candidate>,
): AsyncGenerator<Candidate> {
  for (let from = 0; from < items.length; from += batch)
    yield* await sideBySide(items.slice(from, from + batch), atOnce.targets, read)
}
