import { type AttributeValue, BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { PassingError } from './errors.ts'
import { inChunks, sideBySide } from './side-by-side.ts'

type Item = Record<string, AttributeValue>

/** The most keys of one request (AWS), and how many requests are under way at once. */
const keysPerRequest = 100
const requestsAtOnce = 8
/** How often keys that DynamoDB put off are asked for, each time by a request of its own. */
const triesPerRequest = 5

/** DynamoDB kept putting reads off: it has no capacity for them now. */
export class ReadsPutOff extends PassingError {
  override readonly name = 'ReadsPutOff'
  constructor(table: string, reads: number) {
    super(`${table} put off ${reads} reads.`)
  }
}

/**
 * Returns the items of a table that have the keys, each named once, in no order, perhaps as they were a moment ago: half a read unit for
 * every 4 KB, a hundred items a request. Reports the units of each request to `spend`. Throws ReadsPutOff.
 */
export async function readItems(
  { client, table }: { readonly client: DynamoDBClient; readonly table: string },
  keys: readonly Item[],
  spend: (units: number) => void = () => {},
): Promise<readonly Item[]> {
  const read = async (chunk: readonly Item[]): Promise<readonly Item[]> => {
    const found: Item[] = []
    let asked = [...chunk]
    for (let tries = 0; asked.length > 0; tries++) {
      if (tries === triesPerRequest) throw new ReadsPutOff(table, asked.length)
      const { Responses, UnprocessedKeys, ConsumedCapacity } = await client.send(
        new BatchGetItemCommand({
          RequestItems: { [table]: { Keys: asked } },
          ReturnConsumedCapacity: 'TOTAL',
        }),
      )
      for (const { CapacityUnits = 0 } of ConsumedCapacity ?? []) spend(CapacityUnits)
      found.push(...(Responses?.[table] ?? []))
      asked = UnprocessedKeys?.[table]?.Keys ?? []
    }
    return found
  }
  return (await sideBySide(inChunks(keys, keysPerRequest), requestsAtOnce, read)).flat()
}
