import type { rolloutContracts } from '../../../contracts/rollouts.ts'
import { instantOf } from '../../../events/time.ts'
import { Past } from '../../facts/durations.ts'
import { forecastRollout as forecastOf, trackRecordOfRollouts } from '../../planning/rollout-forecast.ts'
import type { Operate } from '../http/endpoint.ts'
import { rolloutAt } from './history.ts'

/** Says when a rollout will end, as a range, from the log and how long others took. */
export const forecastRollout: Operate<(typeof rolloutContracts)['forecastRollout']> = async (
  { params, query },
  { log, views, now: clock },
) => {
  const { id } = params
  const at = query.at === undefined ? undefined : instantOf(query.at)
  const { state } = await rolloutAt(log, id, at)
  const now = at ?? instantOf(clock())
  const sources = { log, past: new Past(views) }
  const goesOn = state.stage === 'planned' && !state.abort
  const forecast = goesOn ? await forecastOf(sources, id, state, { now, at }) : null
  const track = forecast && (await trackRecordOfRollouts(sources, views))
  // It moves with the clock, whether anything was decided or not: it has no ETag.
  return { status: 200, body: { rolloutId: id, at: now, forecast, track } }
}
