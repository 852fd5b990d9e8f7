import { inject } from 'vitest'
import type { RunningRuntime } from './setup.ts'

/** Returns the runtime of the file that asks: that of the worker which runs it, and a worker runs one file at a time. */
export function runtimeOfFile(): RunningRuntime {
  const worker = Number(process.env.VITEST_POOL_ID)
  const runtime = inject('runtimes')[worker - 1]
  if (!runtime) throw new Error(`There is no runtime for worker ${worker}.`)
  return runtime
}
