import { type Failed, SomeFailed } from './errors.ts'

/**
 * Does something with each item, so many at once, and returns what came of each, in the order of the items. Rejects with the first
 * error, after those under way have ended; what had not begun by then does not begin.
 */
export async function sideBySide<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  atOnce: number,
  act: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const underWay = new Set<Promise<void>>()
  let failure: { readonly error: unknown } | undefined
  let index = 0
  for await (const item of items) {
    if (failure) break
    const place = index++
    const one = act(item)
      .then((result) => {
        results[place] = result
      })
      .catch((error: unknown) => {
        failure ??= { error }
      })
      .finally(() => underWay.delete(one))
    underWay.add(one)
    if (underWay.size >= atOnce) await Promise.race(underWay)
  }
  await Promise.all(underWay)
  if (failure) throw failure.error
  return results
}

/** Does something with each of many items, where one that fails keeps no other from being done. */
export class OnTheirOwn {
  readonly #failed: Failed[] = []

  /** The names of those that failed, in the order in which they did. */
  get failed(): readonly string[] {
    return this.#failed.map(({ what }) => what)
  }

  /** Does it with each item, so many at once; those that fail are kept by name. */
  async each<Item>(
    items: Iterable<Item> | AsyncIterable<Item>,
    atOnce: number,
    act: (item: Item) => Promise<unknown>,
    nameOf: (item: Item) => string,
  ): Promise<void> {
    await sideBySide(items, atOnce, async (item) => {
      await act(item).catch((error: unknown) => {
        this.#failed.push({ what: nameOf(item), error })
      })
    })
  }

  /** Does one thing of several; where it fails, it is kept by its name. */
  async one(what: string, act: () => Promise<unknown>): Promise<void> {
    await this.each([what], 1, act, (name) => name)
  }

  /** Throws SomeFailed, which names those that failed, where any did. */
  end(): void {
    if (this.#failed.length > 0) throw new SomeFailed(this.#failed)
  }
}

/** Yields items so many at a time, in their order. */
export function* inChunks<Value>(values: readonly Value[], size: number): Generator<readonly Value[]> {
  for (let start = 0; start < values.length; start += size) yield values.slice(start, start + size)
}
