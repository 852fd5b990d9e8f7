import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { type Entries, journalFile } from '../../../clients/agent/journal.ts'
import { endLeftBehind, agentMark } from '../../../clients/agent/programs.ts'
import { ownDirectory } from '../../../clients/agent/trial.ts'
import { writeAgent } from '../../../infra/agent-bundle.ts'
import { openPlace, type Place, type Plane, type Published, releaseOf } from './place.ts'

let built: string | undefined

/** Returns where the agent and its watchdog are as they are put on a machine: one file each. */
export function builtAgent(): string {
  if (!built) {
    built = mkdtempSync(join(tmpdir(), 'drydock-built-'))
    const directory = built
    process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
    writeAgent(directory)
  }
  return built
}

/** Returns the agent's program, changed as a release of it is that differs by its first line. */
export const agentProgram = (firstLine = ''): string =>
  `${firstLine}\n${readFileSync(join(builtAgent(), 'drydock-agent.mjs'), 'utf8')}`

/** Returns a release of the agent. */
export function agentRelease(version: string, program: string, changes: object = {}): Published {
  const { manifest, artifact } = releaseOf(version, { component: 'drydock-agent' }, program)
  const { components } = manifest as { components: { backend: object } }
  return {
    artifact,
    manifest: { ...manifest, components: { 'drydock-agent.mjs': components.backend }, ...changes },
  }
}

/** A machine on which a watchdog runs the agent. */
export interface Watched extends Place {
  /** Starts the watchdog; whoever had been started before is forgotten. */
  start(): ChildProcess
  /** Starts it again whenever it has ended, as what keeps services running does, until the test has ended or it is told to end. */
  keep(): () => Promise<void>
  /** What was said by all. */
  said(): string
  journal(): Entries
  /** Returns the version of the agent that is in force; null: the one that the watchdog came with. */
  inForce(): string | null
  /** Returns the processes of a kind that run here. */
}

/** Opens a machine whose agent is watched. */
export function openWatched(plane: Plane, changes: object = {}): Watched {
  const agent = { component: 'drydock-agent', version: '1.0.0', proveWithin: 5 }
  const place = openPlace(plane, { agent, ...changes })
  const folder = mkdtempSync(join(tmpdir(), 'drydock-watched-'))
  cpSync(builtAgent(), folder, { recursive: true })
  const program = join(folder, 'drydock-watchdog.mjs')
  const own = ownDirectory(place.directory)
  let said = ''
  let last: ChildProcess | undefined
  const start = () => {
    const child = spawn(process.execPath, [program, '--config', place.file])
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    last = child
    return child
  }
  const endAll = () => {
    last?.kill('SIGKILL')
    endLeftBehind(own, agentMark)
  }
  onTestFinished(() => {
    endAll()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    ...place,
    start,
    keep() {
      let isOver = false
      const keeping = (async () => {
        while (!isOver) {
          const child = start()
          await new Promise((done) => child.on('exit', done))
          await pause(20)
        }
      })()
      const end = async () => {
        isOver = true
        endAll()
        await keeping
      }
      onTestFinished(end)
      return end
    },
    said: () => said,
    journal: () => JSON.parse(readFileSync(journalFile(place.directory), 'utf8')),
    inForce() {
      const link = join(own, 'current')
      return existsSync(link) ? readlinkSync(link).replace('versions/v-', '') : null
    },
  }
}

/** Waits until something is so. */
export async function until(isSo: () => boolean, seconds = 40): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (!isSo()) {
    if (performance.now() > end) throw new Error('It did not come to be so.')
    await pause(10)
  }
}
