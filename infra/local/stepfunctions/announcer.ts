import type { Clock } from '../clock.ts'
import type { Execution } from './store/executions.ts'
import type { Store } from './store/store.ts'
import { Timers } from './timers.ts'

/** An EventBridge event as the engine hands it over. */
export interface Announcement {
  source: string
  'detail-type': string
  detail: unknown
  resources: string[]
  time: string
}

const BATCH = 100
const RETRY_MILLISECONDS = 1000

/**
 * AWS's event for the status an execution now has.
 * Source: Visit Functions Developer Guide, "Automating event delivery with EventBridge"; instants are milliseconds.
 */
export function statusChange(execution: Execution): Announcement {
  const { arn, machine, name, status, started, stopped, input, output, error, cause } = execution
  return {
    source: 'aws.states',
    'detail-type': 'Step Functions Execution Status Change',
    resources: [arn],
    time: new Date(stopped ?? started).toISOString(),
    detail: {
      executionArn: arn,
      stateMachineArn: machine,
      name,
      status,
      startDate: started,
      stopDate: stopped,
      input,
      inputDetails: { included: true },
      output,
      outputDetails: output === null ? null : { included: true },
      error,
      cause,
      redriveCount: 0,
      redriveDate: null,
      redriveStatus: status === 'RUNNING' || status === 'SUCCEEDED' ? 'NOT_REDRIVABLE' : 'REDRIVABLE',
    },
  }
}

/** Emits what the outbox holds, in its order and at least once: a row goes only after it was taken. */
export class Announcer {
  readonly #store: Store
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #emit: (event: Announcement) => Promise<void>
  #pumping: Promise<void> | undefined
  #stopped = false

  constructor(store: Store, clock: Clock, emit: (event: Announcement) => Promise<void>) {
    this.#store = store
    this.#clock = clock
    this.#timers = new Timers(clock)
    this.#emit = emit
  }

  /** Says that the outbox may hold something. */
  notify(): void {
    if (this.#pumping !== undefined || this.#stopped) return
    this.#pumping = this.#pump()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timers.cancelAll()
    await this.#pumping
  }

  async #pump(): Promise<void> {
    // Lets the transaction that called `notify` commit first, and several of them share a batch.
    await Promise.resolve()
    try {
      let emitted = true
      for (let rows = this.#next(); emitted && rows.length > 0; rows = this.#next())
        emitted = await this.#take(rows)
    } finally {
      // In the same turn as the last look at the outbox: a `notify` between the two would be lost.
      this.#pumping = undefined
    }
  }

  /** Emits rows; returns false when one was refused, which then comes again. */
  async #take(rows: readonly { readonly id: number; readonly event: string }[]): Promise<boolean> {
    let taken: number | undefined
    try {
      for (const row of rows) {
        if (this.#stopped) break
        await this.#emit(JSON.parse(row.event))
        taken = row.id
      }
      return true
    } catch {
      this.#timers.set('retry', this.#clock.now() + RETRY_MILLISECONDS * this.#clock.speed, () =>
        this.notify(),
      )
      return false
    } finally {
      if (taken !== undefined) this.#store.outbox.removeThrough(taken)
    }
  }

  #next(): { id: number; event: string }[] {
    return this.#stopped ? [] : this.#store.outbox.first(BATCH)
  }
}
