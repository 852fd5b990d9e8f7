import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Taken, takeDirectory } from './lock.ts'
import { agentMark, endLeftBehind } from './programs.ts'
import { agentFile, openTrial, ownDirectory } from './trial.ts'

const usage = `npm run watchdog -- --config FILE

Runs the agent that is in force, or the one beside this file; and tries one that waits to be: it is in force
only once it has proven itself, within agent.proveWithin seconds. Ends with the agent; what starts it has to
start it again.`

/** All that is read of the configuration: the directory, and how long a trial takes, in seconds. */
function readPlace(file: string): { readonly own: string; readonly seconds: number } {
  const { directory, agent } = JSON.parse(readFileSync(file, 'utf8'))
  if (typeof directory !== 'string') throw new Error(`${file} has no directory.`)
  const seconds = Number(agent?.proveWithin ?? 120)
  return { own: ownDirectory(resolve(dirname(file), directory)), seconds }
}

/** The agent that came with this watchdog. */
const beside = join(import.meta.dirname, basename(import.meta.filename).replace('watchdog', 'agent'))

/** Returns the file of the configuration that was named; undefined: help is asked for. Throws what is wrong, and the usage. */
function fileNamed(): string | undefined {
  const options = { config: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const
  try {
    const { config, help } = parseArgs({ options }).values
    if (help) return undefined
    if (config !== undefined) return config
  } catch (error) {
    throw new Error(`${(error as Error).message.split(/\. |\n/)[0]}.\n\n${usage}`)
  }
  throw new Error(usage)
}

async function main(): Promise<number> {
  const config = fileNamed()
  if (config === undefined) {
    console.log(usage)
    return 0
  }
  const { own, seconds } = readPlace(config)
  const trial = openTrial(own)
  takeDirectory(own, 'watchdog')
  /** Whoever can run runs, whatever the disk says. */
  const trying = (change: () => boolean): boolean => {
    try {
      return change()
    } catch (error) {
      console.error(`The trial of an agent stays as it is: ${(error as Error).message}`)
      return false
    }
  }
  let stop = () => {}
  let isStopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      isStopping = true
      stop()
    })
  for (;;) {
    endLeftBehind(own, agentMark)
    // Nobody has watched it to its end: whether it would have proven itself is not known.
    trying(() => trial.giveUp('cut-off'))
    const isTrial = trying(() => trial.begin())
    const there = join(own, isTrial ? 'trying' : 'current', agentFile)
    const program = isTrial || existsSync(there) ? there : beside
    const words = isTrial ? ['prove', '--within', String(seconds)] : ['run']
    const child = spawn(process.execPath, [program, ...words, '--config', config], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, [agentMark]: own },
    })
    stop = () => child.kill('SIGTERM')
    if (isStopping) stop()
    let silent = false
    const timer = setTimeout(() => {
      if (!isTrial || trial.standing().kind !== 'tried') return
      silent = true
      child.kill('SIGKILL')
    }, seconds * 1000)
    const ended = await new Promise<string | number>((done) => {
      child.on('error', () => done('not-started'))
      child.on('exit', (code, signal) => done(code ?? signal ?? 1))
    })
    clearTimeout(timer)
    const why = silent ? 'silent' : isStopping ? 'cut-off' : `ended-${ended}`
    const cameBack = isTrial && trial.standing().kind === 'tried'
    if (cameBack) trying(() => trial.giveUp(why))
    if (isStopping) return 0
    if (!cameBack && trial.standing().kind !== 'waits') return typeof ended === 'number' ? ended : 1
  }
}

try {
  process.exit(await main())
} catch (error) {
  console.error((error as Error).message)
  process.exit(error instanceof Taken ? 1 : 2)
}
