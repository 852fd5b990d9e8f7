import fs from 'node:fs'
import { ClientRequest } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads'
import { type FailPoint, type Point, points, type Side } from './points.ts'

/**
 * Preloaded into the runtime's process (`node --import`): watches every durable write where it leaves the process, the requests to
 * DynamoDB and the commits of node:sqlite, and ends the process with SIGKILL at the one that the environment names. Takes the rights of
 * functions away while a file is there. Neither the functions nor the runtime know of it.
 */
interface Shared {
  readonly armed: FailPoint | null
  readonly hitFile: string
  readonly rightsFile: string
  /** How often each point was met, in all threads. */
  readonly seen: SharedArrayBuffer
}

function fromEnvironment(): Shared {
  return {
    armed: JSON.parse(process.env.CRASH_FAIL_POINT ?? 'null') as FailPoint | null, // written by environmentOf()
    hitFile: process.env.CRASH_HIT_FILE ?? '',
    rightsFile: process.env.CRASH_RIGHTS_FILE ?? '',
    seen: new SharedArrayBuffer(points.length * Int32Array.BYTES_PER_ELEMENT),
  }
}

// Functions run in threads that this is preloaded into as well; their environment is that of the function.
const shared = isMainThread ? fromEnvironment() : (getEnvironmentData('fail point') as Shared) // set below
if (isMainThread) setEnvironmentData('fail point', shared as never) // its type knows no shared memory
const { armed, hitFile, rightsFile } = shared
const seen = new Int32Array(shared.seen)

/** Counts a write that is about to happen; returns whether it is the one to die at, after it. */
function about(point: Point): boolean {
  const count = Atomics.add(seen, points.indexOf(point), 1) + 1
  if (armed?.point !== point || armed.count !== count) return false
  if (armed.side === 'before') die('before')
  return true
}

function die(side: Side): void {
  fs.appendFileSync(hitFile, `${JSON.stringify({ ...armed, side })}\n`)
  process.kill(process.pid, 'SIGKILL')
  // The signal ends the process before this thread runs on; should it not, nothing may be written any more.
  for (;;);
}

const writes: ReadonlySet<string> = new Set(['PutItem', 'DeleteItem', 'UpdateItem'])

function requested(target: unknown, body: unknown): Point | undefined {
  const operation = String(target).split('.').at(-1) ?? ''
  if (!String(target).startsWith('DynamoDB_')) return undefined
  // Many rows of the views in one request; nothing else is written by statements.
  if (operation === 'BatchExecuteStatement') return 'views: put'
  if (!writes.has(operation)) return undefined
  const text =
    typeof body === 'string' ? body : body instanceof Uint8Array ? new TextDecoder().decode(body) : '{}'
  const { TableName, Item } = JSON.parse(text) as {
    readonly TableName?: string
    readonly Item?: CommitItem
  } // DynamoDB's own protocol
  // What the function that writes is told; the runtime itself writes to none of them, but for what has expired.
  if (TableName === process.env.VIEWS_TABLE) return 'views: put'
  if (TableName === process.env.WORK_TABLE) return operation === 'DeleteItem' ? 'work: delete' : 'work: put'
  if (TableName !== process.env.LOG_TABLE) return undefined
  return appended(Item)
}

/** A commit as DynamoDB is asked to keep it. */
interface CommitItem {
  readonly stream?: { readonly S?: string }
  readonly events?: {
    readonly L?: readonly {
      readonly M: { readonly type: { readonly S: string }; readonly data: { readonly S: string } }
    }[]
  }
}

/** Which kind of commit it is: those of profiles that start or end something are told apart. */
function appended({ stream, events }: CommitItem = {}): Point | undefined {
  const aggregate = stream?.S?.split('#')[0]
  const told = (events?.L ?? []).map(({ M }) => M)
  const holds = (...types: string[]) => told.some(({ type }) => types.includes(type.S))
  if (aggregate === 'profile') {
    if (holds('WindowOpened', 'WindowSkipped')) return 'log: window judged'
    if (holds('UpgradeSummarised')) return 'log: upgrade summarised'
  }
  const requested = told.find(({ type }) => type.S === 'UpgradeRequested')
  if (requested?.data.S.includes('"profile":')) return 'log: execution requested'
  return points.find((point) => point === `log: ${aggregate}`)
}

