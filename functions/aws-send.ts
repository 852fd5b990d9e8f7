import { setTimeout } from 'node:timers/promises'
import { instantOf, second } from '../events/time.ts'
import { PassingError } from './errors.ts'
import { type Caller, type Method, type Service, signRequest } from './signed-request.ts'

/** What a service is asked: the path, with a query where there is one, below its address. */
export interface Question {
  readonly method: Method
  readonly path: string
  /** By their names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What a service answered. */
export interface Answer {
  readonly status: number
  readonly text: string
}

/** Asks one service of AWS, again when it does not answer, and returns the answer whatever it says. */
export type Send = (question: Question) => Promise<Answer>

/** A service refused what it was asked for. */
export class Refused extends Error {
  override readonly name = 'Refused'
  constructor({ method, path }: Question, { status, text }: Answer) {
    super(`${method} ${path} was answered with ${status}: ${text.slice(0, 500)}`)
  }
}

/** A service, or the network on the way to it, did not answer, however often it was asked. */
class Unanswered extends PassingError {
  override readonly name = 'Unanswered'
}

/** What stopped a fetch: it throws a TypeError, as if its caller were wrong, and tells the network's fault as the cause of it. */
function causeOf(error: unknown): string {
  const { cause = error } = error as { cause?: unknown } // whatever was thrown
  return cause instanceof Error ? cause.message : String(cause)
}

const [firstPause, longestWait] = [200, 10 * second]

/**
 * Returns how to ask a service as whoever the AWS SDK says we are: so often until it answers, which is once where what is asked must not be
 * done twice.
 */
export function openSend(parts: {
  readonly service: Service
  addressOf(region: string): string
  credentials(): Promise<Caller>
  region(): Promise<string>
  now(): number
  pause?(milliseconds: number): Promise<unknown>
  readonly tries?: number
}): Send {
  const { service, addressOf, credentials, region, now, pause = setTimeout, tries = 4 } = parts
  return async ({ method, path, headers: own = {}, body = '' }) => {
    const [caller, here] = [await credentials(), await region()]
    const url = new URL(`${addressOf(here)}/${path}`)
    for (let tried = 1; ; tried++) {
      const request = { service, method, url, headers: own, body }
      // fetch sets the host by itself, from the same address.
      const { host: _, ...headers } = signRequest(request, caller, here, instantOf(now()))
      try {
        const response = await fetch(url, {
          method,
          headers,
          ...(body !== '' && { body }),
          signal: AbortSignal.timeout(longestWait),
        })
        const answer = { status: response.status, text: await response.text() }
        if ((answer.status < 500 && answer.status !== 429) || tried >= tries) return answer
      } catch (error) {
        if (tried >= tries)
          throw new Unanswered(`${method} ${url.host} was not answered: ${causeOf(error)}`, { cause: error })
      }
      await pause(firstPause * 2 ** tried)
    }
  }
}
