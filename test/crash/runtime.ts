import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, readFileSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { environmentOf, type FailPoint } from './points.ts'

const start = fileURLToPath(new URL('../../infra/local/start.ts', import.meta.url))
const failPoints = new URL('./fail-points.ts', import.meta.url).href

/** One life of the runtime: the process that `npm start` runs, in a process group of its own. */
export interface Life {
  readonly url: string
  /** Resolves to the signal that ended it, or to null when it ended by itself. */
  readonly ended: Promise<NodeJS.Signals | null>
  readonly over: boolean
  /** `kill -9` of the whole group, the emulator of DynamoDB included. */
  kill(): Promise<void>
  /** `kill -9` of the emulator alone; resolves when another one has taken its place, false when there was none to kill. */
  killDynamo(): Promise<boolean>
  /** Asks it to stop as Ctrl+C does; resolves to whether it did so by itself. */
  stop(): Promise<boolean>
}

/** Starts lives of the runtime on one data directory, one after the other. */
export class Runtime {
  readonly #directory: string
  readonly #speed: number
  /** What procedures may call. */
  readonly #outbound: string
  readonly #output: WriteStream
  /** Where a runtime notes the fail point at which it dies. */
  readonly hits: string

  constructor({ directory, speed, outbound = '' }: { directory: string; speed: number; outbound?: string }) {
    this.#directory = directory
    this.#outbound = outbound
    this.#speed = speed
    this.#output = createWriteStream(join(directory, 'runtime.log'), { flags: 'a' })
    this.hits = join(directory, 'hits.jsonl')
  }

  /** Starts a life and resolves when it answers, or to undefined when it met its fail point even before that. */
  async begin(failPoint?: FailPoint): Promise<Life | undefined> {
    const options = [
      '--port',
      '0',
      '--data',
      this.#directory,
      '--speed',
      String(this.#speed),
      '--outbound',
      this.#outbound,
      '--unsigned-releases',
      'allowed',
    ]
    const child = spawn(process.execPath, ['--import', failPoints, start, ...options], {
      // A group of its own, so that all of it can be killed at once.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...(failPoint && environmentOf(failPoint, this.hits)) },
    })
    const ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null) // what `exit` gives
    const spoken = said(child, this.#output)
    const url = await Promise.race([spoken, ended.then(() => undefined)])
    if (url === undefined) {
      if (child.signalCode === 'SIGKILL' && failPoint) return undefined
      throw new Error(`The runtime did not start: see ${join(this.#directory, 'runtime.log')}`)
    }
    return lifeOf(child, url, ended, join(this.#directory, 'dynamo.pid'))
  }
}

/** Resolves to the address in what a runtime says, and keeps all of it. */
function said(child: ChildProcess, output: WriteStream): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    child.stderr?.on('data', (chunk: Buffer) => output.write(chunk))
    child.stdout?.on('data', (chunk: Buffer) => {
      output.write(chunk)
      text = (text + chunk.toString()).slice(-4000)
      const address = /answers on (http:\S+)/.exec(text)?.[1]
      if (address) resolve(address)
    })
  })
}

function lifeOf(child: ChildProcess, url: string, ended: Life['ended'], pidFile: string): Life {
  const { pid = 0 } = child
  const isOver = () => child.exitCode !== null || child.signalCode !== null
  const dynamo = () => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0)
  return {
    url,
    ended,
    get over() {
      return isOver()
    },
    async kill() {
      if (!isOver()) process.kill(-pid, 'SIGKILL')
      await ended
    },
    async killDynamo() {
      const victim = dynamo()
      // Only what belongs to this runtime: the number may be somebody else's by now.
      if (isOver() || victim === 0 || parentOf(victim) !== pid) return false
      process.kill(victim, 'SIGKILL')
      while (!isOver() && dynamo() === victim) await sleep(10)
      return true
    },
    async stop() {
      if (!isOver()) process.kill(pid, 'SIGINT')
      const patience = sleep(60_000, 'late' as const, { ref: false })
      if ((await Promise.race([ended, patience])) === 'late') {
        process.kill(-pid, 'SIGKILL')
        return false
      }
      return child.exitCode === 0
    },
  }
}

/** Returns the process that started another; 0 when there is no such process. */
function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold anything: the fields begin after it, state, parent.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0
  }
}
