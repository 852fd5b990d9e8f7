import { instantOf } from '../../events/time.ts'
import { isReady } from '../domain/target/readiness.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { bakeIsOver, mayBeSilent, type Silence } from '../domain/upgrade/silence.ts'
import type { UpgradeState } from '../domain/upgrade/state.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Telemetry } from '../work/telemetry.ts'
import type { LogAndClock } from './admission.ts'
import { planMembers } from './plan-members.ts'
import { readableTarget } from './readable-target.ts'

interface Asking extends LogAndClock {
  readonly telemetry?: Pick<Telemetry, 'lastSeenOf'>
}

/**
 * Returns how many members of a wave had succeeded and have not been heard of since its bake began, nor for as long as makes a target not ready.
 * Undefined where nobody has to ask: its bake is not over, or was too short for that. What came of the wave is read from its upgrade's stream,
 * its targets are asked a hundred a request, and those that are silent once more, by their gateways.
 */
export async function silenceOf(
  asking: Asking,
  upgrade: string,
  state: UpgradeState,
): Promise<Silence | undefined> {
  const { log, telemetry } = asking
  const now = instantOf(asking.now())
  if (!bakeIsOver(state, now) || !mayBeSilent(state, now)) return undefined
  if (!telemetry) throw new Error('Whoever ends a bake of more than a day needs the telemetry.')
  const { plan, wave, awaits } = state
  const silent = (lastSeen: string | undefined) =>
    !isReady([lastSeen], now) && (lastSeen === undefined || lastSeen < awaits.since)

  const well = new Set<number>()
  const events = log
    .of(upgradeAggregate, upgrade)
    .events({ from: wave.commit, consistent: true }, ['OutcomesRecorded', 'MembersRegressed'])
  for await (const { event } of events) {
    if (event.type === 'MembersRegressed') {
      for (const { member } of event.data.members) well.delete(member)
    } else {
      for (const { member, outcome } of event.data.outcomes) if (outcome === 'succeeded') well.add(member)
    }
  }
  const members = await planMembers(log, plan.planHash, well)
  const targets = [...members.values()].map(({ target }) => target)
  const heard = await telemetry.lastSeenOf(targets)
  const quiet = targets.filter((target) => silent(heard.get(target)))
  const gateways = new Map<string, string>()
  await sideBySide(quiet, atOnce.targets, async (target) => {
    // One that cannot be read is silent: nobody can say who speaks for it.
    const known = await readableTarget(log, target)
    if (known?.facts?.gateway) gateways.set(target, known.facts.gateway)
  })
  const spoken = await telemetry.lastSeenOf([...new Set(gateways.values())])
  const still = quiet.filter((target) => silent(spoken.get(gateways.get(target) ?? '')))
  return { wave: wave.number, members: still.length }
}
