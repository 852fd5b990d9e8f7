import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { fleet, register } from './agent.ts'
import { type Answer, Client, type Problem, tokenFor } from './client.ts'
import { description } from './description.ts'
import { commitsInLog } from './log-table.ts'
import { deployedRoutes } from './template.ts'
import { validBodies } from './valid-bodies.ts'

let admin: Client
let agent: Client
let enrolment: Client
/** Whose token nobody was given: what is wrong with a body is said before that is looked for. */
const receiver = new Client(`drydock-callback.${'A'.repeat(43)}`)

beforeAll(async () => {
  // Each request is another person's: so many of one would be refused for their number.
  let asked = 0
  admin = new Client(() => tokenFor(`admin-${asked++ % 50}`, ['admin']))
  agent = (await fleet(admin, 1)).agents[0]?.client ?? admin
  const [unused] = await register(admin, 'unused', [`bad-input-${randomUUID().slice(0, 8)}`])
  enrolment = new Client(unused?.enrolmentToken ?? '')
})

function split(routeKey: string) {
  const [method = '', template = ''] = routeKey.split(' ')
  const named = template.replace('{jobId}', 'no-such-1').replaceAll(/\{\w+\}/g, 'no-such')
  const reasoned = ['/api/v1/stop/no-such', '/api/v1/policies/no-such', '/api/v1/destinations/no-such']
  const path = method === 'DELETE' && reasoned.includes(named) ? `${named}?reason=no` : named
  if (path.endsWith('/callbacks')) return { method, template, path, client: receiver }
  const client = path.endsWith('/enrol') ? enrolment : path.startsWith('/api/v1/updates') ? agent : admin
  return { method, template, path, client }
}

/** Is this a problem document, with a code that the description publishes for this very route and status? */
async function expectPublished(routeKey: string, what: string, { status, headers, body }: Answer<Problem>) {
  const { method, template } = split(routeKey)
  const answers = (await description()).paths[template]?.[method.toLowerCase()]?.responses ?? {}
  const published = answers[String(status)]?.description ?? ''
  expect([what, status >= 400 && status < 500, status]).toEqual([what, true, status])
  expect([what, headers.get('content-type')]).toEqual([what, 'application/problem+json'])
  expect([what, body.status, published.includes(`${body.code}: `), body.code]).toEqual([
    what,
    status,
    true,
    body.code,
  ])
}

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

/** Bodies that no route takes, whatever it is for. */
const hopeless: readonly (readonly [what: string, raw: string, status: number, code: string])[] = [
  ['half of a body', '{"reason":', 400, 'malformed-json'],
  ['words', 'please', 400, 'malformed-json'],
  ['a comma too many', '{"reason":"x",}', 400, 'malformed-json'],
  ['NaN', '{"reason":NaN}', 400, 'malformed-json'],
  ['null', 'null', 400, 'validation-failed'],
  ['a list', '[]', 400, 'validation-failed'],
  ['a text', '"reason"', 400, 'validation-failed'],
  ['a number beyond all numbers', '1e999', 400, 'validation-failed'],
  ['S4 __proto__', '{"__proto__":{"roles":["admin"]}}', 400, 'validation-failed'],
  ['S4 __proto__ deep inside', '{"reason":{"a":[{"__proto__":{}}]}}', 400, 'validation-failed'],
  ['S4 constructor', '{"constructor":{"prototype":{"roles":["admin"]}}}', 400, 'validation-failed'],
  ['S4 what only the server may say', '{"status":"completed","approvedBy":"me"}', 400, 'validation-failed'],
  ['S27 NUL', '{"reason":"a\\u0000b"}', 400, 'validation-failed'],
  ['S27 NUL in a name', '{"a\\u0000b":1}', 400, 'validation-failed'],
  ['S27 half a character', '{"reason":"\\ud800"}', 400, 'validation-failed'],
  ['S27 17 levels', nested(17), 400, 'validation-failed'],
  ['S27 50,000 levels', '['.repeat(50_000), 400, 'malformed-json'],
  ['S7 more than the route takes', '', 413, 'body-too-large'],
]

