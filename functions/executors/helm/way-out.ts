import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createConnection, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { sameSecret } from '../../same-secret.ts'
import type { Guard, Way } from '../guard.ts'

/** The only way by which a program that is not ours reaches others. */
export interface WayOut {
  /** The address of the proxy, with what lets its one user in. */
  readonly url: string
  readonly secret: string
  /** Why calls were not let go, each once. */
  readonly refused: ReadonlySet<string>
  close(): void
}

/** A program that is refused everything says so in as many ways as it likes. */
const toldAtMost = 20
/** Headers that are about the connection to this proxy. */
const hopByHop = ['proxy-authorization', 'proxy-connection', 'connection', 'keep-alive']

/**
 * Opens an HTTP proxy on the loopback for one program: what the guard does not admit is not connected to, and what it does is connected to at the
 * address that was looked at, whatever its name leads to a moment later. TLS is between the program and the other side.
 */
export async function openWayOut(guard: Guard): Promise<WayOut> {
  const secret = randomBytes(24).toString('base64url')
  const credentials = `Basic ${Buffer.from(`helm:${secret}`).toString('base64')}`
  const refused = new Set<string>()
  const sockets = new Set<Duplex>()

  const isKnown = ({ headers }: IncomingMessage) =>
    sameSecret(headers['proxy-authorization'] ?? '', credentials)
  const wayTo = async (url: string): Promise<Way | undefined> => {
    const verdict = await guard.admit(url)
    if (verdict.kind === 'open') return verdict
    if (verdict.kind === 'refused' && refused.size < toldAtMost) refused.add(verdict.why)
    return undefined
  }
  const kept = <Kind extends Duplex>(socket: Kind): Kind => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('close', () => sockets.delete(socket))
    return socket
  }

  const server = createServer((request, response) => {
    void forward(request, response).catch(() => response.destroy())
  })
  server.on('connection', kept)
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    void tunnel(request, socket, head).catch(() => socket.destroy())
  })

  async function tunnel(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    if (!isKnown(request)) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    const way = await wayTo(`https://${(request.url ?? '').replace(/:443$/, '')}/`)
    if (!way) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
    const other = await reached(way)
    if (!other) return void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')
    kept(other)
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
    if (head.length > 0) other.write(head)
    other.pipe(socket).pipe(other)
    socket.once('close', () => other.destroy())
    other.once('close', () => socket.destroy())
  }

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isKnown(request)) return void response.writeHead(407).end()
    const way = await wayTo(request.url ?? '')
    if (way?.scheme !== 'http') return void response.writeHead(403).end()
    const socket = await reached(way)
    if (!socket) return void response.writeHead(502).end()
    kept(socket)
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => !hopByHop.includes(name)),
    )
    const asked = ask({
      ...{ method: request.method, path: `${way.url.pathname}${way.url.search}`, headers },
      ...{ setHost: false, createConnection: () => socket },
    })
    asked.on('error', () => response.destroy())
    asked.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      response.flushHeaders()
      answer.pipe(response)
    })
    response.once('close', () => socket.destroy())
    request.pipe(asked)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on a port
  return {
    url: `http://helm:${secret}@127.0.0.1:${port}`,
    secret,
    refused,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Connects to the addresses of a way, one after the other; undefined: none answers. */
async function reached({ addresses, port }: Way): Promise<Socket | undefined> {
  for (const host of addresses) {
    const socket = createConnection({ host, port })
    try {
      await once(socket, 'connect')
      return socket
    } catch {
      socket.destroy()
    }
  }
  return undefined
}
