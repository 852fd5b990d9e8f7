import type { DeadLetters } from '../dead-letters.ts'
import { OnTheirOwn } from '../side-by-side.ts'

/** How many dead letters queues hold, by their names. */
export type Letters = Readonly<Record<string, number>>

const queuesAtOnce = 8

/** Asks each queue how many letters it holds. One that cannot be asked is left out: `each` has it, and nothing is kept from going on by it. */
export async function lettersHeld(
  services: { readonly deadLetters: DeadLetters },
  each: OnTheirOwn,
): Promise<Letters> {
  const held: Record<string, number> = {}
  const ask = async () => {
    const { deadLetters } = services
    const own = new OnTheirOwn()
    const count = async (queue: string) => {
      held[nameOf(queue)] = await deadLetters.count(queue)
    }
    await own.each(deadLetters.queues, queuesAtOnce, count, nameOf)
    own.end()
  }
  await each.each(['the dead letters'], 1, ask, (name) => name)
  return held
}

/** The name of a queue is the end of its URL. */
const nameOf = (queue: string) => queue.slice(queue.lastIndexOf('/') + 1)

/** Does a queue hold more than was noted? Of one that nothing was noted of, any letter is more. */
export function haveCome(held: Letters, noted: Letters): boolean {
  return Object.entries(held).some(([queue, letters]) => letters > (noted[queue] ?? 0))
}
