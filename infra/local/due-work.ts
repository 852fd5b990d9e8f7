import type { Clock } from './clock.ts'

/** Works off a durable list in the order in which its items come due. */
export interface DueWork {
  /** Begins what is due; to be called once the transaction that added to the list is committed. */
  wake(): void
  /** Starts working, beginning with what an earlier process left undone. */
  resume(): void
  /** Begins nothing more and waits for what is under way. */
  stop(): Promise<void>
  /** False before `resume` and from `stop` on. */
  readonly running: boolean
}

/** Prepares the work on a list: at most so many items at a time, each until its attempt has removed or postponed it. */
export function openDueWork<Item extends { readonly id: number }>(options: {
  readonly clock: Clock
  readonly concurrency: number
  /** The items that are due at an instant, those due the longest first. */
  due(now: number, limit: number): readonly Item[]
  /** The first instant after another at which an item comes due. */
  nextDue(after: number): number | undefined
  attempt(item: Item): Promise<void>
}): DueWork {
  const { clock, concurrency } = options
  const underWay = new Map<number, Promise<void>>()
  let running = false
  let cancelTimer = (): void => {}

  function wake(): void {
    if (!running) return
    // Those under way are still due, so as many more have to be read to find enough others.
    for (const item of options.due(clock.now(), concurrency + underWay.size)) {
      if (underWay.size >= concurrency) break
      if (!underWay.has(item.id)) underWay.set(item.id, work(item))
    }
    cancelTimer()
    const next = options.nextDue(clock.now())
    if (next !== undefined) cancelTimer = clock.at(next, wake)
  }

  async function work(item: Item): Promise<void> {
    try {
      await options.attempt(item)
    } finally {
      underWay.delete(item.id)
      wake()
    }
  }

  return {
    wake,
    resume() {
      running = true
      wake()
    },
    async stop() {
      running = false
      cancelTimer()
      await Promise.allSettled(underWay.values())
    },
    get running() {
      return running
    },
  }
}
