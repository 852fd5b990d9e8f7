import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text as readText } from 'node:stream/consumers'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fleet, fleet, register } from './agent.ts'
import { Client, type Problem } from './client.ts'
import { DeployedMachine } from './deployed-machine.ts'
import { description, strayingOf } from './description.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { deployedRoutes } from './template.ts'
import { validBodies } from './valid-bodies.ts'

/** So many requests of each route are made up. */
const requests = 40
const seed = 20_260_105

/** A machine of its own: what is made up stops everything, and defines what others take for missing. */
let machine: DeployedMachine
let people: readonly Client[]
let agent: Client
let enrolment: Client
/** Whose token nobody was given. */
let receiver: Client
let made: Fleet
let upgradeId = ''

beforeAll(async () => {
  machine = await DeployedMachine.at(runtimeOfFile().template)
  // Each request is another person's: so many of one would be refused for their number.
  people = Array.from({ length: 50 }, (_, number) => machine.person(`admin-${number}`, 'admin'))
  made = await fleet(someone(), 2)
  agent = made.agents[0]?.client ?? someone()
  const [unused] = await register(someone(), 'unused', [`described-${made.component}`])
  enrolment = new Client(unused?.enrolmentToken ?? '', machine.url)
  receiver = new Client(`drydock-callback.${'A'.repeat(43)}`, machine.url)
  upgradeId = await made.deploy()
})
afterAll(() => machine?.remove())

let asked = 0
function someone(): Client {
  const one = people[asked++ % people.length]
  if (!one) throw new Error('There is nobody yet.')
  return one
}

const hostile = [
  ...['', ' ', '-1', '0', '1e9', 'true', 'null', '..', 'a/b', "a'b", 'x'.repeat(200), 'Größe', '\u202e', '%'],
  ...['2026-01-01T00:00:00Z', 'yesterday', 'latest', 'completed', '[]', '{}'],
]
const text = fc.oneof(fc.constantFrom(...hostile), fc.string({ maxLength: 20 }))
const value = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>)

/** Some of the fields of a body that is good: each kept, left out, or replaced; and now and then one that there is not. */
function bodyNear(valid: Readonly<Record<string, unknown>>): fc.Arbitrary<unknown> {
  const fields = Object.entries(valid).map(([name, good]) =>
    fc
      .oneof(
        { weight: 6, arbitrary: fc.constant(good) },
        { weight: 1, arbitrary: value },
        fc.constant(undefined),
      )
      .map((chosen) => (chosen === undefined ? {} : { [name]: chosen })),
  )
  const odd = fc.oneof({ weight: 5, arbitrary: fc.constant({}) }, fc.dictionary(text, value, { maxKeys: 1 }))
  return fc.tuple(odd, ...fields).map((parts) => Object.assign({}, ...parts))
}

interface MadeUp {
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly ids: readonly string[]
  readonly body: unknown
  readonly raw: string | undefined
}

/** Headers carry visible characters alone; others end the request before anybody reads it. */
const headerText = fc.stringMatching(/^[!-~]{1,40}$/)

function madeUp(names: Readonly<Record<'query' | 'header', readonly string[]>>, routeKey: string) {
  const valid = validBodies[routeKey]
  const some = (all: readonly string[], of: fc.Arbitrary<string>) =>
    all.length === 0
      ? fc.constant<Record<string, string>>({})
      : fc.dictionary(fc.constantFrom(...all), of, { maxKeys: 2 })
  const ids = fc.oneof(
    fc.constantFrom('known', 'known', 'no-such', 'a%23b', '%00', 'x'.repeat(129), '%F0%9F%98%80'),
    text
      .filter((one) => one !== '' && !one.includes('.'))
      .map((one) => encodeURIComponent(one.toWellFormed())),
  )
  return fc.record<MadeUp>({
    query: fc.oneof(fc.constant({}), some([...names.query, 'no_such'], text)),
    headers: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, some(names.header, headerText)),
    ids: fc.array(ids, { minLength: 3, maxLength: 3 }),
    body: valid ? bodyNear(valid) : fc.constant(undefined),
    raw: fc.oneof(
      { weight: valid ? 8 : 3, arbitrary: fc.constant(undefined) },
      fc.constantFrom('', '{', 'null', '[]', '"x"', '{"a":1,"a":2}', '\u0000', '{"__proto__":{}}'),
    ),
  })
}

