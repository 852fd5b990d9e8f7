import type { MachineClock } from '../machine-clock.ts'
import type { Resource } from '../template/stack.ts'
import { startEmulator } from './emulator.ts'
import { deleteExpired } from './expiry.ts'
import type { Program } from './program.ts'
import { type DynamoRequest, openDynamoRequest } from './request.ts'
import { lowest } from './sequence.ts'
import { openStreamRecords } from './stream-records.ts'
import { provideTable, type Table } from './tables.ts'
import { watchDatabase } from './watched-file.ts'

/** Something that reads the streams of tables. */
export interface StreamReader {
  readonly table: string
  wake(): void
  lowWater(): bigint
  save(): void
}

/** DynamoDB on one machine: tables, the news of their streams, and what keeps the file small. */
export interface Dynamo {
  readonly endpoint: string
  /** The emulator's process now; undefined for one that was started by somebody else. */
  readonly pid: number | undefined
  readonly request: DynamoRequest
  provide(resource: Resource): Promise<Table>
  table(name: string): Table
  /** Starts to wake readers when something was written, to prune what all of them have read, and to expire items. */
  resume(readers: readonly StreamReader[]): void
  /** Wakes the readers now if anything was written since they were woken last. */
  look(): void
  /** Prunes and saves checkpoints at once; returns how many stream records went. */
  prune(): number
  stop(): Promise<void>
}

/** In milliseconds. Looking costs little, but five hundred times a second it is most of what an idle runtime does. */
const lookEvery = 2
/** Where the file tells of itself, and where somebody else's emulator has to be asked over the network. */
const anywayEvery = 50
const pruneEvery = 1_000
const expireEvery = 10_000

/** Opens DynamoDB: what plays it here, in the data directory, or the emulator that `foreignEndpoint` names. */
export async function openDynamo(options: {
  readonly directory: string
  readonly clock: MachineClock
  readonly foreignEndpoint?: string | undefined
  /** What plays it, where that is not what is found here. */
  readonly program?: Program
  log(line: string): void
}): Promise<Dynamo> {
  const { clock, log, foreignEndpoint, program } = options
  const emulator =
    foreignEndpoint === undefined ? await startEmulator(options.directory, log, program) : undefined
  const endpoint = emulator?.endpoint ?? foreignEndpoint ?? ''
  const request = openDynamoRequest(() => endpoint)
  const records = emulator?.file === undefined ? undefined : openStreamRecords(emulator.file)
  const tables = new Map<string, Table>()
  const timers: NodeJS.Timeout[] = []
  let readers: readonly StreamReader[] = []
  let unwatch: (() => void) | undefined
  let stopped = false

  const prune = (): number => {
    for (const reader of readers) reader.save()
    if (records === undefined) return 0
    let removed = 0
    for (const { name, streamArn } of tables.values()) {
      if (streamArn === undefined) continue
      const marks = readers.filter(({ table }) => table === name).map((reader) => reader.lowWater())
      const through = lowest(marks)
      if (through !== undefined) removed += records.prune(name, through)
    }
    return removed
  }

  const look = () => {
    if (records === undefined || records.changed()) for (const reader of readers) reader.wake()
  }

  const expire = async () => {
    if (records === undefined) return
    for (const table of tables.values()) await deleteExpired({ table, clock, records, request })
  }

  const guarded = (what: string, action: () => unknown) => () => {
    Promise.resolve()
      .then(action)
      .catch((error: unknown) => log(`${what} failed and is tried again: ${String(error)}`))
  }

  return {
    endpoint,
    get pid() {
      return emulator?.pid
    },
    request,
    async provide(resource) {
      const table = await provideTable(resource, request)
      tables.set(table.name, table)
      return table
    },
    table(name) {
      const table = tables.get(name)
      if (table === undefined) throw new Error(`There is no table ${name} in the template.`)
      return table
    },
    resume(given) {
      readers = given
      const looking = guarded('Looking for stream records', look)
      unwatch = emulator?.file === undefined ? undefined : watchDatabase(emulator.file, looking)
      const told = unwatch !== undefined || records === undefined
      timers.push(setInterval(looking, told ? anywayEvery : lookEvery))
      timers.push(
        setInterval(
          guarded('Pruning stream records', () => void prune()),
          pruneEvery,
        ),
      )
      timers.push(setInterval(guarded('Deleting expired items', expire), expireEvery))
    },
    look,
    prune,
    async stop() {
      if (stopped) return
      stopped = true
      for (const timer of timers) clearInterval(timer)
      unwatch?.()
      request.close()
      records?.close()
      await emulator?.stop()
    },
  }
}
