import type { UpgradeRequest } from '../../events/upgrade.ts'
import { type Candidate, candidateOf, selects } from '../domain/plan/candidate.ts'
import { type LeftOut, whyLeftOut } from '../domain/plan/plan.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { isFor, standingIn } from '../domain/profile/targeting.ts'
import { targetAggregate } from '../domain/target/aggregate.ts'
import type { TargetState } from '../domain/target/state.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import type { LeftOut as NotedLeftOut } from '../domain/upgrade/children.ts'
import { type AcceptedPlan, type ExistingUpgrade, planOf } from '../domain/upgrade/state.ts'
import { isMoving } from '../domain/version/scheme.ts'
import type { Log } from '../log/log.ts'
import type { Views } from '../views/views.ts'
import { asOf } from './as-of.ts'
import { entitledAmong } from './entitlement.ts'
import { familyOf } from './family.ts'
import { belowMinimum, newerThan, releaseFor } from './release.ts'
import { targetingFacts } from './targeting.ts'

interface Services {
  readonly log: Log
  readonly views: Views
}

type Why = Pick<LeftOut, 'detail'> & { readonly reason: string }

/** Returns whom the plan of a child leaves out, as the stream that noted it says: how many for each reason, and the first of them by name. */
export async function notedLeftOut(log: Log, root: string, child: string): Promise<NotedLeftOut | undefined> {
  for await (const { event } of log
    .of(upgradeAggregate, root)
    .events({ consistent: true }, ['ChildRequested']))
    if (event.data.child === child) return event.data.leftOut
  return undefined
}

/**
 * Returns why the plan of an upgrade has no place for a target: by the planner's own rules, over what the log said when it was planned, so that nothing
 * has to be kept of thousands who were left out. Undefined: the log does not say. What only the views knew then (who was heard of, what canaries had
 * taken) is not in it. `now`: by what it says at that instant instead, as another plan of it would.
 */
export async function leftOutOf(
  services: Services,
  target: string,
  upgrade: string,
  state: ExistingUpgrade,
  now?: string,
): Promise<Why | undefined> {
  const plan = planOf(state)
  if (!plan) return undefined
  if (state.request.parent !== null) return leftOutOfChild(services.log, target, upgrade)
  const at = now ?? (await plannedAt(services.log, upgrade))
  if (at === undefined) return undefined
  const past = { ...services, log: asOf(services.log, at), now: () => Date.parse(at) }
  const { state: known } = await past.log.load(targetAggregate, target)
  if (!known.registered) return { reason: 'not_registered' }
  const candidate = await candidateIn(past, target, known, state.request)
  if (candidate === undefined) return { reason: 'not_selected' }
  return whyOf(past, state.request, plan, candidate)
}

async function leftOutOfChild(log: Log, target: string, upgrade: string): Promise<Why | undefined> {
  const family = await familyOf(log, upgrade)
  const noted = family && (await notedLeftOut(log, family.root, upgrade))
  return noted?.first.find((one) => one.target === target)
}

async function plannedAt(log: Log, upgrade: string): Promise<string | undefined> {
  for await (const { at } of log
    .of(upgradeAggregate, upgrade)
    .events({ consistent: true }, ['UpgradePlanned']))
    return at
  return undefined
}

/** Returns a target as a candidate of a request; undefined: it is not meant. */
async function candidateIn(
  services: Services,
  target: string,
  state: TargetState,
  { component, selection }: UpgradeRequest,
): Promise<Candidate | undefined> {
  const candidate = candidateOf(target, state, component)
  const { profile } = selection
  if (!selects(selection, candidate)) return undefined
  if (profile === undefined) return candidate
  const { definition } = (await services.log.load(profileAggregate, profile)).state
  if (!definition || !state.facts) return undefined
  const known = { id: target, ...state, facts: state.facts }
  if (!isFor(definition, component, known)) return undefined
  const facts = await targetingFacts(services, profile, definition)
  const standing = standingIn(profile, definition, known, facts)
  if (standing === undefined) return undefined
  return standing === 'member' || standing === 'retired' ? candidate : { ...candidate, excluded: standing }
}

async function whyOf(
  services: Services & { now(): number },
  request: UpgradeRequest,
  { version, policyVersion }: AcceptedPlan,
  candidate: Candidate,
): Promise<Why | undefined> {
  const { log } = services
  const { component } = request
  const found = await releaseFor(services, component, version)
  const from = candidate.from === null ? [] : [candidate.from]
  const release = 'rejected' in found ? null : found.release
  if (!release) return undefined
  const licences = candidate.licence ? [candidate.licence] : []
  return whyLeftOut(candidate, {
    ...{ request, release, policyVersion },
    ...(isMoving(request.version) &&
      !request.allowDowngrade && { newer: await newerThan(log, component, release, from) }),
    tooOld: await belowMinimum(log, component, release, from),
    entitled: await entitledAmong(services, { component, channel: release.channel }, licences),
  })
}
