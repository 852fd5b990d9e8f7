import { faultsInHeaders } from '../domain/http-headers.ts'
import { withoutSecrets } from '../redact.ts'
import type { Refusal } from './guard.ts'

/** What a call trusts and shows beyond what every TLS client does, each as PEM. Never logged. */
export interface CallTls {
  /** The only authorities that are trusted; left out: those that Node brings. */
  readonly ca?: string
  /** The client's own certificate, with `key`: mutual TLS. */
  readonly cert?: string
  readonly key?: string
}

/** A request to another system. Its headers, query and body may hold secrets, and are in nothing that is said about it. */
export interface Call {
  readonly method: (typeof methods)[number]
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** For all of it, the last byte of the answer included; 15 when left out, 300 at most. */
  readonly timeoutSeconds?: number
  readonly tls?: CallTls
  /** Sent as `Idempotency-Key`: the same for each try of one thing. */
  readonly idempotencyKey?: string
  /** Values that are taken out of what the other side answers. Credentials in `Authorization` are, in any case. */
  readonly confidential?: readonly string[]
}

/** An answer of the other side, whatever it says: a redirect is one, and is not followed. */
export interface Answered {
  readonly kind: 'answered'
  readonly status: number
  /** By their names in lower case; those that are sent several times are joined by commas. Cookies are left out. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** The body has only the first 64 KB of what was answered. */
  readonly cut?: 'too-large'
  readonly milliseconds: number
}

/** Surely nothing of the request has reached the other side: whoever wants it done sends it again. */
export interface NotSent {
  readonly kind: 'not-sent'
  readonly why: string
}

/** The request was sent or may have been, and no answer came that could be believed: nobody knows whether it was done. */
export interface Unknown {
  readonly kind: 'unknown'
  readonly why: string
}

/** How far a request came. Only `not-sent` may be sent again without asking; after `unknown` that is for who knows what is called. */
export type Delivery = Answered | Refusal | NotSent | Unknown

const methods = ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'] as const

/** In bytes. */
const limits = { headerBytes: 8 * 1024, body: 256 * 1024, pem: 64 * 1024, longestSeconds: 300 }

/** Returns why a call is no request that is sent; undefined when it is one. Says which part is wrong and shows no value. */
export function faultIn(call: Call): string | undefined {
  const { method, headers = {}, body, timeoutSeconds, tls = {}, idempotencyKey } = call
  if (!methods.includes(method)) return `The method is one of ${methods.join(', ')}.`
  const [fault] = faultsInHeaders(headers)
  if (fault) return fault.why
  const bytes = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  if (bytes > limits.headerBytes) return `Headers have at most ${limits.headerBytes} bytes.`
  if (idempotencyKey !== undefined && !/^[\x21-\x7e]{1,255}$/.test(idempotencyKey))
    return 'An idempotency key is of 1 to 255 visible ASCII characters.'
  if (body !== undefined && Buffer.byteLength(body) > limits.body)
    return `A body has at most ${limits.body} bytes.`
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0 && timeoutSeconds <= limits.longestSeconds))
    return `A call takes more than 0 and at most ${limits.longestSeconds} seconds.`
  if ((tls.cert === undefined) !== (tls.key === undefined))
    return 'A client certificate and its key go together.'
  if ([tls.ca, tls.cert, tls.key].some((pem) => (pem?.length ?? 0) > limits.pem))
    return `A certificate or key has at most ${limits.pem} characters.`
  return undefined
}

/** Returns an answer without the secrets of its call, should the other side send them back. */
export function shownAnswer(answer: Answered, { headers = {}, confidential = [] }: Call): Answered {
  const credentials = Object.entries(headers)
    .filter(([name]) => name.toLowerCase() === 'authorization')
    .flatMap(([, value]) => [value, value.slice(value.indexOf(' ') + 1)])
  const shown = withoutSecrets([...confidential, ...credentials])
  const shownHeaders = Object.entries(answer.headers).map(([name, value]) => [name, shown(value)])
  return { ...answer, body: shownBody(answer.body, shown), headers: Object.fromEntries(shownHeaders) }
}

/** Returns a body without secrets; what was JSON is JSON still, since conditions read it. */
function shownBody(body: string, shown: (text: string) => string): string {
  const cleaned = shown(body)
  if (cleaned === body) return body
  try {
    return JSON.stringify(shownValue(JSON.parse(body), shown))
  } catch {
    // It is no JSON, or too deep to be read.
    return cleaned
  }
}

function shownValue(value: unknown, shown: (text: string) => string): unknown {
  if (typeof value === 'string') return shown(value)
  if (typeof value === 'number') {
    const text = String(value)
    return shown(text) === text ? value : shown(text)
  }
  if (Array.isArray(value)) return value.map((part) => shownValue(part, shown))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [shown(name), shownValue(part, shown)]),
  )
}
