import type { operationsContracts } from '../../../contracts/operations.ts'
import { liftFreeze, type PolicyState, placeFreeze, policyAggregate } from '../../domain/policy/policy.ts'
import type { Loaded } from '../../log/log.ts'
import { freezePolicy } from '../../planning/facts.ts'
import { type Answer, metadataOf, settled } from '../http/answer.ts'
import type { Operate } from '../http/endpoint.ts'

type Contracts = typeof operationsContracts

/** A stop goes on against other writers for so long, in milliseconds (DESIGN §3). */
const retryFor = 5000

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
    settled(
      await log.execute(policyAggregate, freezePolicy, placeFreeze(input.body), metadataOf(input), {
        retryFor,
      }),
    ),
    true,
  )

/** Lifts the stop. */
export const liftStop: Operate<Contracts['liftStop']> = async (input, { log }) =>
  answer(
    settled(await log.execute(policyAggregate, freezePolicy, liftFreeze(input.body), metadataOf(input))),
    true,
  )
