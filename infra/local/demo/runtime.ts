import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Refuses to begin where another program answers: its data must not be deleted, and it is not ours to talk to. */
export async function refuseTakenPort(port: number): Promise<void> {
  const free = await new Promise<boolean>((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
  if (!free)
    throw new Error(
      `Port ${port} is taken, perhaps by an earlier demo: end that, or choose another one with --port.`,
    )
}

/** What the runtime is started with; `outbound` is what it may call, as the parameter OutboundHosts of a deployment. */
export interface RuntimeOptions {
  readonly port: number
  readonly speed: number
  readonly data: string
  readonly outbound?: string
  /** May releases be rolled out that nobody has signed? Left out: allowed, as what is shown is how upgrades go. */
  readonly unsignedReleases?: 'allowed' | 'refused'
}

/** Starts the runtime in a process of its own, its output in a file, and waits until it is healthy; tells what that is waiting for. */
export async function startRuntime(
  { port, speed, data, outbound = '', unsignedReleases = 'allowed' }: RuntimeOptions,
  waitsFor: (what: string) => void,
): Promise<{ url: string; process: ChildProcess }> {
  const output = openSync(join(data, 'runtime.log'), 'a')
  const script = new URL('../start.ts', import.meta.url).pathname
  const options = ['--port', String(port), '--data', data, '--speed', String(speed), '--outbound', outbound]
  options.push('--unsigned-releases', unsignedReleases)
  const runtime = spawn(process.execPath, [script, ...options], { stdio: ['ignore', output, output] })
  const url = `http://127.0.0.1:${port}`
  for (;;) {
    if (runtime.exitCode !== null) {
      const said = execFileSync('tail', ['-n', '12', join(data, 'runtime.log')], { encoding: 'utf8' })
      throw new Error(`The runtime did not start:\n${said}`)
    }
    try {
      if ((await fetch(`${url}/health`)).ok) return { url, process: runtime }
    } catch {
      // Not listening yet.
    }
    waitsFor(
      existsSync(join(data, 'cdk.out.sources'))
        ? 'making the tables, functions, queues and state machines that it describes'
        : 'synthesizing the template, with its functions bundled',
    )
    await sleep(100)
  }
}

/** Returns a token of the local issuer for a person with roles. */
export function tokenFor(data: string, user: string, ...roles: readonly string[]): string {
  const script = new URL('../token.ts', import.meta.url).pathname
  const chosen = roles.flatMap((role) => ['--role', role])
  return execFileSync(process.execPath, [script, '--data', data, '--user', user, ...chosen], {
    encoding: 'utf8',
  }).trim()
}
