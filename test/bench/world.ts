import { type ChildProcess, fork } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { type Call, caller } from '../../infra/local/demo/api.ts'
import type { Invocation } from '../../infra/local/lambda/function.ts'
import { type Runtime, startRuntime } from '../../infra/local/runtime.ts'
import { synthesize } from '../../infra/local/synthesis.ts'
import type { Consumed } from './capacity.ts'
import type { Done, Task } from './fleet.ts'
import { type Meter, meterBefore } from './metered.ts'

/** Invocations of one function. */
export interface Invoked {
  readonly count: number
  readonly gigabyteSeconds: number
}

/** The runtime in this process on a data directory of its own, with a fleet in another. */
export interface World {
  readonly runtime: Runtime
  readonly operator: Call
  /** Reaches DynamoDB past the meter. */
  readonly dynamo: DynamoDBClient
  readonly data: string
  readonly tables: { readonly log: string; readonly views: string; readonly work: string }
  consumed(): Promise<Consumed>
  invoked(): ReadonlyMap<string, Invoked>
  /** Returns how many bytes of log lines functions have written. */
  logged(): number
  work(task: TaskOfFleet): Promise<Done>
  stop(): Promise<void>
}

/** A task, but for the address, which the world knows. */
export type TaskOfFleet = Task extends infer One ? (One extends Task ? Omit<One, 'url'> : never) : never

const root = join(tmpdir(), 'drydock-bench')

/** Synthesizes the template once, and anew when its sources have changed. */
async function template(): Promise<string> {
  mkdirSync(root, { recursive: true })
  return synthesize(root)
}

const credentials = { accessKeyId: 'local', secretAccessKey: 'local' }

/** Midnight in UTC after the wall's present: a clock that starts there runs ahead of the wall, and only such a one can be moved. */
function nextMidnight(): number {
  const day = 86_400_000
  return (Math.floor(Date.now() / day) + 1) * day
}

/** The clock calls so many functions as soon as the runtime starts: ticker, monitor, gates, notify, reactor, reconcile and heads. */
const clockCalls = 7

/** Nobody signs what is rolled out here. */
const parameters = { UnsignedReleases: 'allowed' }

/**
 * Lets what comes at a rate come for the first time, which is at once: what it calls would ask DynamoDB past a meter that follows, and
 * go on so. The next time is a minute later, in a runtime of its own.
 */
async function fireFirst(
  options: { readonly template: string; readonly data: string },
  invocations: Map<string, unknown>,
): Promise<void> {
  const first = await startRuntime({ ...options, parameters })
  await until('what the clock calls first', async () => invocations.size >= clockCalls || undefined)
  await first.stop()
  invocations.clear()
}

/**
 * Starts a world. With `metered`, all that functions ask of DynamoDB is counted, which takes time: not for timing. With `movable`, its
 * clock starts at a midnight in UTC and can be moved on from there.
 */
export async function openWorld({
  metered,
  movable = false,
}: {
  readonly metered: boolean
  readonly movable?: boolean
}): Promise<World> {
  const synthesized = await template()
  const data = mkdtempSync(join(root, 'data-'))
  if (movable) writeFileSync(join(data, 'clock.json'), JSON.stringify({ instant: nextMidnight() }))
  const invocations = new Map<string, { count: number; gigabyteSeconds: number }>()
  const note = (message: unknown): void => {
    const { functionName, memoryMegabytes, milliseconds } = message as Invocation // what this channel carries
    const one = invocations.get(functionName) ?? { count: 0, gigabyteSeconds: 0 }
    one.count += 1
    one.gigabyteSeconds += (memoryMegabytes / 1024) * (milliseconds / 1000)
    invocations.set(functionName, one)
  }
  subscribe('drydock:invocation', note)
  if (metered) await fireFirst({ template: synthesized, data }, invocations)
  let meter: Meter | undefined
  const runtime = await startRuntime({
    ...{ template: synthesized, data, parameters },
    ...(metered && {
      before: async (endpoint: string) => {
        meter = await meterBefore(endpoint)
        return meter.endpoint
      },
    }),
  })

  const child = fork(new URL('./fleet.ts', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  // A clock that is moved outlives a token of the usual half a day.
  const ttlSeconds = 30 * 86_400
  const token = await runtime.issueToken({ user: 'operator-1', roles: ['operator', 'approver'], ttlSeconds })
  const dynamo = new DynamoDBClient({
    endpoint: runtime.dynamo.endpoint,
    region: 'eu-central-1',
    credentials,
  })
  return {
    runtime,
    operator: caller(runtime.url, token),
    dynamo,
    data,
    tables: {
      log: tableOf(runtime, 'LOG_TABLE'),
      views: tableOf(runtime, 'VIEWS_TABLE'),
      work: tableOf(runtime, 'WORK_TABLE'),
    },
    consumed: async () => (await meter?.read()) ?? {},
    logged: () =>
      readdirSync(join(data, 'logs')).reduce((sum, file) => sum + statSync(join(data, 'logs', file)).size, 0),
    invoked: () => new Map([...invocations].map(([name, one]) => [name, { ...one }])),
    work: (task) => ask(child, { ...task, url: runtime.url } as Task), // the address is all it lacked
    async stop() {
      unsubscribe('drydock:invocation', note)
      child.disconnect()
      dynamo.destroy()
      await runtime.stop()
      await meter?.stop()
      rmSync(data, { recursive: true, force: true })
    },
  }
}

function tableOf({ variables }: Runtime, name: string): string {
  const table = variables[name]
  if (table === undefined) throw new Error(`The template tells no function ${name}.`)
  return table
}

async function ask(child: ChildProcess, task: Task): Promise<Done> {
  const answer = once(child, 'message')
  child.send(task)
  const [said] = (await answer) as [{ done?: Done; error?: string }] // fleet.ts answers every task once
  if (said.done) return said.done
  throw new Error(said.error ?? 'The fleet did not say what happened.')
}

/** Waits until something is so; throws when it does not become so in ten minutes. */
export async function until<Value>(
  what: string,
  probe: () => Promise<Value | undefined>,
  every = 50,
): Promise<Value> {
  const deadline = performance.now() + 600_000
  for (;;) {
    const value = await probe()
    if (value !== undefined) return value
    if (performance.now() > deadline) throw new Error(`Waited ten minutes in vain: ${what}.`)
    await sleep(every)
  }
}
