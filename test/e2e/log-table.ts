import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { inject } from 'vitest'

let opened: DynamoDBClient | undefined

function client(): DynamoDBClient {
  opened ??= new DynamoDBClient({
    endpoint: inject('runtime').endpoints.AWS_ENDPOINT_URL_DYNAMODB ?? '',
    region: 'eu-central-1',
    credentials: inject('runtime').administrator,
  })
  return opened
}

/** Counts the commits in the log, in the table itself. */
export async function commitsInLog(): Promise<number> {
  let count = 0
  let ExclusiveStartKey: Record<string, never> | undefined
  do {
    const page = await client().send(
      new ScanCommand({
        TableName: inject('runtime').logTable,
        Select: 'COUNT',
        ConsistentRead: true,
        ...(ExclusiveStartKey && { ExclusiveStartKey }),
      }),
    )
    count += page.Count ?? 0
    ExclusiveStartKey = page.LastEvaluatedKey as typeof ExclusiveStartKey // handed back as it came
  } while (ExclusiveStartKey)
  return count
}
