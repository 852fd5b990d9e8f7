import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { contracts } from '../../contracts/api.ts'
import type { Contract } from '../../contracts/contract.ts'
import { routes } from '../../contracts/routes.ts'
import { systemEndpoint } from '../../functions/api/system.ts'
import { canary, openWorld, type Reply } from './world.ts'

const deploy = (raw: string, headers: Record<string, string> = {}) =>
  openWorld().call('POST', '/api/upgrades/deploy', { raw, headers })

function isProblem(reply: Reply, status: number, code: string): void {
  expect([reply.status, reply.body.code]).toEqual([status, code])
  expect(reply.headers['content-type']).toBe('application/problem+json')
  expect(reply.body).toMatchObject({
    type: `urn:drydock:problem:${code}`,
    title: expect.any(String),
    status,
    detail: expect.any(String),
    instance: '/api/upgrades/deploy',
    correlationId: 'request-1',
  })
}

describe('every answer', () => {
  it('is kept by no cache, taken for no markup and framed by no page, problems too', async () => {
    const world = openWorld()
    const answers = await Promise.all([
      world.call('GET', '/api/v1/stop'),
      world.call('GET', '/health', { as: null }),
      world.call('GET', '/api/upgrades/none'),
      world.call('POST', '/api/v1/stop', { raw: '{' }),
      world.call('POST', '/api/v1/stop', { as: { user: 'v', roles: ['viewer'] }, body: { reason: 'x' } }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 400, 403])
    for (const { headers } of answers) {
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
        'strict-transport-security': expect.stringContaining('max-age='),
        'x-content-type-options': 'nosniff',
      })
    }
  })
})

