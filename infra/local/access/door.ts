import { connect, createServer, type Socket } from 'node:net'
import { type Access, Refused } from './access.ts'
import { rightsOnTables, type TableKey } from './asked.ts'

/** The door of DynamoDB: the only way to it that functions know. */
export interface Door {
  readonly url: string
  close(): Promise<void>
}

const headEnd = Buffer.from('\r\n\r\n')
// DynamoDB takes requests of 16 MB, and no client sends a head of more than some kilobytes.
const mostBody = 16 * 1024 * 1024
const mostHead = 16 * 1024

/**
 * Opens a door before a DynamoDB that checks no rights. Each connection has one of its own behind the door: what is allowed is handed on
 * as it came, byte by byte, and so is each answer; only requests are read. Nothing is sent ahead of an answer on one connection, as no AWS
 * SDK does.
 */
export async function openDoor(
  endpoint: string,
  access: Access,
  tables: ReadonlyMap<string, TableKey>,
): Promise<Door> {
  const { hostname, port } = new URL(endpoint)
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (client) => {
    const behind = connect({ host: hostname, port: Number(port), noDelay: true })
    for (const [socket, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
    behind.pipe(client)
    let received: Buffer = Buffer.alloc(0)
    client.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      for (let request = first(received); request !== undefined; request = first(received)) {
        if (request === 'broken')
          return void client.end(answerOf(400, 'SerializationException', 'No request.'))
        const frame = received.subarray(0, request.length)
        received = received.subarray(request.length)
        const refused = refusalOf(request, access, tables)
        if (refused === undefined) behind.write(frame)
        else client.write(refused)
      }
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The door of DynamoDB has no port.')
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

interface Request {
  /** In bytes, head and body. */
  readonly length: number
  readonly target: string
  readonly authorization: string | undefined
  readonly body: Buffer
}

/** The first request of what was received; undefined when it is not all there. */
function first(received: Buffer): Request | 'broken' | undefined {
  const end = received.indexOf(headEnd)
  if (end < 0) return received.length > mostHead ? 'broken' : undefined
  const head = received.toString('latin1', 0, end)
  const header = (name: string) => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'im').exec(head)?.[1]
  const bytes = Number(header('content-length') ?? 0)
  if (header('transfer-encoding') !== undefined || !Number.isInteger(bytes) || bytes < 0 || bytes > mostBody)
    return 'broken'
  const length = end + headEnd.length + bytes
  if (received.length < length) return undefined
  return {
    length,
    target: header('x-amz-target') ?? '',
    authorization: header('authorization'),
    body: received.subarray(end + headEnd.length, length),
  }
}

function refusalOf(
  { target, authorization, body }: Request,
  access: Access,
  tables: ReadonlyMap<string, TableKey>,
): Buffer | undefined {
  try {
    access.demand(authorization, () =>
      rightsOnTables(target.split('.')[1] ?? '', JSON.parse(body.toString() || '{}'), tables),
    )
    return undefined
  } catch (error) {
    if (error instanceof Refused) return answerOf(400, error.type, error.message)
    return answerOf(400, 'SerializationException', String(error))
  }
}

function answerOf(status: number, type: string, message: string): Buffer {
  const body = JSON.stringify({ __type: `com.amazon.coral.service#${type}`, message })
  const head = [
    `HTTP/1.1 ${status} Bad Request`,
    'content-type: application/x-amz-json-1.0',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}
