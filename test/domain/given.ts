import { expect } from 'vitest'
import type { Aggregate, Decision, DomainEvent } from '../../functions/domain/aggregate.ts'
import type { Rejection } from '../../functions/domain/rejection.ts'

/** The first instant of every story told here. */
export const start = '2026-03-01T12:00:00.000Z'

/** Returns the instant so many seconds after the start. */
export function later(seconds: number): string {
  return new Date(Date.parse(start) + seconds * 1000).toISOString()
}

type Command<State, Event> = (state: State, now: string) => Decision<Event, Rejection>

/**
 * Returns `given(…history).when(command, now)` for one kind of stream. A history is events, each at `start` unless [event, at]. Events of the
 * types `aside` go along with many decisions and are left out of what a spec compares.
 */
export function specOf<State, Event extends DomainEvent>(
  aggregate: Aggregate<State, Event>,
  { aside = [] }: { readonly aside?: readonly Event['type'][] } = {},
) {
  const told = (events: readonly Event[]) => events.filter(({ type }) => !aside.includes(type))
  const readAgain = (event: Event): Event => {
    const { schema, data } = aggregate.encode(event)
    return aggregate.decode(event.type, schema, JSON.parse(JSON.stringify(data)))
  }
  const fold = (history: readonly (Event | readonly [Event, string])[]): State =>
    history.reduce<State>((state, entry, place) => {
      const [event, at] = Array.isArray(entry) ? entry : [entry, start]
      const next = aggregate.evolve(state, event, { commit: place + 1, at, actor: 'operator-1' })
      // Snapshots keep a state as JSON, so every state of every story has to survive that.
      expect(JSON.parse(JSON.stringify(next))).toEqual(next)
      expect(readAgain(event)).toEqual(event)
      return next
    }, aggregate.initial)
  return {
    fold,
    given(...history: readonly (Event | readonly [Event, string])[]) {
      const state = fold(history)
      return {
        when(command: Command<State, Event>, now: string = start) {
          const decision = command(state, now)
          const all = 'events' in decision ? decision.events : []
          const events = told(all)
          // Only what the log can read again may be decided.
          for (const event of all) expect(readAgain(event)).toEqual(event)
          const answer = 'events' in decision ? { events } : decision
          return {
            /** It decides exactly these events. */
            thenEvents: (...expected: readonly Event[]) => expect(answer).toEqual({ events: expected }),
            /** It decides events of these types. */
            thenTypes: (...types: readonly string[]) =>
              expect('events' in decision ? events.map(({ type }) => type) : decision).toEqual(types),
            thenNothing: () => expect(answer).toEqual({ events: [] }),
            /** It refuses by this code, and names exactly these fields. */
            thenRejected: (code: string, fields?: readonly object[]) =>
              expect(decision).toEqual({
                rejected: { code, detail: expect.stringMatching(/\w+ \w+/), ...(fields && { fields }) },
              }),
            /** Decides something now, and nothing when the same command comes again. */
            thenIdempotent: () => {
              expect(events.length).toBeGreaterThan(0)
              const once = all.reduce<State>((folded, event) => {
                return aggregate.evolve(folded, event, { commit: history.length + 1, at: now, actor: 'a' })
              }, state)
              expect(JSON.parse(JSON.stringify(once))).toEqual(once)
              expect(command(once, now)).toEqual({ events: [] })
            },
            events,
          }
        },
      }
    },
  }
}
