import { type RolloutEvent, rolloutEvents } from '../../../events/rollout.ts'
import type { Aggregate } from '../aggregate.ts'
import { evolve } from './evolve.ts'
import { initialRollout, type RolloutState } from './state.ts'

/** Phases in the order of what they depend on, planned and approved as one: it owns which begin and which ended, and the end of it all. */
export const rolloutAggregate: Aggregate<RolloutState, RolloutEvent> = {
  name: 'rollout',
  stateSchema: 3,
  initial: initialRollout,
  evolve,
  decode: rolloutEvents.decode,
  encode: rolloutEvents.encode,
}
