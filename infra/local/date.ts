import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import type { Clock } from './clock.ts'

const answered = 'http.client.response.finish'

/**
 * Lets the whole process see the clock through `Date`: the deployed bundles ask `Date.now()` or `new Date()` and know
 * nothing of a clock with a speed. Only the two forms without an argument change; timers keep the wall's time.
 * Answers over HTTP are dated by the clock as well: an AWS SDK that is answered hours away from its own time takes that for a
 * skew of its clock, and sends what was refused again and again.
 * Returns a function that puts the original back.
 */
export function installDate(clock: Clock): () => void {
  const Original = globalThis.Date
  const Replacement: DateConstructor = new Proxy(Original, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(
        target,
        args.length === 0 ? [clock.now()] : args,
        newTarget === Replacement ? target : newTarget,
      ),
    apply: () => new Original(clock.now()).toString(),
    get: (target, property, receiver) =>
      property === 'now'
        ? () => clock.now()
        : Reflect.get(target, property, receiver === Replacement ? target : receiver),
  })
  globalThis.Date = Replacement
  const date = (message: unknown): void => {
    const { headers } = (message as { readonly response: IncomingMessage }).response // what this channel carries
    if (headers.date !== undefined) headers.date = new Original(clock.now()).toUTCString()
  }
  subscribe(answered, date)
  return () => {
    unsubscribe(answered, date)
    if (globalThis.Date === Replacement) globalThis.Date = Original
  }
}
