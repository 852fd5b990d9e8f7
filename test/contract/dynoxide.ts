import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Dynamo, startOnFreePort } from './child.ts'

const binary = fileURLToPath(import.meta.resolve('@dynoxide/linux-x64/dynoxide'))

/** Starts an empty dynoxide in memory, one per test file: `client`, `endpoint`, `createTables()`, `stop()`. */
export async function startDynamo(): Promise<Dynamo> {
  if (!existsSync(binary)) throw new Error(`${binary} is missing: run npm ci on linux-x64`)
  return startOnFreePort((port) => [binary, 'serve', '--host', '127.0.0.1', '--port', String(port)])
}
