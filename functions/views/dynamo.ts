import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb'
import { isLasting } from '../errors.ts'
import { readItems } from '../read-items.ts'
import { inChunks, sideBySide } from '../side-by-side.ts'
import { fromItem, toItem } from './items.ts'
import { viewsOver } from './readers.ts'
import { Refused, statementsAtMost, writeBatch } from './statements.ts'
import { oneByOne, type RowKey, type RowWrite, type ViewStore, type Written } from './store.ts'
import type { Views } from './views.ts'

/** The table `Views`, and the client that reaches it. */
export interface ViewsTable {
  readonly client: DynamoDBClient
  readonly table: string
}

/** Opens the readers over the table `Views`. */
export function openViews({ client, table }: ViewsTable): Views {
  return viewsOver(openViewStore({ client, table }))
}

/** Opens the rows of the table `Views`. */
export function openViewStore({ client, table }: ViewsTable): ViewStore {
  const units = { written: 0, lost: 0, read: 0 }
  const to = { client, table }

  /** Settles a write from the error of its statement; what is there instead is read where a refusal does not show it. */
  async function settle({ row, expected }: RowWrite, error: Error | undefined): Promise<Written> {
    if (!error) return { stored: true }
    // A statement that is no good may still be a good row: a write of its own tells.
    if (isLasting(error)) return store.put(row, expected)
    if (!(error instanceof Refused)) throw error
    units.lost += 1
    return { stored: false, present: error.present ?? (await store.get(row.view, row.row)) }
  }

  async function writeChunk(chunk: readonly RowWrite[]): Promise<readonly PromiseSettledResult<Written>[]> {
    try {
      const errors = await writeBatch(to, chunk, (used) => {
        units.written += used
      })
      return await Promise.allSettled(chunk.map((write, index) => settle(write, errors[index])))
    } catch (reason) {
      if (isLasting(reason)) return oneByOne(store).putMany(chunk) // one that can never be written is no reason to leave out the others
      return chunk.map(() => ({ status: 'rejected', reason }))
    }
  }

  const store: ViewStore = {
    async get(view, row) {
      const { Item, ConsumedCapacity } = await client.send(
        new GetItemCommand({
          TableName: table,
          Key: keyOf({ view, row }),
          ConsistentRead: true,
          ReturnConsumedCapacity: 'TOTAL',
        }),
      )
      units.read += ConsumedCapacity?.CapacityUnits ?? 0
      return Item && fromItem(Item)
    },
    async put(row, expected) {
      try {
        const { ConsumedCapacity } = await client.send(
          new PutItemCommand({
            TableName: table,
            Item: toItem(row),
            ConditionExpression:
              expected === undefined ? 'attribute_not_exists(#view)' : '#version = :expected',
            ExpressionAttributeNames:
              expected === undefined ? { '#view': 'view' } : { '#version': 'version' },
            ...(expected !== undefined && {
              ExpressionAttributeValues: { ':expected': { N: `${expected}` } },
            }),
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            ReturnConsumedCapacity: 'TOTAL',
          }),
        )
        units.written += ConsumedCapacity?.CapacityUnits ?? 0
        return { stored: true }
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error
        units.lost += 1
        return { stored: false, present: error.Item && fromItem(error.Item) }
      }
    },
    async getMany(keys) {
      const items = await readItems(to, keys.map(keyOf), (used) => {
        units.read += used
      })
      const found = new Map(items.map(fromItem).map((row) => [nameOf(row), row]))
      return keys.map((key) => found.get(nameOf(key)))
    },
    async putMany(writes) {
      return (await sideBySide(inChunks(writes, statementsAtMost), requestsAtOnce, writeChunk)).flat()
    },
    async page(view, { prefix, after, limit, descending = false }) {
      const { Items, LastEvaluatedKey, ConsumedCapacity } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: prefix ? '#view = :view AND begins_with(#row, :prefix)' : '#view = :view',
          ExpressionAttributeNames: { '#view': 'view', ...(prefix && { '#row': 'row' }) },
          ExpressionAttributeValues: { ':view': { S: view }, ...(prefix && { ':prefix': { S: prefix } }) },
          ...(after !== undefined && { ExclusiveStartKey: { view: { S: view }, row: { S: after } } }),
          Limit: limit,
          ScanIndexForward: !descending,
          ReturnConsumedCapacity: 'TOTAL',
        }),
      )
      units.read += ConsumedCapacity?.CapacityUnits ?? 0
      return {
        rows: (Items ?? []).map(fromItem).filter(({ body }) => body !== null),
        last: LastEvaluatedKey?.row?.S,
      }
    },
    consumed: () => ({ ...units }),
  }
  return store
}

/** Requests for many rows under way at once. */
const requestsAtOnce = 4

function keyOf({ view, row }: RowKey) {
  return { view: { S: view }, row: { S: row } }
}

/** No view has a line break in its name. */
function nameOf({ view, row }: RowKey): string {
  return `${view}\n${row}`
}
