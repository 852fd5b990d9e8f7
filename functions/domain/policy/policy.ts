import { type PolicyEvent, policyEvents } from '../../../events/policy.ts'
import { type Aggregate, accept, type Decision } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'

/** The rules of one policy. Today: whether everything is stopped. */
export interface PolicyState {
  readonly freeze: { readonly reason: string; readonly by: string; readonly since: string } | null
}

/** A decision about a policy. */
export type PolicyDecision = (state: PolicyState, now: string) => Decision<PolicyEvent, Rejection>

/** What every plan and admission is checked against: one stream a policy; its commit number is the policy version. */
export const policyAggregate: Aggregate<PolicyState, PolicyEvent> = {
  name: 'policy',
  stateSchema: 1,
  initial: { freeze: null },
  evolve(_state, event, { at, actor }) {
    switch (event.type) {
      case 'FreezePlaced':
        return { freeze: { reason: event.data.reason, by: actor, since: at } }
      case 'FreezeLifted':
        return { freeze: null }
    }
  },
  decode: (type, schema, data) => policyEvents.decode(type, schema, data),
  schemaOf: (type) => policyEvents.schemaOf(type),
}

/** Stops everything. A stop that is in force already stays as it is, with its first reason. */
export function placeFreeze({ reason }: { readonly reason: string }): PolicyDecision {
  return (state) => (state.freeze ? accept() : accept({ type: 'FreezePlaced', data: { reason } }))
}

/** Lifts the stop, with a reason. Where nothing is stopped nothing changes. */
export function liftFreeze({ reason }: { readonly reason: string }): PolicyDecision {
  return (state) => (state.freeze ? accept({ type: 'FreezeLifted', data: { reason } }) : accept())
}
