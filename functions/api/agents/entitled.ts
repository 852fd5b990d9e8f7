import type { agentContracts } from '../../../contracts/agents.ts'
import { sha256 } from '../../../events/canonical.ts'
import type { HeldLicence } from '../../../events/target.ts'
import { instantOf, minute } from '../../../events/time.ts'
import { boundedMapsBy } from '../../bounded-map.ts'
import { systemActor } from '../../domain/actor.ts'
import { type ComponentState, componentAggregate } from '../../domain/component/component.ts'
import {
  type LicenceState,
  licenceAggregate,
  needsLicence,
  termsEntitle,
} from '../../domain/licence/licence.ts'
import { type Compatibility, misfitOf } from '../../domain/release/compatibility.ts'
import { targetAggregate } from '../../domain/target/aggregate.ts'
import { withholdAttempt } from '../../domain/target/attempt.ts'
import { holdLicence } from '../../domain/target/licence.ts'
import { onlyComponent } from '../../domain/target/report.ts'
import type { TargetState } from '../../domain/target/state.ts'
import { entitlementOf } from '../../facts/entitlement.ts'
import type { Loaded, Log } from '../../log/log.ts'
import { isCarriedOut } from '../../log/outcome.ts'
import { sameSecret } from '../../same-secret.ts'
import type { Input } from '../http/answer.ts'
import type { Services } from '../services.ts'
import { spread } from './pace.ts'
import type { Reached } from './reach.ts'

type Asked = Input<(typeof agentContracts)['checkForUpdate']>

/** So long an instance takes what it has read of components and licences as it was, in milliseconds: what is handed over is judged anew. */
const knownFor = minute

interface Known {
  readonly at: number
  readonly state: Promise<ComponentState | LicenceState>
}

const knownBy = boundedMapsBy<Log, Known>(256)

/** Returns what was read under a name in the last minute, or reads it. */
function readSometimes<State extends ComponentState | LicenceState>(
  { log, now }: Pick<Services, 'log' | 'now'>,
  name: string,
  read: () => Promise<Loaded<State>>,
): Promise<State> {
  const all = knownBy(log)
  const before = all.get(name)
  // A name is always read in one way.
  if (before && now() - before.at < knownFor && now() >= before.at) return before.state as Promise<State>
  const state = read().then((loaded) => loaded.state)
  all.set(name, { at: now(), state })
  state.catch(() => all.delete(name))
  return state
}

function licenceKnown(services: Pick<Services, 'log' | 'now'>, id: string): Promise<LicenceState> {
  return readSometimes(services, `licence ${id}`, () => services.log.load(licenceAggregate, id))
}

/** Once a day, in an hour of its own, it is looked up what a target's licence entitles to: in between what is kept with the target says so, and costs no read. */
function isItsHour(target: string, now: number): boolean {
  return new Date(now).getUTCHours() === Math.floor(spread(target) * 24)
}

/** Returns a licence with what it entitles to; null: there is none, or it is revoked. */
async function licenceOf(services: Pick<Services, 'log' | 'now'>, id: string): Promise<HeldLicence | null> {
  const { terms, revoked } = await licenceKnown(services, id)
  return terms && revoked === null ? { id, ...terms } : null
}

/**
 * Returns the target after its agent has presented the key of a licence, and after what its licence entitles to was looked up again where that is due. A
 * key that entitles to nothing that the target runs is answered like one of no licence: both cost a read, nothing is kept of either, and the licence that the
 * target has is looked up as if no key had been presented.
 */
export async function afterPresenting(
  { principal, headers, correlation }: Asked,
  { target, loaded }: Reached,
  services: Pick<Services, 'log' | 'now'>,
): Promise<Loaded<TargetState>> {
  const { log, now } = services
  const { licence: held, components } = loaded.state
  const key = headers['x-license-key']
  const present = instantOf(now())
  const isOver = held !== null && held.expires !== null && held.expires <= present
  const isDue = held !== null && (isOver || isItsHour(target, now()))
  const presented = key === undefined ? undefined : sha256(key)
  const isAnother = presented !== undefined && !sameSecret(presented, held?.id)
  const another = isAnother ? await licenceOf(services, presented) : null
  const isUseful = Object.keys(components).some(
    (component) => another && termsEntitle(another, { component, channel: null }, present),
  )
  if (!isUseful && !isDue) return loaded
  const licence = isUseful ? another : held && (await licenceOf(services, held.id))
  const cause = { actor: principal.id, correlation }
  const outcome = await log.execute(targetAggregate, target, holdLicence(licence), cause, { from: loaded })
  // Who asks is answered all the same: the next check presents it again.
  return isCarriedOut(outcome) ? outcome.loaded : loaded
}

/** Why nothing is offered to a target, where it is for its licence; undefined: it is not. By what is kept with the target: nothing is read of its licence. */
export async function whyNothing(
  { headers }: Pick<Asked, 'headers'>,
  state: TargetState,
  services: Pick<Services, 'log' | 'now'>,
): Promise<'not_entitled' | undefined> {
  const component = headers['x-component'] ?? onlyComponent(state)
  if (component === undefined) return undefined
  const channel = headers['x-channel'] ?? null
  const known = await readSometimes(services, `component ${component}`, () =>
    services.log.load(componentAggregate, component),
  )
  if (!needsLicence(known, channel)) return undefined
  const { licence } = state
  const isEntitled =
    licence !== null && termsEntitle(licence, { component, channel }, instantOf(services.now()))
  return isEntitled ? undefined : 'not_entitled'
}

/**
 * Returns why what a target could have is withheld: it does not fit what is there, or its licence does not entitle to it by now. Then it is given back, so
 * that its upgrade waits for nobody. Undefined: it is not withheld. What was accepted never is.
 */
export async function whyWithheld(
  { log, now }: Pick<Services, 'log' | 'now'>,
  target: string,
  state: TargetState,
  compatibility: Compatibility,
): Promise<'incompatible' | 'not_entitled' | undefined> {
  const { active, licence, facts } = state
  if (!active || active.acceptedAt !== null) return undefined
  const isMisfit = misfitOf(compatibility, facts?.environment) !== undefined
  const entitlement = isMisfit ? null : await entitlementOf({ log, now }, active, licence)
  const unentitled = entitlement && !entitlement.entitles ? entitlement.asked : undefined
  if (!isMisfit && unentitled === undefined) return undefined
  const { attempt, upgrade } = active
  const decision = withholdAttempt({ attempt, compatibility, unentitled })
  await log.of(targetAggregate, target).carryOut(decision, { actor: systemActor, correlation: upgrade })
  return isMisfit ? 'incompatible' : 'not_entitled'
}
