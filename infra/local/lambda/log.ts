import { AsyncLocalStorage } from 'node:async_hooks'
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'node:util'
import type { Clock } from '../clock.ts'

/** A line that a function logged, in the form of Lambda's JSON log format. */
export interface LogLine {
  readonly timestamp: string
  readonly level: string
  readonly requestId: string
  readonly functionName: string
  readonly message: unknown
}

/** Gathers what a function writes to the console of its thread. */
export interface FunctionLogs {
  /** Runs an invocation so that whatever it logs, now or later, is known as its own. */
  run<Result>(functionName: string, requestId: string, invocation: () => Result): Result
}

const levels = {
  debug: 'DEBUG',
  log: 'INFO',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  trace: 'TRACE',
} as const

/** Takes over the console of this thread, each line with the invocation that it belongs to. */
export function captureLogs(clock: Clock, write: (line: LogLine) => void): FunctionLogs {
  const current = new AsyncLocalStorage<Current>()
  const line = (invocation: Current, level: string, message: unknown) =>
    write({ timestamp: new Date(clock.now()).toISOString(), level, ...invocation, message })
  for (const name of Object.keys(levels)) {
    const method = name as keyof typeof levels // the keys of that very object
    const original = console[method]
    console[method] = (...values: unknown[]) => {
      const invocation = current.getStore()
      if (invocation === undefined) return original.apply(console, values)
      line(invocation, levels[method], messageOf(values))
    }
  }
  capture(process.stdout, current, (invocation, message) => line(invocation, 'INFO', message))
  capture(process.stderr, current, (invocation, message) => line(invocation, 'ERROR', message))
  return {
    run: (functionName, requestId, invocation) => current.run({ functionName, requestId }, invocation),
  }
}

/** Returns what keeps the lines of functions, each function's in a file of its own. */
export function openLogFiles(directory: string): (line: LogLine) => void {
  mkdirSync(directory, { recursive: true })
  return (line) => appendFileSync(join(directory, `${line.functionName}.log`), `${JSON.stringify(line)}\n`)
}

type Current = { readonly functionName: string; readonly requestId: string }

/** Takes what an invocation writes past the console, metrics for one. */
function capture(
  stream: NodeJS.WriteStream,
  current: AsyncLocalStorage<Current>,
  take: (invocation: Current, message: unknown) => void,
): void {
  const original = stream.write
  const writes = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const invocation = current.getStore()
    if (invocation === undefined) return Reflect.apply(original, stream, [chunk, ...rest])
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString()
    for (const line of text.split('\n').filter((one) => one !== '')) take(invocation, written(line))
    for (const last of rest.slice(-1)) if (typeof last === 'function') last()
    return true
  }
  stream.write = writes as typeof stream.write // the same call in all its forms: chunk, encoding, callback
}

/**
 * Returns the message of a line as Lambda's runtime for Node makes it: one value stays what it is, so that a text which is JSON already
 * would be wrapped once more; several are formatted into one text.
 */
function messageOf(values: readonly unknown[]): unknown {
  const [only] = values
  if (values.length !== 1) return format(...values)
  try {
    const text = JSON.stringify(only, (_, value: unknown) => (value instanceof Error ? told(value) : value))
    return text === undefined ? null : JSON.parse(text)
  } catch {
    return format(only)
  }
}

function told(error: Error) {
  return {
    errorType: error.name,
    errorMessage: error.message,
    stackTrace: error.stack?.split('\n') ?? [],
    ...error,
  }
}

/** What is written past the console is a line of its own when it is JSON. */
function written(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return line
  }
}
