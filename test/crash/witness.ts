import { appendFileSync } from 'node:fs'
import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** A write that the runtime answered, as its caller saw it. */
export interface Answered {
  readonly method: string
  readonly path: string
  readonly authorization: string
  readonly key: string | null
  readonly body: unknown
  readonly status: number
  readonly answer: unknown
}

/**
 * Stands between everybody and the runtime, at one address over all lives, and writes down each answer to a write that came whole:
 * that is what the runtime has acknowledged, and has to stand by.
 */
export interface Witness {
  readonly url: string
  readonly journal: readonly Answered[]
  /** How many requests got no answer, since the runtime was away or died over them. */
  readonly unanswered: number
  /** Passes requests on to this address from now on. */
  follow(url: string): void
  close(): void
}

export async function openWitness(directory: string): Promise<Witness> {
  const journal: Answered[] = []
  let runtime = ''
  let unanswered = 0
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = []
    const lost = () => {
      unanswered += 1
      // As a connection that breaks: the caller cannot know what became of its request.
      request.socket.destroy()
    }
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const sent = Buffer.concat(chunks)
      const { method = 'GET', url: path = '/', headers } = request
      const passed = httpRequest(`${runtime}${path}`, { method, headers })
      passed.on('error', lost)
      passed.on('response', (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (chunk: Buffer) => parts.push(chunk))
        answer.on('error', lost)
        answer.on('end', () => {
          const text = Buffer.concat(parts)
          const status = answer.statusCode ?? 0
          if (method !== 'GET') note({ method, path, headers, sent, status, text })
          response.writeHead(status, answer.headers)
          response.end(text)
        })
      })
      passed.end(sent)
    })
  })

  const note = (seen: {
    method: string
    path: string
    headers: IncomingHttpHeaders
    sent: Buffer
    status: number
    text: Buffer
  }) => {
    const answered: Answered = {
      method: seen.method,
      path: seen.path,
      authorization: seen.headers.authorization ?? '',
      // Reports of agents are repeatable by what they say: the log keeps the keys of people alone.
      key: authorizationIsJwt(seen.headers.authorization)
        ? (seen.headers['idempotency-key']?.toString() ?? null)
        : null,
      body: parsed(seen.sent),
      status: seen.status,
      answer: parsed(seen.text),
    }
    journal.push(answered)
    const { authorization: _, ...shown } = answered
    appendFileSync(join(directory, 'journal.jsonl'), `${JSON.stringify(shown)}\n`)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // a listening TCP server has one
  return {
    url: `http://127.0.0.1:${port}`,
    journal,
    get unanswered() {
      return unanswered
    },
    follow(url) {
      runtime = url
    },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

function parsed(text: Buffer): unknown {
  return text.length === 0 ? null : JSON.parse(text.toString())
}

/** Is it the token of a person, rather than the credential of an agent? */
function authorizationIsJwt(authorization: string | undefined): boolean {
  return authorization?.startsWith('Bearer ey') === true
}
