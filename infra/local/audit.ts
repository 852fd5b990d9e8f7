import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { type Commit, fromItem } from '../../events/envelope.ts'
import { type Audit, audit } from '../../functions/audit/audit.ts'
import { headsIn } from '../../functions/audit/chain.ts'
import { type Invariant, invariants } from '../../functions/audit/finding.ts'
import { replay } from '../../functions/log/replay.ts'
import { readCommandLine } from '../command-line.ts'
import { dataFile } from './data-files.ts'
import { startEmulator } from './dynamodb/emulator.ts'
import { programHere } from './dynamodb/program.ts'
import { type DynamoRequest, openDynamoRequest } from './dynamodb/request.ts'
import { openKeptHeads } from './kept-heads.ts'
import { lockDirectory } from './lock.ts'
import { isRecord } from './template/shapes.ts'

const usage = `npm run audit -- --data DIR | --file FILE [--file LATER] [options]

Holds a log against the invariants that it can show, offline.

  --data DIR    the data directory of a runtime, running or not
  --file FILE   an export: one item of the table Log a line, in DynamoDB's JSON, plain or as {"Item": …};
                of a log that went on meanwhile two, the second begun after the first had ended: what was
                there before the second began is judged
  --heads PATH… documents of heads, or directories of them, all from the first on, with --key: only they
                show a cut-off end
  --key FILE    the public key with which they are verified, as PEM or as KMS gives it
  --json        the findings as JSON
Ends with 1 when anything is found.`

/** A DynamoDB that holds the log, for as long as it is read. */
interface Source {
  readonly endpoint: string
  /** Does a runtime go on writing? */
  readonly running: boolean
  close(): Promise<void>
}

/** Returns the endpoint of the emulator that a runtime has running on a data directory. */
function runningEndpoint(directory: string): string {
  const pid = readFileSync(dataFile(directory, 'dynamo.pid'), 'utf8').trim()
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  const option = words.findIndex((word) => word === '--port' || word === '-port')
  const port = words[option + 1]
  if (option < 0 || port === undefined) throw new Error(`Process ${pid} is no emulator of DynamoDB.`)
  return `http://127.0.0.1:${port}`
}

/** Attaches to the runtime of a data directory, or starts its database where none runs. */
async function openData(data: string): Promise<Source> {
  const directory = resolve(data)
  const database = programHere().database(directory)
  if (!existsSync(database)) {
    throw new Error(`${directory} holds no ${basename(database)}: name the data directory of a runtime.`)
  }
  let unlock: () => void
  try {
    unlock = lockDirectory(directory)
  } catch {
    return { endpoint: runningEndpoint(directory), running: true, close: async () => {} }
  }
  try {
    const emulator = await startEmulator(directory, (line) => process.stderr.write(`${line}\n`))
    const close = async () => {
      await emulator.stop()
      unlock()
    }
    return { endpoint: emulator.endpoint, running: false, close }
  } catch (error) {
    unlock()
    throw error
  }
}

/** Returns the table of the log: the one that has its keys and its index, whatever the stack called it. */
async function logTable(request: DynamoRequest): Promise<string> {
  const { TableNames } = await request('DynamoDB_20120810.ListTables', {})
  for (const name of Array.isArray(TableNames) ? TableNames : []) {
    const { Table } = await request('DynamoDB_20120810.DescribeTable', { TableName: name })
    const keys: unknown = isRecord(Table) ? Table.KeySchema : undefined
    const names = (Array.isArray(keys) ? keys : []).filter(isRecord).map((key) => key.AttributeName)
    if (names.join() === 'stream,commit') return String(name)
  }
  throw new Error('No table here has the keys of a log, stream and commit.')
}

async function* scan(endpoint: string): AsyncGenerator<Commit> {
  const request = openDynamoRequest(() => endpoint)
  try {
    const TableName = await logTable(request)
    let start: unknown
    do {
      const page = await request('DynamoDB_20120810.Scan', {
        TableName,
        ConsistentRead: true,
        ...(start !== undefined && { ExclusiveStartKey: start }),
      })
      for (const item of Array.isArray(page.Items) ? page.Items : []) yield fromItem(item)
      start = page.LastEvaluatedKey
    } while (start !== undefined)
  } finally {
    request.close()
  }
}

/** Yields the commits of an export, one item a line. Throws on the first line that holds none, naming it. */
async function* linesOf(file: string): AsyncGenerator<Commit> {
  let number = 0
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number++
    if (line.trim() === '') continue
    try {
      const parsed: unknown = JSON.parse(line)
      yield fromItem(isRecord(parsed) && isRecord(parsed.Item) ? parsed.Item : parsed)
    } catch (error) {
      throw new Error(`Line ${number} of ${file} holds no commit.`, { cause: error })
    }
  }
}

/** Returns an audit in words: what was looked at, and the findings below the sentence of their invariant. */
export function inWords({ streams, commits, findings }: Audit): string {
  const lines = [
    `${commits} commits of ${streams} streams: ${findings.length === 0 ? 'nothing found.' : `${findings.length} findings.`}`,
  ]
  for (const [invariant, found] of Map.groupBy(findings, (finding) => finding.invariant)) {
    const sentence: string = invariants[invariant satisfies Invariant]
    lines.push('', `${invariant}: ${sentence}`)
    for (const { stream, commit, words } of found) lines.push(`  ${stream}@${commit}  ${words}`)
  }
  return `${lines.join('\n')}\n`
}

async function main(): Promise<void> {
  const { values, positionals } = readCommandLine(usage, {
    // A shell makes many words of `--heads *.json`.
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      file: { type: 'string', multiple: true, default: [] },
      heads: { type: 'string', multiple: true, default: [] },
      key: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  const { data, file, heads, key, json } = values
  if ((data === undefined) === (file.length === 0) || file.length > 2) throw new Error(usage)
  if (heads.length > 0 !== (key !== undefined) || (heads.length === 0 && positionals.length > 0))
    throw new Error(usage)
  const signed = key === undefined ? undefined : openKeptHeads([...heads, ...positionals], key)
  const source = data === undefined ? undefined : await openData(data)
  try {
    const [first = '', second] = file
    const read = () => (source ? scan(source.endpoint) : linesOf(second ?? first))
    const goesOn = source ? source.running : second !== undefined
    const cut = goesOn ? await headsIn(source ? read() : linesOf(first)) : undefined
    const result = await audit(read(), { replay, ...(signed && { signed }), ...(cut && { cut }) })
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : inWords(result))
    process.exitCode = result.findings.length === 0 ? 0 : 1
  } finally {
    await source?.close()
  }
}

if (import.meta.main) {
  await main().catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 2
  })
}