describe('a bad request is answered with a problem document', () => {
  it.each([
    ['{', 'malformed-json', 400],
    ['', 'validation-failed', 400],
    ['null', 'validation-failed', 400],
    ['[]', 'validation-failed', 400],
    ['"text"', 'validation-failed', 400],
    ['1e999', 'validation-failed', 400],
    [`{"component":"a\\u0000b"}`, 'validation-failed', 400],
    ['{"component":"\\ud800"}', 'validation-failed', 400],
    ['{"__proto__":{"isAdmin":true},"component":"api"}', 'validation-failed', 400],
    ['{"constructor":{"prototype":{}}}', 'validation-failed', 400],
    [`${'['.repeat(40)}${']'.repeat(40)}`, 'validation-failed', 400],
    [`${'['.repeat(100_000)}`, 'malformed-json', 400],
    [JSON.stringify({ component: 'x'.repeat(300 * 1024) }), 'body-too-large', 413],
    [JSON.stringify({ ...canary, component: 'ａｐｉ' }), 'validation-failed', 400],
    [JSON.stringify({ ...canary, parallel: 1e308 }), 'validation-failed', 400],
    [JSON.stringify({ ...canary, canaryPercent: 0 }), 'validation-failed', 400],
    [JSON.stringify({ ...canary, parallel: 1.5 }), 'validation-failed', 400],
    [JSON.stringify({ ...canary, status: 'completed', approvedBy: 'me' }), 'validation-failed', 400],
  ])('%# %.40s', async (raw, code, status) => {
    isProblem(await deploy(raw), status, code)
  })

  it('refuses other media types, and takes a body without one', async () => {
    isProblem(
      await deploy('a=b', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'unsupported-media-type',
    )
    expect((await deploy('{}', { 'content-type': 'application/json; charset=utf-8' })).status).toBe(400)
  })

  it('refuses ids of a path that no stream could have', async () => {
    const world = openWorld()
    for (const id of ['a%23b', '%00', 'a%2Fb', '..%2F..', 'x'.repeat(129), '%EF%BD%81']) {
      const reply = await world.call('GET', `/api/upgrades/${id}`)
      expect([id, reply.status, reply.body.code]).toEqual([id, 400, 'validation-failed'])
    }
  })

  it('refuses a bad idempotency key, and fields of a query that are unknown', async () => {
    const world = openWorld()
    for (const key of ['', 'x'.repeat(129), 'a b', 'a\r\nb']) {
      const reply = await world.call('POST', '/api/v1/stop', {
        body: { reason: 'x' },
        headers: { 'idempotency-key': key },
      })
      expect([reply.status, reply.body.errors[0].field]).toEqual([400, 'headers.idempotency-key'])
    }
    const reply = await world.call('GET', '/api/upgrades', { query: { admin: 'true', limit: '101' } })
    expect(reply.body.errors.map(({ field }: { field: string }) => field).sort()).toEqual([
      'query.admin',
      'query.limit',
    ])
  })

  it('never shows the value of a secret', async () => {
    const as = { lambda: { kind: 'enrolment', target: 't', tokenHash: '' } }
    const reply = await openWorld().call('POST', '/api/v1/agents/enrol', {
      as,
      body: { key: 'my-secret-key' },
    })
    expect(reply.status).toBe(400)
    expect(JSON.stringify(reply.body)).not.toContain('my-secret-key')
  })
})

describe('a fault of ours', () => {
  async function failing(error: unknown) {
    const world = openWorld()
    vi.spyOn(world.log, 'load').mockRejectedValue(error)
    const spy = vi.spyOn(console, 'error').mockReturnValue()
    const reply = await world.call('GET', '/api/v1/stop')
    const logged = JSON.stringify(spy.mock.calls)
    spy.mockRestore()
    return { reply, logged }
  }

  it('is answered in general words with the correlation id; its cause is logged', async () => {
    const { reply, logged } = await failing(new Error('secret table arn:aws:1'))
    expect([reply.status, reply.body.code]).toEqual([500, 'internal-error'])
    expect(JSON.stringify(reply.body)).not.toContain('arn')
    expect(reply.body.detail).toContain('request-1')
    expect(logged).toContain('secret table')
  })

  it('asks to try again when a service does not answer', async () => {
    const { reply } = await failing(Object.assign(new Error('slow'), { name: 'TimeoutError' }))
    expect([reply.status, reply.body.code, reply.headers['retry-after']]).toEqual([503, 'unavailable', '2'])
  })
})

describe('the access log', () => {
  it('has one line a request, denied ones too, without header, query or body (S26, S31)', async () => {
    const world = openWorld()
    await world.call('POST', '/api/v1/stop', {
      as: { user: 'evil\r\nuser', roles: ['viewer'] },
      body: { reason: 'top secret' },
      headers: { authorization: 'Bearer top-secret', 'x-correlation-id': 'a\r\nb' },
    })
    expect(world.lines).toEqual([
      {
        level: 'WARN',
        at: '2026-01-05T10:00:00.000Z',
        operation: 'stopEverything',
        status: 403,
        code: 'subject-reserved',
        milliseconds: 0,
        correlation: 'request-1',
        principal: 'evil\r\nuser',
        authentication: 'person',
      },
    ])
    expect(JSON.stringify(world.lines[0])).not.toMatch(/[\r\n]|secret/)
  })
})

describe('fuzz', () => {
  const path = (template: string) => template.replaceAll(/\{\w+\}/g, 'some-1')
  const writes = routes.filter(({ method }) => method !== 'GET')
  const admin = { user: 'admin-1', roles: ['admin'] }
  const agent = { lambda: { kind: 'agent', target: 'some-1', tokenHash: 'aa' } }

  it('no body makes a 5xx, and what is refused is stored nowhere (S4, S27)', async () => {
    const world = openWorld()
    await world.settle()
    const fields = [
      'component',
      'version',
      'strategy',
      'id',
      'targets',
      'reason',
      'status',
      'key',
      'window',
      '__proto__',
    ]
    const body = fc.oneof(
      fc.string().map((text) => text),
      fc.json({ maxDepth: 6 }),
      fc
        .dictionary(fc.constantFrom(...fields), fc.jsonValue({ maxDepth: 3 }))
        .map((value) => JSON.stringify(value)),
      fc
        .record({
          ...Object.fromEntries(
            ['component', 'version', 'strategy'].map((name) => [name, fc.string({ unit: 'binary' })]),
          ),
        })
        .map((value) => JSON.stringify(value)),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...writes), body, async (route, raw) => {
        const before = world.log.records.length
        const as = route.access === 'agent' ? agent : admin
        const reply = await world.call(route.method, path(route.path), { as, raw })
        expect(reply.status, `${route.operation} ${raw}`).toBeLessThan(500)
        if (reply.status === 400) expect(world.log.records.length).toBe(before)
      }),
      { numRuns: 600 },
    )
  })

  it('no path, query or header makes a 5xx', async () => {
    const world = openWorld()
    const text = fc.string({ unit: 'binary', maxLength: 200 })
    const name = fc.constantFrom(
      'limit',
      'cursor',
      'at',
      'status',
      'component',
      'tag',
      'target',
      'members',
      'other',
    )
    const reads = routes.filter(({ method }) => method === 'GET')
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...reads),
        text.filter((id) => id.isWellFormed()),
        fc.dictionary(name, text),
        text,
        async (route, id, query, header) => {
          const url = route.path.replaceAll(/\{\w+\}/g, encodeURIComponent(id) || 'x')
          const as = route.access === 'agent' ? agent : admin
          const headers = {
            'drydock-commit': header,
            'x-correlation-id': header,
            'x-current-version': header,
          }
          const reply = await world.call('GET', url, { as, query, headers })
          expect(reply.status, `${route.operation} ${url}`).toBeLessThan(500)
          expect(reply.headers['x-correlation-id']).not.toMatch(/[\r\n]/)
        },
      ),
      { numRuns: 400 },
    )
  })
})

