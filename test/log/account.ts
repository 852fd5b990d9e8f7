import * as z from 'zod'
import { defineEvents, type EventsOf } from '../../events/registry.ts'
import { type Aggregate, accept, type Decision, reject } from '../../functions/domain/aggregate.ts'

/** A small aggregate with a past: deposits were once counted in whole units as `amount`, now in `cents`. */
const accountEvents = defineEvents({
  Deposited: {
    schema: z.object({ cents: z.int(), note: z.string() }),
    upcasters: [({ amount }: { amount: number }) => ({ cents: amount * 100, note: '' })],
  },
  Withdrawn: { schema: z.object({ cents: z.int().positive() }) },
})

export type AccountEvent = EventsOf<typeof accountEvents>

export interface Account {
  readonly cents: number
  /** Every change as the context told it: the fold's order, numbers and instants are thereby part of the state. */
  readonly history: readonly { readonly commit: number; readonly at: string; readonly by: string }[]
  readonly notes: readonly string[]
}

/** Returns the aggregate; a test changes its snapshots, its listing or its state's version. */
export function accountWith(
  changes: Partial<Aggregate<Account, AccountEvent>> = {},
): Aggregate<Account, AccountEvent> {
  return {
    name: 'account',
    stateSchema: 3,
    initial: { cents: 0, history: [], notes: [] },
    evolve(state, event, { commit, at, actor }) {
      const history = [...state.history, { commit, at, by: actor }]
      return event.type === 'Deposited'
        ? { cents: state.cents + event.data.cents, history, notes: [...state.notes, event.data.note] }
        : { ...state, cents: state.cents - event.data.cents, history }
    },
    ...accountEvents,
    ...changes,
  }
}

export const account = accountWith()

type Decide = (state: Account, now: string) => Decision<AccountEvent, 'overdrawn'>

export const deposit =
  (cents: number, note = ''): Decide =>
  () =>
    accept({ type: 'Deposited', data: { cents, note } })

export const withdraw =
  (cents: number): Decide =>
  (state) =>
    state.cents < cents ? reject('overdrawn') : accept({ type: 'Withdrawn', data: { cents } })

export const nothing: Decide = () => accept()

export const metadata = { actor: 'operator-1', correlation: 'request-1' }
