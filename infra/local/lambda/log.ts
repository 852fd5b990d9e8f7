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

/** Gathers what functions write to the console, each to its own file. */
export interface FunctionLogs {
  /** Runs an invocation so that whatever it logs, now or later, is known as its own. */
  run<Result>(functionName: string, requestId: string, invocation: () => Result): Result
  stop(): void
}

const levels = {
  debug: 'DEBUG',
  log: 'INFO',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  trace: 'TRACE',
} as const

/** Takes over the console for invocations; outside of them it stays as it is. Lines go to `directory`, or to `sink`. */
export function captureLogs(directory: string, clock: Clock, sink?: (line: LogLine) => void): FunctionLogs {
  mkdirSync(directory, { recursive: true })
  const current = new AsyncLocalStorage<Current>()
  const write =
    sink ??
    ((line) => appendFileSync(join(directory, `${line.functionName}.log`), `${JSON.stringify(line)}\n`))
  const originals = Object.keys(levels).map((name) => {
    const method = name as keyof typeof levels // the keys of that very object
    const original = console[method]
    console[method] = (...values: unknown[]) => {
      const invocation = current.getStore()
      if (invocation === undefined) return original.apply(console, values)
      write({
        timestamp: new Date(clock.now()).toISOString(),
        level: levels[method],
        ...invocation,
        message: messageOf(values),
      })
    }
    return () => {
      console[method] = original
    }
  })
  originals.push(
    capture(process.stdout, current, (invocation, message) => {
      write({ timestamp: new Date(clock.now()).toISOString(), level: 'INFO', ...invocation, message })
    }),
    capture(process.stderr, current, (invocation, message) => {
      write({ timestamp: new Date(clock.now()).toISOString(), level: 'ERROR', ...invocation, message })
    }),
  )
  return {
    run: (functionName, requestId, invocation) => current.run({ functionName, requestId }, invocation),
    stop() {
      for (const restore of originals) restore()
    },
  }
}

type Current = { readonly functionName: string; readonly requestId: string }

/** Takes what an invocation writes past the console, metrics for one; returns a function that gives the stream back. */
function capture(
  stream: NodeJS.WriteStream,
  current: AsyncLocalStorage<Current>,
  take: (invocation: Current, message: unknown) => void,
): () => void {
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
  return () => {
    stream.write = original
  }
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
