import { type AttributeValue, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { writeUnitsOf } from './capacity.ts'

/** What really lies in a table. */
export interface Present {
  readonly items: number
  /** What writing each of them once costs. */
  readonly units: number
  readonly largest: number
}

/** Reads a whole table and sums up the items that are counted. */
export async function presentIn(
  client: DynamoDBClient,
  table: string,
  counted: (item: Record<string, AttributeValue>) => boolean,
): Promise<Present> {
  let items = 0
  let units = 0
  let largest = 0
  let start: Record<string, AttributeValue> | undefined
  do {
    const page = await client.send(new ScanCommand({ TableName: table, ExclusiveStartKey: start }))
    for (const item of page.Items ?? []) {
      if (!counted(item)) continue
      const cost = writeUnitsOf(item)
      items += 1
      units += cost
      largest = Math.max(largest, cost)
    }
    start = page.LastEvaluatedKey
  } while (start)
  return { items, units, largest }
}
