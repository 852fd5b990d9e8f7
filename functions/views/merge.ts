import { compareRows, type RowRange, type StoredRow, type ViewStore } from './store.ts'

/** Rows of one part that were read and not yielded yet. */
interface Read {
  readonly view: string
  rows: readonly StoredRow[]
  next: number
  /** Where its next page begins; undefined: it is at its end. */
  after: string | undefined
  ended: boolean
}

/**
 * Yields the rows of a view in their order, from all the parts that it lies in: the first pages are read side by side, `limit` rows each, and
 * every other when the rows of its part are used up.
 */
export async function* merged(
  store: Pick<ViewStore, 'page'>,
  parts: readonly string[],
  { limit, ...range }: RowRange,
): AsyncGenerator<StoredRow> {
  const direction = range.descending ? -1 : 1
  const all: Read[] = parts.map((view) => ({ view, rows: [], next: 0, after: range.after, ended: false }))
  const fill = async (part: Read) => {
    while (part.next === part.rows.length && !part.ended) {
      const { rows, last } = await store.page(part.view, { ...range, after: part.after, limit })
      part.rows = rows
      part.next = 0
      part.after = last
      part.ended = last === undefined
    }
  }
  await Promise.all(all.map(fill))
  for (;;) {
    let first: { readonly part: Read; readonly row: StoredRow } | undefined
    for (const part of all) {
      const row = part.rows[part.next]
      if (row && (!first || compareRows(row.row, first.row.row) * direction < 0)) first = { part, row }
    }
    if (!first) return
    yield first.row
    first.part.next++
    await fill(first.part)
  }
}
