import { compareRows, oneByOne, type StoredRow, type ViewStore } from './store.ts'

/** A store in memory, and everything in it. */
export interface MemoryViewStore extends ViewStore {
  /** Every row, tombstones included, sorted by view and row. */
  all(): readonly StoredRow[]
}

/** Creates an empty store in memory. Its units are one a write and a read: sizes are what the real store measures. */
export function memoryViewStore(): MemoryViewStore {
  const views = new Map<string, Map<string, StoredRow>>()
  const units = { written: 0, lost: 0, read: 0 }

  const store = oneByOne({
    async get(view, row) {
      units.read += 1
      return views.get(view)?.get(row)
    },
    async put(row, expected) {
      const rows = views.get(row.view) ?? new Map<string, StoredRow>()
      const present = rows.get(row.row)
      if (present?.version !== expected) {
        units.lost += 1
        return { stored: false, present }
      }
      units.written += 1
      rows.set(row.row, { ...row })
      views.set(row.view, rows)
      return { stored: true }
    },
    async page(view, { prefix = '', after, limit, descending = false }) {
      units.read += 1
      const direction = descending ? -1 : 1
      const rows = [...(views.get(view)?.values() ?? [])]
        .filter(({ row }) => row.startsWith(prefix))
        .filter(({ row }) => after === undefined || compareRows(row, after) * direction > 0)
        .sort((a, b) => compareRows(a.row, b.row) * direction)
      const page = rows.slice(0, limit)
      return {
        rows: page.filter(({ body }) => body !== null),
        last: rows.length > limit ? page.at(-1)?.row : undefined,
      }
    },
    consumed: () => ({ ...units }),
  })
  const all = () =>
    [...views.values()]
      .flatMap((rows) => [...rows.values()])
      .sort((a, b) => compareRows(a.view, b.view) || compareRows(a.row, b.row))
  return { ...store, all }
}
