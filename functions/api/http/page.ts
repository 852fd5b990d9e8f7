import type { Page } from '../../views/views.ts'
import { invalidFields, type Problem } from './problem.ts'

/** A page as answers carry it. */
export interface Paged<Row> {
  readonly rows: readonly Row[]
  readonly nextCursor: string | null
}

/** Returns a page as answers carry it; a cursor that no page gave out is the caller's mistake. */
export async function pageOf<Row>(page: Promise<Page<Row>>): Promise<Paged<Row>> {
  try {
    const { rows, cursor } = await page
    return { rows, nextCursor: cursor }
  } catch (error) {
    if (!(error instanceof Error && error.name === 'InvalidCursor')) throw error
    throw invalidCursor()
  }
}

/** Returns the problem of a cursor that no page gave out. */
export function invalidCursor(): Problem {
  return invalidFields([
    { field: 'query.cursor', value: null, expected: 'the nextCursor of the page before' },
  ])
}
