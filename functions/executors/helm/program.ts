import { spawn } from 'node:child_process'
import { second } from '../../../events/time.ts'

/** What a program came to. */
export type Run =
  | { readonly kind: 'ended'; readonly status: number; readonly output: string; readonly said: string }
  /** It was ended: its time was over, or it said more than is taken. Nobody knows how far it came. */
  | { readonly kind: 'cut-off'; readonly why: string; readonly said: string }
  /** It cannot be started: it is not there, or not for this machine. */
  | { readonly kind: 'missing'; readonly why: string }

/** In bytes: of the output all is wanted, and of what is said beside it the end. */
const [mostOutput, mostSaid] = [4 * 1024 * 1024, 16 * 1024]
/** A program that is asked to end has so long for it, in milliseconds. */
const endsWithin = 5 * second

/**
 * Runs a program without a shell, with nothing of this function's own environment, and waits for it as long as is said. Its arguments are seen by
 * whoever looks at the processes of a machine: secrets are in files.
 */
export function runProgram(
  file: string,
  words: readonly string[],
  options: {
    readonly directory: string
    readonly environment: Readonly<Record<string, string>>
    readonly milliseconds: number
  },
): Promise<Run> {
  const { directory, environment, milliseconds } = options
  return new Promise((resolve) => {
    const child = spawn(file, words, {
      ...{ cwd: directory, env: { ...environment }, shell: false },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output: Buffer[] = []
    let said = Buffer.alloc(0)
    let bytes = 0
    let cut: string | undefined
    let hardEnd: NodeJS.Timeout | undefined
    const end = (why: string) => {
      if (cut !== undefined) return
      cut = why
      child.kill('SIGTERM')
      hardEnd = setTimeout(() => child.kill('SIGKILL'), endsWithin)
    }
    const timer = setTimeout(
      () => end(`it was not over after ${Math.round(milliseconds / second)} seconds`),
      milliseconds,
    )
    const settle = (run: Run) => {
      clearTimeout(timer)
      clearTimeout(hardEnd)
      resolve(run)
    }
    child.stdout.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes > mostOutput) end('it wrote more than is taken')
      else output.push(part)
    })
    child.stderr.on('data', (part: Buffer) => {
      said = Buffer.concat([said, part]).subarray(-mostSaid)
    })
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) settle({ kind: 'missing', why: error.code ?? error.name })
    })
    child.on('close', (status) => {
      if (cut !== undefined) settle({ kind: 'cut-off', why: cut, said: said.toString('utf8') })
      else if (status === null)
        settle({ kind: 'cut-off', why: 'it was ended from outside', said: said.toString('utf8') })
      else
        settle({
          ...{ kind: 'ended', status },
          output: Buffer.concat(output).toString('utf8'),
          said: said.toString('utf8'),
        })
    })
  })
}
