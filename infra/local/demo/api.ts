import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'

/** An answer that says no: an RFC 9457 problem document with its stable code. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, detail: string) {
    super(detail)
    this.status = status
    this.code = code
  }
}

/**
 * The last commit of one upgrade that is known to its readers. Views lag behind the log: a read that names the commit is answered with
 * that commit or a later one, whoever wrote it.
 */
export interface Seen {
  commit: string | null
}

/**
 * Calls the API as one person or agent; answers the body. A body that is a text is YAML. Throws `Refused` for an answer of 400 or above. With `seen`, a read sends its
 * commit and a write renews it.
 */
export type Call = <Answer>(method: string, path: string, body?: unknown, seen?: Seen) => Promise<Answer>

/** How often a request is sent before its caller hears that it did not go through. */
const tries = 5

/** Sends a request until it is answered other than "not now"; the same Idempotency-Key makes the repeat of a write harmless. */
async function send(url: string, request: RequestInit): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await fetch(url, request)
      const later = response.status === 503 || response.status === 429
      if (!later || attempt === tries) return response
      await response.body?.cancel()
      await sleep(1000 * Number(response.headers.get('retry-after') ?? 1))
    } catch (error) {
      if (attempt === tries) throw error
      await sleep(100 * 2 ** attempt)
    }
  }
}

/** Returns a way to call the API with one bearer credential. */
export function caller(url: string, credential: string): Call {
  return async <Answer>(method: string, path: string, body?: unknown, seen?: Seen): Promise<Answer> => {
    const request: RequestInit = {
      method,
      headers: {
        authorization: `Bearer ${credential}`,
        ...(body === undefined
          ? {}
          : { 'content-type': `application/${typeof body === 'string' ? 'yaml' : 'json'}` }),
        ...(method === 'GET' ? {} : { 'idempotency-key': randomUUID() }),
        ...(method === 'GET' && seen?.commit ? { 'drydock-commit': seen.commit } : {}),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }
    const response = await send(`${url}${path}`, request)
    const text = await response.text()
    const answer: unknown = text === '' ? null : JSON.parse(text)
    if (!response.ok) {
      const problem = answer as { code?: string; detail?: string; message?: string } | null // the API's own problem document
      throw new Refused(
        response.status,
        problem?.code ?? 'unknown',
        problem?.detail ?? problem?.message ?? text,
      )
    }
    const written = response.headers.get('drydock-commit')
    if (seen && written !== null) seen.commit = written
    return answer as Answer // the caller names what the route's schema promises
  }
}
