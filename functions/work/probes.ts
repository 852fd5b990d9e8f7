import { type DynamoDBClient, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb'
import { whereItHolds } from './rows.ts'

/** What was seen of one domain of a rollout, as it was read. */
export interface NotedProbes {
  /** JSON. */
  readonly body: string
  /** How often it was written. */
  readonly writes: number
}

/** What was seen of the domains of rollouts: telemetry, by which nothing is decided. Losing it costs a look back. */
export interface Probes {
  /** Reads all of a rollout strongly, by the number of the domain in its plan. */
  of(rollout: string): Promise<ReadonlyMap<number, NotedProbes>>
  /** Notes what was seen of a domain, if nobody else has since it was read (0 writes: since there was nothing). False: somebody has. */
  note(rollout: string, domain: number, noted: NotedProbes): Promise<boolean>
}

const keptSeconds = 30 * 86_400

/** What the partition keys of these rows begin with, by which who reads them is kept from all others. */
const prefix = 'probes#'

/** Opens them in the table `Work`, where they are kept for 30 days after they were last written; `now` is in milliseconds since the epoch. */
export function openProbes({
  client,
  table,
  now,
}: {
  readonly client: DynamoDBClient
  readonly table: string
  now(): number
}): Probes {
  return {
    async of(rollout) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          ConsistentRead: true,
          KeyConditionExpression: '#item = :item',
          ExpressionAttributeNames: { '#item': 'item' },
          ExpressionAttributeValues: { ':item': { S: `${prefix}${rollout}` } },
        }),
      )
      return new Map(
        Items.map(({ detail, body, writes }) => [
          Number(detail?.S),
          { body: body?.S ?? '', writes: Number(writes?.N) },
        ]),
      )
    },
    async note(rollout, domain, { body, writes }) {
      const Item = {
        ...{ item: { S: `${prefix}${rollout}` }, detail: { S: String(domain).padStart(2, '0') } },
        ...{ body: { S: body }, writes: { N: String(writes + 1) } },
        expires: { N: String(Math.ceil(now() / 1000) + keptSeconds) },
      }
      const condition =
        writes === 0
          ? { ConditionExpression: 'attribute_not_exists(detail)' }
          : {
              ConditionExpression: 'writes = :writes',
              ExpressionAttributeValues: { ':writes': { N: String(writes) } },
            }
      const put = client.send(new PutItemCommand({ TableName: table, Item, ...condition }))
      return (await whereItHolds(put)) !== undefined
    },
  }
}

/** The twin in memory. */
export function memoryProbes(): Probes {
  const all = new Map<string, Map<number, NotedProbes>>()
  return {
    of: async (rollout) => new Map(all.get(rollout)),
    async note(rollout, domain, { body, writes }) {
      const known = all.get(rollout) ?? new Map<number, NotedProbes>()
      if ((known.get(domain)?.writes ?? 0) !== writes) return false
      all.set(rollout, known.set(domain, { body, writes: writes + 1 }))
      return true
    },
  }
}
