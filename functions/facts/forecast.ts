import { after, later } from '../../events/time.ts'
import { play } from '../domain/forecast/course.ts'
import type { Durations } from '../domain/forecast/durations.ts'
import { type Forecast, forecast } from '../domain/forecast/forecast.ts'
import type { Hours } from '../domain/forecast/hours.ts'
import { horizon, hoursOf, type Rest, restOf } from '../domain/forecast/left.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { breaksGlass } from '../domain/upgrade/admission.ts'
import { type PlannedUpgrade, profileOf } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import type { Views } from '../views/views.ts'
import { closuresOf } from './closures.ts'
import { durationsOver, lastUpgrades, presentWave, tellsEnough } from './durations.ts'

/** What a forecast is read from. */
export interface ForecastServices {
  readonly log: Log
  readonly views: Pick<Views, 'listUpgrades' | 'listAttempts'>
}

/** What is left of an upgrade, in which hours, and what is known of how long it takes. */
export interface Prospects {
  readonly rest: Rest
  readonly hours: Hours
  readonly durations: Durations
}

/** Returns when an upgrade may begin attempts, by its window, by those of its profile, and by what calendars close. */
async function hoursFor(log: Log, state: PlannedUpgrade, now: string): Promise<Hours> {
  const until = after(now, horizon)
  const profile = profileOf(state)
  const [closures, loaded] = await Promise.all([
    breaksGlass(state) ? [] : closuresOf(log, state.calendars, now, until),
    profile === undefined ? undefined : log.load(profileAggregate, profile),
  ])
  const schedule = loaded?.state.definition?.schedule ?? null
  return hoursOf(state, loaded?.state.status === 'active' ? schedule : null, closures, until)
}

/** Reads what the forecast of an upgrade is made from, as it was after a commit, at an instant. */
export async function prospectsOf(
  { log, views }: ForecastServices,
  id: string,
  loaded: { readonly state: PlannedUpgrade; readonly commit: number },
  now: string,
): Promise<Prospects> {
  const { state } = loaded
  const [present, hours] = await Promise.all([presentWave(log, id, loaded, now), hoursFor(log, state, now)])
  const { component, kind } = state.request
  const durations = tellsEnough(present)
    ? [present.took]
    : await durationsOver(views)(await lastUpgrades(views, component, kind), now)
  return { rest: restOf(state, present.inFlight, now), hours, durations: durations.filter(isSome) }
}

function isSome({ length }: readonly number[]): boolean {
  return length > 0
}

/** Returns when an upgrade ends. Its seed is its id and the hash of its plan: the same log gives the same forecast. */
export function forecastOf(
  id: string,
  { plan }: Pick<PlannedUpgrade, 'plan'>,
  { rest, hours, durations }: Prospects,
  now: string,
): Forecast {
  const begins = Date.parse(later(now, rest.notBefore))
  return forecast(
    { now, seed: `${id} ${plan.planHash}`, known: [durations], waitsFor: rest.waitsFor },
    (sample) => play(rest.left, hours, sample(durations), begins),
  )
}
