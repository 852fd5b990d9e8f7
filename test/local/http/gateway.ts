import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHttpApi, type HttpApi } from '../../../infra/local/http/api.ts'
import { type Issuer, openIssuer } from '../../../infra/local/http/issuer.ts'
import type { HttpApiTemplate } from '../../../infra/local/http/properties.ts'
import { type MovableClock, movableClock } from '../schedules/movable-clock.ts'

/** An event of payload format 2.0 as the tests look into it. */
export interface SeenEvent {
  readonly routeKey: string
  readonly rawPath: string
  readonly rawQueryString: string
  readonly headers: Readonly<Record<string, string>>
  readonly cookies?: readonly string[]
  readonly body?: string
  readonly isBase64Encoded: boolean
  readonly identitySource?: readonly string[]
  readonly requestContext: {
    readonly authorizer?: { readonly jwt?: { readonly claims: Readonly<Record<string, string>> } }
  }
}

/** A gateway on a free port of this machine, with functions that a test gives. */
export interface TestGateway {
  readonly url: string
  readonly api: HttpApi
  readonly issuer: Issuer
  readonly clock: MovableClock
  /** What functions were given, in order. */
  readonly events: SeenEvent[]
  /** Sends bytes as they are and returns everything that comes back. */
  raw(text: string): Promise<string>
  close(): Promise<void>
}

const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:api'
const authorizerArn = 'arn:aws:lambda:us-east-1:000000000000:function:agents'

// Making an RSA key takes longer than most tests, so all gateways of a process have the same issuer.
const directory = mkdtempSync(join(tmpdir(), 'gateway-'))
process.once('exit', () => rmSync(directory, { recursive: true }))

/** Serves the given routes, each by one function; unless a test says otherwise it answers 200. */
export async function openGateway(
  routes: Readonly<Record<string, 'NONE' | 'JWT' | 'CUSTOM'>>,
  options: {
    readonly respond?: (event: SeenEvent) => unknown
    readonly authorize?: (event: SeenEvent) => unknown
    readonly change?: (template: HttpApiTemplate) => HttpApiTemplate
    readonly maxBodyBytes?: number
  } = {},
): Promise<TestGateway> {
  const clock = movableClock()
  const issuer = await openIssuer(directory, clock)
  const events: SeenEvent[] = []
  const template = templateOf(routes, issuer)
  const api = createHttpApi({
    ...(options.change?.(template) ?? template),
    clock,
    issuer,
    ...(options.maxBodyBytes !== undefined && { maxBodyBytes: options.maxBodyBytes }),
    async invoke(arn, payload) {
      const event = payload as SeenEvent // the gateway's payload, whose shape the tests check
      if (arn === authorizerArn) return options.authorize?.(event)
      events.push(event)
      return options.respond === undefined ? { statusCode: 200, body: 'fine' } : options.respond(event)
    },
  })
  const url = await api.listen(0)
  return {
    url,
    api,
    issuer,
    clock,
    events,
    raw: (text) => raw(Number(new URL(url).port), text),
    close: () => api.close(),
  }
}

function templateOf(
  routes: Readonly<Record<string, 'NONE' | 'JWT' | 'CUSTOM'>>,
  issuer: Issuer,
): HttpApiTemplate {
  const entries = Object.entries(routes).map(([RouteKey, AuthorizationType], index) => {
    const AuthorizerId = { NONE: undefined, JWT: 'People', CUSTOM: 'Agents' }[AuthorizationType]
    const route = { RouteKey, AuthorizationType, Target: 'integrations/Function' }
    return [`Route${index}`, AuthorizerId === undefined ? route : { ...route, AuthorizerId }] as const
  })
  return {
    api: { Name: 'test', ProtocolType: 'HTTP' },
    stage: { StageName: '$default', AutoDeploy: true },
    routes: Object.fromEntries(entries),
    integrations: {
      Function: { IntegrationType: 'AWS_PROXY', IntegrationUri: functionArn, PayloadFormatVersion: '2.0' },
    },
    authorizers: {
      People: {
        AuthorizerType: 'JWT',
        IdentitySource: ['$request.header.Authorization'],
        JwtConfiguration: { Issuer: issuer.issuerUrl, Audience: [issuer.audience] },
      },
      Agents: {
        AuthorizerType: 'REQUEST',
        IdentitySource: ['$request.header.Authorization'],
        AuthorizerUri: `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${authorizerArn}/invocations`,
        AuthorizerPayloadFormatVersion: '2.0',
        EnableSimpleResponses: true,
        AuthorizerResultTtlInSeconds: 300,
      },
    },
  }
}

function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })
    socket.on('end', () => resolve(received))
    socket.on('error', reject)
  })
}
