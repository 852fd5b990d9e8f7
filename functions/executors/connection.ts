import { X509Certificate } from 'node:crypto'
import { createConnection, type Socket } from 'node:net'
import { checkServerIdentity, createSecureContext, connect as secure, type TLSSocket } from 'node:tls'
import type { CallTls } from './call.ts'
import type { Way } from './guard.ts'
import { familyOf } from './special-addresses.ts'

/** A connection over which nothing has been sent yet, or why there is none. */
export type Connected =
  | { readonly kind: 'connected'; readonly socket: Socket }
  | { readonly kind: 'failed'; readonly why: string }

/** An attempt at one address. */
type Attempt =
  | Extract<Connected, { readonly kind: 'connected' }>
  | { readonly kind: 'failed'; readonly why: string; readonly code: string | undefined }

/** By these the other address may answer where this one did not. */
const elsewhere = ['ECONNREFUSED', 'EADDRNOTAVAIL', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT']

/** So many addresses of a name are tried, one after the other. */
const addressesTried = 4

const certificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

/** Is it PEM that TLS can use? */
export function isUsable({ ca, cert, key }: CallTls): boolean {
  try {
    // TLS passes over authorities that it cannot read, and would then trust nobody.
    const authorities = ca?.match(certificate)?.map((pem) => new X509Certificate(pem))
    if (ca !== undefined && authorities === undefined) return false
    createSecureContext({
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    })
    return true
  } catch {
    return false
  }
}

/**
 * Connects to the addresses that the guard looked at, and to no others: no name is asked again. The handshake of TLS (1.2 or later) is
 * part of it, so that a failure of any kind has sent nothing of the request. `signal` ends the attempt.
 */
export async function connect(way: Way, tls: CallTls, signal: AbortSignal): Promise<Connected> {
  let why = ''
  for (const address of way.addresses.slice(0, addressesTried)) {
    const attempt = await open(way, address, tls, signal)
    if (attempt.kind === 'connected') return attempt
    why = attempt.why
    if (!elsewhere.includes(attempt.code ?? '') || signal.aborted) break
  }
  return { kind: 'failed', why }
}

function open(way: Way, address: string, { ca, cert, key }: CallTls, signal: AbortSignal): Promise<Attempt> {
  const { scheme, host, port } = way
  const socket: Socket | TLSSocket =
    scheme === 'http'
      ? createConnection({ host: address, port })
      : secure({
          ...{ host: address, port, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] },
          // Whatever the environment says: a certificate that is not trusted ends the call.
          rejectUnauthorized: true,
          // The name that was asked for, not the address. An address is no server name (RFC 6066, 3).
          ...(familyOf(host) === undefined && { servername: host }),
          checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
          ...(ca !== undefined && { ca }),
          ...(cert !== undefined && { cert }),
          ...(key !== undefined && { key }),
        })
  return new Promise((resolve) => {
    let answering = scheme === 'http'
    const fail = (why: string, code?: string) => {
      end()
      socket.destroy()
      resolve({ kind: 'failed', why, code })
    }
    const done = () => {
      end()
      resolve({ kind: 'connected', socket })
    }
    const failed = (error: NodeJS.ErrnoException) =>
      fail(
        answering && scheme === 'https'
          ? `TLS with ${host} was not agreed on (${error.code ?? error.name}).`
          : `${host} could not be reached (${error.code ?? error.name}).`,
        error.code,
      )
    const closed = () => fail(`${host} closed the connection before anything was sent.`)
    const late = () =>
      fail(answering ? `${host} did not agree on TLS in time.` : `${host} could not be reached in time.`)
    const reached = () => {
      answering = true
    }
    const end = () => {
      signal.removeEventListener('abort', late)
      socket.off('connect', reached).off('secureConnect', done).off('connect', done).off('close', closed)
    }
    // One listener stays: an error after this one has its say over the exchange, which hears of the end too.
    socket.on('error', failed)
    socket.once('close', closed)
    if (scheme === 'http') socket.once('connect', done)
    else socket.once('connect', reached).once('secureConnect', done)
    if (signal.aborted) late()
    else signal.addEventListener('abort', late, { once: true })
  })
}
