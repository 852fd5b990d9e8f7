import { approver, type World } from '../api/world.ts'
import { nodeSteps, transitionsOf } from '../procedures/node.ts'
import { answered, openProcedures } from '../procedures/world.ts'
import { counted, type Judged, timed } from './bars.ts'
import { chargesFor, sumOf } from './prices.ts'
import { spreadOf } from './spread.ts'

/** So often each node is asked until its instances have left. */
const polls = 5
/** Side by side, to the last round; the first is one alone. */
const rounds = 3

/** What a procedure took, over so many targets side by side. */
interface Taken {
  readonly size: number
  readonly transitions: number
  readonly polls: number
  /** Calls of the task that were a poll. */
  readonly looks: number
  readonly writeUnits: number
  readonly tasks: number
  readonly calls: number
  /** Of this machine, in milliseconds: what it takes from the end of a step's call to the start of the next, without any other side's time. */
  readonly overhead: number
}

/** Takes so many nodes through the procedure of seed 002 at once, on a server that answers at once. */
async function run(size: number): Promise<Taken> {
  const asked = new Map<string, number>()
  const all = openProcedures(({ url }) => {
    const times = (asked.get(url) ?? 0) + 1
    asked.set(url, times)
    return answered({ active: url.endsWith('/instances') && times <= polls ? 1 : 0 })
  })
  await all.world.fleet(size)
  await all.store('node', { steps: nodeSteps })
  const before = all.world.log.consumed().written
  const began = performance.now()
  const upgrade = await all.deploy('node', { parallel: size })
  await approve(all.world, upgrade)
  const status = await all.over(upgrade)
  const took = performance.now() - began
  if (status !== 'completed') throw new Error(`The procedures are ${status}.`)
  const { entered, tasks, retried } = transitionsOf(all.engine, 'node')
  return {
    size,
    transitions: entered,
    polls: retried,
    looks: all.transitions - tasks,
    writeUnits: all.world.log.consumed().written - before,
    tasks: all.transitions,
    calls: all.calls.length,
    overhead: took / all.transitions,
  }
}

/** A first wave this large is approved by somebody else. */
async function approve(world: World, upgrade: string): Promise<void> {
  const { planHash, status } = (await world.call('GET', `/api/upgrades/${upgrade}`)).body
  if (status !== 'pending_approval') return
  const { status: answered } = await world.call('POST', `/api/upgrades/${upgrade}/approve`, {
    as: approver,
    body: { planHash },
  })
  if (answered !== 200) throw new Error(`The approval was answered ${answered}.`)
}

/** Counts what seed 002's node procedure takes a target, and times how much more a step takes where a thousand run side by side. */
export async function countProcedures({ quick }: { readonly quick: boolean }): Promise<readonly Judged[]> {
  console.log('\nProcedures, a target:')
  const many = quick ? 100 : 1000
  // What is compiled on the way is nobody's overhead.
  await run(10)
  const ratios: number[] = []
  let last: Taken | undefined
  for (let round = 0; round < rounds; round++) {
    const alone = await averageOf(20)
    const taken = await run(many)
    ratios.push(taken.overhead / alone)
    last = taken
  }
  if (!last) throw new Error('Nothing was measured.')
  const { size, transitions, polls: retried, looks, writeUnits, tasks, calls } = last
  const each = (value: number) => value / size
  const charges = chargesFor({
    ...{ transitions: transitions + retried, writeUnits, invocations: tasks },
    ...{ readUnits: 0, gigabyteSeconds: 0, httpRequests: 0, busEvents: 0, loggedBytes: 0 },
  })
  const dollars = (sumOf(charges) * 1000) / size
  console.log(
    `  ${size}: ${each(transitions)} transitions and ${each(retried)} of polls, ${each(tasks)} calls of the task, ${each(calls)} calls to the node, ${each(writeUnits).toFixed(1)} write units; a thousand targets $${dollars.toFixed(2)} beside Lambda's time and reads`,
  )
  return [
    counted('transitions a target of a procedure, beside its polls', each(transitions), { most: 40 }),
    counted('calls of the task a poll of a procedure', looks / retried, { most: 1 }),
    timed(`step overhead, ${many} procedures side by side to one alone`, spreadOf(ratios), { most: 2 }),
  ]
}

/** Returns the overhead of one alone, over so many that follow each other. */
async function averageOf(times: number): Promise<number> {
  let sum = 0
  for (let time = 0; time < times; time++) sum += (await run(1)).overhead
  return sum / times
}
