import { expect, it, onTestFinished } from 'vitest'
import { openGateway } from './gateway.ts'

async function gateway(...parameters: Parameters<typeof openGateway>) {
  const opened = await openGateway(...parameters)
  onTestFinished(() => opened.close())
  return opened
}

it('gives functions payload format 2.0', async () => {
  const { url, events } = await gateway({ 'POST /api/upgrades/{id}': 'NONE' })
  const response = await fetch(`${url}/api/upgrades/u%201?a=1&a=2&b=x%20y`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Thing': 'Value',
      Cookie: 'one=1; two=2',
      'User-Agent': 'test',
    },
    body: '{"x":"ä"}',
  })
  expect(response.status).toBe(200)
  expect(events).toEqual([
    {
      version: '2.0',
      routeKey: 'POST /api/upgrades/{id}',
      rawPath: '/api/upgrades/u 1',
      rawQueryString: 'a=1&a=2&b=x%20y',
      cookies: ['one=1', 'two=2'],
      headers: expect.objectContaining({
        'content-type': 'application/json',
        'x-thing': 'Value',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'http',
      }),
      queryStringParameters: { a: '1,2', b: 'x y' },
      pathParameters: { id: 'u 1' },
      requestContext: {
        accountId: '000000000000',
        apiId: 'local',
        domainName: url.slice('http://'.length),
        domainPrefix: '127',
        http: {
          method: 'POST',
          path: '/api/upgrades/u 1',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'test',
        },
        requestId: response.headers.get('apigw-requestid'),
        routeKey: 'POST /api/upgrades/{id}',
        stage: '$default',
        time: '02/Mar/2026:10:00:00 +0000',
        timeEpoch: Date.parse('2026-03-02T10:00:00Z'),
      },
      body: '{"x":"ä"}',
      isBase64Encoded: false,
    },
  ])
  expect(events[0]?.headers).not.toHaveProperty('cookie')
})

it('dates its answers by the clock', async () => {
  const { url } = await gateway({ 'GET /a': 'NONE' })
  expect((await fetch(`${url}/a`)).headers.get('date')).toBe('Mon, 02 Mar 2026 10:00:00 GMT')
})

it('joins repeated headers with commas', async () => {
  const { raw, events } = await gateway({ 'GET /a': 'NONE' })
  await raw('GET /a HTTP/1.1\r\nHost: h\r\nX-Two: 1\r\nx-two: 2\r\nConnection: close\r\n\r\n')
  expect(events[0]?.headers['x-two']).toBe('1,2')
})

it.each([
  ['application/json; charset=utf-8', {}, false],
  ['text/plain', {}, false],
  ['application/problem+json', {}, false],
  ['application/octet-stream', {}, true],
  ['application/x-www-form-urlencoded', {}, true],
  ['application/json', { 'content-encoding': 'gzip' }, true],
])('encodes a body of %s %j in Base64: %s', async (type, headers, encoded) => {
  const { url, events } = await gateway({ 'POST /a': 'NONE' })
  await fetch(`${url}/a`, { method: 'POST', headers: { 'content-type': type, ...headers }, body: 'body' })
  expect(events[0]).toMatchObject({ isBase64Encoded: encoded, body: encoded ? btoa('body') : 'body' })
})

it.each([
  ['GET', '/pets/dog/1', 'GET /pets/dog/1'],
  ['GET', '/pets/dog/2', 'GET /pets/dog/{id}'],
  ['GET', '/pets/cat/1', 'GET /pets/{proxy+}'],
  ['GET', '/pets', 'GET /pets'],
  ['POST', '/pets', 'ANY /pets'],
  ['POST', '/test/5', 'ANY /{proxy+}'],
  ['DELETE', '/', '$default'],
])('%s %s goes to %s', async (method, path, routeKey) => {
  const { url, events } = await gateway({
    $default: 'NONE',
    'ANY /{proxy+}': 'NONE',
    'GET /pets/{proxy+}': 'NONE',
    'GET /pets/dog/{id}': 'NONE',
    'GET /pets/dog/1': 'NONE',
    'ANY /pets': 'NONE',
    'GET /pets': 'NONE',
  })
  await fetch(url + path, { method })
  expect(events[0]?.routeKey).toBe(routeKey)
})

