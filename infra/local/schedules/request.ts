import { invalid } from './errors.ts'

/** The query of a request. */
export type Query = Readonly<Record<string, string | undefined>>

/** Which page of a list is asked for. */
export interface Page {
  /** The key after which it begins; empty for the first page. */
  readonly after: string
  readonly size: number
}

const largestPage = 100

/** Reads which page is asked for. */
export function pageOf({ MaxResults, NextToken = '' }: Query): Page {
  const size = MaxResults === undefined ? largestPage : Number(MaxResults)
  if (!(Number.isInteger(size) && size >= 1 && size <= largestPage))
    invalid(`MaxResults must be from 1 to ${largestPage}`)
  return { after: Buffer.from(NextToken, 'base64url').toString(), size }
}

/** Returns a page out of what was found, of which one more than the page holds shows that there are others. */
export function cut<Item>(
  found: readonly Item[],
  { size }: Page,
  keyOf: (item: Item) => string,
): { readonly items: readonly Item[]; readonly next: { readonly NextToken?: string } } {
  const last = found.length > size ? found[size - 1] : undefined
  const next = last === undefined ? {} : { NextToken: Buffer.from(keyOf(last)).toString('base64url') }
  return { items: found.slice(0, size), next }
}

/** Returns the token by which the same request, sent again because its answer was lost, is known. */
export function clientTokenOf(body: unknown): string | null {
  const token = (body as { readonly ClientToken?: unknown } | null)?.ClientToken // any JSON may come
  return typeof token === 'string' ? token : null
}
