import { profileAggregate } from '../../domain/profile/aggregate.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { bindCalendars } from '../../domain/upgrade/control.ts'
import { exists } from '../../domain/upgrade/state.ts'
import { admissionFacts, type LogAndClock } from '../../facts/admission.ts'
import { patience } from '../../patience.ts'
import { duty } from '../duty.ts'

/** A profile was changed: the calendars that it names now bind the upgrade that runs, too. */
export const bindProfileCalendars = duty(
  'bind-calendars',
  profileAggregate,
  ['ProfileUpdated'],
  async ({ id: profile, cause }, services: LogAndClock) => {
    const { log } = services
    const { definition, running, updatedBy: by } = (await log.load(profileAggregate, profile)).state
    if (!definition || !running) return
    const { calendars } = definition.schedule
    const { state } = await log.load(upgradeAggregate, running.upgrade)
    if (!exists(state)) return
    // What is checked against follows from the calendars that bind it from now on.
    const facts = await admissionFacts(services, { ...state, calendars })
    const bind = bindCalendars({ calendars, by }, facts)
    await log.of(upgradeAggregate, running.upgrade).carryOut(bind, cause, { retryFor: patience.facts })
  },
)
