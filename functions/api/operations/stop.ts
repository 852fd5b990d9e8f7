import type { operationsContracts } from '../../../contracts/operations.ts'
import {
  freezePolicy,
  liftFreeze,
  type PolicyState,
  placeFreeze,
  policyAggregate,
} from '../../domain/policy/policy.ts'
import type { Loaded } from '../../log/log.ts'
import { patience } from '../../patience.ts'
import { type Answer, accepted, metadataOf } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'

type Contracts = typeof operationsContracts

function answer({ state: { freeze }, commit }: Loaded<PolicyState>, written: boolean): Answer {
  const body = {
    stopped: freeze !== null,
    reason: freeze?.reason ?? null,
    by: freeze?.by ?? null,
    since: freeze?.since ?? null,
  }
  return { status: 200, body, ...(commit > 0 && { etag: commit, ...(written && { commit }) }) }
}

/** Says whether everything is stopped, from the log: nobody should hear of a stop late. */
export const getStop: Operate<Contracts['getStop']> = async (_input, { log }) =>
  answer(await log.load(policyAggregate, freezePolicy), false)

/** Stops everything. */
export const stopEverything: Operate<Contracts['stopEverything']> = async (input, { log }) =>
  answer(
    accepted(
      await log.execute(policyAggregate, freezePolicy, placeFreeze(input.body), metadataOf(input), {
        retryFor: patience.person,
      }),
    ),
    true,
  )

/** Lifts the stop. */
export const liftStop: Operate<Contracts['liftStop']> = async (input, { log }) =>
  answer(
    accepted(await log.execute(policyAggregate, freezePolicy, liftFreeze(input.body), metadataOf(input))),
    true,
  )
