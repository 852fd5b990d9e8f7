import type { operationsContracts } from '../../../contracts/operations.ts'
import {
  freezePolicy,
  liftFreeze,
  type PolicyState,
  placeFreeze,
  policyAggregate,
  stopOf,
} from '../../domain/policy/policy.ts'
import type { Loaded } from '../../log/log.ts'
import { patience } from '../../patience.ts'
import { type Answer, accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'

type Contracts = typeof operationsContracts

/** Everything stands still while any stop is there; the oldest comes first. */
function shown({ stops }: PolicyState) {
  return {
    stopped: stops.length > 0,
    stops: stops.map(({ id, reason, by, since }) => ({ stopId: id, reason, by, since })),
  }
}

function answer({ state, commit }: Loaded<PolicyState>): Answer {
  return { status: 200, body: shown(state), ...(commit > 0 && { etag: commit }) }
}

/** Says whether everything is stopped, from the log: nobody should hear of a stop late. */
export const getStop: Operate<Contracts['getStop']> = async (_input, { log }) =>
  answer(await log.load(policyAggregate, freezePolicy))

/** Stops everything. */
export const stopEverything: Operate<Contracts['stopEverything']> = async (input, { log }) => {
  const asked = { reason: input.body.reason, by: input.principal.id }
  const stopped = await log.execute(policyAggregate, freezePolicy, placeFreeze(asked), metadataOf(input), {
    retryFor: patience.person,
  })
  const { state, commit } = accepted(stopped)
  const stopId = stopOf(state, asked)?.id ?? null
  return { status: 200, body: { ...shown(state), stopId }, etag: commit, commit }
}

/** Lifts one stop. */
export const liftStop: Operate<Contracts['liftStop']> = async (input, { log }) => {
  const lift = liftFreeze({ stop: input.params.stopId, reason: input.query.reason })
  const lifted = accepted(await log.execute(policyAggregate, freezePolicy, lift, metadataOf(input)))
  return { ...answer(lifted), commit: lifted.commit }
}
