import { describe, it } from 'vitest'
import { openViewStore } from '../../functions/views/dynamo.ts'
import { javaIsHere, startDynamoDBLocal } from '../contract/dynamodb-local.ts'
import { viewStoreContract } from './store-contract.ts'

if (javaIsHere) {
  viewStoreContract("AWS's DynamoDB Local", async () => {
    const dynamo = await startDynamoDBLocal()
    await dynamo.createTables()
    return { store: openViewStore({ client: dynamo.client, table: 'Views' }), stop: () => dynamo.stop() }
  })
} else {
  console.warn("SKIPPED: the second opinion of AWS's DynamoDB Local needs Java, which is not here.")
  describe("the views on AWS's DynamoDB Local", () => {
    it.skip('needs Java, which is not on this machine: install it to run this suite', () => {})
  })
}
