import { profileAggregate } from '../../domain/profile/aggregate.ts'
import type { Execution } from '../../domain/profile/state.ts'
import { rolloutAggregate } from '../../domain/rollout/aggregate.ts'
import { exists as existsRollout } from '../../domain/rollout/state.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { bindCalendars } from '../../domain/upgrade/control.ts'
import { exists } from '../../domain/upgrade/state.ts'
import { admissionFacts, type LogAndClock } from '../../facts/admission.ts'
import type { Log } from '../../log/log.ts'
import { patience } from '../../patience.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { duty } from '../duty.ts'

/** Returns the upgrades that an execution runs: itself, or the phases of its rollout that have begun. */
async function upgradesOf(log: Log, { upgrade, rollout }: Execution): Promise<readonly string[]> {
  if (!rollout) return [upgrade]
  const { state } = await log.load(rolloutAggregate, upgrade)
  return existsRollout(state) ? state.phases.flatMap((phase) => phase.upgrade ?? []) : []
}

/** A profile was changed: the calendars that it names now bind what runs, too. One upgrade that cannot be bound keeps no other from it. */
export const bindProfileCalendars = duty(
  'bind-calendars',
  profileAggregate,
  ['ProfileUpdated'],
  async ({ id: profile, cause }, services: LogAndClock) => {
    const { log } = services
    const { definition, running, updatedBy: by } = (await log.load(profileAggregate, profile)).state
    if (!definition || !running) return
    const { calendars } = definition.schedule
    const bind = async (upgrade: string) => {
      const { state } = await log.load(upgradeAggregate, upgrade)
      if (!exists(state)) return
      // What is checked against follows from the calendars that bind it from now on.
      const facts = await admissionFacts(services, upgrade, { ...state, calendars })
      const bound = bindCalendars({ calendars, by }, facts)
      await log.of(upgradeAggregate, upgrade).carryOut(bound, cause, { retryFor: patience.facts })
    }
    const each = new OnTheirOwn()
    await each.each(await upgradesOf(log, running), 1, bind, (upgrade) => upgrade)
    each.end()
  },
)
