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

/** Yields items so many at a time, in their order. */
export function* inChunks<Value>(values: readonly Value[], size: number): Generator<readonly Value[]> {
  for (let start = 0; start < values.length; start += size) yield values.slice(start, start + size)
}
