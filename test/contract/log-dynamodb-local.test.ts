import { describe, it } from 'vitest'
import { dynamoStore } from '../../functions/log/dynamo.ts'
import { javaIsHere, startDynamoDBLocal } from './dynamodb-local.ts'
import { logContract } from './log.ts'

if (javaIsHere) {
  logContract("AWS's DynamoDB Local", async () => {
    const dynamo = await startDynamoDBLocal()
    await dynamo.createTables()
    return { store: dynamoStore({ client: dynamo.client, table: 'Log' }), stop: () => dynamo.stop() }
  })
} else {
  console.warn("SKIPPED: the second opinion of AWS's DynamoDB Local needs Java, which is not here.")
  describe("the log on AWS's DynamoDB Local", () => {
    it.skip('needs Java, which is not on this machine: install it to run this suite', () => {})
  })
}
