import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { type Answer, answerOf, gatewayAnswer, internalServerError } from './answer.ts'
import { type Authorize, functionArnOf, jwtAuthorizer, lambdaAuthorizer } from './authorizers.ts'
import { isPreflight, preflightAnswer, withCors } from './cors.ts'
import type { Issuer } from './issuer.ts'
import { bodyParts, type GatewayRequest, headBytes, payloadOf, readRequest } from './payload.ts'
import { checkTemplate, type HttpApiTemplate, type RouteProperties } from './properties.ts'
import { routeTable } from './routes.ts'
import { throttle } from './throttle.ts'

/** An HTTP API that answers on a port of this machine. */
export interface HttpApi {
  /** Starts to answer and returns the base URL. Port 0 takes a free one. */
  listen(port: number, host?: string): Promise<string>
  /** Starts to answer at the domain of the template, to callers with a certificate alone, and returns its URL; undefined: there is none. Port 0 takes a free one. */
  listenAtDomain(port: number, host?: string): Promise<string | undefined>
  /** Stops accepting, lets requests under way finish, and resolves when all connections are closed. */
  close(): Promise<void>
}

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const maximumHeadBytes = 10_240
const maximumPayloadBytes = 6 * 1024 * 1024
const maximumIntegrationMilliseconds = 30_000
/**
 * Longer than clients keep a connection that they do not use (browsers, Go and curl: two minutes at most), so that it is they who close
 * it: one that is closed here in the moment in which a request is on its way fails that request. Answers name it as well.
 */
const keepAliveMilliseconds = 600_000

const notFound = gatewayAnswer(404, 'Not Found')
const tooLarge = gatewayAnswer(413, 'Request Entity Too Large')
const expectationFailed = gatewayAnswer(417, 'Expectation Failed')
const headTooLarge = gatewayAnswer(431, 'Request Header Fields Too Large')

interface Endpoint extends RouteProperties {
  readonly functionArn: string
  readonly timeout: number
  readonly authorize?: Authorize
}

/** What stands in for the certificate of a domain and its truststore, as PEM. */
export interface DomainFiles {
  readonly certificate: string
  readonly key: string
  /** Whose certificates callers have. */
  readonly authorities: string
}

