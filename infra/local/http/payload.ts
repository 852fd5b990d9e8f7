import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Clock } from '../clock.ts'

/** A request as the gateway understood it, before a route is chosen. */
export interface GatewayRequest {
  readonly method: string
  /** Percent-decoded, with the stage unless that is $default. */
  readonly rawPath: string
  readonly rawQueryString: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly cookies: readonly string[]
  readonly protocol: string
  readonly sourceIp: string
  /** The domain that it came by, with the certificate that the caller has shown; undefined: by the address of the API. */
  readonly domain: { readonly name: string; readonly clientCert: ClientCertificate } | undefined
  readonly requestId: string
}

/** A function's event in payload format 2.0, without the parts that a request may lack. */
export interface PayloadVersion2 {
  readonly version: '2.0'
  readonly routeKey: string
  readonly rawPath: string
  readonly rawQueryString: string
  readonly headers: Readonly<Record<string, string>>
  readonly requestContext: Readonly<Record<string, unknown>>
  readonly [part: string]: unknown
}

/** A certificate that a caller has shown, as functions are told of it. */
interface ClientCertificate {
  readonly clientCertPem: string
  readonly subjectDN: string
  readonly issuerDN: string
  readonly serialNumber: string
  readonly validity: { readonly notBefore: string; readonly notAfter: string }
}

/** Returns the certificate that has been verified of who asks; undefined: there is none. */
function certificateOf(socket: Socket): ClientCertificate | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  const shown = socket.getPeerX509Certificate()
  if (!shown) return undefined
  const { subject, issuer, serialNumber, validFrom, validTo } = shown
  const inOneLine = (name: string) => name.replaceAll('\n', ',')
  return {
    clientCertPem: shown.toString(),
    ...{ subjectDN: inOneLine(subject), issuerDN: inOneLine(issuer), serialNumber },
    validity: { notBefore: validFrom, notAfter: validTo },
  }
}

/** Reads a request line and its headers; `domain` is the one that it came by. Returns undefined when the path is no valid percent-encoding. */
export function readRequest(message: IncomingMessage, domain?: string): GatewayRequest | undefined {
  const [encodedPath = '/', ...search] = (message.url ?? '/').split('?')
  const rawQueryString = search.join('?')
  let rawPath: string
  try {
    rawPath = encodedPath.includes('%') ? decodeURIComponent(encodedPath) : encodedPath
  } catch {
    return undefined
  }
  const { headers, cookies } = readHeaders(message)
  const clientCert = domain === undefined ? undefined : certificateOf(message.socket)
  return {
    method: message.method ?? 'GET',
    rawPath,
    rawQueryString,
    query: rawQueryString === '' ? {} : readQuery(rawQueryString),
    headers,
    cookies,
    protocol: `HTTP/${message.httpVersion}`,
    sourceIp: message.socket.remoteAddress ?? '',
    domain: domain === undefined || !clientCert ? undefined : { name: domain, clientCert },
    requestId: randomUUID(),
  }
}

function readHeaders(message: IncomingMessage): { headers: Record<string, string>; cookies: string[] } {
  const headers: Record<string, string> = Object.create(null) // a header may be called __proto__
  const cookies: string[] = []
  for (let index = 0; index + 1 < message.rawHeaders.length; index += 2) {
    const name = (message.rawHeaders[index] ?? '').toLowerCase()
    const value = message.rawHeaders[index + 1] ?? ''
    if (name === 'cookie') cookies.push(...value.split(/;\s*/).filter((cookie) => cookie !== ''))
    else headers[name] = name in headers ? `${headers[name]},${value}` : value
  }
  const { remoteAddress = '', localPort } = message.socket
  const forwarded = headers['x-forwarded-for']
  headers['x-forwarded-for'] = forwarded === undefined ? remoteAddress : `${forwarded}, ${remoteAddress}`
  headers['x-forwarded-port'] = String(localPort ?? '')
  headers['x-forwarded-proto'] = message.socket instanceof TLSSocket ? 'https' : 'http'
  return { headers, cookies }
}

function readQuery(search: string): Record<string, string> {
  const query: Record<string, string> = Object.create(null) // a parameter may be called __proto__
  for (const [name, value] of new URLSearchParams(search))
    query[name] = name in query ? `${query[name]},${value}` : value
  return query
}

/** The size of a request line and its headers, which the gateway limits to 10,240 bytes. */
export function headBytes(message: IncomingMessage): number {
  const requestLine = `${message.method} ${message.url} HTTP/${message.httpVersion}`.length
  return message.rawHeaders.reduce((sum, text) => sum + text.length, requestLine)
}

/**
 * Builds the event of payload format 2.0 that both the route's function and a Lambda authorizer receive.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function payloadOf(
  request: GatewayRequest,
  route: { readonly RouteKey: string },
  pathParameters: Readonly<Record<string, string>>,
  stage: { readonly StageName: string; readonly StageVariables?: Readonly<Record<string, string>> },
  clock: Clock,
): PayloadVersion2 {
  const now = clock.now()
  const { domain } = request
  const domainName = domain?.name ?? request.headers.host ?? 'localhost'
  return {
    version: '2.0',
    routeKey: route.RouteKey,
    rawPath: request.rawPath,
    rawQueryString: request.rawQueryString,
    ...(request.cookies.length > 0 && { cookies: request.cookies }),
    headers: request.headers,
    ...(request.rawQueryString !== '' && { queryStringParameters: request.query }),
    ...(Object.keys(pathParameters).length > 0 && { pathParameters }),
    ...(stage.StageVariables && { stageVariables: stage.StageVariables }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      ...(domain && { authentication: { clientCert: domain.clientCert } }),
      domainName,
      domainPrefix: domainName.split('.')[0],
      http: {
        method: request.method,
        path: request.rawPath,
        protocol: request.protocol,
        sourceIp: request.sourceIp,
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: request.requestId,
      routeKey: route.RouteKey,
      stage: stage.StageName,
      time: commonLogTime(now),
      timeEpoch: Math.floor(now),
    },
  }
}

/** A body as functions receive it: text stays text, anything else, and what is compressed, becomes Base64. */
export function bodyParts(
  body: Buffer,
  headers: Readonly<Record<string, string>>,
): { readonly body?: string; readonly isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false }
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  const isText = /^text\/|^application\/(?:json|javascript|xml)$|\+(?:json|xml)$/.test(type)
  const plain = isText && headers['content-encoding'] === undefined
  return { body: body.toString(plain ? 'utf8' : 'base64'), isBase64Encoded: !plain }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** An instant as access logs write it: 12/Mar/2020:19:03:58 +0000. */
function commonLogTime(instant: number): string {
  const date = new Date(instant)
  const day = String(date.getUTCDate()).padStart(2, '0')
  return `${day}/${months[date.getUTCMonth()]}/${date.getUTCFullYear()}:${date.toISOString().slice(11, 19)} +0000`
}
