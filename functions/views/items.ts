import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import type { StoredRow } from './store.ts'

/** Returns a row as an item of the table `Views`. A tombstone has the same attributes as any other row. */
export function toItem({ view, row, version, commit, body }: StoredRow) {
  return {
    view: { S: view },
    row: { S: row },
    version: { N: `${version}` },
    commit: { N: `${commit}` },
    body: body === null ? { NULL: true } : { S: body },
  } satisfies Record<string, AttributeValue>
}

/** Returns the row that an item is. Throws a TypeError when it is none. */
export function fromItem(item: Record<string, AttributeValue>): StoredRow {
  const { view, row, version, commit, body } = item
  if (view?.S === undefined || row?.S === undefined || !version?.N || !commit?.N) {
    throw new TypeError(`The table of views holds an item that is no row: ${JSON.stringify(item)}`)
  }
  return {
    view: view.S,
    row: row.S,
    version: Number(version.N),
    commit: Number(commit.N),
    body: body?.S ?? null,
  }
}
