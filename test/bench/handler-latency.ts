import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { Context } from 'aws-lambda'
import type { ApiEvent } from '../../functions/api/http/exchange.ts'
import { releasesEndpoint } from '../../functions/api/releases.ts'
import { registerRelease, releaseAggregate, releaseId } from '../../functions/domain/release/release.ts'
import { openLog } from '../../functions/log/dynamo.ts'
import { openViews } from '../../functions/views/dynamo.ts'
import { tokenOf, withoutLimit } from '../api/world.ts'
import { medianOf } from './spread.ts'

/** Milliseconds (p50) in one round. */
export interface HandlerLatency {
  readonly handler: number
  readonly bare: number
}

const calls = 60
const path = '/api/v1/releases/api/v9.0.0'

function eventOf(): ApiEvent {
  return {
    version: '2.0',
    routeKey: 'GET /api/v1/releases/{component}/{version}',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'localhost', authorization: tokenOf({ sub: 'viewer-1', roles: ['viewer'] }) },
    pathParameters: { component: 'api', version: 'v9.0.0' },
    isBase64Encoded: false,
    requestContext: {
      accountId: '000000000000',
      apiId: 'api',
      domainName: 'localhost',
      domainPrefix: 'localhost',
      requestId: 'request-1',
      routeKey: 'GET /api/v1/releases/{component}/{version}',
      stage: '$default',
      time: '',
      timeEpoch: 0,
      http: { method: 'GET', path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'bench' },
      authorizer: { jwt: { claims: { sub: 'viewer-1', roles: '[viewer]' }, scopes: [] } },
    },
  } as ApiEvent // the typed event has no authorizer; the gateway adds the one that the route names
}

/** Compares a read through the whole middleware with a function that does the same read and nothing else. */
export async function handlerLatencies(
  client: DynamoDBClient,
  rounds = 6,
): Promise<readonly HandlerLatency[]> {
  const log = openLog({ client, table: 'Log', now: Date.now })
  const release = {
    component: 'api',
    version: 'v9.0.0',
    channel: 'stable',
    digest: `sha256:${'4b'.repeat(32)}`,
    notes: null,
  }
  await log.execute(
    releaseAggregate,
    releaseId('api', 'v9.0.0'),
    registerRelease({ ...release, scheme: 'semver', number: 1 }),
    {
      actor: 'bench',
      correlation: 'bench',
    },
  )
  const endpoint = releasesEndpoint({
    log,
    views: openViews({ client, table: 'Views' }),
    roleClaim: 'roles',
    unsignedReleases: 'allowed',
    assignmentKey: async () => ({ keyId: 'bench', publicKey: '' }),
    now: Date.now,
    record: () => {},
    allowances: withoutLimit,
  })
  const context = {} as Context // nothing reads it
  const kinds = {
    async handler() {
      const { statusCode } = await endpoint(eventOf(), context)
      if (statusCode !== 200) throw new Error(`The handler answered ${statusCode}.`)
    },
    async bare() {
      const { component, version } = eventOf().pathParameters ?? {}
      const { state } = await log.load(releaseAggregate, releaseId(`${component}`, `${version}`))
      return { statusCode: 200, body: JSON.stringify(state) }
    },
  }
  const measured: HandlerLatency[] = []
  for (let round = 0; round <= rounds; round++) {
    const spent = { handler: [] as number[], bare: [] as number[] }
    for (let call = 0; call < calls; call++) {
      for (const kind of ['handler', 'bare'] as const) {
        const start = performance.now()
        await kinds[kind]()
        spent[kind].push(performance.now() - start)
      }
    }
    if (round > 0) measured.push({ handler: medianOf(spent.handler), bare: medianOf(spent.bare) })
  }
  return measured
}
