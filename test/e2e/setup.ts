import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import type { Credentials } from '../../infra/local/access/access.ts'
import { laySynthesized } from '../infra/synthesized.ts'

/** Where a runtime of this folder can be reached. */
export interface RunningRuntime {
  readonly url: string
  /** Where the services are, by the names that the AWS SDK knows. */
  readonly endpoints: Readonly<Record<string, string>>
  /** Who may do everything at these services. */
  readonly administrator: Credentials
  readonly data: string
  /** The directory with the synthesized template. */
  readonly template: string
  readonly logTable: string
  readonly machineArn: string
  /** The port of this machine at which procedures may call: a test that plays a server listens there. */
  readonly outboundPort: number
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly runtimes: readonly RunningRuntime[]
  }
}

/** A minute of the runtime, the time between two ticks, takes three seconds. */
export const speed = 20

/** Starts a runtime for each worker of this folder, on a directory of its own, and stops them all after the last file. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const all = await Promise.all(Array.from({ length: project.config.maxWorkers }, started))
  project.provide(
    'runtimes',
    all.map(({ running }) => running),
  )
  return async () => {
    await Promise.all(all.map(({ stop }) => stop()))
  }
}

/** Starts a runtime. */
async function started(): Promise<{ running: RunningRuntime; stop(): Promise<void> }> {
  const data = mkdtempSync(join(tmpdir(), 'drydock-e2e-'))
  laySynthesized(data)
  const child = fork(new URL('./runtime-child.ts', import.meta.url), [data, String(speed)], {
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const ended = once(child, 'exit')
  const [running] = (await Promise.race([
    once(child, 'message'),
    ended.then(([code]) => {
      throw new Error(`The runtime did not start (exit code ${code}).`)
    }),
  ])) as [RunningRuntime] // runtime-child.ts sends nothing else
  const stop = async () => {
    child.disconnect()
    await ended
    rmSync(data, { recursive: true, force: true })
  }
  return { running, stop }
}
