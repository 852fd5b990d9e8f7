import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach } from 'vitest'
import { run } from '../../clients/cli/command-line.ts'

/** What a stand-in for the API was asked. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: IncomingMessage['headers']
  readonly body: unknown
}

/** What it answers: a status and a body that is sent as JSON. */
type Answer = readonly [status: number, body: unknown]
type Answering = (asked: Asked, response: ServerResponse) => Answer | undefined

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A stand-in for the API, with all that it was asked; it ends with the test. */
export interface StandIn {
  readonly url: string
  readonly asked: Asked[]
}

/** Starts a stand-in. Where `answering` returns nothing it has answered by itself. */
export async function standIn(answering: Answering): Promise<StandIn> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part) => parts.push(part))
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
      const text = Buffer.concat(parts).toString()
      const isJson = request.headers['content-type'] === 'application/json'
      const one: Asked = {
        method: request.method ?? '',
        path: pathname,
        query: Object.fromEntries(searchParams),
        headers: request.headers,
        body: text === '' ? undefined : isJson ? JSON.parse(text) : text,
      }
      asked.push(one)
      const answer = answering(one, response)
      if (answer === undefined) return
      const [status, body] = answer
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked } // it listens on a port
}

/** How a command has ended, and what it has written. */
export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

interface Terminal {
  readonly env?: Readonly<Record<string, string>>
  readonly isTTY?: boolean
  readonly columns?: number
  /** What is typed. */
  readonly typed?: string
  readonly signal?: AbortSignal
}

/** Runs one command in this process, as somebody with a token, where nothing else is said. */
export async function command(
  words: readonly string[],
  { env = {}, isTTY = false, columns, typed = '', signal = new AbortController().signal }: Terminal = {},
): Promise<Ended> {
  const written = { out: '', err: '' }
  const sink = (name: 'out' | 'err') => ({
    isTTY,
    columns,
    write(text: string) {
      written[name] += text
    },
  })
  const { Readable } = await import('node:stream')
  const input = Object.assign(Readable.from([typed]), { isTTY })
  const code = await run(
    words,
    { env: { DRYDOCK_TOKEN: 'token-of-ann', ...env }, out: sink('out'), err: sink('err'), input, signal },
    '0.0.0',
  )
  return { code, ...written }
}

/** Runs a command against a stand-in. */
export function commandAt(
  { url }: StandIn,
  words: readonly string[],
  terminal: Terminal = {},
): Promise<Ended> {
  return command([...words, '--url', url], terminal)
}
