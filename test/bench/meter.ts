import { Agent, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { type Capacity, writeUnitsOf } from './capacity.ts'

/**
 * Stands before a DynamoDB, in a thread of its own, asks it in every request what it cost, and adds that up by table. The counts are
 * DynamoDB's own, wherever the request came from; only what a failed condition costs, which DynamoDB does not report, is worked
 * out from the larger of the two items (AWS).
 */
const endpoint = new URL(String(workerData))
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
const consumed: Record<string, Capacity> = {}

const writing = new Set(['PutItem', 'UpdateItem', 'DeleteItem'])
const reading = new Set(['GetItem', 'Query', 'Scan'])

interface Answer {
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number }
  readonly Item?: Record<string, unknown>
  readonly __type?: string
}

interface BatchAnswer {
  readonly ConsumedCapacity?: readonly { readonly TableName: string; readonly CapacityUnits: number }[]
  readonly Responses?: readonly { readonly TableName: string; readonly Error?: { readonly Code: string } }[]
}

function capacityOf(table: string): Capacity {
  consumed[table] ??= { written: 0, lost: 0, read: 0, writes: 0 }
  return consumed[table]
}

/** A statement that was refused costs what the write by itself would have: rows have one unit. */
function countStatements({ ConsumedCapacity = [], Responses = [] }: BatchAnswer): void {
  for (const { TableName, CapacityUnits } of ConsumedCapacity) capacityOf(TableName).written += CapacityUnits
  for (const { TableName, Error: refused } of Responses) {
    if (!refused) capacityOf(TableName).writes += 1
    else if (['ConditionalCheckFailed', 'DuplicateItem'].includes(refused.Code))
      capacityOf(TableName).lost += 1
  }
}

function count(operation: string, sent: string, status: number, received: string): void {
  if (operation === 'BatchExecuteStatement') {
    if (status === 200) countStatements(JSON.parse(received) as BatchAnswer) // DynamoDB's own answer
    return
  }
  if (operation === 'BatchGetItem') {
    const { ConsumedCapacity = [] } = JSON.parse(received) as BatchAnswer
    for (const { TableName, CapacityUnits } of ConsumedCapacity) capacityOf(TableName).read += CapacityUnits
    return
  }
  const isWrite = writing.has(operation)
  if (!isWrite && !reading.has(operation))
    throw new Error(`The meter cannot count ${operation}: add it to its operations.`)
  const { TableName, Item } = JSON.parse(sent) as {
    readonly TableName: string
    readonly Item?: Record<string, unknown>
  } // every one of these operations names one table
  const table = capacityOf(TableName)
  const answer = JSON.parse(received) as Answer // DynamoDB's own answer
  if (status !== 200) {
    if (answer.__type?.endsWith('ConditionalCheckFailedException'))
      table.lost += Math.max(1, ...[Item, answer.Item].map((item) => (item ? writeUnitsOf(item) : 0)))
    return
  }
  const units = answer.ConsumedCapacity?.CapacityUnits
  if (units === undefined) throw new Error(`${operation} on ${TableName} was answered without its cost.`)
  if (isWrite) {
    table.written += units
    table.writes += 1
  } else table.read += units
}

function asking(body: string): string {
  return body.includes('"ReturnConsumedCapacity"') || !body.startsWith('{"')
    ? body
    : `{"ReturnConsumedCapacity":"TOTAL",${body.slice(1)}`
}

const server: Server = createServer((incoming, outgoing) => {
  const chunks: Buffer[] = []
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
  incoming.on('end', () => {
    const [, operation = ''] = String(incoming.headers['x-amz-target']).split('.')
    const body = asking(Buffer.concat(chunks).toString())
    const headers = { ...incoming.headers, host: endpoint.host, 'content-length': Buffer.byteLength(body) }
    const forwarded = request(endpoint, { agent, method: incoming.method, headers }, (answer) => {
      const received: Buffer[] = []
      answer.on('data', (chunk: Buffer) => received.push(chunk))
      answer.on('end', () => {
        const text = Buffer.concat(received)
        count(operation, body, answer.statusCode ?? 0, text.toString())
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(text)
      })
    })
    forwarded.on('error', () => outgoing.destroy())
    forwarded.end(body)
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo // a listening TCP server has an AddressInfo
  parentPort?.postMessage(`http://127.0.0.1:${port}`)
})
parentPort?.on('message', () => parentPort?.postMessage(structuredClone(consumed)))
