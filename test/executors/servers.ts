import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createHttps, type ServerOptions } from 'node:https'
import { type AddressInfo, createServer as createNet, type Server, type Socket } from 'node:net'
import { afterEach } from 'vitest'
import type { Call, Delivery } from '../../functions/executors/call.ts'
import { openGuard, type Resolve } from '../../functions/executors/guard.ts'
import { openSend } from '../../functions/executors/http.ts'
import { readOutboundHosts } from '../../functions/executors/outbound-hosts.ts'

const open: { readonly server: Server; readonly sockets: Set<Socket> }[] = []

afterEach(async () => {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
})

async function listening(server: Server, host: string): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  open.push({ server, sockets })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  return (server.address() as AddressInfo).port // it listens on a port
}

/** Serves on a port of the loopback until the test ends, and returns the port. */
export const serve = (listener: RequestListener, host = '127.0.0.1') => listening(createHttp(listener), host)

/** The same by TLS. */
export const serveTls = (options: ServerOptions, listener: RequestListener) =>
  listening(createHttps(options, listener), '127.0.0.1')

/** Answers as the test does, byte by byte. */
export const serveRaw = (listener: (socket: Socket) => void, options: { allowHalfOpen?: boolean } = {}) =>
  listening(createNet(options, listener), '127.0.0.1')

/** Answers the first bytes of a request, byte by byte. */
export const answerRaw = (answer: (socket: Socket) => void) =>
  serveRaw((socket) => socket.once('data', () => answer(socket)))

/** A port at which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createNet()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // it listened on a port
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Sends a call where the list lets it go to the loopback at its port. */
export function send(
  call: Partial<Call> & { readonly url: string },
  { hosts = '', resolve }: { readonly hosts?: string; readonly resolve?: Resolve } = {},
): Promise<Delivery> {
  const { protocol, port } = new URL(call.url)
  const loopback = `${protocol === 'http:' ? 'http://' : ''}127.0.0.0/8:${port || 443}`
  const guard = openGuard(readOutboundHosts(`${loopback}, ${hosts}`), resolve)
  return openSend(guard)({ method: 'GET', timeoutSeconds: 10, ...call })
}
