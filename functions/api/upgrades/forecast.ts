import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import { instantOf } from '../../../events/time.ts'
import { forecastOf } from '../../domain/forecast/forecast.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { exists, isPlanned } from '../../domain/upgrade/state.ts'
import { Past } from '../../facts/durations.ts'
import { alone, prospectsOf } from '../../facts/forecast.ts'
import { trackRecord } from '../../facts/track-record.ts'
import type { Operate } from '../http/endpoint.ts'
import { upgradeNotFound } from './history.ts'

type Contract = (typeof upgradeContracts)['forecastUpgrade']

/** Says when an upgrade will end, as a range, from the log and how long others took. */
export const forecastUpgrade: Operate<Contract> = async ({ params, query }, { log, views, now: clock }) => {
  const { id } = params
  const at = query.at === undefined ? undefined : instantOf(query.at)
  const { state, commit } = await log.load(upgradeAggregate, id, at === undefined ? {} : { at })
  if (!exists(state)) throw upgradeNotFound()
  const now = at ?? instantOf(clock())
  if (!isPlanned(state) || state.abort)
    return { status: 200, body: { upgradeId: id, at: now, forecast: null, track: null } }
  const past = new Past(views)
  const { component, kind } = state.request
  const prospects = await prospectsOf(log, past, id, { state, commit }, now)
  const seed = state.plan.planHash
  const body = {
    ...{ upgradeId: id, at: now },
    forecast: forecastOf({ now, seed, parts: [alone(prospects)] }),
    track: await trackRecord(log, past, component, kind),
  }
  // It moves with the clock, whether anything was decided or not: it has no ETag.
  return { status: 200, body }
}