it.each([
  ['GET', '/nowhere'],
  ['POST', '/a'],
  ['GET', '/a/'],
  ['GET', '/a/b/c'],
  ['GET', '/A'],
  ['HEAD', '/a'],
  ['OPTIONS', '/a'],
])('%s %s is not found without a route of its own', async (method, path) => {
  const { url, events } = await gateway({ 'GET /a': 'NONE', 'GET /a/{id}': 'NONE' })
  const response = await fetch(url + path, { method })
  expect(response.status).toBe(404)
  if (method !== 'HEAD') expect(await response.json()).toEqual({ message: 'Not Found' })
  expect(events).toEqual([])
})

it('answers HEAD without a body when there is a route', async () => {
  const { url } = await gateway({ 'HEAD /a': 'NONE' })
  const response = await fetch(`${url}/a`, { method: 'HEAD' })
  expect([response.status, await response.text()]).toEqual([200, ''])
})

it('expects the name of a named stage in front of every path', async () => {
  const { url, events } = await gateway(
    { 'GET /a': 'NONE' },
    { change: (template) => ({ ...template, stage: { StageName: 'prod', StageVariables: { v: '1' } } }) },
  )
  expect(url).toMatch(/\/prod$/)
  expect((await fetch(`${url}/a`)).status).toBe(200)
  expect((await fetch(`${new URL(url).origin}/a`)).status).toBe(404)
  expect(events).toMatchObject([{ rawPath: '/prod/a', stageVariables: { v: '1' } }])
})

it.each([
  ['a text', 'hello', 200, 'application/json', 'hello'],
  ['an object', { a: 1 }, 200, 'application/json', '{"a":1}'],
  ['nothing', undefined, 200, 'application/json', 'null'],
  ['a status', { statusCode: 201 }, 201, 'text/plain;charset=UTF-8', ''],
  ['a status in a text', { statusCode: '202', body: 'x' }, 202, 'text/plain;charset=UTF-8', 'x'],
  ['a header', { statusCode: 400, headers: { 'Content-Type': 'a/b' }, body: 'x' }, 400, 'a/b', 'x'],
  [
    'Base64',
    { statusCode: 200, body: btoa('x'), isBase64Encoded: true },
    200,
    'text/plain;charset=UTF-8',
    'x',
  ],
  ['no number', { statusCode: 'ok' }, 500, 'application/json', '{"message":"Internal Server Error"}'],
  [
    'an object for a body',
    { statusCode: 200, body: {} },
    500,
    'application/json',
    '{"message":"Internal Server Error"}',
  ],
  [
    'a split header',
    { statusCode: 200, headers: { a: 'x\r\ny: z' } },
    500,
    'application/json',
    '{"message":"Internal Server Error"}',
  ],
])('answers when a function returns %s', async (_what, result, status, type, body) => {
  const { url } = await gateway({ 'GET /a': 'NONE' }, { respond: () => result })
  const response = await fetch(`${url}/a`)
  expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
    status,
    type,
    body,
  ])
})

it('sends each cookie in a header of its own', async () => {
  const respond = () => ({ statusCode: 204, cookies: ['a=1', 'b=2; Secure'] })
  const { url } = await gateway({ 'GET /a': 'NONE' }, { respond })
  expect((await fetch(`${url}/a`)).headers.getSetCookie()).toEqual(['a=1', 'b=2; Secure'])
})

it('hides why a function failed', async () => {
  const respond = () => {
    throw new Error('secret')
  }
  const { url } = await gateway({ 'GET /a': 'NONE' }, { respond })
  const response = await fetch(`${url}/a`)
  expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }])
})

it('stops waiting for a function at the limit of its integration', async () => {
  const { url } = await gateway(
    { 'GET /a': 'NONE' },
    {
      respond: () => new Promise(() => {}),
      change(template) {
        const integration = template.integrations.Function
        if (integration === undefined) throw new Error('the test template has no integration')
        return { ...template, integrations: { Function: { ...integration, TimeoutInMillis: 50 } } }
      },
    },
  )
  const response = await fetch(`${url}/a`)
  expect([response.status, await response.json()]).toEqual([503, { message: 'Service Unavailable' }])
})

