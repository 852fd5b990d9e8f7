import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const agentProgram = new URL('../../clients/agent/drydock-agent.ts', import.meta.url).pathname
const control = new URL('control.ts', import.meta.url).pathname

/** A machine in the field: a directory with its agent and its service. */
export interface Machine {
  readonly id: string
  readonly port: number
  /** Makes its service answer 503 where it is of a version. */
  sicken(version: string): void
  /** Starts its agent, which looks every second. */
  start(): void
  /** Kills its agent in the middle of whatever it does. */
  kill(): void
  /** Returns the version that its service says it is; null: nobody answers. */
  version(): Promise<string | null>
  stop(): void
}

/** Makes a machine, and enrols its agent by a one-time token. */
export function openMachine(
  directory: string,
  {
    id,
    token,
    port,
    url,
    key,
    assignmentKey,
    mirror,
  }: {
    readonly id: string
    readonly token: string
    readonly port: number
    readonly url: string
    /** Whose word about releases counts there. */
    readonly key: string
    /** Who assigns updates to it. */
    readonly assignmentKey: string
    readonly mirror: string
  },
): Machine {
  mkdirSync(directory, { recursive: true })
  const ill = join(directory, 'ill')
  const program = (what: string) => [process.execPath, control, what, String(port), ill]
  const file = join(directory, 'agent.json')
  writeFileSync(
    file,
    JSON.stringify({
      ...{
        component: 'service',
        version: '1.0.0',
        directory: 'agent',
        checkInterval: 1 / 60,
        autoInstall: true,
      },
      maintenanceWindow: { enabled: false },
      server: { url, credential: 'credential' },
      trust: { keys: [key], assignmentKey },
      download: { mirror },
      parts: { service: {} },
      programs: { stop: program('stop'), start: program('start') },
      health: [{ name: 'the service', url: `http://127.0.0.1:${port}/` }],
      rollback: { healthCheckTimeout: 3 },
    }),
  )
  const env = { ...process.env, DRYDOCK_ENROLMENT_TOKEN: token }
  execFileSync(process.execPath, [agentProgram, 'enrol', '--config', file], { env })
  let agent: ChildProcess | undefined
  return {
    ...{ id, port },
    sicken: (version) => writeFileSync(`${ill}-${version}`, ''),
    start() {
      const output = openSync(join(directory, 'agent.log'), 'a')
      agent = spawn(process.execPath, [agentProgram, 'run', '--config', file], {
        stdio: ['ignore', output, output],
      })
    },
    kill: () => agent?.kill('SIGKILL'),
    async version() {
      try {
        // The one that answered before may be gone.
        const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
        return ((await answer.json()) as { version: string }).version // as service.mjs answers
      } catch {
        return null
      }
    },
    stop() {
      agent?.kill('SIGKILL')
      const pid = join(directory, 'agent/service.pid')
      if (existsSync(pid))
        try {
          process.kill(Number(readFileSync(pid, 'utf8')), 'SIGKILL')
        } catch {
          // It has ended by itself.
        }
    },
  }
}