/** Schedules are made and removed over REST. */
function scheduled(method: string, path: string): Point | undefined {
  if (!path.startsWith('/schedules/')) return undefined
  return method === 'POST' ? 'schedule: create' : method === 'DELETE' ? 'schedule: delete' : undefined
}

/** Returns how a function signs: with a key that has gone while its rights are away, as one does whose role has expired, or was deleted. */
function signedNow(signed: string): string {
  if (isMainThread || !fs.existsSync(rightsFile)) return signed
  return signed.replace(/\bCredential=[^/\s,]+/, 'Credential=AKIAGONE')
}

function loseRights(request: ClientRequest): void {
  const signed = request.getHeader('authorization')
  if (typeof signed === 'string') request.setHeader('authorization', signedNow(signed))
}

// What is asked without a client of the SDK.
const { fetch } = globalThis
globalThis.fetch = (input, init) => {
  const headers = new Headers(init?.headers)
  const signed = headers.get('authorization')
  if (signed !== null) headers.set('authorization', signedNow(signed))
  return fetch(input, { ...init, headers })
}

const { end } = ClientRequest.prototype
ClientRequest.prototype.end = function (this: ClientRequest, ...given: unknown[]): ClientRequest {
  if (!this.headersSent) loseRights(this)
  const point = requested(this.getHeader('x-amz-target'), given[0]) ?? scheduled(this.method, this.path)
  if (point !== undefined && about(point)) this.prependOnceListener('response', () => die('after'))
  return Reflect.apply(end, this, given) as ClientRequest // what the original returns
}

const files: Readonly<Record<string, Point>> = {
  'stepfunctions.sqlite': 'engine: transaction',
  'events.sqlite': 'bus: store',
  'schedules.sqlite': 'scheduler: store',
  'dynamo.sqlite': 'stream: prune',
}
const ofRuntime: Readonly<Record<string, Point>> = {
  invocations: 'invocations: store',
  checkpoints: 'checkpoints: store',
}
const changing = /^\s*(?:INSERT|UPDATE|DELETE|REPLACE)\b(?:\s+OR\s+\w+)?(?:\s+INTO|\s+FROM)?\s+(\w+)/i

/** Which durable write running a text would be; undefined for one that a transaction will make durable, or that only reads. */
function committed(database: DatabaseSync, sql: string): Point | undefined {
  const file = basename(database.location() ?? '')
  const change = changing.exec(sql)
  const point = files[file] ?? ofRuntime[change?.[1] ?? '']
  if (/^\s*COMMIT\b/i.test(sql)) return point
  return change && !database.isTransaction ? point : undefined
}

function around<Result>(database: DatabaseSync, sql: string, action: () => Result): Result {
  const point = committed(database, sql)
  const last = point !== undefined && about(point)
  const result = action()
  if (last) die('after')
  return result
}

const owners = new WeakMap<StatementSync, { readonly database: DatabaseSync; readonly sql: string }>()
const { prepare, exec } = DatabaseSync.prototype
DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql, ...rest) {
  const statement = prepare.call(this, sql, ...rest)
  owners.set(statement, { database: this, sql })
  return statement
}
DatabaseSync.prototype.exec = function (this: DatabaseSync, sql) {
  return around(this, sql, () => exec.call(this, sql))
}
for (const name of ['run', 'get', 'all'] as const) {
  const original: (...values: never[]) => unknown = StatementSync.prototype[name]
  Object.assign(StatementSync.prototype, {
    [name](this: StatementSync, ...values: unknown[]) {
      const owner = owners.get(this)
      const action = () => Reflect.apply(original, this, values) as unknown
      return owner ? around(owner.database, owner.sql, action) : action()
    },
  })
}

// Not as a named import: that would be the replacement as soon as it is in place.
const { renameSync } = fs
fs.renameSync = (from, to) => {
  const last = basename(String(to)) === 'clock.json' && about('clock: anchor')
  renameSync(from, to)
  if (last) die('after')
}
syncBuiltinESMExports()
