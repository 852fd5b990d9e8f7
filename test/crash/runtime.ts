import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, readFileSync, rmSync, type WriteStream, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { environmentOf, type FailPoint, type Signs } from './points.ts'

const start = fileURLToPath(new URL('../../infra/local/start.ts', import.meta.url))
const failPoints = new URL('./fail-points.ts', import.meta.url).href

/** Where a run has what. */
export interface Places {
  /** What the runtime keeps. */
  readonly data: string
  /** What those who watch it write: it is not on the disk that is filled. */
  readonly notes: string
}

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
  /** Has it stand still, or the emulator alone, for so many milliseconds; resolves to whether there was anything to stop. */
  freeze(whom: 'all' | 'dynamo', milliseconds: number): Promise<boolean>
  /** Takes their rights away from its functions for so many milliseconds. */
  loseRights(milliseconds: number): Promise<void>
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
  readonly #log: string
  readonly signs: Signs

  constructor({ data, notes }: Places, { speed, outbound = '' }: { speed: number; outbound?: string }) {
    this.#directory = data
    this.#outbound = outbound
    this.#speed = speed
    this.#log = join(notes, 'runtime.log')
    this.#output = createWriteStream(this.#log, { flags: 'a' })
    this.signs = { hits: join(notes, 'hits.jsonl'), withoutRights: join(notes, 'without-rights') }
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
      env: { ...process.env, ...environmentOf(this.signs, failPoint) },
    })
    const ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null) // what `exit` gives
    const spoken = said(child, this.#output)
    const url = await Promise.race([spoken, ended.then(() => undefined)])
    if (url === undefined) {
      if (child.signalCode === 'SIGKILL' && failPoint) return undefined
      throw new Error(`The runtime did not start: see ${this.#log}`)
    }
    return lifeOf(child, url, ended, join(this.#directory, 'dynamo.pid'), this.signs.withoutRights)
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

function lifeOf(
  child: ChildProcess,
  url: string,
  ended: Life['ended'],
  pidFile: string,
  withoutRights: string,
): Life {
  const { pid = 0 } = child
  const isOver = () => child.exitCode !== null || child.signalCode !== null
  const dynamo = () => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0)
  // Only what belongs to this runtime: the number may be somebody else's by now.
  const isOurs = (victim: number) => !isOver() && victim !== 0 && parentOf(victim) === pid
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
      if (!isOurs(victim)) return false
      process.kill(victim, 'SIGKILL')
      while (!isOver() && dynamo() === victim) await sleep(10)
      return true
    },
    async freeze(whom, milliseconds) {
      const victim = whom === 'all' ? -pid : dynamo()
      if (whom === 'all' ? isOver() : !isOurs(victim)) return false
      process.kill(victim, 'SIGSTOP')
      await sleep(milliseconds)
      if (whom === 'all' ? !isOver() : isOurs(victim)) process.kill(victim, 'SIGCONT')
      return true
    },
    async loseRights(milliseconds) {
      writeFileSync(withoutRights, '')
      await sleep(milliseconds)
      rmSync(withoutRights)
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
