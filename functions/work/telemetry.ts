import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { instantOf } from '../../events/time.ts'
import { readItems } from '../read-items.ts'
import { type Machines, memoryMachines, openMachines, seenPrefix } from './machines.ts'
import { whereItHolds } from './rows.ts'

/** How often last-seen is written for one target, in seconds: more often costs, and whoever was heard of within a day is ready. */
const lastSeenEvery = 1800
const keptSeconds = 30 * 86_400

/** What agents say about themselves that decides nothing: losing it costs nothing but a look at progress. */
export interface Telemetry extends Machines {
  /** Notes that a target's agent was heard of, at most every half an hour. */
  seen(target: string): Promise<void>
  /** Returns when a target's agent was last heard of; null when it never was. */
  lastSeen(target: string): Promise<string | null>
  /**
   * Returns when the agents of many targets, each named once, were last heard of; those that never were are missing. What was noted moments
   * ago may be missing too. Half a read unit a target, a hundred targets a request.
   */
  lastSeenOf(targets: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** Notes a report of progress. False when one of a higher sequence is known: this one is late. */
  progressed(attempt: string, sequence: number): Promise<boolean>
}

function seenKey(target: string) {
  return { item: { S: `${seenPrefix}${target}` }, detail: { S: 'last' } }
}

/** Opens telemetry in the table `Work`; `now` is in milliseconds since the epoch. */
export function openTelemetry({
  client,
  table,
  now,
}: {
  client: DynamoDBClient
  table: string
  now: () => number
}): Telemetry {
  const written = new Map<string, number>()

  async function upsert(key: ReturnType<typeof seenKey>, value: number, condition: string, bound: number) {
    const expires = Math.ceil(now() / 1000) + keptSeconds
    const updated = client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: key,
        UpdateExpression: 'SET #value = :value, expires = :expires',
        ConditionExpression: `attribute_not_exists(#value) OR #value ${condition} :bound`,
        ExpressionAttributeNames: { '#value': 'value' },
        ExpressionAttributeValues: {
          ':value': { N: String(value) },
          ':bound': { N: String(bound) },
          ':expires': { N: String(expires) },
        },
      }),
    )
    return (await whereItHolds(updated)) !== undefined
  }

  return {
    ...openMachines({ client, table, now }),
    async seen(target) {
      const at = now()
      const due = at - lastSeenEvery * 1000
      if ((written.get(target) ?? 0) > due) return
      if (written.size >= 10_000) written.clear()
      written.set(target, at)
      // Nobody is refused an update because a note about them could not be taken.
      await upsert(seenKey(target), at, '<=', due).catch((error: unknown) => {
        written.delete(target)
        console.warn('last-seen was not noted', error)
      })
    },
    async lastSeen(target) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: seenKey(target), ConsistentRead: true }),
      )
      const at = Item?.value?.N
      return at === undefined ? null : instantOf(Number(at))
    },
    async lastSeenOf(targets) {
      const items = await readItems({ client, table }, targets.map(seenKey))
      return new Map(
        items.flatMap(({ item, value }) =>
          item?.S === undefined || value?.N === undefined
            ? []
            : [[item.S.slice(seenPrefix.length), instantOf(Number(value.N))] as const],
        ),
      )
    },
    async progressed(attempt, sequence) {
      const key = { item: { S: `progress#${attempt}` }, detail: { S: 'sequence' } }
      return upsert(key, sequence, '<=', sequence)
    },
  }
}

/** The twin in memory. */
export function memoryTelemetry(now: () => number): Telemetry {
  const seen = new Map<string, number>()
  const sequences = new Map<string, number>()
  return {
    ...memoryMachines(now),
    async seen(target) {
      const at = now()
      if ((seen.get(target) ?? 0) <= at - lastSeenEvery * 1000) seen.set(target, at)
    },
    async lastSeen(target) {
      const at = seen.get(target)
      return at === undefined ? null : instantOf(at)
    },
    async lastSeenOf(targets) {
      return new Map(
        targets.flatMap((target) => {
          const at = seen.get(target)
          return at === undefined ? [] : [[target, instantOf(at)]]
        }),
      )
    },
    async progressed(attempt, sequence) {
      if ((sequences.get(attempt) ?? 0) > sequence) return false
      sequences.set(attempt, sequence)
      return true
    },
  }
}
