import type { FunctionError } from './errors.ts'
import type { Instance } from './instance.ts'

/** The instances of one function. */
export interface Pool {
  /** Lets an instance do something, or waits for one; returns what it did. */
  use<Result>(action: (instance: Instance) => Promise<Result>): Promise<Result>
  /** Starts an instance where there is none; rejects with a FunctionError when it does not load. */
  fill(): Promise<void>
  stop(): Promise<void>
}

interface Waiting {
  take(instance: Instance): void
  fail(error: FunctionError): void
}

/** In milliseconds of the wall: how long an instance is kept that nobody calls. */
const keptFor = 300_000
/** How many instances there are at most: each is a thread with a copy of the bundle, some 30 MB. */
const mostInstances = 4
/** In milliseconds of the wall: when no instance has said for so long that it listens, another is started. */
const silentFor = 100

/**
 * Prepares instances. Where one is busy, a call is given to it all the same as soon as it answers, which one that hangs never does; then
 * another is started. So there is one instance as long as all is well (ADR 0033). At most `concurrency` calls run at once, the others in
 * turn.
 */
export function openPool(concurrency: number, start: () => Instance): Pool {
  const most = Math.min(concurrency, mostInstances)
  /** Each with how many calls it has. */
  const calls = new Map<Instance, number>()
  const retiring = new Map<Instance, NodeJS.Timeout>()
  const asked = new Set<Instance>()
  const waiting: Waiting[] = []
  let running = 0
  let starting: { readonly instance: Instance; readonly started: Promise<void> } | undefined
  let silence: NodeJS.Timeout | undefined
  let stopped = false

  /** Those that take calls, or will. */
  const living = () => [...calls.keys()].filter(({ over }) => !over)
  const ready = () => living().filter((one) => one !== starting?.instance)
  const callsOf = (instance: Instance) => calls.get(instance) ?? 0

  const hand = (instance: Instance): void => {
    const next = waiting.shift()
    if (next === undefined) return
    clearTimeout(retiring.get(instance))
    retiring.delete(instance)
    clearTimeout(silence)
    silence = undefined
    running += 1
    calls.set(instance, callsOf(instance) + 1)
    next.take(instance)
  }

  const serve = (): void => {
    while (waiting.length > 0 && running < concurrency) {
      const idle = ready().find((one) => callsOf(one) === 0)
      if (idle === undefined) break
      hand(idle)
    }
    if (waiting.length === 0 || running >= concurrency || stopped) return
    if (living().length === 0) void begin()
    for (const one of ready()) share(one)
    silence ??= setTimeout(() => {
      silence = undefined
      const wanted = waiting.length > 0 && running < concurrency && !stopped
      if (wanted && starting === undefined && living().length < most) void begin()
    }, silentFor)
  }

  const share = (instance: Instance): void => {
    if (asked.has(instance)) return
    asked.add(instance)
    void instance.ping().then(() => {
      asked.delete(instance)
      if (!instance.over && running < concurrency) hand(instance)
      serve()
    })
  }

  const begin = (): Promise<void> => {
    const instance = start()
    calls.set(instance, 0)
    const started = instance.ready.finally(() => {
      starting = undefined
    })
    starting = { instance, started }
    started.then(
      () => settle(instance),
      (error: FunctionError) => {
        calls.delete(instance)
        waiting.shift()?.fail(error)
        serve()
      },
    )
    return started
  }

  /** An instance has less to do than before. */
  const settle = (instance: Instance): void => {
    if (instance.over && callsOf(instance) === 0) calls.delete(instance)
    serve()
    if (instance.over || callsOf(instance) > 0 || retiring.has(instance)) return
    const retire = setTimeout(() => {
      retiring.delete(instance)
      calls.delete(instance)
      void instance.end()
    }, keptFor)
    retire.unref()
    retiring.set(instance, retire)
  }

  return {
    use: (action) =>
      new Promise((resolve, reject) => {
        const take = (instance: Instance): void => {
          // In the same turn: a question whether it answers has to come after what it is given to do.
          action(instance)
            .then(resolve, reject)
            .finally(() => {
              running -= 1
              calls.set(instance, callsOf(instance) - 1)
              settle(instance)
            })
        }
        waiting.push({ take, fail: reject })
        serve()
      }),
    async fill() {
      if (living().length === 0) await begin()
      else await starting?.started
    },
    async stop() {
      stopped = true
      clearTimeout(silence)
      for (const timer of retiring.values()) clearTimeout(timer)
      await Promise.all([...calls.keys()].map((instance) => instance.end()))
    },
  }
}
