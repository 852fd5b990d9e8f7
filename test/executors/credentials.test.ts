import { describe, expect, test } from 'vitest'
import type { Answered, Call, Delivery } from '../../functions/executors/call.ts'
import { openCredentials, type TokenSource } from '../../functions/executors/credentials.ts'
import { openGuard } from '../../functions/executors/guard.ts'
import { openSend } from '../../functions/executors/http.ts'
import { readOutboundHosts } from '../../functions/executors/outbound-hosts.ts'
import { serve } from './servers.ts'

// biome-ignore lint/suspicious/noExplicitAny: what a source reads of its answer is its own business
function jsonIn(text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const source: TokenSource = {
  request: { method: 'POST', url: 'https://login.example.com/token', body: '{"password":"word"}' },
  read({ body }) {
    const said = jsonIn(body)
    return { token: said?.auth?.['access/token'], lifetimeSeconds: said?.expires_in }
  },
}
const call: Call = { method: 'POST', url: 'https://api.example.com/upgrade', body: '{}' }

const answered = (status: number, body: unknown = ''): Answered => ({
  ...{ kind: 'answered', status, headers: {}, milliseconds: 1 },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const issued = (token: unknown, more: object = { expires_in: 600 }) =>
  answered(200, { auth: { 'access/token': token }, ...more })

/** A world in which tokens are counted: `t1`, `t2`, …, each good until the next is issued. */
function world(
  parts: { tokens?: () => Delivery | Promise<Delivery>; calls?: (token: string) => Delivery } = {},
) {
  let now = 0
  let asked = 0
  const used: string[] = []
  const { tokens = () => issued(`t${asked}`), calls = () => answered(200) } = parts
  const credentials = openCredentials({
    now: () => now,
    send: async (sent) => {
      if (sent.url === source.request.url) {
        asked++
        return tokens()
      }
      const token = sent.headers?.authorization ?? 'none'
      used.push(token)
      return calls(token.replace('Bearer ', ''))
    },
  })
  return {
    credentials,
    used,
    get asked() {
      return asked
    },
    pass: (seconds: number) => {
      now += seconds * 1000
    },
  }
}

describe('a bearer token', () => {
  test('is asked for once for many calls at once, and kept', async () => {
    const { credentials, used } = world()
    await Promise.all(Array.from({ length: 20 }, () => credentials.send(call, source)))
    await credentials.send(call, source)
    expect(new Set(used)).toEqual(new Set(['Bearer t1']))
    expect(used).toHaveLength(21)
  })

  test('takes the place of whatever the call had in its stead', async () => {
    const { credentials, used } = world()
    await credentials.send({ ...call, headers: { Authorization: 'Basic x' } }, source)
    expect(used).toEqual(['Bearer t1'])
  })

  test.each([
    ['a minute before its end', { expires_in: 600 }, 539, 540],
    ['after nine tenths of a short life', { expires_in: 60 }, 53, 54],
    ['by a life that is text', { expires_in: '600' }, 539, 540],
    ['of five minutes where nothing is said', {}, 269, 270],
    ['of five minutes where nonsense is said', { expires_in: 'soon' }, 269, 270],
    ['of a second at least', { expires_in: -5 }, 0.8, 0.9],
    ['of a day at most', { expires_in: 1e9 }, 86_339, 86_340],
  ])('is renewed %s', async (_, lifetime, kept, renewed) => {
    const here = world({ tokens: () => issued(`t${here.asked}`, lifetime) })
    await here.credentials.send(call, source)
    here.pass(kept)
    await here.credentials.send(call, source)
    expect(here.asked).toBe(1)
    here.pass(renewed - kept)
    await here.credentials.send(call, source)
    expect(here.used).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t2'])
  })

  test('holds as long as its source declares, where the answer does not say', async () => {
    const here = world({ tokens: () => issued('t', {}) })
    const declared: TokenSource = {
      ...source,
      read: (answer) => ({
        ...source.read(answer),
        token: source.read(answer)?.token,
        lifetimeSeconds: 3600,
      }),
    }
    await here.credentials.send(call, declared)
    here.pass(3539)
    await here.credentials.send(call, declared)
    expect(here.asked).toBe(1)
    here.pass(1)
    await here.credentials.send(call, declared)
    expect(here.asked).toBe(2)
  })

  test('that is refused is renewed once, and the call sent once more', async () => {
    const { credentials, used } = world({ calls: (token) => answered(token === 't1' ? 401 : 200) })
    expect(await credentials.send(call, source)).toMatchObject({ kind: 'answered', status: 200 })
    expect(used).toEqual(['Bearer t1', 'Bearer t2'])
    expect(await credentials.send(call, source)).toMatchObject({ status: 200 })
    expect(used).toHaveLength(3)
  })

  test('that is refused again is not renewed again: the refusal is the answer', async () => {
    const here = world({ calls: () => answered(401) })
    expect(await here.credentials.send(call, source)).toMatchObject({ kind: 'answered', status: 401 })
    expect([here.asked, here.used.length]).toEqual([2, 2])
  })

  test('that is refused to many at once is renewed once for them all', async () => {
    const here = world({ calls: (token) => answered(token === 't1' ? 401 : 200) })
    const all = await Promise.all(Array.from({ length: 20 }, () => here.credentials.send(call, source)))
    expect(new Set(all.map((one) => one.kind === 'answered' && one.status))).toEqual(new Set([200]))
    expect(here.asked).toBe(2)
  })

  test.each([403, 429, 500, 302, 204])('is not renewed by an answer of %i', async (status) => {
    const here = world({ calls: () => answered(status) })
    expect(await here.credentials.send(call, source)).toMatchObject({ status })
    expect([here.asked, here.used.length]).toEqual([1, 1])
  })

  test('does not make a call that may have been done be sent again', async () => {
    const here = world({ calls: () => ({ kind: 'unknown', why: 'reset' }) })
    expect(await here.credentials.send(call, source)).toEqual({ kind: 'unknown', why: 'reset' })
    expect(here.used).toHaveLength(1)
  })

  test('of one source is not shown to another', async () => {
    const here = world()
    await here.credentials.send(call, source)
    await here.credentials.send(call, {
      ...source,
      request: { ...source.request, body: '{"password":"other"}' },
    })
    expect(here.used).toEqual(['Bearer t1', 'Bearer t2'])
  })
})

describe('a token that is not to be had', () => {
  const refusal = { kind: 'refused', code: 'host', why: 'login.example.com is not among them.' } as const

  test.each<[string, Delivery, object]>([
    ['the guard refuses its source', refusal, refusal],
    ['its source is not reached', { kind: 'not-sent', why: 'gone' }, { kind: 'not-sent', why: 'gone' }],
    ['nobody knows what its source did', { kind: 'unknown', why: 'cut off' }, { kind: 'not-sent' }],
    ['its source refuses', answered(403, '{"auth":{"access/token":"stolen"}}'), { kind: 'not-sent' }],
    ['its source answers no JSON', answered(200, 'canary'), { kind: 'not-sent' }],
    ['its source answers null', answered(200, 'null'), { kind: 'not-sent' }],
    ['there is none at its place', answered(200, { access_token: 'canary' }), { kind: 'not-sent' }],
    ['it is no text', issued(7), { kind: 'not-sent' }],
    ['it is empty', issued(''), { kind: 'not-sent' }],
    ['it could not stand in a header', issued('canary\r\nx: y'), { kind: 'not-sent' }],
    ['it is too long', issued('x'.repeat(8193)), { kind: 'not-sent' }],
    ['its answer was too large', { ...issued('t'), cut: 'too-large' }, { kind: 'not-sent' }],
  ])('leaves the call unsent: %s', async (_, tokens, expected) => {
    const here = world({ tokens: () => tokens })
    const delivery = await here.credentials.send(call, source)
    expect(delivery).toMatchObject(expected)
    expect(JSON.stringify(delivery)).not.toMatch(/canary|stolen|word/)
    expect(here.used).toEqual([])
  })

  test('is asked for again by the next call', async () => {
    const answers = [answered(500), issued('t')]
    const here = world({ tokens: () => answers.shift() ?? answered(500) })
    await here.credentials.send(call, source)
    expect(await here.credentials.send(call, source)).toMatchObject({ kind: 'answered', status: 200 })
  })

  test('leaves the refusal of the old one as the answer', async () => {
    const answers = [issued('t1'), answered(500)]
    const here = world({ tokens: () => answers.shift() ?? answered(500), calls: () => answered(401, 'old') })
    expect(await here.credentials.send(call, source)).toMatchObject({
      kind: 'answered',
      status: 401,
      body: 'old',
    })
  })
})

test('V7: over real connections a token that has expired is renewed, and the call sent again', async () => {
  let issuedTokens = 0
  const port = await serve((request, response) => {
    if (request.url === '/token') response.end(JSON.stringify({ access_token: `token-${++issuedTokens}` }))
    else if (request.headers.authorization === 'Bearer token-2') response.end('done')
    else response.writeHead(401).end()
  })
  const base = `http://127.0.0.1:${port}`
  const send = openSend(openGuard(readOutboundHosts(`http://127.0.0.1:${port}`)))
  const credentials = openCredentials({ send, now: Date.now })
  const delivery = await credentials.send(
    { method: 'POST', url: `${base}/upgrade` },
    {
      request: { method: 'POST', url: `${base}/token` },
      read: ({ body }) => ({ token: jsonIn(body)?.access_token }),
    },
  )
  expect(delivery).toMatchObject({ kind: 'answered', status: 200, body: 'done' })
  expect(issuedTokens).toBe(2)
})
