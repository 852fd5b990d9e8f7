import { setTimeout } from 'node:timers/promises'
import type { Versioned } from './views.ts'

/** How long a read waits for its own write, in milliseconds (design: #own-writes). */
const patience = 500

/**
 * Reads until the row has a commit in it; returns undefined when it has not within 500 ms of waiting: the caller then folds the
 * stream. For reads that carry `Drydock-Commit`, or know by the log what is there.
 */
export async function awaitVersion<Row>(
  read: () => Promise<Versioned<Row> | undefined>,
  commit: number,
  pause: (milliseconds: number) => Promise<unknown> = setTimeout,
): Promise<Versioned<Row> | undefined> {
  let wait = 5
  for (let waited = 0; ; ) {
    const found = await read()
    if (found && found.commit >= commit) return found
    if (waited >= patience) return undefined
    const next = Math.min(wait, patience - waited)
    await pause(next)
    waited += next
    wait *= 2
  }
}
