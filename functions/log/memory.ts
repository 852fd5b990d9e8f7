import type { DynamoDBRecord } from 'aws-lambda'
import { type Attribute, type Commit, fromItem, toItem } from '../../events/envelope.ts'
import { type LogOptions, logOver } from './append.ts'
import type { Log } from './log.ts'
import { readUnits, sizeOf, writeUnits } from './size.ts'
import type { Listing, Store } from './store.ts'

/** A store in memory, and the records that a stream on it would deliver. */
export interface MemoryStore extends Store {
  /** Every record so far, in the order of the writes. */
  readonly records: readonly DynamoDBRecord[]
  /** Calls `listener` with each record written from now on; returns a function that ends it. */
  subscribe(listener: (record: DynamoDBRecord) => void): () => void
}

/** Creates an empty store in memory: items in DynamoDB's form, so that what it returns has been through the same codec. */
export function memoryStore(): MemoryStore {
  const streams = new Map<string, Record<string, Attribute>[]>()
  const records: DynamoDBRecord[] = []
  const listeners = new Set<(record: DynamoDBRecord) => void>()

  return {
    records,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async put(commit) {
      const items = streams.get(commit.stream) ?? []
      const existing = items[commit.commit - 1]
      const bytes = sizeOf(commit)
      if (existing !== undefined) {
        const by = fromItem(existing)
        return { kind: 'taken', by, units: writeUnits(Math.max(bytes, sizeOf(by))) }
      }
      const item = toItem(commit)
      items[commit.commit - 1] = item
      streams.set(commit.stream, items)
      const record = recordOf(commit, item, records.length + 1)
      records.push(record)
      for (const listener of listeners) listener(record)
      return { kind: 'stored', units: writeUnits(bytes) + (commit.category === undefined ? 0 : 1) }
    },
    async read({ stream, from, to, descending, limit, consistent }) {
      const items = streams.get(stream) ?? []
      const last = Math.min(to, items.length)
      const count = Math.max(0, Math.min(limit ?? items.length, last - from + 1))
      const range = descending
        ? items.slice(last - count, last).reverse()
        : items.slice(from - 1, from - 1 + count)
      const commits = range.map(fromItem)
      const bytes = commits.reduce((sum, commit) => sum + sizeOf(commit), 0)
      return { commits, more: count < last - from + 1, units: readUnits(bytes, consistent) }
    },
    async *list(category, spend, after) {
      spend(0.5)
      const orderOf = ({ stream, since }: Listing) => `${since} ${stream}`
      const listed = [...streams].flatMap(([stream, [first]]) => {
        const { category: own, since } = fromItem(first)
        return own === category && since !== undefined ? [{ stream, since }] : []
      })
      listed.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
      for (const listing of listed) if (!after || orderOf(listing) > orderOf(after)) yield listing
    },
  }
}

function recordOf(commit: Commit, item: Record<string, Attribute>, sequence: number): DynamoDBRecord {
  return {
    eventID: String(sequence),
    eventName: 'INSERT',
    eventSource: 'aws:dynamodb',
    dynamodb: {
      Keys: { stream: { S: commit.stream }, commit: { N: String(commit.commit) } },
      NewImage: item,
      SequenceNumber: String(sequence).padStart(21, '0'),
      StreamViewType: 'NEW_IMAGE',
    },
  }
}

/** Opens a log in memory: the twin of the one on DynamoDB, with its stream records. */
export function memoryLog(options: LogOptions): Log & Pick<MemoryStore, 'records' | 'subscribe'> {
  const store = memoryStore()
  return { ...logOver(store, options), records: store.records, subscribe: store.subscribe }
}
