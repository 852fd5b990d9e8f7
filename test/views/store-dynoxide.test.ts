import { openViewStore } from '../../functions/views/dynamo.ts'
import { startDynamo } from '../contract/dynoxide.ts'
import { viewStoreContract } from './store-contract.ts'

viewStoreContract('dynoxide', async () => {
  const dynamo = await startDynamo()
  await dynamo.createTables()
  return { store: openViewStore({ client: dynamo.client, table: 'Views' }), stop: () => dynamo.stop() }
})
