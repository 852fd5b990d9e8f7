import { memoryViewStore } from '../../functions/views/memory.ts'
import { viewStoreContract } from './store-contract.ts'

viewStoreContract('memory', async () => ({ store: memoryViewStore(), stop: async () => {} }))
