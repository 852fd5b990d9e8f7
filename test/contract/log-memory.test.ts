import { memoryStore } from '../../functions/log/memory.ts'
import { logContract } from './log.ts'

logContract('memory', async () => ({ store: memoryStore(), stop: async () => {} }))
