import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call of what is played, as it arrives. */
export interface PlayedCall {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly authorization: string | undefined
  readonly body: unknown
}

/** What it answers; `reset`: it closes the connection, having done what it was asked for or not. */
export type PlayedAnswer =
  | { readonly status: number; readonly body: unknown; readonly retryAfter?: number }
  | 'reset'

async function read(request: IncomingMessage): Promise<unknown> {
  const text = Buffer.concat(await Array.fromAsync(request)).toString('utf8')
  return text === '' ? null : JSON.parse(text)
}

function say(response: ServerResponse, answer: PlayedAnswer): void {
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

/** Lets what is played answer over HTTP on this machine; `heard` is told of each call when it was done, before it is answered. */
export async function serve(
  played: { handle(call: PlayedCall): PlayedAnswer },
  heard: (method: string, path: string) => void,
): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    const { method = 'GET', url: path = '/', headers } = request
    read(request).then(
      (body) => {
        const answer = played.handle({ method, path, authorization: headers.authorization, body })
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