describe('/health and /openapi.json (S32)', () => {
  it('answer without a credential', async () => {
    const health = await openWorld().call('GET', '/health', { as: null })
    expect(health.body).toEqual({ status: 'ok', version: expect.stringMatching(/^\d+\.\d+\.\d+/) })
  })

  it('describe every route, and no other, with request, answers, problems and security', async () => {
    const { body } = await openWorld().call('GET', '/openapi.json', { as: null })
    expect(body.openapi).toBe('3.1.0')
    const described = Object.entries<Record<string, { operationId: string }>>(body.paths).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(
          ([method, { operationId }]) => `${method.toUpperCase()} ${path} ${operationId}`,
        ),
    )
    expect(described.sort()).toEqual(
      routes.map((route) => `${route.method} ${route.path} ${route.operation}`).sort(),
    )
    for (const route of routes) {
      const told = body.paths[route.path][route.method.toLowerCase()]
      const contract: Contract = contracts[route.operation]
      const written =
        ('zip' in contract && 'application/zip') ||
        ('markdown' in contract && 'text/markdown') ||
        ('openMetrics' in contract && 'application/openmetrics-text') ||
        'application/json'
      for (const [status, { schema }] of Object.entries(contract.answers))
        expect(Object.keys(told.responses[status].content ?? {})).toEqual(
          schema.type === 'undefined' ? [] : [written],
        )
      expect(told.responses['500'].content['application/problem+json']).toBeDefined()
      expect('requestBody' in told).toBe('body' in contract)
      const schemes = { public: [], agent: [{ agent: [] }], capability: [{ capability: [] }] }
      expect(told.security).toEqual(
        typeof route.access === 'string' ? schemes[route.access] : [{ person: [] }],
      )
      const named = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const inPath = told.parameters.filter((parameter: { in: string }) => parameter.in === 'path')
      expect(inPath.map((parameter: { name: string }) => parameter.name)).toEqual(named)
    }
  })

  it('describe the very schema that is checked', async () => {
    const { body } = await openWorld().call('GET', '/openapi.json', { as: null })
    const schema = body.paths['/api/upgrades/deploy'].post.requestBody.content['application/json'].schema
    expect(schema.additionalProperties).toBe(false)
    expect(schema.required.sort()).toEqual(['component', 'strategy', 'version'])
    expect(schema.properties.strategy.enum).toEqual([
      ...['all', 'canary', 'batch', 'percentages', 'groups', 'rolling', 'serial'],
    ])
    expect(schema.properties.parallel).toMatchObject({ minimum: 1, maximum: 10_000, default: 10_000 })
  })

  it('know no route of another group', async () => {
    const { services } = openWorld()
    const event = { routeKey: 'POST /api/v1/stop', rawPath: '/api/v1/stop', headers: {}, requestContext: {} }
    const result = await systemEndpoint(services)(event as never, {} as never) // the parts that routing reads
    expect(result.statusCode).toBe(404)
  })
})

describe('a body that may have two shapes', () => {
  const timestamp = '2026-01-05T10:00:00Z'
  const agent = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
  const fieldsOf = async (path: string, body: object, as?: typeof agent) => {
    const reply = await openWorld().call('POST', path, { body, ...(as && { as }) })
    expect(reply.status).toBe(400)
    return reply.body.errors.map(({ field }: { field: string }) => field)
  }

  it.each([
    ['a report without its timestamp', { version: 'v1.2.0', status: 'completed' }, ['timestamp']],
    ['a report with nothing but details', { details: {} }, ['version', 'status', 'timestamp']],
    [
      'many reports of which one is wrong',
      { reports: [{ version: 'v1', status: 'done', timestamp }] },
      ['reports.0.status'],
    ],
    ['many reports that are no list', { reports: {} }, ['reports']],
  ])('says of %s what is missing in the one that was meant', async (_what, body, fields) => {
    expect(await fieldsOf('/api/v1/updates/status', body, agent)).toEqual(fields)
  })

  it.each([
    ['one target without its id', { components: { api: 'v1.1.0' }, region: 'eu' }, ['id']],
    ['one target with a field too many', { id: 'a', retired: true }, ['retired']],
    ['many targets with a field too many', { targets: [{ id: 'a' }], region: 'eu' }, ['region']],
    ['many targets of which one has no id', { targets: [{ region: 'eu' }], enrol: true }, ['targets.0.id']],
  ])('says of %s what is wrong with the one that was meant', async (_what, body, fields) => {
    expect(await fieldsOf('/api/v1/targets', body)).toEqual(fields)
  })
})