describe('whatever is asked', () => {
  it.each(deployedRoutes())(
    '%s answers as it is described, and never that something went wrong',
    async (routeKey) => {
      const [method = '', template = ''] = routeKey.split(' ')
      const operation = (await description()).paths[template]?.[method.toLowerCase()]
      const named = (place: string) =>
        (operation?.parameters ?? []).filter((one) => one.in === place).map(({ name }) => name)
      const client = template.endsWith('/enrol')
        ? () => enrolment
        : template.includes('/updates/')
          ? () => agent
          : template.endsWith('/callbacks')
            ? () => receiver
            : someone
      const known: Readonly<Record<string, string>> = {
        ...{ '{component}': made.component, '{version}': 'v1.1.0', '{jobId}': `${upgradeId}-1` },
        '{id}': template.startsWith('/api/upgrades') ? upgradeId : (made.agents[1]?.id ?? ''),
      }
      const cases = fc.sample(madeUp({ query: named('query'), header: named('header') }, routeKey), {
        numRuns: requests,
        seed,
      })
      const statuses = new Set<number>()
      for (const { query, headers, ids, body, raw } of cases) {
        let place = 0
        const path = template.replaceAll(/\{\w+\}/g, (name) => {
          const id = ids[place++] ?? 'known'
          return id === 'known' ? (known[name] ?? 'no-such') : id
        })
        const search = new URLSearchParams(query).toString()
        const sent = raw === undefined ? { body } : { raw }
        // A GET has no body: fetch refuses to send one.
        const answer = await client().send<Problem>(method, search === '' ? path : `${path}?${search}`, {
          ...(method !== 'GET' && sent),
          headers,
        })
        // The client has compared the answer with the description.
        statuses.add(answer.status)
        expect([path, answer.status < 500, answer.status]).toEqual([path, true, answer.status])
        const described = operation?.responses[String(answer.status)]?.headers ?? {}
        if (method === 'GET' && answer.headers.has('etag')) expect(Object.keys(described)).toContain('ETag')
      }
      // What is made up is neither all good nor all bad, but where nothing can be asked wrongly.
      if (named('path').length > 0 || operation?.requestBody) expect(statuses.size).toBeGreaterThan(1)
    },
  )
})

describe('what the gateway answers by itself is described', () => {
  const { url } = runtimeOfFile()

  it.each([
    ['a path that is no text', '/api/upgrades/%ff', {}, 400],
    ['a token of nobody', '/api/upgrades', { authorization: 'Bearer x' }, 401],
    ['headers without end', '/health', { 'x-long': 'x'.repeat(11_000) }, 431],
  ] as const)('%s', async (_, path, headers, status) => {
    const answer = await new Client(null, url).send('GET', path, { headers })
    expect(answer.status).toBe(status)
  })

  it('an expectation that nobody meets', async () => {
    // fetch does not send it.
    const sent = request(`${url}/health`, { headers: { expect: 'miracles' } })
    sent.end()
    const [answer] = (await once(sent, 'response')) as [IncomingMessage] // as node:http has it
    const body = JSON.parse(await readText(answer))
    const contentType = answer.headers['content-type'] ?? ''
    const seen = { method: 'GET', path: '/health', status: answer.statusCode ?? 0, contentType, body }
    expect([seen.status, strayingOf(await description(), seen)]).toEqual([417, []])
  })

  it('a credential of an agent that is none', async () => {
    const answer = await new Client('drydock-agent.x.y', url).get('/api/v1/updates/check')
    expect(answer.status).toBe(403)
  })
})
