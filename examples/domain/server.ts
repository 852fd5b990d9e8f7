import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Manager, ManagerAnswer } from './manager.ts'

async function read(request: IncomingMessage): Promise<unknown> {
  const text = Buffer.concat(await Array.fromAsync(request)).toString('utf8')
  return text === '' ? null : JSON.parse(text)
}

function say(response: ServerResponse, answer: ManagerAnswer): void {
  if (answer === 'reset') {
    response.socket?.resetAndDestroy()
    return
  }
  const { status, body, retryAfter } = answer
  response
    .writeHead(status, {
      'content-type': 'application/json',
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    })
    .end(JSON.stringify(body))
}

/** Lets a manager answer over HTTP on this machine; `heard` is told of each call when it was done, before it is answered. */
export async function serve(
  manager: Manager,
  heard: (method: string, path: string) => void,
): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    const { method = 'GET', url: path = '/', headers } = request
    read(request).then(
      (body) => {
        const answer = manager.handle({ method, path, authorization: headers.authorization, body })
        heard(method, path)
        say(response, answer)
      },
      () => response.writeHead(400).end(),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