it.each([
  ['by its declared length', false],
  ['while it arrives', true],
])('refuses a body over the limit %s, and the connection stays usable', async (_how, chunked) => {
  const { url, events } = await gateway({ 'POST /a': 'NONE' }, { maxBodyBytes: 1000 })
  const bytes = new Uint8Array(1001)
  const body = chunked ? new Blob([bytes]).stream() : bytes
  const response = await fetch(`${url}/a`, { method: 'POST', body, duplex: 'half' } as RequestInit) // a field newer than its type
  expect([response.status, await response.json()]).toEqual([413, { message: 'Request Entity Too Large' }])
  expect(events).toEqual([])
  expect((await fetch(`${url}/a`, { method: 'POST', body: new Uint8Array(1000) })).status).toBe(200)
})

it('refuses what is too much for a function, though not for the gateway', async () => {
  const { url, events } = await gateway({ 'POST /a': 'NONE' })
  const send = (size: number) => fetch(`${url}/a`, { method: 'POST', body: new Uint8Array(size) })
  expect((await send(5 * 1024 * 1024)).status).toBe(413) // Base64 makes it 6.7 MiB
  expect((await send(4 * 1024 * 1024)).status).toBe(200)
  expect(events).toHaveLength(1)
})

it('refuses an answer that is too large for a function to give', async () => {
  const { url } = await gateway({ 'GET /a': 'NONE' }, { respond: () => 'x'.repeat(6 * 1024 * 1024) })
  expect((await fetch(`${url}/a`)).status).toBe(500)
})

it.each([10_100, 10_300, 100_000])('limits request line and headers to 10,240 bytes: %i', async (size) => {
  const { raw } = await gateway({ 'GET /a': 'NONE' })
  const text = await raw(`GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: ${'x'.repeat(size)}\r\n\r\n`)
  const expected = size < 10_200 ? 'HTTP/1.1 200' : 'HTTP/1.1 431 Request Header Fields Too Large'
  expect(text.slice(0, expected.length)).toBe(expected)
})

