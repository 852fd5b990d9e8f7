import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const token = fileURLToPath(new URL('../../infra/local/token.ts', import.meta.url))

/** What the runtime said at last. */
export interface Reply<Body> {
  readonly status: number
  readonly body: Body
}

/** A person at the API who does not give up: a request without an answer is sent again, a write with the same key. */
export class Person {
  readonly name: string
  readonly #url: string
  readonly #authorization: string

  constructor(options: { name: string; roles: readonly string[]; url: string; directory: string }) {
    const { name, roles, url, directory } = options
    this.name = name
    this.#url = url
    const chosen = roles.flatMap((role) => ['--role', role])
    const printed = execFileSync(process.execPath, [token, '--data', directory, '--user', name, ...chosen], {
      encoding: 'utf8',
    })
    this.#authorization = `Bearer ${printed.trim()}`
  }

  read<Body>(path: string): Promise<Reply<Body>> {
    return this.#ask<Body>('GET', path, {})
  }

  write<Body>(
    path: string,
    body?: unknown,
    method: 'POST' | 'PUT' | 'DELETE' = 'POST',
  ): Promise<Reply<Body>> {
    return this.#ask<Body>(method, path, { 'idempotency-key': randomUUID() }, body)
  }

  #ask<Body>(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: unknown,
  ): Promise<Reply<Body>> {
    return persist<Body>(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: this.#authorization,
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }
}

/** Sends a request until it is answered for good: without a word, 429 and 5xx mean "again". */
export async function persist<Body>(url: string, request: RequestInit): Promise<Reply<Body>> {
  for (;;) {
    try {
      const response = await fetch(url, request)
      const text = await response.text()
      if (response.status < 500 && response.status !== 429) {
        const body = (text === '' ? null : JSON.parse(text)) as Body // the caller names what the route's schema promises
        return { status: response.status, body }
      }
    } catch {
      // The runtime is away, or died over it.
    }
    await sleep(100)
  }
}
