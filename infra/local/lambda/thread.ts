import { parentPort, workerData } from 'node:worker_threads'
import { clockSeen } from '../clock-sight.ts'
import { installDate } from '../date.ts'
import { isRecord } from '../template/shapes.ts'
import { functionErrorOf, wire } from './errors.ts'
import { captureLogs } from './log.ts'
import type { Asked, InstanceData, Said } from './messages.ts'

/**
 * The thread of one instance of a function: loads its bundle, says so, and then answers calls. It has
 * an environment, a `Date` and a console of its own; whoever started it ends it when a call takes too long.
 */
const { functionName, arn, file, exportName, timeoutSeconds, memoryMegabytes, clock } =
  workerData as InstanceData // instance.ts starts it with this
const seen = clockSeen(clock)
if (clock.differs) installDate(seen)
const say = (said: Said) => parentPort?.postMessage(said)
const logs = captureLogs(seen, (line) => say({ kind: 'log', line }))

type Handler = (event: unknown, context: unknown) => unknown

async function load(): Promise<Handler> {
  const module: unknown = await import(file)
  const found = isRecord({ ...(module as object) })
    ? (module as Record<string, unknown>)[exportName]
    : undefined // a module namespace
  if (typeof found !== 'function') throw new Error(`${file} does not export ${exportName}`)
  return found as Handler // Lambda promises no more than that it is a function
}

function contextOf(requestId: string) {
  const started = performance.now()
  return {
    awsRequestId: requestId,
    callbackWaitsForEmptyEventLoop: true,
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: arn,
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    memoryLimitInMB: String(memoryMegabytes),
    getRemainingTimeInMillis: () =>
      Math.max(0, Math.round(timeoutSeconds * 1000 - (performance.now() - started))),
  }
}

function fail(requestId: string, error: unknown): void {
  const { errorType, errorMessage, trace } = functionErrorOf(error)
  say({ kind: 'failure', requestId, errorType, errorMessage, trace })
}

try {
  const call = await logs.run(functionName, 'init', load)
  parentPort?.on('message', (asked: Asked) => {
    if (asked.kind === 'ping') return say({ kind: 'pong' })
    const { requestId, event } = asked
    void logs
      .run(functionName, requestId, async () => call(JSON.parse(event), contextOf(requestId)))
      .then((answer) => say({ kind: 'answer', requestId, text: wire(answer, 'response') }))
      .catch((error: unknown) => fail(requestId, error))
  })
  say({ kind: 'answer', requestId: 'init', text: 'null' })
} catch (error) {
  fail('init', error)
}
