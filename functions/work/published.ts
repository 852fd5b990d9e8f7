import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { pagesOf } from './rows.ts'

/**
 * Which commits integrations have been told of, as a cursor in the log's own terms: by it is known what they have to be told again. Losing it costs
 * repeats, by which they know the same ids.
 */
export interface Published {
  /** Notes that a commit was told, for as long as anybody may ask. */
  note(stream: string, commit: number): Promise<void>
  /** Returns the commits of a stream that were told, as far as that is still known. */
  of(stream: string): Promise<ReadonlySet<number>>
}

/** Longer than anybody looks back (`missedWithin`). */
const keptSeconds = 14 * 24 * 3600

function itemOf(stream: string): string {
  return `published#${stream}`
}

/** Keeps it in the table `Work`; `now` is in milliseconds since the epoch. */
export function openPublished({
  client,
  table,
  now,
}: {
  readonly client: DynamoDBClient
  readonly table: string
  now(): number
}): Published {
  return {
    async note(stream, commit) {
      const expires = { N: `${Math.ceil(now() / 1000) + keptSeconds}` }
      const Item = { item: { S: itemOf(stream) }, detail: { S: `${commit}` }, expires }
      await client.send(new PutItemCommand({ TableName: table, Item }))
    },
    async of(stream) {
      const found = new Set<number>()
      for await (const page of pagesOf({ client, table }, itemOf(stream), { ConsistentRead: true }))
        for (const { detail } of page) found.add(Number(detail?.S))
      return found
    },
  }
}

/** Keeps it in memory. */
export function memoryPublished(): Published {
  const noted = new Map<string, Set<number>>()
  return {
    async note(stream, commit) {
      noted.set(stream, (noted.get(stream) ?? new Set()).add(commit))
    },
    of: async (stream) => noted.get(stream) ?? new Set(),
  }
}
