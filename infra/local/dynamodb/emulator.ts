import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { DamagedFile } from '../damage.ts'
import { dataFile } from '../data-files.ts'
import { checkDatabase } from '../database.ts'
import { type Program, programHere } from './program.ts'

/** A DynamoDB emulator in a process of its own, which is started again whenever it dies. */
export interface Emulator {
  readonly endpoint: string
  /** The SQLite file that holds everything; undefined where it is for the emulator alone. */
  readonly file: string | undefined
  /** The process that runs now; another one after it died. */
  readonly pid: number | undefined
  stop(): Promise<void>
}

// Below the ports that the operating system hands out to outgoing connections: one of those could take the port in
// the moment between two lives of the child.
const lowestPort = 20_000
const ports = 12_000
const attempts = 20

/**
 * Starts the program that plays DynamoDB here on its file in the data directory. The process ends with this one, however this one ends; when
 * it dies by itself it is started again on the same port, so that the SDK's retries find it. Throws when there is no
 * such program.
 */
export async function startEmulator(
  directory: string,
  log: (line: string) => void,
  program: Program = programHere(),
): Promise<Emulator> {
  const file = program.database(directory)
  const pidFile = dataFile(directory, 'dynamo.pid')
  endOrphan(pidFile, program.isOpen ? file : directory)
  checkFile(directory, file)
  if (!program.isOpen)
    log(
      `There is no dynoxide for ${process.platform}-${process.arch}: ${program.name} plays DynamoDB, slower, and a kill may cost it what it has acknowledged.`,
    )

  let stopping = false
  let child: ChildProcess | undefined
  let port = 0

  const launch = async (wanted: number): Promise<ChildProcess> => {
    const launched = spawnBound(program.command(directory, wanted))
    let output = ''
    launched.stderr?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-2000)
    })
    launched.stdout?.resume()
    const ended = new Promise<never>((_, reject) => {
      launched.once('error', reject)
      launched.once('exit', (code, signal) => {
        reject(new Error(`${program.name} ended at its start (${signal ?? code}): ${output.trim()}`))
      })
    })
    try {
      await Promise.race([listening(wanted, program), ended])
    } catch (error) {
      launched.kill('SIGKILL')
      throw error
    }
    // A foreign process may already listen on the port while ours is still about to fail.
    await Promise.race([delay(2), ended])
    ended.catch(() => {})
    writeFileSync(pidFile, `${launched.pid}\n`)
    return launched
  }

  const watch = (watched: ChildProcess) => {
    watched.once('exit', (code, signal) => {
      if (stopping) return
      log(
        `DynamoDB (process ${watched.pid}) ended by itself (${signal ?? code}); starting it again on port ${port}.`,
      )
      void restart()
    })
    child = watched
  }

  const restart = async () => {
    for (let attempt = 0; !stopping; attempt += 1) {
      try {
        const launched = await launch(port)
        watch(launched)
        if (stopping) launched.kill('SIGKILL')
        return
      } catch (error) {
        if (attempt % 50 === 0) log(`DynamoDB does not start again: ${String(error)}`)
        await delay(Math.min(20 * 2 ** attempt, 1000))
      }
    }
  }

  let failure: unknown
  for (let attempt = 0; attempt < attempts && child === undefined; attempt += 1) {
    port = lowestPort + Math.floor(Math.random() * ports)
    if (await answers(port)) continue
    try {
      watch(await launch(port))
    } catch (error) {
      failure = error
    }
  }
  if (child === undefined) {
    throw new Error(
      `${program.name} does not start on ${file}. Is the disk full, or the file damaged? ${failure instanceof Error ? failure.message : 'No port between 20000 and 31999 is free.'}`,
    )
  }

  return {
    endpoint: `http://127.0.0.1:${port}`,
    file: program.isOpen ? file : undefined,
    get pid() {
      return child?.pid
    },
    async stop() {
      stopping = true
      const last = child
      if (last !== undefined && last.exitCode === null && last.signalCode === null) {
        const exited = new Promise((resolve) => last.once('exit', resolve))
        last.kill('SIGTERM')
        const patience = setTimeout(() => last.kill('SIGKILL'), 3000)
        await exited
        clearTimeout(patience)
      }
      rmSync(pidFile, { force: true })
    },
  }
}

function spawnBound([program, ...args]: readonly [string, ...string[]]): ChildProcess {
  // In a process group of its own: Ctrl+C in a terminal, and the end of a shell's job, are for the runtime to hear. It ends this last.
  const options: SpawnOptions = { stdio: ['ignore', 'pipe', 'pipe'], detached: true }
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path))
  // Without it the child would survive a kill -9 of the runtime and keep its file open; endOrphan is the second net.
  if (setpriv === undefined) return spawn(program, args, options)
  return spawn(setpriv, ['--pdeathsig', 'KILL', program, ...args], options)
}

/** The emulator takes a file that is gone or empty for a new one: not so where there was a log already. */
function checkFile(directory: string, file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size
  if (size) checkDatabase(file)
  // Made after the emulator has answered for the first time.
  else if (existsSync(dataFile(directory, 'runtime.sqlite')))
    throw new DamagedFile(file, size === undefined ? 'it is missing' : 'it is empty')
}

/** `mark` is what its command line names of this data directory. */
function endOrphan(pidFile: string, mark: string): void {
  if (!existsSync(pidFile)) return
  const pid = Number(readFileSync(pidFile, 'utf8'))
  try {
    // The number may belong to another program by now: only one that works on our file is ours.
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(mark)) process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone.
  }
  rmSync(pidFile, { force: true })
}

async function listening(port: number, { name, readyWithin }: Program): Promise<void> {
  const deadline = performance.now() + readyWithin
  while (!(await answers(port))) {
    if (performance.now() > deadline)
      throw new Error(`${name} did not listen on port ${port} within ${readyWithin / 1000} s`)
    await delay(3)
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