/** Serves the HTTP API of a template as API Gateway would. Properties that it does not implement are refused by name. */
export function createHttpApi(
  options: HttpApiTemplate & {
    invoke(functionArn: string, payload: unknown): Promise<unknown>
    readonly clock: Clock
    readonly issuer: Issuer
    /** Needed where the template has a domain. */
    readonly domainFiles?: DomainFiles | undefined
    readonly maxBodyBytes?: number
  },
): HttpApi {
  checkTemplate(options)
  const { api, stage, clock, maxBodyBytes = 10 * 1024 * 1024 } = options
  const cors = api.CorsConfiguration
  const authorizers = new Map<string, Authorize>()
  for (const [id, properties] of Object.entries(options.authorizers)) {
    const authorize =
      properties.AuthorizerType === 'JWT'
        ? jwtAuthorizer(id, properties, options.issuer, clock)
        : lambdaAuthorizer(id, properties, options.invoke, clock)
    authorizers.set(id, authorize)
  }
  const match = routeTable(Object.entries(options.routes).map(([id, route]) => endpointOf(id, route)))
  const admits = throttle(stage, clock)

  function endpointOf(id: string, route: RouteProperties): Endpoint {
    const integration = options.integrations[route.Target.replace(/^integrations\//, '')]
    if (integration === undefined) throw new Error(`${id} points to ${route.Target}, which is not declared`)
    const functionArn = functionArnOf(integration.IntegrationUri)
    const timeout = integration.TimeoutInMillis ?? maximumIntegrationMilliseconds
    if (timeout < 50 || timeout > maximumIntegrationMilliseconds)
      throw new Error(`${id}: TimeoutInMillis must be between 50 and ${maximumIntegrationMilliseconds}`)
    const type = route.AuthorizationType ?? 'NONE'
    if (type === 'NONE') return { ...route, functionArn, timeout }
    const authorize = authorizers.get(route.AuthorizerId ?? '')
    const needed = type === 'JWT' ? 'JWT' : 'REQUEST'
    if (authorize === undefined || options.authorizers[route.AuthorizerId ?? '']?.AuthorizerType !== needed)
      throw new Error(`${id} needs an authorizer of type ${needed}, which ${route.AuthorizerId} is not`)
    return { ...route, functionArn, timeout, authorize }
  }

  async function respond(message: IncomingMessage, request: GatewayRequest): Promise<Answer> {
    if (cors && isPreflight(request.method, request.headers)) return preflightAnswer(cors, request.headers)
    const answer = await handle(message, request)
    return cors ? withCors(cors, request.headers.origin, answer) : answer
  }

  async function handle(message: IncomingMessage, request: GatewayRequest): Promise<Answer> {
    const path = pathInStage(stage.StageName, request.rawPath)
    const matched = path === undefined ? undefined : match(request.method, path)
    if (matched === undefined) return notFound
    const { route, pathParameters } = matched
    if (!admits(route.RouteKey)) return gatewayAnswer(429, 'Too Many Requests')
    const payload = payloadOf(request, route, pathParameters, stage, clock)
    // An authorizer may end the request before the body is read, as it does at the real gateway.
    const verdict = await route.authorize?.(request, route, payload)
    if (verdict?.allowed === false) return verdict.answer
    const body = await readBody(message, maxBodyBytes)
    if (body === undefined) return tooLarge
    const context = verdict && { requestContext: { ...payload.requestContext, authorizer: verdict.context } }
    const event = { ...payload, ...context, ...bodyParts(body, request.headers) }
    // Base64 adds a third, escapes may double: only bodies that could reach the limit are measured exactly.
    if (body.length > maximumPayloadBytes / 2 - maximumHeadBytes && jsonBytes(event) > maximumPayloadBytes)
      return tooLarge
    return invokeWithin(route, event)
  }

  async function invokeWithin(route: Endpoint, event: unknown): Promise<Answer> {
    let timer: NodeJS.Timeout | undefined
    // Handlers run in real time whatever the clock's speed, so their limit does too.
    const expired = new Promise<Answer>((resolve) => {
      timer = setTimeout(() => resolve(gatewayAnswer(503, 'Service Unavailable')), route.timeout)
    })
    const answered = options.invoke(route.functionArn, event).then(
      (result) => (exceedsPayload(result) ? internalServerError : answerOf(result)),
      () => internalServerError,
    )
    const answer = await Promise.race([answered, expired])
    clearTimeout(timer)
    return answer
  }

  async function serve(
    server: Server,
    message: IncomingMessage,
    response: ServerResponse,
    domain?: string,
  ): Promise<void> {
    // A client that goes away in the middle of its request is its own matter.
    message.on('error', () => {})
    const request = readRequest(message, domain)
    let answer: Answer
    if (headBytes(message) > maximumHeadBytes) answer = headTooLarge
    else if (request === undefined) answer = gatewayAnswer(400, 'Bad Request')
    else answer = await respond(message, request).catch(() => internalServerError)
    // The last answer of a connection says so, lest its client sends another request into the end.
    if (!server.listening) response.setHeader('connection', 'close')
    // Agents take the time from it, and hold against it what handlers have dated by the clock.
    response.setHeader('date', new Date(clock.now()).toUTCString())
    send(message, response, answer, request?.requestId ?? '')
  }

  // Node's own limit is the looser one: it ends the connection before the request is known.
  const settings = { maxHeaderSize: 64 * 1024, keepAlive: true }
  const server: Server = asGateway(
    createServer(settings, (message, response) => void serve(server, message, response)),
  )
  const [domain, ...otherDomains] = Object.values(options.domains ?? {})
  if (otherDomains.length > 0) throw new Error('The API has several domains; one machine has one of them.')

  /** A server for those who show a certificate of one of the authorities; all others come no further than the handshake. */
  function serverAt(name: string): Server {
    const { domainFiles } = options
    if (!domainFiles)
      throw new Error(`The template names ${name} as a domain: start with the files of its certificate.`)
    const { certificate: cert, key, authorities: ca } = domainFiles
    const tls = { cert, key, ca, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const
    const secure: Server = asGateway(
      createSecureServer(
        { ...settings, ...tls },
        (message, response) => void serve(secure, message, response, name),
      ),
    )
    return secure
  }
  const atDomain = domain && serverAt(domain.DomainName)

  return {
    async listen(port, host = '127.0.0.1') {
      const actual = await listening(server, port, host)
      const base = `http://${host.includes(':') ? `[${host}]` : host}:${actual}`
      return stage.StageName === '$default' ? base : `${base}/${stage.StageName}`
    },
    async listenAtDomain(port, host = '127.0.0.1') {
      if (!domain || !atDomain) return undefined
      return `https://${domain.DomainName}:${await listening(atDomain, port, host)}`
    },
    async close() {
      await Promise.all([server, ...(atDomain ? [atDomain] : [])].map(closed))
    },
  }
}

/** Returns a server that answers what Node itself would, as the gateway does. */
function asGateway<Kind extends Server>(server: Kind): Kind {
  // Node's own answer has no body, and nobody would know who gave it.
  server.on('checkExpectation', (message: IncomingMessage, response: ServerResponse) => {
    send(message, response, expectationFailed, readRequest(message)?.requestId ?? '')
  })
  server.keepAliveTimeout = keepAliveMilliseconds
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const status =
      error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request'
    if (!socket.writable) return
    const body = JSON.stringify({ message: status.slice(4) })
    const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`
    socket.end(`${head}\r\nconnection: close\r\n\r\n${body}`)
  })

  return server
}

/** Resolves to the port at which a server answers. */
async function listening(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port, host)))
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

async function closed(server: Server): Promise<void> {
  if (!server.listening) return
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}

function listenError(error: NodeJS.ErrnoException, port: number, host: string): Error {
  const what = {
    EADDRINUSE: `Port ${port} on ${host} is taken: stop the program that uses it, or choose another with --port.`,
    EACCES: `Port ${port} on ${host} needs more rights: choose one above 1023 with --port.`,
  }[error.code ?? '']
  return new Error(what ?? `Cannot listen on port ${port} of ${host}: ${error.message}`, { cause: error })
}

function pathInStage(stageName: string, path: string): string | undefined {
  if (stageName === '$default') return path
  if (path === `/${stageName}`) return '/'
  return path.startsWith(`/${stageName}/`) ? path.slice(stageName.length + 1) : undefined
}

/** Reads a body; undefined when it is larger than the limit. What is left of it is then read and dropped by Node. */
function readBody(message: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (Number(message.headers['content-length'] ?? 0) > limit) return Promise.resolve(undefined)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    message.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= limit) chunks.push(chunk)
      else resolve(undefined)
    })
    message.on('end', () => resolve(Buffer.concat(chunks)))
    message.on('error', reject)
  })
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '')
}

/** Whether a function's result is more than Lambda carries. The body is nearly all of it, so it is looked at first. */
function exceedsPayload(result: unknown): boolean {
  const body = typeof result === 'object' && result !== null && 'body' in result ? result.body : result
  const couldExceed = typeof body !== 'string' || body.length > maximumPayloadBytes / 6 - maximumHeadBytes
  return couldExceed && jsonBytes(result) > maximumPayloadBytes
}

function send(message: IncomingMessage, response: ServerResponse, answer: Answer, requestId: string): void {
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
  const headers: Record<string, string | number | readonly string[]> = {
    ...answer.headers,
    'apigw-requestid': requestId,
  }
  if (answer.cookies && answer.cookies.length > 0) headers['set-cookie'] = answer.cookies
  const bodiless = answer.status === 204 || answer.status === 304
  if (!bodiless) headers['content-length'] = body.length
  response.writeHead(answer.status, headers as NodeJS.Dict<string | number | string[]>) // set-cookie is a copy
  response.end(bodiless || message.method === 'HEAD' ? undefined : body)
}
