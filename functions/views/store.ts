/** One row of a view as it lies in the table `Views`. */
export interface StoredRow {
  readonly view: string
  readonly row: string
  /** Dense number of the last event, or commit, that the row has in it. */
  readonly version: number
  /** The last commit of the stream that fed the row: where a gap is read from. */
  readonly commit: number
  /** Canonical JSON; null on a tombstone. */
  readonly body: string | null
}

/** Compares names of rows as DynamoDB sorts text: by its UTF-8 bytes, which differs from UTF-16 beyond the surrogates alone. */
export function compareRows(left: string, right: string): number {
  if (beyond.test(left) || beyond.test(right)) return Buffer.compare(Buffer.from(left), Buffer.from(right))
  return left < right ? -1 : left > right ? 1 : 0
}

const beyond = /[\ud800-\uffff]/

/** Where a row lies. */
export interface RowKey {
  readonly view: string
  readonly row: string
}

/** A row that is to be written if its stored version is still `expected` (undefined: if there is none). */
export interface RowWrite {
  readonly row: StoredRow
  readonly expected: number | undefined
}

/** What became of a conditional write; on a refusal, what is there instead. */
export type Written =
  | { readonly stored: true }
  | { readonly stored: false; readonly present: StoredRow | undefined }

/** Part of a view, in the order of its rows. */
export interface RowRange {
  /** Rows that begin so. */
  readonly prefix?: string | undefined
  /** The row after which the page begins, in the direction of reading. */
  readonly after?: string | undefined
  readonly limit: number
  readonly descending?: boolean
}

export interface RowPage {
  /** Tombstones are left out, so a page may be short. */
  readonly rows: readonly StoredRow[]
  /** The row after which the next page begins; undefined at the end. */
  readonly last: string | undefined
}

/** Capacity as DynamoDB charges it: units written, of refused conditional writes, and read. */
export interface ViewUnits {
  readonly written: number
  readonly lost: number
  readonly read: number
}

/** Where rows lie, one at a time. */
interface SingleRows {
  /** Reads one row strongly, tombstones included. */
  get(view: string, row: string): Promise<StoredRow | undefined>
  /** Writes a row if its stored version is still `expected` (undefined: if there is none). */
  put(row: StoredRow, expected: number | undefined): Promise<Written>
  page(view: string, range: RowRange): Promise<RowPage>
  /** The capacity used through this store since it was opened. */
  consumed(): ViewUnits
}

/** Where rows lie. Two implementations keep one contract. */
export interface ViewStore extends SingleRows {
  /**
   * Reads rows, tombstones included, and returns them in the order of their keys, perhaps as they were a moment ago: for who is going to
   * write them, as a refused write answers with the row that is there.
   */
  getMany(keys: readonly RowKey[]): Promise<readonly (StoredRow | undefined)[]>
  /** Writes rows side by side, each under its own condition: what becomes of one is nothing to the others. */
  putMany(writes: readonly RowWrite[]): Promise<readonly PromiseSettledResult<Written>[]>
}

/** Returns a store that does one by one what it is asked to do with many rows. */
export function oneByOne(store: SingleRows): ViewStore {
  return {
    ...store,
    getMany: (keys) => Promise.all(keys.map(({ view, row }) => store.get(view, row))),
    putMany: (writes) => Promise.allSettled(writes.map(({ row, expected }) => store.put(row, expected))),
  }
}
