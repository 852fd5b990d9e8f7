/** A map with room for so many entries: whatever was set longest ago makes room for what comes. */
export class BoundedMap<Key, Value> extends Map<Key, Value> {
  readonly #most: number

  constructor(most: number) {
    super()
    this.#most = most
  }

  override set(key: Key, value: Value): this {
    this.delete(key) // what is set anew is set last
    super.set(key, value)
    for (const oldest of this.keys()) {
      if (this.size <= this.#most) break
      this.delete(oldest)
    }
    return this
  }
}

/** Returns what gives each owner (a log, of which a process may have several) a bounded map of its own, that goes with it. */
export function boundedMapsBy<Owner extends WeakKey, Value>(
  most: number,
): (owner: Owner) => Map<string, Value> {
  const maps = new WeakMap<Owner, BoundedMap<string, Value>>()
  return (owner) => {
    const map = maps.get(owner) ?? new BoundedMap<string, Value>(most)
    maps.set(owner, map)
    return map
  }
}
