import { canonicalJson } from '../../events/canonical.ts'
import type { Commit } from '../../events/envelope.ts'
import type { Log } from '../../functions/log/log.ts'
import { sourceOf, sources } from '../../functions/views/sources.ts'
import type { StoredRow } from '../../functions/views/store.ts'

/** Every row as a plain loop over the whole log makes it: no versions compared, no gaps, nothing written twice. */
export async function plainFold(log: Log, version = 'v1'): Promise<readonly StoredRow[]> {
  const rows = new Map<string, StoredRow & { readonly value: object | undefined }>()
  for (const { aggregate } of sources) {
    for await (const { stream } of log.streams({ name: aggregate })) {
      const commits: Commit[] = await Array.fromAsync(log.commits(stream))
      for (const commit of commits) {
        for (const { place, apply } of sourceOf(stream)?.changes(commit, commits[0]?.at ?? '') ?? []) {
          const view = `${version}/${place.view}`
          const applied = apply(rows.get(`${view} ${place.row}`)?.value)
          const value = applied === 'deleted' ? undefined : applied
          const body = value ? canonicalJson(value) : null
          const row = { view, row: place.row, version: place.sequence, commit: commit.commit, body, value }
          rows.set(`${view} ${place.row}`, row)
        }
      }
    }
  }
  return [...rows.values()]
    .map(({ value: _, ...row }) => row)
    .sort((a, b) => Buffer.compare(Buffer.from(`${a.view} ${a.row}`), Buffer.from(`${b.view} ${b.row}`)))
}

/** Rows in the order of the plain fold, without the pointer. */
export function sorted(rows: readonly StoredRow[]): readonly StoredRow[] {
  return rows
    .filter(({ view }) => view !== 'pointer')
    .sort((a, b) => Buffer.compare(Buffer.from(`${a.view} ${a.row}`), Buffer.from(`${b.view} ${b.row}`)))
}
