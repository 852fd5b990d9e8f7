import { setTimeout as sleep } from 'node:timers/promises'
import type { AnswerOf, BodyOf } from '../../../contracts/bodies.ts'
import { type Operation, type Route, routes } from '../../../contracts/routes.ts'
import { exitCodes } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { readAnswer } from './read-answer.ts'
import { refusalOf } from './refusal.ts'

/** What goes with a request. */
export interface Asked<Name extends Operation> {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: BodyOf<Name> | undefined
  /** In the place of a body: what people have written, as it is, so that what is wrong in it is told with its line. */
  readonly document?: Written | undefined
  /** The commit of a write before: it is in what a read answers. */
  readonly seen?: string | null | undefined
}

/** A document as it was written. */
export interface Written {
  readonly text: string
  readonly type: 'json' | 'yaml'
}

/** What was answered, as the server sent it; `commit` is that of a write. */
export interface Answered<Name extends Operation> {
  readonly status: number
  readonly body: AnswerOf<Name>
  readonly commit: string | null
  /** Of an answer in parts: how the next is asked for; null: there is none. */
  readonly next: string | null
}

/** How often a request is sent before its caller hears that it did not go through. */
const tries = 5
/** In milliseconds: a gateway gives a function 30 seconds. */
const longestAnswer = 35_000
/** In milliseconds: who is told to come later waits no longer than this at once. */
const longestPause = 30_000

/** Calls the API at one address as one person. */
export class Api {
  readonly url: string
  readonly #token: (operation: Operation) => Promise<string>
  readonly #signal: AbortSignal
  readonly #key: string | undefined

  /** `key` makes every write harmless to repeat, as it is sent with it; without it each write has one of its own. */
  constructor(options: {
    readonly url: string
    readonly token: (operation: Operation) => Promise<string>
    readonly signal: AbortSignal
    readonly key?: string | undefined
  }) {
    this.url = options.url
    this.#token = options.token
    this.#signal = options.signal
    this.#key = options.key
  }

  /**
   * Calls one operation. Asks again where the server says that it may be tried later, and where no answer has come: a key makes a write that
   * is sent again harmless. Throws a Refusal where the server says no, and a Failure where nobody knows.
   */
  async call<Name extends Operation>(operation: Name, asked: Asked<Name> = {}): Promise<Answered<Name>> {
    const { body, commit, next, status } = await this.#send(routeOf(operation), asked)
    // The schemas are loaded when there is something to hold against them: that takes longer than all else.
    const { contracts } = await import('../../../contracts/api.ts')
    const answers: Readonly<Record<number, { readonly schema: import('zod').ZodType }>> =
      contracts[operation].answers
    const schema = answers[status]?.schema
    const checked = schema?.safeParse(body)
    if (!checked?.success) {
      const where = checked?.error.issues[0]?.path.join('.') || `status ${status}`
      throw new Failure(
        exitCodes.unknown,
        `${this.url} answered something that is not described (${operation}: ${where}).`,
        'Next: see whether this program and the server are of one version: drydock --version, drydock server',
      )
    }
    return { status, body: body as AnswerOf<Name>, commit, next } // as the schema says; unknown fields are kept
  }

  /** Calls one operation and returns the body of its answer. */
  async read<Name extends Operation>(operation: Name, asked: Asked<Name> = {}): Promise<AnswerOf<Name>> {
    return (await this.call(operation, asked)).body
  }

  async #send(route: Route, asked: Asked<Operation>) {
    const { method, operation } = route
    const address = `${this.url}${pathOf(route, asked)}`
    const { text = JSON.stringify(asked.body), type = 'json' } = asked.document ?? {}
    const key = this.#key ?? crypto.randomUUID()
    for (let attempt = 1; ; attempt++) {
      const token = route.access === 'public' ? null : await this.#token(operation)
      const headers = {
        accept: 'application/json, application/zip',
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(text !== undefined && { 'content-type': `application/${type}` }),
        ...(method !== 'GET' && { 'idempotency-key': key }),
        ...(asked.seen && { 'drydock-commit': asked.seen }),
      }
      const answer = await this.#sendOnce(address, {
        method,
        headers,
        ...(text !== undefined && { body: text }),
      })
      const again = answer.kind === 'none' || answer.status === 429 || answer.status >= 502
      if (again && attempt < tries) {
        await this.#pause(answer.kind === 'none' ? 100 * 2 ** attempt : answer.retryAfter)
        continue
      }
      if (answer.kind === 'none') throw this.#lost(method, key, answer.why)
      if (answer.status >= 400)
        throw await refusalOf(answer.status, answer.body, this.url, {
          params: asked.params ?? {},
          body: { ...(asked.body as object | undefined) }, // whatever is sent is an object
        })
      return answer
    }
  }

  async #sendOnce(address: string, request: RequestInit) {
    const limit = AbortSignal.timeout(longestAnswer)
    try {
      const response = await fetch(address, {
        ...request,
        // Whoever is sent elsewhere would take the token along.
        redirect: 'manual',
        signal: AbortSignal.any([limit, this.#signal]),
      })
      return { kind: 'some' as const, ...(await readAnswer(response, this.url)) }
    } catch (error) {
      if (this.#signal.aborted || error instanceof Failure) throw error
      return { kind: 'none' as const, why: limit.aborted ? 'it took too long' : reasonOf(error) }
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    await sleep(Math.min(milliseconds, longestPause), undefined, { signal: this.#signal })
  }

  #lost(method: string, key: string, why: string): Failure {
    const unknown =
      method === 'GET'
        ? []
        : [
            `It is not known whether it was done. The same command with --idempotency-key ${key} does it once.`,
          ]
    return new Failure(
      exitCodes.unknown,
      `${this.url} does not answer: ${why}.`,
      ...unknown,
      'Next: see whether it runs and is named rightly (--url or DRYDOCK_URL): drydock server',
    )
  }
}

function routeOf(operation: Operation): Route {
  const route = routes.find((candidate) => candidate.operation === operation)
  if (route === undefined) throw new Error(`There is no route for ${operation}.`)
  return route
}

function pathOf({ path }: Route, { params = {}, query = {} }: Asked<Operation>): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
  const pairs = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, `${value}`]],
  )
  const search = new URLSearchParams(pairs).toString()
  return search === '' ? filled : `${filled}?${search}`
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'ECONNREFUSED') return 'nobody listens there'
  if (code === 'ENOTFOUND') return 'there is no such host'
  return cause instanceof Error ? cause.message : error instanceof Error ? error.message : String(error)
}
