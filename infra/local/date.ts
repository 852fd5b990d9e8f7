import type { Clock } from './clock.ts'

/**
 * Lets the whole process see the clock through `Date`: the deployed bundles ask `Date.now()` or `new Date()` and know
 * nothing of a clock with a speed. Only the two forms without an argument change; timers keep the wall's time.
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
  return () => {
    if (globalThis.Date === Replacement) globalThis.Date = Original
  }
}
