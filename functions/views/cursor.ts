import { createHash } from 'node:crypto'
import * as z from 'zod'
import { canonicalJson } from '../../events/canonical.ts'

/** A cursor that this query did not give: start again without one. */
export class InvalidCursor extends Error {
  override readonly name = 'InvalidCursor'
  constructor() {
    super('The cursor belongs to another query or is no cursor: leave it out to begin at the first page.')
  }
}

const shape = z.strictObject({ after: z.string().min(1).max(1024), query: z.string().length(16) })

/** Returns a short print of what a query asks for: its cursors are of use to no other. */
function print(query: object): string {
  return createHash('sha256').update(canonicalJson(query)).digest('base64url').slice(0, 16)
}

/** Returns the cursor that goes on after a row. It names a key, not a count: rows that are added meanwhile move nothing. */
export function cursorAfter(after: string, query: object): string {
  return Buffer.from(JSON.stringify({ after, query: print(query) })).toString('base64url')
}

/**
 * Returns the row after which a cursor goes on. Throws InvalidCursor unless the same query gave it. It is no secret and no
 * right: the view and the filters come from the request, and a made-up row only moves the place within them.
 */
export function rowOf(cursor: string, query: object): string {
  let parsed: unknown
  try {
    parsed = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    throw new InvalidCursor()
  }
  const checked = shape.safeParse(parsed)
  if (!checked.success || checked.data.query !== print(query)) throw new InvalidCursor()
  return checked.data.after
}
