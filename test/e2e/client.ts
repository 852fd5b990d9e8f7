import { join } from 'node:path'
import { expect } from 'vitest'
import type { Clock } from '../../infra/local/clock.ts'
import { openExistingIssuer } from '../../infra/local/http/issuer.ts'
import { description, strayingOf } from './description.ts'
import { runtimeOfFile } from './file-runtime.ts'

export interface Answer<Body> {
  readonly status: number
  readonly headers: Headers
  readonly body: Body
  /** The commit that a write was answered with; the next read may name it. */
  readonly commit: string | null
}

/** A problem document, as far as the tests read it. */
export interface Problem {
  readonly code: string
  readonly status: number
  readonly detail: string
  readonly errors?: readonly { readonly field: string }[]
}

interface Request {
  readonly body?: unknown
  /** The body as it is sent, where it is no JSON of ours. */
  readonly raw?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What the gateway answers where there is no route (AWS): no description can have it. */
const noRoute = '{"message":"Not Found"}'

/** What a caller shows: nothing, a credential for good, or one that is made for each request. */
type Credential = string | null | (() => Promise<string>)

/** One caller of the API. Whatever it is answered has to be as `/openapi.json` describes it (S32). */
export class Client {
  readonly #credential: Credential
  readonly url: string

  /** `url` is another runtime than the one that all files share. */
  constructor(credential: Credential, url: string = runtimeOfFile().url) {
    this.#credential = credential
    this.url = url
  }

  async send<Body>(method: string, path: string, request: Request = {}): Promise<Answer<Body>> {
    const body = request.raw ?? (request.body === undefined ? undefined : JSON.stringify(request.body))
    const credential = typeof this.#credential === 'function' ? await this.#credential() : this.#credential
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(credential !== null && { authorization: `Bearer ${credential}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...request.headers,
      },
      ...(body !== undefined && { body }),
    })
    const { status, headers } = response
    const isZip = headers.get('content-type') === 'application/zip'
    // A file is read as a text with a character for each of its bytes.
    const text = isZip ? Buffer.from(await response.arrayBuffer()).toString('latin1') : await response.text()
    const isText = /^(text\/markdown|application\/openmetrics-text)/.test(headers.get('content-type') ?? '')
    const answer: unknown = text === '' ? null : isText || isZip ? text : JSON.parse(text)
    if (text !== noRoute) {
      const contentType = headers.get('content-type') ?? ''
      expect(strayingOf(await description(), { method, path, status, contentType, body: answer })).toEqual([])
    }
    return { status, headers, body: answer as Body, commit: headers.get('drydock-commit') } // checked against the description
  }

  get<Body>(path: string, commit: string | null = null): Promise<Answer<Body>> {
    return this.send<Body>('GET', path, commit === null ? {} : { headers: { 'drydock-commit': commit } })
  }

  post<Body>(
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<Body>> {
    return this.send<Body>('POST', path, { body, headers })
  }

  /** Reads what has to be there. */
  async read<Body>(path: string, commit: string | null = null): Promise<Body> {
    const { status, body } = await this.get<Body>(path, commit)
    expect([path, status, status === 200 ? '' : body]).toEqual([path, 200, ''])
    return body
  }

  /** Writes what has to be taken. */
  async write<Body>(path: string, body?: unknown): Promise<Answer<Body>> {
    const answer = await this.post<Body>(path, body)
    expect([path, answer.status < 300, answer.status < 300 ? '' : answer.body]).toEqual([path, true, ''])
    return answer
  }

  /** Writes what has to be refused, and returns why. */
  async refused(path: string, body?: unknown): Promise<readonly [status: number, code: string]> {
    const answer = await this.post<Problem>(path, body)
    return [answer.status, answer.body.code]
  }
}

// The wall is behind the runtime's clock, which runs faster: a token from now is valid there for half an hour of ours.
const wall: Clock = {
  speed: 1,
  now: () => Date.now(),
  at: () => {
    throw new Error('A token needs no timers.')
  },
}

/** Returns a token of the runtime's own issuer, with other claims where they are given. */
export async function tokenFor(
  user: string,
  roles: readonly string[],
  claims: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const issuer = await openExistingIssuer(join(runtimeOfFile().data), wall)
  if (!issuer) throw new Error('The runtime has no issuer.')
  return issuer.token({ user, roles, claims })
}

/** Returns a person with these roles. */
export async function person(user: string, ...roles: readonly string[]): Promise<Client> {
  return new Client(await tokenFor(user, roles))
}
