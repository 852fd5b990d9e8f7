import { instantOf } from '../../events/time.ts'
import type { Closure } from '../domain/policy/closure.ts'
import type { ReleaseState } from '../domain/release/release.ts'
import { releaseAggregate, releaseId } from '../domain/release/release.ts'
import { type Bound, bindingOf, environmentOf } from '../domain/rules/binding.ts'
import { environmentsOf, type Unmet, unmetRules } from '../domain/rules/judge.ts'
import { type Policy, rulesAggregate, upgradeRules } from '../domain/rules/rules.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { hasEnded } from '../domain/upgrade/state.ts'
import { sameVersion } from '../domain/version/identity.ts'
import type { Log } from '../log/log.ts'
import { closuresOf } from './closures.ts'

/** The policies that bind an upgrade, and as which commit of their stream they were read. */
export interface Binding {
  readonly version: number
  readonly policies: readonly Policy[]
}

/** Of what no policy is asked about. */
export const noBinding: Binding = { version: 0, policies: [] }

/** Returns the policies that bind an upgrade now, read strongly. */
export async function bindingNow(log: Log, bound: Bound): Promise<Binding> {
  const { state, commit } = await log.load(rulesAggregate, upgradeRules)
  return { version: commit, policies: bindingOf(state.policies, bound) }
}

/** Returns when the calendars of policies are closed in `[from, to)`, each closing with whose it is; both are ISO instants. */
export async function freezesOf(
  log: Log,
  policies: readonly Policy[],
  from: string,
  to: string,
): Promise<Closure[]> {
  const found = policies.map(async ({ name, document: { freezes } }) => {
    const closures = await closuresOf(log, freezes, from, to)
    return closures.map((closure) => ({ ...closure, why: `${closure.why}, by policy ${name}` }))
  })
  return (await Promise.all(found)).flat()
}

/** Returns the rules that an upgrade to a version does not meet now, by its release, read strongly. */
export async function unmetNow(
  { log, now }: { readonly log: Log; now(): number },
  policies: readonly Policy[],
  { kind, component }: Bound,
  version: string,
): Promise<Unmet[]> {
  if (policies.length === 0) return []
  const { state } = await log.load(releaseAggregate, releaseId(component, version))
  return unmetBy(log, policies, { kind, component }, state, instantOf(now()))
}

/** The same of a release that was just read. */
export async function unmetBy(
  log: Log,
  policies: readonly Policy[],
  { kind, component }: Pick<Bound, 'kind' | 'component'>,
  release: ReleaseState,
  now: string,
): Promise<Unmet[]> {
  const proven = await provenIn(log, release, environmentsOf(policies))
  return unmetRules(policies, { kind, component, release, proven }, now)
}

/** Returns since when a release is proven in environments: those of its upgrades there are asked that it names. */
async function provenIn(
  log: Log,
  release: ReleaseState,
  environments: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const proven = new Map<string, string>()
  const noted = release.tested.filter(({ environment }) => environments.has(environment))
  const ends = await Promise.all(
    noted.map(({ environment, upgrade }) => provenSince(log, release, environment, upgrade)),
  )
  for (const [place, since] of ends.entries()) {
    const { environment = '' } = noted[place] ?? {}
    const before = proven.get(environment)
    if (since !== null && (before === undefined || since < before)) proven.set(environment, since)
  }
  return proven
}

/** Returns since when an upgrade proves a release in an environment; null: it does not, or nothing of it does any more. */
async function provenSince(
  log: Log,
  { component, version }: ReleaseState,
  environment: string,
  upgrade: string,
): Promise<string | null> {
  const { state } = await log.load(upgradeAggregate, upgrade)
  if (!hasEnded(state) || state.standing.status !== 'completed' || state.request.kind !== 'deploy')
    return null
  const { request, plan, standing, children, childrenBefore } = state
  const same = request.component === component && plan !== null && sameVersion(plan.version, version)
  if (!same || environmentOf(request.selection.tags) !== environment) return null
  // Of many children it is not known any more what they were for.
  const takenBack = childrenBefore > 0 || children.some(({ kind }) => kind === 'rollback')
  return takenBack || standing.counts.succeeded === 0 ? null : standing.endedAt
}
