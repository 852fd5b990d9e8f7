import type { upgradeContracts } from '../../../contracts/upgrades.ts'
import { instantOf } from '../../../events/time.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { exists, isPlanned } from '../../domain/upgrade/state.ts'
import { forecastOf, prospectsOf } from '../../facts/forecast.ts'
import type { Operate } from '../http/endpoint.ts'
import { upgradeNotFound } from './history.ts'

type Contract = (typeof upgradeContracts)['forecastUpgrade']

/** Says when an upgrade will end, as a range, from the log alone (C9). */
export const forecastUpgrade: Operate<Contract> = async ({ params, query }, services) => {
  const { id } = params
  const at = query.at === undefined ? undefined : instantOf(query.at)
  const { state, commit } = await services.log.load(upgradeAggregate, id, at === undefined ? {} : { at })
  if (!exists(state)) throw upgradeNotFound()
  const now = at ?? instantOf(services.now())
  const found =
    isPlanned(state) && !state.abort
      ? forecastOf(id, state, await prospectsOf(services, id, { state, commit }, now), now)
      : null
  return { status: 200, body: { upgradeId: id, at: now, forecast: found }, etag: commit }
}
