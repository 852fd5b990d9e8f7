import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb'
import type { Views } from './read.ts'
import { viewsOver } from './readers.ts'
import type { StoredRow, ViewStore } from './store.ts'

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

  return {
    async get(view, row) {
      const { Item, ConsumedCapacity } = await client.send(
        new GetItemCommand({
          TableName: table,
          Key: { view: { S: view }, row: { S: row } },
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
}

function toItem({ view, row, version, commit, body }: StoredRow): Record<string, AttributeValue> {
  return {
    view: { S: view },
    row: { S: row },
    version: { N: `${version}` },
    commit: { N: `${commit}` },
    ...(body === null ? { deleted: { BOOL: true } } : { body: { S: body } }),
  }
}

function fromItem(item: Record<string, AttributeValue>): StoredRow {
  const { view, row, version, commit, body } = item
  if (view?.S === undefined || row?.S === undefined || !version?.N || !commit?.N) {
    throw new TypeError(`The table of views holds an item that is no row: ${JSON.stringify(item)}`)
  }
  return {
    view: view.S,
    row: row.S,
    version: Number(version.N),
    commit: Number(commit.N),
    body: body?.S ?? null,
  }
}
