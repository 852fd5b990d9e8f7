import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Consumed } from './capacity.ts'

/** A DynamoDB endpoint that counts what every request costs. */
export interface Meter {
  readonly endpoint: string
  /** Returns what was consumed so far, by table. */
  read(): Promise<Consumed>
  stop(): Promise<void>
}

/** Starts a meter before a DynamoDB. */
export async function meterBefore(endpoint: string): Promise<Meter> {
  const worker = new Worker(new URL('./meter.ts', import.meta.url), { workerData: endpoint })
  // What the meter cannot count must not look like something that costs nothing.
  worker.on('error', (error) => {
    throw error
  })
  const [own] = await once(worker, 'message')
  return {
    endpoint: String(own),
    async read() {
      const answer = once(worker, 'message')
      worker.postMessage('read')
      const [consumed] = await answer
      return consumed as Consumed // meter.ts sends nothing else after its address
    },
    async stop() {
      await worker.terminate()
    },
  }
}
