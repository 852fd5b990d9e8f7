import { request as ask, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Answered, Call, NotSent, Unknown } from './call.ts'
import type { Way } from './guard.ts'

/** In bytes, of what is kept of an answer. */
const [mostBody, mostHeaders] = [64 * 1024, 16 * 1024]
const headersAtMost = 100

/** What stays of an answer, without the time that it took. */
export type Exchanged = Omit<Answered, 'milliseconds'> | NotSent | Unknown

/**
 * By these alerts a server says that it does not take the client's certificate. With TLS 1.3 it says so when the client, for which the handshake is over, has
 * sent its request already: the server has read none of it (RFC 8446, 4.4.2.4 and 6.2).
 */
const certificateRefused =
  /^ERR_SSL_(?:TLSV13_ALERT_CERTIFICATE_REQUIRED|TLSV1_ALERT_(?:UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)|(?:SSLV3|SSL\/TLS)_ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_(?:REVOKED|EXPIRED|UNKNOWN)))$/

/**
 * Sends one request over a connection, whose last one it is, and returns what came of it. From here on whatever goes wrong leaves unknown whether
 * it was done, unless an answer came whole. `signal` ends it.
 */
export function exchange(socket: Socket, way: Way, call: Call, signal: AbortSignal): Promise<Exchanged> {
  const { host, url } = way
  const body = call.body === undefined ? undefined : Buffer.from(call.body)
  return new Promise((resolve) => {
    let heard: IncomingMessage | undefined
    const settle = (exchanged: Exchanged) => {
      signal.removeEventListener('abort', late)
      socket.destroy()
      resolve(exchanged)
    }
    const unknown = (said: string) =>
      settle({ kind: 'unknown', why: heard ? `${host} answered ${heard.statusCode}, ${said}` : said })
    const late = () =>
      unknown(heard ? 'and the rest did not come in time.' : `${host} did not answer in time.`)
    const failed = (error: NodeJS.ErrnoException) => {
      const code = error.code ?? error.name
      if (!heard && certificateRefused.test(code))
        return settle({ kind: 'not-sent', why: `${host} did not take the client's certificate (${code}).` })
      if (code === 'HPE_HEADER_OVERFLOW') return unknown(`its headers exceed ${mostHeaders} bytes.`)
      if (code.startsWith('HPE_')) return unknown(`what came is no answer of HTTP (${code}).`)
      cutOff(code)
    }
    const cutOff = (code?: string) => {
      const by = code === undefined ? '' : ` (${code})`
      unknown(heard ? `and the rest was cut off${by}.` : `${host} ended the connection unanswered${by}.`)
    }
    const request = ask({
      ...{ method: call.method, path: `${url.pathname}${url.search}`, headers: headersOf(way, call, body) },
      ...{ setHost: false, createConnection: () => socket },
      ...{ maxHeaderSize: mostHeaders, insecureHTTPParser: false },
    })
    request.maxHeadersCount = headersAtMost
    // The first that is heard counts: the alert of TLS comes before the end that follows from it.
    socket.on('error', failed)
    request.on('error', failed)
    request.on('close', () => cutOff())
    request.on('response', (response) => {
      heard = response
      response.on('error', failed)
      response.on('close', () => cutOff())
      collect(response, settle)
    })
    if (signal.aborted) return late()
    signal.addEventListener('abort', late, { once: true })
    request.end(body)
  })
}

/** Reads an answer as far as it is kept, and settles once it is whole. */
function collect(response: IncomingMessage, settle: (exchanged: Exchanged) => void): void {
  const { statusCode: status = 0 } = response
  const parts: Buffer[] = []
  let bytes = 0
  const answered = () => ({ kind: 'answered', status, headers: headersIn(response) }) as const
  response.on('data', (part: Buffer) => {
    parts.push(part)
    bytes += part.length
    if (bytes <= mostBody) return
    // As a stream, so that half a character at the end is left out.
    const body = new TextDecoder().decode(Buffer.concat(parts).subarray(0, mostBody), { stream: true })
    settle({ ...answered(), body, cut: 'too-large' })
  })
  response.on('end', () => {
    if (response.complete) settle({ ...answered(), body: new TextDecoder().decode(Buffer.concat(parts)) })
  })
}

function headersOf({ url }: Way, call: Call, body: Buffer | undefined): Record<string, string> {
  return {
    'user-agent': 'drydock',
    ...Object.fromEntries(
      Object.entries(call.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    ...(call.idempotencyKey !== undefined && { 'idempotency-key': call.idempotencyKey }),
    host: url.host,
    // A compressed answer could be a thousand times as large as it looks; none is unpacked here.
    'accept-encoding': 'identity',
    connection: 'close',
    ...(body !== undefined && { 'content-length': String(body.length) }),
  }
}

/** Cookies are credentials, and nobody here sends them back. */
const leftOut = ['set-cookie', 'set-cookie2']

function headersIn({ rawHeaders }: IncomingMessage): Record<string, string> {
  const found = new Map<string, string>()
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? ''
    const value = rawHeaders[at + 1] ?? ''
    const before = found.get(name)
    if (!leftOut.includes(name)) found.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return Object.fromEntries(found)
}
