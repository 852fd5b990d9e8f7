import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** What one test file said. */
export interface FileResult {
  readonly file: string
  readonly passed: number
  /** Names of the tests of which an assertion failed. */
  readonly caught: readonly string[]
  /** Why its tests did not run, or did not come to an end: that catches nothing. */
  readonly broken: readonly string[]
}

/** Which tests of a file are run. */
export interface Wanted {
  readonly file: string
  /** Only tests whose names hold these words; undefined: all. */
  readonly words?: string | undefined
}

/** What the runner's process is told: what has changed since it was told last, and what to run. */
export interface Order extends Wanted {
  readonly changed: readonly string[]
}

/** What it answers: one answer to each order, in turn. */
export type Answer = { readonly result: FileResult } | { readonly error: string }

/** Runs the tests of one tree, in a process of its own that stays, so that nothing is started and read twice. */
export interface Tests {
  /** Says that these files, by their paths in the tree, are others now than when they were last run. */
  changed(files: readonly string[]): void
  /** Runs the tests of a file, until its first test fails, and returns what they said. Rejects when they cannot be run at all. */
  run(wanted: Wanted): Promise<FileResult>
  close(): Promise<void>
}

/** Whether a test file is given a runtime, which is started before the first of them from the code as it then is. */
export function needsRuntime(file: string): boolean {
  return file.startsWith('test/e2e/')
}

/** Returns what runs the tests of a tree. */
export function testsOf(directory: string): Tests {
  let runner: Runner | undefined
  let changes: string[] = []
  const close = async () => {
    const closing = runner
    runner = undefined
    await closing?.close()
  }
  return {
    changed(files) {
      changes.push(...files)
    },
    async run(wanted) {
      const anew = needsRuntime(wanted.file)
      if (anew) await close()
      runner ??= begin(directory)
      const changed = changes
      changes = []
      try {
        return await runner.run({ ...wanted, changed })
      } catch (error) {
        await close()
        throw error
      } finally {
        if (anew) await close()
      }
    },
    close,
  }
}

interface Runner {
  run(order: Order): Promise<FileResult>
  close(): Promise<void>
}

function begin(directory: string): Runner {
  const child = fork(join(import.meta.dirname, 'tests-child.ts'), { cwd: directory, silent: true })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (data: Buffer) => {
      said = (said + data.toString('utf8')).slice(-4000)
    })
  }
  const ended = once(child, 'exit')
  const answered = async (): Promise<Answer> => {
    const [answer] = await Promise.race([once(child, 'message'), ended.then(() => [undefined])])
    return (answer as Answer | undefined) ?? { error: `vitest ended: ${said}` } // tests-child.ts sends nothing else
  }
  return {
    async run(order) {
      const answer = answered()
      tell(child, order)
      const told = await answer
      if ('error' in told) throw new Error(told.error)
      return told.result
    },
    async close() {
      if (child.connected) child.disconnect()
      await ended
    },
  }
}

/** One that has ended says so by itself. */
function tell(child: ChildProcess, order: Order): void {
  child.send(order, () => undefined)
}
