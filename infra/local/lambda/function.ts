import { randomUUID } from 'node:crypto'
import { channel } from 'node:diagnostics_channel'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isRecord } from '../template/shapes.ts'
import type { FunctionLogs } from './log.ts'

/** What the template says of a function, references resolved. */
export interface FunctionSettings {
  readonly name: string
  readonly arn: string
  /** The directory of the deployed bundle. */
  readonly bundle: string
  /** File and export, such as `index.handler`. */
  readonly handler: string
  readonly timeoutSeconds: number
  readonly memoryMegabytes: number
  /** How many invocations may run at once; no limit when left out. */
  readonly concurrency?: number
}

/** A deployed function in this process. */
export interface LocalFunction {
  readonly name: string
  readonly arn: string
  /** Runs it and returns what it answered; rejects with a FunctionError for whatever goes wrong inside. */
  invoke(payload: unknown): Promise<unknown>
  /** Loads the bundle before the first invocation needs it. */
  load(): Promise<void>
}

/** How an invocation failed; `name` and `errorType` are the type as Lambda reports it. */
export class FunctionError extends Error {
  readonly errorType: string
  readonly errorMessage: string
  readonly trace: readonly string[]

  constructor(errorType: string, errorMessage: string, trace: readonly string[] = []) {
    super(errorMessage)
    this.name = errorType
    this.errorType = errorType
    this.errorMessage = errorMessage
    this.trace = trace
  }
}

/** What the channel `drydock:invocation` tells of every invocation that ended: what Lambda would bill. */
export interface Invocation {
  readonly functionName: string
  readonly memoryMegabytes: number
  readonly milliseconds: number
}

const invocations = channel('drydock:invocation')

type Handler = (event: unknown, context: unknown) => unknown

const maximumPayloadBytes = 6 * 1024 * 1024
let generations = 0

/** Prepares a function. Throws at once when its bundle does not hold the handler's file. */
export function openFunction(settings: FunctionSettings, logs: FunctionLogs): LocalFunction {
  const { name, arn, bundle, handler, timeoutSeconds, concurrency = Number.POSITIVE_INFINITY } = settings
  const [fileName = '', exportName = ''] = handler.split('.')
  const file = [`${fileName}.mjs`, `${fileName}.js`]
    .map((candidate) => join(bundle, candidate))
    .find(existsSync)
  if (file === undefined) {
    throw new Error(
      `The function ${name} has the handler ${handler}, but ${bundle} holds neither ${fileName}.mjs nor ${fileName}.js.`,
    )
  }
  // Clients in a bundle keep the endpoints of their first use: a runtime that starts again in this process loads anew.
  generations += 1
  const address = `${pathToFileURL(file).href}?generation=${generations}`
  let loading: Promise<Handler> | undefined
  const waiting: (() => void)[] = []
  let running = 0

  const load = (): Promise<Handler> => {
    loading ??= logs.run(name, 'init', async () => {
      const module: unknown = await import(address)
      const found = isRecord({ ...(module as object) })
        ? (module as Record<string, unknown>)[exportName]
        : undefined // a module namespace
      if (typeof found !== 'function') throw new Error(`${file} does not export ${exportName}`)
      return found as Handler // Lambda promises no more than that it is a function
    })
    return loading
  }

  const run = async (payload: unknown): Promise<unknown> => {
    const requestId = randomUUID()
    let started = performance.now()
    let timer: NodeJS.Timeout | undefined
    const context = {
      awsRequestId: requestId,
      callbackWaitsForEmptyEventLoop: true,
      functionName: name,
      functionVersion: '$LATEST',
      invokedFunctionArn: arn,
      logGroupName: `/aws/lambda/${name}`,
      logStreamName: 'local',
      memoryLimitInMB: String(settings.memoryMegabytes),
      getRemainingTimeInMillis: () =>
        Math.max(0, Math.round(timeoutSeconds * 1000 - (performance.now() - started))),
    }
    try {
      // Through JSON and back, as over the wire: caller and handler never share an object.
      const event: unknown = JSON.parse(wire(payload, 'event'))
      const call = await load()
      // Loading is not counted, as in Lambda. In real time whatever the clock's speed: the work takes real time too.
      started = performance.now()
      const expired = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          const message = `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`
          reject(new FunctionError('Sandbox.Timedout', message))
        }, timeoutSeconds * 1000)
      })
      const answer = await Promise.race([
        logs.run(name, requestId, async () => call(event, context)),
        expired,
      ])
      return JSON.parse(wire(answer, 'response'))
    } catch (error) {
      const failure = functionErrorOf(error)
      logs.run(name, requestId, () => {
        const { errorType, errorMessage, trace } = failure
        console.error({ errorType, errorMessage, trace })
      })
      throw failure
    } finally {
      clearTimeout(timer)
      if (invocations.hasSubscribers) {
        const milliseconds = performance.now() - started
        const ended: Invocation = {
          functionName: name,
          memoryMegabytes: settings.memoryMegabytes,
          milliseconds,
        }
        invocations.publish(ended)
      }
    }
  }

  return {
    name,
    arn,
    async load() {
      await load()
    },
    async invoke(payload) {
      if (running >= concurrency) await new Promise<void>((resolve) => waiting.push(resolve))
      else running += 1
      try {
        return await run(payload)
      } finally {
        // A waiting invocation takes over the place of this one.
        const next = waiting.shift()
        if (next === undefined) running -= 1
        else next()
      }
    },
  }
}

function wire(value: unknown, what: 'event' | 'response'): string {
  const text = JSON.stringify(value) ?? 'null'
  if (text.length <= maximumPayloadBytes) return text
  throw new FunctionError(
    what === 'event' ? 'RequestEntityTooLargeException' : 'Function.ResponseSizeTooLarge',
    `The ${what} has ${text.length} bytes, Lambda takes at most ${maximumPayloadBytes}.`,
  )
}

function functionErrorOf(error: unknown): FunctionError {
  if (error instanceof FunctionError) return error
  if (error instanceof Error)
    return new FunctionError(error.name, error.message, (error.stack ?? '').split('\n'))
  return new FunctionError(
    'Error',
    typeof error === 'string' ? error : (JSON.stringify(error) ?? String(error)),
  )
}
