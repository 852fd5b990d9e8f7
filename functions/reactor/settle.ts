import type { Outcome } from '../log/log.ts'

/** Others kept winning: the duty is called again with the same commit. */
export class Contended extends Error {
  override readonly name = 'Contended'
}

/** Returns the state after a command of a duty; a refusal is an answer too, contention is not. */
export function settled<State, Event, Rejection>(
  stream: string,
  outcome: Outcome<State, Event, Rejection>,
): State {
  switch (outcome.kind) {
    case 'committed':
    case 'unchanged':
    case 'repeated':
    case 'rejected':
      return outcome.loaded.state
    default:
      throw new Contended(`${stream} is contended.`)
  }
}

/** Calls `act` on each item, so many at a time; throws the first error after those in progress have ended. */
export async function eachAtOnce<Item>(
  items: readonly Item[],
  atOnce: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  const rest = items.values()
  const errors: unknown[] = []
  const worker = async (): Promise<void> => {
    for (const item of rest) {
      if (errors.length > 0) return
      try {
        await act(item)
      } catch (error) {
        errors.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  if (errors.length > 0) throw errors[0]
}
