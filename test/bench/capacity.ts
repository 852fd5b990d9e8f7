/** Capacity that requests to one table used. */
export interface Capacity {
  /** Units of writes that were stored. */
  written: number
  /** Units of writes that lost to a condition, in nothing above. */
  lost: number
  read: number
  /** Stored writes. */
  writes: number
}

/** Capacity by table. */
export type Consumed = Readonly<Record<string, Capacity>>

type Item = Readonly<Record<string, unknown>>

/** Returns an item's size as DynamoDB counts it: names and values in UTF-8, 3 bytes a list or map, 1 an element. */
function sizeOfItem(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + sizeOfValue(value as Item),
    0,
  )
}

function sizeOfValue({ S, N, L, M }: Item): number {
  if (typeof S === 'string') return Buffer.byteLength(S)
  if (typeof N === 'string') return Math.ceil(N.length / 2) + 1
  if (Array.isArray(L)) return L.reduce((sum: number, element: Item) => sum + 1 + sizeOfValue(element), 3)
  if (typeof M === 'object' && M !== null) return 3 + Object.keys(M).length + sizeOfItem(M as Item)
  // BOOL and NULL.
  return 1
}

/** Returns the units that writing an item costs: one a KB begun. */
export function writeUnitsOf(item: Item): number {
  return Math.max(1, Math.ceil(sizeOfItem(item) / 1024))
}

/** Returns what was used between two moments. */
export function since(before: Consumed, after: Consumed): Consumed {
  return Object.fromEntries(
    Object.entries(after).map(([table, { written, lost, read, writes }]) => {
      const old = before[table] ?? { written: 0, lost: 0, read: 0, writes: 0 }
      const used = {
        written: written - old.written,
        lost: lost - old.lost,
        read: read - old.read,
        writes: writes - old.writes,
      }
      return [table, used]
    }),
  )
}
