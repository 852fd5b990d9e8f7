import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb'

/** The three tables of the stack, as tests create them: names, keys, index and stream as synthesized. */
const tables: readonly CreateTableCommandInput[] = [
  {
    TableName: 'Log',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'stream', AttributeType: 'S' },
      { AttributeName: 'commit', AttributeType: 'N' },
      { AttributeName: 'category', AttributeType: 'S' },
      { AttributeName: 'since', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'stream', KeyType: 'HASH' },
      { AttributeName: 'commit', KeyType: 'RANGE' },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'Catalogue',
        KeySchema: [
          { AttributeName: 'category', KeyType: 'HASH' },
          { AttributeName: 'since', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' },
  },
  keyed('Views', 'view', 'row'),
  keyed('Work', 'item', 'detail'),
]

function keyed(table: string, hash: string, range: string): CreateTableCommandInput {
  return {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: hash, AttributeType: 'S' },
      { AttributeName: range, AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: hash, KeyType: 'HASH' },
      { AttributeName: range, KeyType: 'RANGE' },
    ],
  }
}

/** Creates the tables Log, Views and Work and waits until they can be used. */
export async function createTables(client: DynamoDBClient): Promise<void> {
  for (const table of tables) {
    await client.send(new CreateTableCommand(table))
    await waitUntilTableExists(
      { client, minDelay: 1, maxDelay: 1, maxWaitTime: 20 },
      { TableName: table.TableName },
    )
  }
}
