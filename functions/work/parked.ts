import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb'
import { instantOf } from '../../events/time.ts'

/** A duty that was set aside for one stream, since it fails however often it is tried. */
export interface ParkedDuty {
  readonly duty: string
  readonly stream: string
  /** The first commit that it has not been done for, as far as the last try got. */
  readonly commit: number
  readonly error: string
  readonly at: string
}

/** What waits for a person, or for the next deployment. Losing it costs latency only: `reconcile` finds the same again. */
export interface Parked {
  /** Sets a duty aside for one stream; again, it takes the place of what was set aside before. */
  park(duty: string, stream: string, commit: number, error: unknown): Promise<void>
  list(): Promise<ParkedDuty[]>
  /** Forgets one: it has been done. */
  clear(duty: string, stream: string): Promise<void>
}

const partition = 'parked'
const keptSeconds = 30 * 24 * 3600
const longestError = 1024

function parkedOf(duty: string, stream: string, commit: number, error: unknown, now: number): ParkedDuty {
  const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return { duty, stream, commit, error: words.slice(0, longestError), at: instantOf(now) }
}

/** Keeps parked duties in the table `Work` for 30 days; `now` is in milliseconds since the epoch. */
export function openParked({
  client,
  table,
  now,
}: {
  readonly client: DynamoDBClient
  readonly table: string
  now(): number
}): Parked {
  const key = (duty: string, stream: string) => ({
    item: { S: partition },
    detail: { S: `${duty}/${stream}` },
  })
  return {
    async park(duty, stream, commit, error) {
      const parked = parkedOf(duty, stream, commit, error, now())
      const Item = {
        ...key(duty, stream),
        duty: { S: duty },
        stream: { S: stream },
        commit: { N: `${commit}` },
        error: { S: parked.error },
        at: { S: parked.at },
        expires: { N: `${Math.ceil(now() / 1000) + keptSeconds}` },
      }
      await client.send(new PutItemCommand({ TableName: table, Item }))
    },
    async list() {
      const found: ParkedDuty[] = []
      let start: Record<string, AttributeValue> | undefined
      do {
        const { Items, LastEvaluatedKey } = await client.send(
          new QueryCommand({
            TableName: table,
            ConsistentRead: true,
            KeyConditionExpression: '#item = :item',
            ExpressionAttributeNames: { '#item': 'item' },
            ExpressionAttributeValues: { ':item': { S: partition } },
            ExclusiveStartKey: start,
          }),
        )
        for (const { duty, stream, commit, error, at } of Items ?? []) {
          if (!duty?.S || !stream?.S) continue
          const words = { error: error?.S ?? '', at: at?.S ?? '' }
          found.push({ duty: duty.S, stream: stream.S, commit: Number(commit?.N), ...words })
        }
        start = LastEvaluatedKey
      } while (start)
      return found
    },
    async clear(duty, stream) {
      await client.send(new DeleteItemCommand({ TableName: table, Key: key(duty, stream) }))
    },
  }
}

/** Keeps parked duties in memory. */
export function memoryParked(now: () => number): Parked {
  const parked = new Map<string, ParkedDuty>()
  return {
    async park(duty, stream, commit, error) {
      parked.set(`${duty}/${stream}`, parkedOf(duty, stream, commit, error, now()))
    },
    list: async () => [...parked.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, duty]) => duty),
    async clear(duty, stream) {
      parked.delete(`${duty}/${stream}`)
    },
  }
}
