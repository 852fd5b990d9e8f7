import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { onTestFailed, onTestFinished } from 'vitest'
import { type Entries, journalFile } from '../../../clients/agent/journal.ts'
import { agentMark, endLeftBehind } from '../../../clients/agent/programs.ts'
import { ownDirectory } from '../../../clients/agent/trial.ts'
import { writeAgent } from '../../../infra/agent-bundle.ts'
import { openPlace, type Place, type Plane, type Published, releaseOf } from './place.ts'

let built: ReadonlyMap<string, string> | undefined

/** Returns the files of the agent and its watchdog as they are put on a machine. */
function builtAgent(): ReadonlyMap<string, string> {
  if (built) return built
  const directory = mkdtempSync(join(tmpdir(), 'drydock-built-'))
  try {
    writeAgent(directory)
    built = new Map(readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')]))
    return built
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Returns the agent's program, changed as a release of it is that differs by its first line. */
export const agentProgram = (firstLine = ''): string =>
  `${firstLine}\n${builtAgent().get('drydock-agent.mjs')}`

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
  /** Returns the processes of the watchdog and of agents that run here, by what they were started as: watchdog, run, prove. */
  processes(): readonly { readonly pid: number; readonly role: string }[]
  /** Where a test may say at which change to the disk a process is killed (cut-child.ts). */
  readonly cutFile: string
}

/** Returns the words with which a process was started; empty: it has ended. */
function wordsOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** Returns how the unit in docs/agent.md starts a watchdog, with the places of a machine in place of those that it names. */
function startedAsDocumented(folder: string, file: string): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/agent.md'), 'utf8')
  const [, line = ''] = /^ExecStart=(.+)$/m.exec(text) ?? []
  const places = [
    ['/usr/bin/node', process.execPath],
    ['/opt/drydock', folder],
    ['/etc/drydock/agent.json', file],
  ] as const
  return places.reduce((words, [named, here]) => words.replace(named, here), line).split(' ')
}

/** Opens a machine whose agent is watched; a good one has its time to prove itself on a machine that is busy, too. */
export function openWatched(plane: Pick<Plane, 'url' | 'mirror' | 'signer'>, changes: object = {}): Watched {
  const agent = { component: 'drydock-agent', version: '1.0.0', proveWithin: 20 }
  const place = openPlace(plane, { agent, ...changes })
  const folder = mkdtempSync(join(tmpdir(), 'drydock-watched-'))
  for (const [name, text] of builtAgent()) writeFileSync(join(folder, name), text)
  const program = join(folder, 'drydock-watchdog.mjs')
  const own = ownDirectory(place.directory)
  const cutFile = join(folder, 'cut.json')
  let said = ''
  const started: ChildProcess[] = []
  const start = () => {
    const preloaded = ['--import', join(import.meta.dirname, 'cut-child.ts')]
    const env = { ...process.env, NODE_OPTIONS: preloaded.join(' '), CUT_FILE: cutFile }
    const [node = '', ...words] = startedAsDocumented(folder, place.file)
    const child = spawn(node, words, { env })
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    started.push(child)
    return child
  }
  const endAll = () => {
    for (const child of started) child.kill('SIGKILL')
    endLeftBehind(own, agentMark)
  }
  onTestFailed(() => console.log(said.slice(-4000)))
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
    cutFile,
    processes: () =>
      readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .flatMap((name) => {
          const words = wordsOf(name)
          if (words.at(-2) !== place.file || words.at(-3) !== '--config') return []
          return [{ pid: Number(name), role: words[1] === program ? 'watchdog' : (words[2] ?? '') }]
        }),
    journal: () => JSON.parse(readFileSync(journalFile(place.directory), 'utf8')),
    inForce() {
      const link = join(own, 'current')
      return existsSync(link) ? readlinkSync(link).replace('versions/v-', '') : null
    },
  }
}

/** Waits until something is so. */
export async function until(isSo: () => boolean, seconds = 20): Promise<void> {
  const end = performance.now() + seconds * 1000
  while (!isSo()) {
    if (performance.now() > end) throw new Error('It did not come to be so.')
    await pause(10)
  }
}
