import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb'
import { runtimeOfFile } from './file-runtime.ts'

let opened: DynamoDBClient | undefined

function client(): DynamoDBClient {
  opened ??= new DynamoDBClient({
    endpoint: runtimeOfFile().endpoints.AWS_ENDPOINT_URL_DYNAMODB ?? '',
    region: 'eu-central-1',
    credentials: runtimeOfFile().administrator,
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
        TableName: runtimeOfFile().logTable,
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