it('answers nonsense with 400', async () => {
  const { raw } = await gateway({ 'GET /{id}': 'NONE' })
  expect(await raw('NONSENSE\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /)
  expect(await raw('GET /%zz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 400 /)
})

it('throttles by the settings of the stage', async () => {
  const settings = { ThrottlingBurstLimit: 2, ThrottlingRateLimit: 1 }
  const { url, clock } = await gateway(
    { 'GET /a': 'NONE' },
    {
      change: (template) => ({
        ...template,
        stage: { StageName: '$default', DefaultRouteSettings: settings },
      }),
    },
  )
  const status = async () => (await fetch(`${url}/a`)).status
  expect([await status(), await status(), await status()]).toEqual([200, 200, 429])
  await clock.advance(1000)
  expect([await status(), await status()]).toEqual([200, 429])
})

it('says which port is taken and what to do', async () => {
  const first = await gateway({ 'GET /a': 'NONE' })
  const second = await gateway({ 'GET /a': 'NONE' })
  const port = Number(new URL(first.url).port)
  await second.api.close()
  await expect(second.api.listen(port)).rejects.toThrow(
    `Port ${port} on 127.0.0.1 is taken: stop the program`,
  )
})

it.each([
  ['the API', 'IpAddressType', { api: { ProtocolType: 'HTTP', IpAddressType: 'ipv4' } }],
  ['an API', 'WEBSOCKET', { api: { ProtocolType: 'WEBSOCKET' } }],
  ['the stage', 'DeploymentId', { stage: { StageName: '$default', DeploymentId: 'd' } }],
  [
    'a route',
    'ApiKeyRequired',
    { routes: { R: { RouteKey: 'GET /a', Target: 'integrations/Function', ApiKeyRequired: true } } },
  ],
  ['a target', 'integrations/Gone', { routes: { R: { RouteKey: 'GET /a', Target: 'integrations/Gone' } } }],
  ['a route key', 'FETCH /a', { routes: { R: { RouteKey: 'FETCH /a', Target: 'integrations/Function' } } }],
  [
    'an authorizer',
    'Nobody',
    {
      routes: {
        R: {
          RouteKey: 'GET /a',
          Target: 'integrations/Function',
          AuthorizationType: 'JWT',
          AuthorizerId: 'Nobody',
        },
      },
    },
  ],
  [
    'a payload format',
    'PayloadFormatVersion',
    {
      integrations: {
        Function: { IntegrationType: 'AWS_PROXY', IntegrationUri: 'x', PayloadFormatVersion: '1.0' },
      },
    },
  ],
])('refuses in %s what it does not implement: %s', async (_where, part, change) => {
  const opening = openGateway(
    { 'GET /a': 'NONE' },
    { change: (template) => ({ ...template, ...change }) as typeof template },
  ) // a wrong template on purpose
  await expect(opening).rejects.toThrow(part)
})

it('answers preflight requests and adds what CORS allows, whatever the function says', async () => {
  const cors = {
    AllowOrigins: ['https://ui'],
    AllowMethods: ['GET'],
    AllowHeaders: ['authorization'],
    MaxAge: 60,
    ExposeHeaders: ['etag'],
  }
  const respond = () => ({ statusCode: 200, headers: { 'Access-Control-Allow-Origin': '*' } })
  const { url, events } = await gateway(
    { 'GET /a': 'NONE' },
    { respond, change: (template) => ({ ...template, api: { CorsConfiguration: cors } }) },
  )
  const ask = { origin: 'https://ui', 'access-control-request-method': 'GET' }
  const preflight = await fetch(`${url}/a`, { method: 'OPTIONS', headers: ask })
  expect(preflight.status).toBe(204)
  expect(Object.fromEntries(preflight.headers)).toMatchObject({
    'access-control-allow-origin': 'https://ui',
    'access-control-allow-methods': 'GET',
    'access-control-allow-headers': 'authorization',
    'access-control-max-age': '60',
  })
  expect(events).toEqual([])
  const permission = async (path: string, headers: Record<string, string>) =>
    (await fetch(url + path, { headers })).headers.get('access-control-allow-origin')
  expect(await permission('/a', { origin: 'https://ui' })).toBe('https://ui')
  expect(await permission('/none', { origin: 'https://ui' })).toBe('https://ui')
  expect(await permission('/a', { origin: 'https://evil' })).toBe(null)
  expect(await permission('/a', {})).toBe(null)
})

it('serves several requests over one connection', async () => {
  const { raw } = await gateway({ 'GET /a': 'NONE', 'POST /a': 'JWT' })
  const refused = 'POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody'
  const last = 'GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n'
  const answers = (await raw(refused + last)).match(/HTTP\/1.1 \d+/g)
  expect(answers).toEqual(['HTTP/1.1 401', 'HTTP/1.1 200'])
})

it('keeps a connection for longer than its clients do, and tells them for how long', async () => {
  const { url } = await gateway({ 'GET /a': 'NONE' })
  const { headers } = await fetch(`${url}/a`)
  const [, seconds] = /^timeout=(\d+)$/.exec(headers.get('keep-alive') ?? '') ?? []
  // curl's is the longest of those that are widely used: 118 seconds.
  expect(Number(seconds)).toBeGreaterThanOrEqual(2 * 118)
})

it('says of the last answer before its end that there is no other', async () => {
  let answer = (): void => {}
  let asked = (): void => {}
  const reached = new Promise<void>((resolve) => {
    asked = resolve
  })
  const respond = () => {
    asked()
    return new Promise((resolve) => {
      answer = () => resolve({ statusCode: 200, body: 'fine' })
    })
  }
  const { raw, api } = await gateway({ 'GET /a': 'NONE' }, { respond })
  const received = raw('GET /a HTTP/1.1\r\nHost: h\r\n\r\n')
  await reached
  const closed = api.close()
  answer()
  expect(await received).toMatch(/^HTTP\/1\.1 200 OK\r\nconnection: close\r\n/i)
  await closed
})
