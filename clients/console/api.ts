import type { AnswerOf, BodyOf } from '../../contracts/bodies.ts'
import { type Operation, routes } from '../../contracts/routes.ts'
import type { Problem } from './answers.ts'
import { isOlder } from './versions.ts'

/** What goes with a request. */
export interface Asked {
  readonly params?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
}

/** The API said no, or did not answer: `problem` is what it said. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  readonly problem: Problem | undefined
  constructor(status: number, problem: Problem | undefined, words?: string) {
    super(words ?? problem?.detail ?? wordsOf(status))
    this.status = status
    this.problem = problem
  }
}

/** Returns an error as a refusal; what is none did not come from the API. */
export function refusalIn(error: unknown): Refused {
  return error instanceof Refused ? error : new Refused(-1, undefined, String(error))
}

function wordsOf(status: number): string {
  if (status === 0) return 'The API does not answer. It is asked again.'
  if (status === 401) return 'Your sign-in is over.'
  if (status === 403) return 'Your roles do not allow this.'
  return `The API answered with ${status}.`
}

interface Known {
  readonly tag: string
  readonly body: unknown
}

const mostKnown = 200
const longestAnswer = 35_000
/** So often it is waited until more may be asked, and for so many seconds at the most. */
const [mostWaits, longestWait] = [20, 10]

/** Calls the API as the person who has signed in. */
export class Api {
  readonly #token: string
  readonly #ended: () => void
  /** The last answers with a tag, by what was asked. */
  readonly #known = new Map<string, Known>()
  /** The commit of the last write on something, by its path: reads wait until it is in what they answer. */
  readonly #written = new Map<string, string>()

  /** `ended` is called when the sign-in is over. */
  constructor(token: string, ended: () => void) {
    this.#token = token
    this.#ended = ended
  }

  /**
   * Reads what an operation answers. What has not changed is not sent again, and the same object is returned; what is older than what was
   * read before is left. Throws a Refused.
   */
  async read<Name extends Operation>(operation: Name, asked: Asked = {}): Promise<AnswerOf<Name>> {
    const path = pathOf(operation, asked)
    const known = this.#known.get(path)
    const written = this.#written.get(subjectOf(path))
    const answer = await this.#send(path, 'GET', {
      ...(known && { 'if-none-match': known.tag }),
      ...(written !== undefined && { 'drydock-commit': written }),
    })
    if (answer.status === 304 && known) return known.body as AnswerOf<Name> // of the same path, so of the same operation
    const body = (await answer.json()) as AnswerOf<Name> // what the API says of the operation
    const tag = answer.headers.get('etag')
    if (tag === null) return body
    if (known && isOlder(tag, known.tag)) return known.body as AnswerOf<Name> // as above
    this.#known.delete(path)
    this.#known.set(path, { tag, body })
    const [oldest] = this.#known.keys()
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest)
    return body
  }

  /** Does what an operation does, once, however often it has to be sent. Throws a Refused. */
  async write<Name extends Operation>(
    operation: Name,
    asked: Asked = {},
    body?: BodyOf<Name>,
  ): Promise<AnswerOf<Name>> {
    const path = pathOf(operation, asked)
    const { method } = routeOf(operation)
    const headers = {
      'idempotency-key': crypto.randomUUID(),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    }
    const text = body === undefined ? undefined : JSON.stringify(body)
    const answer = await this.#send(path, method, headers, text).catch((error: unknown) => {
      // Nobody knows whether it was done: the key makes it harmless to send it once more.
      if (error instanceof Refused && (error.status === 0 || error.status === 503))
        return this.#send(path, method, headers, text)
      throw error
    })
    const commit = answer.headers.get('drydock-commit')
    if (commit !== null) this.#written.set(subjectOf(path), commit)
    return (await answer.json()) as AnswerOf<Name> // as above
  }

  async #send(
    path: string,
    method: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Response> {
    for (let waited = 0; ; waited++) {
      const answer = await this.#sendOnce(path, method, headers, body)
      // Who asks for more than they may is told when to go on: a large fleet is read as fast as that.
      if (answer.status !== 429 || waited >= mostWaits) return this.#taken(answer)
      const seconds = Number(answer.headers.get('retry-after') ?? 1)
      await new Promise((resolve) => setTimeout(resolve, Math.min(longestWait, Math.max(1, seconds)) * 1000))
    }
  }

  #sendOnce(
    path: string,
    method: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Response> {
    return fetch(path, {
      ...{ method, redirect: 'error', cache: 'no-store', credentials: 'omit' },
      headers: { ...headers, accept: 'application/json', authorization: `Bearer ${this.#token}` },
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(longestAnswer),
    }).catch(() => {
      throw new Refused(0, undefined)
    })
  }

  async #taken(answer: Response): Promise<Response> {
    if (answer.ok || answer.status === 304) return answer
    if (answer.status === 401) this.#ended()
    const problem = (await answer.json().catch(() => undefined)) as Partial<Problem> | undefined
    const isTold = typeof problem?.code === 'string'
    throw new Refused(answer.status, isTold ? (problem as Problem) : undefined) // the API's own, with all its fields
  }
}

function routeOf(operation: Operation) {
  const route = routes.find((one) => one.operation === operation)
  if (route === undefined) throw new Error(`There is no operation ${operation}.`)
  return route
}

/** Returns where something is asked for, with every name in it as one part of the path. */
function pathOf(operation: Operation, { params = {}, query = {} }: Asked): string {
  const path = routeOf(operation).path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  )
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  const search = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))
  return search.size === 0 ? path : `${path}?${search}`
}

/** What a path is about: an upgrade, a rollout, a target. The commits of one say nothing about another. */
function subjectOf(path: string): string {
  return /^\/api\/(?:v1\/)?[^/?]+\/[^/?]+/.exec(path)?.[0] ?? path
}
