import { dynamoStore } from '../../functions/log/dynamo.ts'
import { startDynamo } from './dynoxide.ts'
import { logContract } from './log.ts'

logContract('dynoxide', async () => {
  const dynamo = await startDynamo()
  await dynamo.createTables()
  return { store: dynamoStore({ client: dynamo.client, table: 'Log' }), stop: () => dynamo.stop() }
})
