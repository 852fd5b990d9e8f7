import { Worker } from 'node:worker_threads'
import { FunctionError, functionErrorOf, wire } from './errors.ts'
import type { LogLine } from './log.ts'
import type { Asked, Ending, InstanceData, Said } from './messages.ts'

/** In milliseconds of the wall: a bundle loads in a fraction of a second, on a machine that is not busy. */
const loadsWithin = 60_000
/** In milliseconds of the wall: a thread that does not say a word for so long hangs. */
const answersWithin = 1_000
/** In megabytes. Left to itself, each thread would keep several times as much of what nobody needs any more. */
const youngGeneration = 24

/** One instance of a function: a thread that answers calls. After a failure of its own, and a call whose time was over, it is over. */
export interface Instance {
  /** Resolves when it can be called; rejects with a FunctionError when its bundle does not load. */
  readonly ready: Promise<void>
  /** It takes no calls any more. */
  readonly over: boolean
  /** Resolves when the thread answers: never for one that hangs. */
  ping(): Promise<void>
  /** Calls the function and returns what it answered; rejects with a FunctionError. */
  call(requestId: string, payload: unknown): Promise<unknown>
  end(): Promise<void>
}

interface UnderWay {
  readonly timer: NodeJS.Timeout
  resolve(text: string): void
  reject(error: FunctionError): void
}

/** Starts an instance in a thread of its own, with the environment of its function alone. */
export function startInstance(
  data: InstanceData,
  environment: Readonly<Record<string, string>>,
  write: (line: LogLine) => void,
): Instance {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: data,
    env: { ...environment },
    name: data.functionName,
    resourceLimits: { maxYoungGenerationSizeMb: youngGeneration },
  })
  // It is the gateway that keeps a runtime alive, and whoever waits for an answer the rest.
  worker.unref()
  const underWay = new Map<string, UnderWay>()
  let answered: (() => void)[] = []
  let over = false

  const ask = (asked: Asked) => worker.postMessage(asked)
  const settle = (requestId: string, take: (one: UnderWay) => void) => {
    const one = underWay.get(requestId)
    if (one === undefined) return
    underWay.delete(requestId)
    clearTimeout(one.timer)
    take(one)
    if (over && underWay.size === 0) void worker.terminate()
  }
  const failAll = (error: FunctionError) => {
    over = true
    for (const requestId of [...underWay.keys()]) settle(requestId, (one) => one.reject(error))
  }
  const end = async (error: FunctionError) => {
    failAll(error)
    await worker.terminate()
  }
  const ping = () =>
    new Promise<void>((resolve) => {
      answered.push(resolve)
      if (answered.length === 1) ask({ kind: 'ping' })
    })

  /** As on Lambda an instance does not outlive a call whose time is over; what else it does finishes first, unless it hangs. */
  const giveUp = (requestId: string, error: FunctionError) => {
    over = true
    settle(requestId, (one) => one.reject(error))
    if (underWay.size === 0) return
    const silent = setTimeout(() => void end(exited(data.functionName)), answersWithin)
    void ping().then(() => clearTimeout(silent))
  }
  const wait = (requestId: string, milliseconds: number, what: string): Promise<string> =>
    new Promise((resolve, reject) => {
      // In real time whatever the clock's speed: the work takes real time too.
      const timer = setTimeout(() => {
        const seconds = (milliseconds / 1000).toFixed(2)
        const message = `RequestId: ${requestId} Error: ${what} timed out after ${seconds} seconds`
        giveUp(requestId, new FunctionError('Sandbox.Timedout', message))
      }, milliseconds)
      underWay.set(requestId, { timer, resolve, reject })
    })

  worker.on('message', (said: Said) => {
    if (said.kind === 'log') write(said.line)
    else if (said.kind === 'pong') {
      const told = answered
      answered = []
      for (const resolve of told) resolve()
    } else settle(said.requestId, (one) => conclude(one, said))
  })
  // What nobody caught ends the instance, as in Lambda, and no other.
  worker.on('error', (error) => failAll(functionErrorOf(error)))
  worker.on('exit', () => failAll(exited(data.functionName)))

  const ready = wait('init', loadsWithin, 'Loading').then(
    () => {},
    async (error: FunctionError) => {
      await end(error)
      throw error
    },
  )
  // Whoever calls hears of it.
  ready.catch(() => {})

  return {
    ready,
    get over() {
      return over
    },
    ping,
    async call(requestId, payload) {
      const event = wire(payload, 'event')
      const text = wait(requestId, data.timeoutSeconds * 1000, 'Task')
      ask({ kind: 'call', requestId, event })
      return JSON.parse(await text)
    },
    end: () => end(exited(data.functionName)),
  }
}

function conclude(one: UnderWay, ending: Ending): void {
  if (ending.kind === 'answer') one.resolve(ending.text)
  else one.reject(new FunctionError(ending.errorType, ending.errorMessage, ending.trace))
}

function exited(functionName: string): FunctionError {
  return new FunctionError('Runtime.ExitError', `Error: the instance of ${functionName} has ended`)
}