describe('a body that no route takes', () => {
  it('is tried on every route that takes one', async () => {
    const { paths } = await description()
    const withBody = deployedRoutes().filter((routeKey) => {
      const { method, template } = split(routeKey)
      return paths[template]?.[method.toLowerCase()]?.requestBody
    })
    expect(Object.keys(validBodies).sort()).toEqual(withBody)
  })

  it.each(Object.keys(validBodies))('S4 S7 S27 %s', async (routeKey) => {
    const { method, path, client } = split(routeKey)
    const before = await commitsInLog()
    await Promise.all(
      hopeless.map(async ([what, raw, status, code]) => {
        // Thousands of assignments, and of registrations, fit into one call.
        const most: Record<string, number> = { 'POST /api/v1/targets': 1100 }
        const tooLong = path.endsWith('/assignments') ? 4200 : (most[routeKey] ?? 300)
        const long = () => JSON.stringify({ reason: 'x'.repeat(tooLong * 1024) })
        const answer = await client.send<Problem>(method, path, { raw: raw === '' ? long() : raw })
        expect([what, answer.status, answer.body.code]).toEqual([what, status, code])
        await expectPublished(routeKey, what, answer)
        // S26: what was wrong may hold a secret; what is said of it does not grow with it.
        expect(JSON.stringify(answer.body).length).toBeLessThan(4000)
      }),
    )
    const form = await client.send<Problem>(method, path, {
      raw: 'reason=x',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect([form.status, form.body.code]).toEqual([415, 'unsupported-media-type'])
    expect(await commitsInLog()).toBe(before)
  })
})

describe('a body that is nearly right', () => {
  it.each(Object.entries(validBodies))(
    'S4 %s: a field too many, and every field of a wrong type',
    async (routeKey, valid) => {
      const { method, path, client } = split(routeKey)
      const before = await commitsInLog()
      const wrongs = (value: unknown): readonly unknown[] => [
        [[]],
        ...(typeof value === 'number' ? [-1, 1e308, 0.5, '1'] : []),
        ...(typeof value === 'string' ? ['', 'x'.repeat(70_000), 'a\u0007b'] : []),
      ]
      const bodies = [
        ['tenantId', { ...valid, tenantId: 'another' }] as const,
        ['Reason', { ...valid, Reason: 'names are exact' }] as const,
        ...Object.entries(valid).flatMap(([field, value]) =>
          wrongs(value).map((wrong) => [field, { ...valid, [field]: wrong }] as const),
        ),
      ].filter(([field, body]) => !takesIt(field, body))
      await Promise.all(
        bodies.map(async ([field, body]) => {
          const answer = await client.send<Problem>(method, path, { body })
          expect([field, answer.status, answer.body.code]).toEqual([field, 400, 'validation-failed'])
          await expectPublished(routeKey, field, answer)
          const named = answer.body.errors?.map((error) => error.field.split('.')[0])
          expect([field, named]).toEqual([field, expect.arrayContaining([field])])
        }),
      )
      expect(await commitsInLog()).toBe(before)
    },
  )
})

/** What looks wrong and is not: half a per cent is a percentage, details and notes may be empty or long. */
function takesIt(field: string, body: object): boolean {
  const value: unknown = (body as Record<string, unknown>)[field]
  if (field === 'canaryPercent') return value === 0.5
  // What a measurement comes to is any number.
  if (field === 'value') return typeof value === 'number'
  if (field === 'notes') return value === ''
  if (field === 'details') return typeof value === 'string' && value.length < 65_536
  return false
}

describe('what does not exist', () => {
  // A calendar and a policy are defined under the name that they are put to, and what is said of a component under its own. A licence has a name that none can have by chance.
  const defining = [
    ...['PUT /api/v1/calendars/{name}', 'PUT /api/v1/components/{component}'],
    ...['PUT /api/v1/procedures/{name}', 'PUT /api/v1/policies/{name}'],
    ...['PUT /api/v1/destinations/{name}', 'PUT /api/v1/components/{component}/licensing'],
    'PUT /api/v1/licences/{licence}',
  ]
  const named = deployedRoutesWithId().filter((routeKey) => !defining.includes(routeKey))

  it.each(named)('%s answers 404 for an id of nobody', async (routeKey) => {
    const { method, path, client } = split(routeKey)
    const before = await commitsInLog()
    const body = validBodies[routeKey]
    const answer = await client.send<Problem>(method, path, body ? { body } : {})
    expect([answer.status, answer.body.code]).toEqual([
      404,
      expect.stringMatching(/-not-found$|^not-a-member$/),
    ])
    await expectPublished(routeKey, path, answer)
    expect(await commitsInLog()).toBe(before)
  })

  it.each(deployedRoutesWithId())('S27 %s refuses ids that look like others', async (routeKey) => {
    const { method, template, client } = split(routeKey)
    const before = await commitsInLog()
    for (const id of [
      'a%23b',
      'a%00b',
      '%EF%BD%81',
      '..',
      'x'.repeat(129),
      '%2e%2e%2fv1',
      "a'b",
      'a%0d%0ab',
    ]) {
      const path = template.replaceAll(/\{\w+\}/g, id)
      const answer = await client.send<Problem>(method, path, {
        ...(validBodies[routeKey] && { body: validBodies[routeKey] }),
      })
      // Dots and slashes are resolved before there is a route: the gateway then knows none.
      expect([id, [400, 404, 405].includes(answer.status), answer.status]).toEqual([id, true, answer.status])
    }
    expect(await commitsInLog()).toBe(before)
  })

  it('a path that is no route is the same for everybody', async () => {
    for (const path of ['/api', '/console/', '/api/upgrades/', '/admin', '/api/v1/targets/a/b/c', '/.env'])
      expect([path, (await admin.send('GET', path)).status]).toEqual([path, 404])
  })
})

describe('S7 queries and headers have limits too', () => {
  const lists = ['/api/upgrades', '/api/v1/targets', '/api/v1/releases', '/api/v1/approvals']

  it.each(lists)('%s', async (path) => {
    for (const query of [
      'limit=0',
      'limit=101',
      'limit=abc',
      'limit=1e2',
      'limit=-1',
      'cursor=!',
      'admin=true',
    ]) {
      const { status, body } = await admin.get<Problem>(`${path}?${query}`)
      expect([query, status, body.code]).toEqual([query, 400, 'validation-failed'])
    }
    // A cursor that was made up is refused, or finds nothing: it never is an error of ours.
    for (const cursor of ['abc', 'x'.repeat(1024), Buffer.from('{"row":1}').toString('base64url')])
      expect((await admin.get(`${path}?cursor=${cursor}`)).status).toBeLessThan(500)
  })

  it('instants, commits and keys that are none', async () => {
    const before = await commitsInLog()
    for (const at of ['yesterday', '2026-13-01T00:00:00Z', '2026-01-01', '2026-01-01T00:00:00+01:00'])
      expect([at, (await admin.get(`/api/upgrades/no-such?at=${encodeURIComponent(at)}`)).status]).toEqual([
        at,
        400,
      ])
    for (const commit of ['0', '-1', 'x', '99999999999'])
      expect([commit, (await admin.get('/api/upgrades/no-such', commit)).status]).toEqual([commit, 400])
    for (const headers of [
      { 'idempotency-key': 'x'.repeat(129) },
      { 'idempotency-key': 'two words' },
      { 'if-match': '*' },
      { 'if-match': '7' },
    ])
      expect([headers, (await admin.post('/api/v1/stop', { reason: 'no' }, headers)).status]).toEqual([
        headers,
        400,
      ])
    expect(await commitsInLog()).toBe(before)
  })
})

function deployedRoutesWithId(): string[] {
  return deployedRoutes().filter((routeKey) => routeKey.includes('{'))
}
