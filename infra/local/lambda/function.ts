import { randomUUID } from 'node:crypto'
import { channel } from 'node:diagnostics_channel'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { MachineClock } from '../machine-clock.ts'
import { type FunctionError, functionErrorOf } from './errors.ts'
import { startInstance } from './instance.ts'
import type { LogLine } from './log.ts'
import type { InstanceData } from './messages.ts'
import { openPool } from './pool.ts'

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

/** A deployed function on this machine. */
export interface LocalFunction {
  readonly name: string
  readonly arn: string
  /** Runs it and returns what it answered; rejects with a FunctionError for whatever goes wrong inside. */
  invoke(payload: unknown): Promise<unknown>
  /** Loads the bundle before the first invocation needs it. */
  load(): Promise<void>
  /** Ends what runs of it. */
  stop(): Promise<void>
}

/** What the channel `drydock:invocation` tells of every invocation that ended: what Lambda would bill. */
export interface Invocation {
  readonly functionName: string
  readonly memoryMegabytes: number
  readonly milliseconds: number
}

const invocations = channel('drydock:invocation')

/** What all functions of a machine share. */
export interface Surroundings {
  /** Returns the whole environment of a function, when it is first started. */
  environment(arn: string): Readonly<Record<string, string>>
  write(line: LogLine): void
  readonly clock: MachineClock
}

/** Prepares a function. Throws at once when its bundle does not hold the handler's file. */
export function openFunction(settings: FunctionSettings, surroundings: Surroundings): LocalFunction {
  const { name, arn, timeoutSeconds, memoryMegabytes, concurrency = Number.POSITIVE_INFINITY } = settings
  const data: InstanceData = {
    ...{ functionName: name, arn, timeoutSeconds, memoryMegabytes },
    ...handlerIn(settings),
    clock: surroundings.clock.sight,
  }
  const { write, clock } = surroundings
  const pool = openPool(concurrency, () => startInstance(data, surroundings.environment(arn), write))

  const told = (error: unknown, requestId: string): FunctionError => {
    const failure = functionErrorOf(error)
    const { errorType, errorMessage, trace } = failure
    const timestamp = new Date(clock.now()).toISOString()
    const message = { errorType, errorMessage, trace }
    write({ timestamp, level: 'ERROR', requestId, functionName: name, message })
    return failure
  }

  return {
    name,
    arn,
    load: () => pool.fill(),
    async invoke(payload) {
      const requestId = randomUUID()
      let started: number | undefined
      try {
        return await pool.use((instance) => {
          // Neither waiting nor loading is counted, as in Lambda.
          started = performance.now()
          return instance.call(requestId, payload)
        })
      } catch (error) {
        throw told(error, requestId)
      } finally {
        if (invocations.hasSubscribers && started !== undefined) {
          const milliseconds = performance.now() - started
          const ended: Invocation = { functionName: name, memoryMegabytes, milliseconds }
          invocations.publish(ended)
        }
      }
    },
    stop: () => pool.stop(),
  }
}

function handlerIn({ name, bundle, handler }: FunctionSettings): { file: string; exportName: string } {
  const [fileName = '', exportName = ''] = handler.split('.')
  const file = [`${fileName}.mjs`, `${fileName}.js`]
    .map((candidate) => join(bundle, candidate))
    .find(existsSync)
  if (file !== undefined) return { file: pathToFileURL(file).href, exportName }
  throw new Error(
    `The function ${name} has the handler ${handler}, but ${bundle} holds neither ${fileName}.mjs nor ${fileName}.js.`,
  )
}
