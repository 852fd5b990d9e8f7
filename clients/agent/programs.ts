import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/** A program of the configuration has not done what it is for. */
class ProgramFailed extends Error {}

/** So much of the end of what a program says is kept, in characters. */
const keptOutput = 16_384
const mark = 'DRYDOCK_AGENT_PROGRAM'
/** By it a watchdog finds an agent again that another has left behind; what an agent starts does not have it. */
export const agentMark = 'DRYDOCK_WATCHDOG'

/** Runs a program to its end, and returns the end of what it said. Rejects with {@link ProgramFailed} and the end of what it said; one that takes too long is killed with all that it has started. */
export async function run(
  [command = '', ...argv]: readonly string[],
  {
    environment,
    directory,
    seconds,
    outlives = false,
  }: {
    readonly environment: Readonly<Record<string, string>>
    /** The agent's: by it a program is found again that an agent has left behind. */
    readonly directory: string
    readonly seconds: number
    /** What it starts is to go on when the agent ends. */
    readonly outlives?: boolean
  },
): Promise<string> {
  const child = spawn(command, argv, {
    ...{ cwd: directory, detached: true, stdio: ['ignore', 'pipe', 'pipe'] },
    env: {
      ...{ ...process.env, [agentMark]: undefined, ...environment },
      ...(!outlives && { [mark]: directory }),
    },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      said = (said + text).slice(-keptOutput)
    })
  }
  let late = false
  const timer = setTimeout(() => {
    late = true
    endGroup(child.pid)
  }, seconds * 1000)
  const words = await new Promise<string | undefined>((resolve) => {
    child.on('error', (error) => resolve(`it could not be started: ${error.message}`))
    // What it has started may hold its output open, and go on.
    child.on('exit', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `it ended with ${code}`)))
  })
  clearTimeout(timer)
  child.stdout.destroy()
  child.stderr.destroy()
  if (words === undefined) return said
  const reason = late ? `it took longer than ${seconds} s` : words
  throw new ProgramFailed(`${command}: ${reason}${said.trim() === '' ? '' : `: ${said.trim().slice(-2000)}`}`)
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** Ends the programs that an agent of this directory has left behind when it was killed, or what else was started with a mark: they are run anew, and never twice at once. Only where there is a /proc. */
export function endLeftBehind(directory: string, name = mark): void {
  let processes: string[]
  try {
    processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return
  }
  for (const pid of processes) {
    try {
      const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
      if (variables.includes(`${name}=${directory}`)) process.kill(Number(pid), 'SIGKILL')
    } catch {
      // Another's, or one that has ended.
    }
  }
}
