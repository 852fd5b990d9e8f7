import { freezePolicy, placeFreeze, policyAggregate } from '../../functions/domain/policy/policy.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { startWave } from '../../functions/domain/upgrade/execution.ts'
import { recordPlan, requestUpgrade } from '../../functions/domain/upgrade/request.ts'
import { exists } from '../../functions/domain/upgrade/state.ts'
import { logOver } from '../../functions/log/append.ts'
import { memoryStore } from '../../functions/log/memory.ts'
import type { Store } from '../../functions/log/store.ts'
import { heedStop, tickDue } from '../../functions/reactor/upgrades/tick.ts'
import type { Views } from '../../functions/views/views.ts'
import { memoryRepeats } from '../../functions/work/repeats.ts'
import { calm, planOf, requestOf, start } from '../domain/upgrade/world.ts'
import { counted, type Judged } from './bars.ts'

/** So long a call of DynamoDB takes, in milliseconds: four times what it usually takes within a region. */
const latency = 20

/** A store each call of which takes its time by a clock of its own, on which nothing else takes any: what is waited for is counted, on whatever machine. */
class SlowStore {
  #now = Date.parse(start)
  readonly #waiting: { readonly at: number; go(): void }[] = []
  most = 0
  readonly store: Store

  constructor(store: Store) {
    this.store = {
      put: async (commit) => {
        await this.#call()
        return store.put(commit)
      },
      read: async (range) => {
        await this.#call()
        return store.read(range)
      },
      list: store.list,
    }
  }

  now = () => this.#now

  #call(): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push({ at: this.#now + latency, go })
      this.most = Math.max(this.most, this.#waiting.length)
    })
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds
  }

  /** Does some work, and returns how long it took by the clock, in seconds. */
  async took(work: Promise<unknown>): Promise<number> {
    const began = this.#now
    let over = false
    const ended = work.finally(() => {
      over = true
    })
    ended.catch(() => {})
    for (;;) {
      // Everything that can go on without an answer does so first.
      await new Promise((go) => setImmediate(go))
      if (over) break
      const [first] = this.#waiting
      if (!first) continue
      this.#now = first.at
      while (this.#waiting[0] && this.#waiting[0].at <= this.#now) this.#waiting.shift()?.go()
    }
    await ended
    return (this.#now - began) / 1000
  }
}

/** Has so many live upgrades told the time, all of them due, and then of a stop. Returns how many seconds that takes where a call takes 20 ms. */
export async function tellLive(count: number) {
  const slow = new SlowStore(memoryStore())
  const now = slow.now
  const log = logOver(slow.store, { now })
  const cause = { actor: 'bench', correlation: 'live' }
  const upgrades = Array.from({ length: count }, (_, number) => `upgrade-${number}`)
  for (const upgrade of upgrades) {
    const decisions = [
      requestUpgrade({ request: requestOf({ parallel: 10 }), by: 'bench' }),
      recordPlan({ plan: planOf(10), facts: calm }),
      startWave({ wave: 0, generation: 1 }, calm),
    ]
    for (const decision of decisions) {
      const work = log.execute(upgradeAggregate, upgrade, decision, cause)
      await slow.took(work)
      const { kind } = await work
      if (kind !== 'committed') throw new Error(`${upgrade}: ${kind}`)
    }
  }
  // Each has members whose time to accept is over by then.
  slow.pass(3600_000)
  const views = {
    async *dueUpgrades() {
      for (const upgrade of upgrades) yield { upgrade, nextDue: start }
    },
    async *dueRollouts() {},
    async *liveRollouts() {},
    async *liveUpgrades() {
      for (const upgrade of upgrades) yield { upgrade, nextDue: start }
    },
  } as unknown as Views // what lives is all that is asked of them
  const ticking = await slow.took(tickDue({ log, views, now }))
  const frozen = log.execute(
    policyAggregate,
    freezePolicy,
    placeFreeze({ reason: 'stop', by: 'bench' }),
    cause,
  )
  await slow.took(frozen)
  const [placed] = await read(log.commits(`policy#${freezePolicy}`), slow)
  if (!placed) throw new Error('There is no stop.')
  const stopping = await slow.took(heedStop.act(placed, { log, views, now, repeats: memoryRepeats(now) }))
  let told = 0
  for (const upgrade of upgrades) {
    const work = log.load(upgradeAggregate, upgrade)
    await slow.took(work)
    const { state } = await work
    if (exists(state) && state.standing.holds.some(({ code }) => code === 'FREEZE')) told++
  }
  return { ticking, stopping, told, most: slow.most }
}

async function read<Item>(items: AsyncIterable<Item>, slow: SlowStore): Promise<Item[]> {
  const work = Array.fromAsync(items)
  await slow.took(work)
  return work
}

/** Judges that one invocation tells so many live upgrades the time before the next is due, and that one tells them of a stop. */
export async function judgeLive(count: number): Promise<Judged[]> {
  const { ticking, stopping, told } = await tellLive(count)
  const name = `(${count} live upgrades, ${latency} ms a call)`
  return [
    counted(`seconds of waiting to tell them the time ${name}`, ticking, { most: 60 }),
    counted('  and of a stop', stopping, { most: 60 }),
    counted('  who heard of it', told, { least: count, most: count }),
  ]
}
