import { type DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { whereItHolds } from './rows.ts'

/** How far something has come, as it was read. */
export interface Noted {
  /** JSON. */
  readonly body: string
  /** How often it was written. */
  readonly writes: number
}

/**
 * How far something has come that invocations take turns at, each of which goes on where the one before came to. Losing it costs a beginning
 * anew.
 */
export interface Progress {
  /** Reads it strongly; undefined where nothing was noted yet. */
  read(): Promise<Noted | undefined>
  /** Notes it, if nobody else has since it was read (0 writes: since there was nothing). Returns what was noted; undefined where somebody has. */
  note(body: string, writes: number): Promise<Noted | undefined>
}

const keptSeconds = 30 * 24 * 3600

/** Keeps it in the table `Work`, for 30 days, under the name of what comes along; `now` is in milliseconds since the epoch. */
export function openProgress({
  client,
  table,
  name,
  now,
}: {
  readonly client: DynamoDBClient
  readonly table: string
  readonly name: string
  now(): number
}): Progress {
  const key = { item: { S: 'progress' }, detail: { S: name } }
  return {
    async read() {
      const { Items } = await client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: '#item = :item AND detail = :detail',
          ExpressionAttributeNames: { '#item': 'item' },
          ExpressionAttributeValues: { ':item': key.item, ':detail': key.detail },
        }),
      )
      const [row] = Items ?? []
      return row?.body?.S === undefined ? undefined : { body: row.body.S, writes: Number(row.writes?.N) }
    },
    async note(body, writes) {
      const noted = { body, writes: writes + 1 }
      const Item = {
        ...{ ...key, body: { S: body }, writes: { N: `${noted.writes}` } },
        expires: { N: `${Math.ceil(now() / 1000) + keptSeconds}` },
      }
      const condition =
        writes === 0
          ? { ConditionExpression: 'attribute_not_exists(detail)' }
          : {
              ConditionExpression: 'writes = :writes',
              ExpressionAttributeValues: { ':writes': { N: `${writes}` } },
            }
      const put = client.send(new PutItemCommand({ TableName: table, Item, ...condition }))
      return (await whereItHolds(put)) && noted
    },
  }
}

/** Keeps it in memory. */
export function memoryProgress(): Progress {
  let noted: Noted | undefined
  return {
    read: async () => noted,
    async note(body, writes) {
      if (writes !== (noted?.writes ?? 0)) return undefined
      noted = { body, writes: writes + 1 }
      return noted
    },
  }
}
