import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb'

/** A row of the table `Work`. */
export type WorkRow = Readonly<Record<string, AttributeValue>>

/** Returns what a conditional request comes to; undefined where its condition does not hold. */
export async function whereItHolds<Result>(request: Promise<Result>): Promise<Result | undefined> {
  try {
    return await request
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return undefined
    throw error
  }
}

/**
 * Yields the pages of the rows of one `item`, in the order of their `detail`, as a query has them: read as far as whoever asks goes on. What the query says
 * beside that is asked for with it.
 */
export async function* pagesOf(
  { client, table }: { readonly client: DynamoDBClient; readonly table: string },
  item: string,
  more: Omit<QueryCommandInput, 'TableName' | 'ExclusiveStartKey' | 'KeyConditionExpression'> & {
    /** What holds of `#detail`. */
    readonly details?: string
  } = {},
): AsyncGenerator<readonly WorkRow[]> {
  const { details, ExpressionAttributeNames: names, ExpressionAttributeValues: values, ...query } = more
  let start: Record<string, AttributeValue> | undefined
  do {
    const { Items, LastEvaluatedKey } = await client.send(
      new QueryCommand({
        ...{ ...query, TableName: table, ExclusiveStartKey: start },
        KeyConditionExpression: details === undefined ? '#item = :item' : `#item = :item AND ${details}`,
        ExpressionAttributeNames: { '#item': 'item', ...names },
        ExpressionAttributeValues: { ':item': { S: item }, ...values },
      }),
    )
    yield Items ?? []
    start = LastEvaluatedKey
  } while (start)
}
