import { createHash } from 'node:crypto'
import type { Commit } from '../../events/envelope.ts'
import { streamOf } from '../../events/stream.ts'

/** Part of a stream to read: commits `from` to `to` (both included), at most `limit` a page. */
export interface Range {
  readonly stream: string
  readonly from: number
  readonly to: number
  readonly descending: boolean
  readonly limit?: number
  readonly consistent: boolean
}

/** Commits in the order asked for; `more` when the range goes on after the last of them. */
export interface Page {
  readonly commits: readonly Commit[]
  readonly more: boolean
  readonly units: number
}

/** What became of one conditional write of one commit. */
export type Put =
  | { readonly kind: 'stored'; readonly units: number }
  /** Another commit has this number; `by` may be this very one, sent before. */
  | { readonly kind: 'taken'; readonly by: Commit; readonly units: number }
  /** Surely not written, and worth another try. */
  | { readonly kind: 'refused'; readonly error: unknown }
  /** Perhaps written: no answer, or one that says nothing. */
  | { readonly kind: 'unknown'; readonly error: unknown }

/** A listed stream and when it began. */
export interface Listing {
  readonly stream: string
  readonly since: string
}

/** Where commits lie. A store is told what to keep; the rules of the log are in `logOver`. */
export interface Store {
  put(commit: Commit): Promise<Put>
  read(range: Range): Promise<Page>
  /** Yields one shard of the Catalogue, the oldest first, or what follows a listing; reports the units of each page to `spend`. */
  list(category: string, spend: (units: number) => void, after?: Listing): AsyncIterable<Listing>
}

/** Number of shards of each category of the Catalogue. */
const shards = 16

/** Returns the categories under which an aggregate's streams are listed: `<name>#00` to `<name>#15`. */
export function categoriesOf(name: string): readonly string[] {
  return Array.from({ length: shards }, (_, shard) => `${name}#${String(shard).padStart(2, '0')}`)
}

/** Returns the category of one stream: its shard follows from a hash of the id. */
export function categoryOf(name: string, id: string): string {
  const shard = createHash('sha256').update(id).digest().readUInt8(0) % shards
  return `${name}#${String(shard).padStart(2, '0')}`
}

/** Returns the name of an aggregate's stream. Throws a RangeError when DynamoDB could not hold it as a key. */
export function keyOf(name: string, id: string): string {
  const stream = streamOf(name, id)
  if (id === '' || Buffer.byteLength(stream) > 2048) {
    throw new RangeError(`a stream's id has 1 to ${2047 - name.length} bytes, not ${Buffer.byteLength(id)}`)
  }
  return stream
}
