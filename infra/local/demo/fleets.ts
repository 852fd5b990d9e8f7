import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FleetPlan, FleetReady } from './fleet.ts'

/** What an instance said of itself when it was asked. */
export interface Running {
  readonly id: string
  readonly version: string
  readonly upgrading: string | null
  readonly enrolled: boolean
}

/** One process that simulates instances. */
export interface Fleet {
  readonly process: ChildProcess
  readonly port: number
  readonly instances: readonly string[]
  /** Asks every instance of the process over HTTP what it runs; null when the process does not answer. */
  ask(): Promise<readonly Running[] | null>
}

/** Starts a process for a share of the instances and waits until it serves. */
async function startFleet(plan: FleetPlan, directory: string, number: number): Promise<Fleet> {
  const file = join(directory, `fleet-${number}.json`)
  writeFileSync(file, JSON.stringify(plan), { mode: 0o600 })
  const child = fork(new URL('./fleet.ts', import.meta.url), [file], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [ready] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`Fleet process ${number} ended before it served (exit code ${code}).`)
    }),
  ])) as [FleetReady] // fleet.ts sends nothing else
  return {
    process: child,
    port: ready.port,
    instances: plan.instances.map(({ id }) => id),
    async ask() {
      try {
        const response = await fetch(`http://127.0.0.1:${ready.port}/`, { signal: AbortSignal.timeout(5000) })
        return (await response.json()) as Running[] // fleet.ts serves this
      } catch {
        return null
      }
    },
  }
}

/** Starts so many processes and gives each an equal share of the instances. */
export function startFleets(plan: FleetPlan, processes: number, directory: string): Promise<Fleet[]> {
  const share = Math.ceil(plan.instances.length / processes)
  const shares = Array.from({ length: processes }, (_, number) =>
    plan.instances.slice(number * share, (number + 1) * share),
  )
  return Promise.all(
    shares
      .filter((instances) => instances.length > 0)
      .map((instances, number) => startFleet({ ...plan, instances }, directory, number + 1)),
  )
}
