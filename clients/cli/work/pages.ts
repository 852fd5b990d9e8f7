/** A page of a list. */
interface Page<Row> {
  readonly rows: readonly Row[]
  readonly nextCursor: string | null
}

/** A page has so many rows at most. */
const largestPage = 100

/** Reads a list page by page until it has so many rows, or all. */
export async function pages<Row>(
  limit: number,
  read: (page: { readonly limit: number; readonly cursor: string | undefined }) => Promise<Page<Row>>,
): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | undefined
  do {
    const page = await read({ limit: Math.min(largestPage, limit - rows.length), cursor })
    rows.push(...page.rows)
    if (page.nextCursor === cursor) break // a server that gives the same page for ever
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined && rows.length < limit)
  return rows.slice(0, limit)
}
