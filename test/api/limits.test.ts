import { describe, expect, it } from 'vitest'
import { routes } from '../../contracts/routes.ts'
import { allowances, openCallers } from '../../functions/api/http/allowances.ts'
import { openApi } from '../../functions/api/openapi.ts'
import { openWorld, viewer } from './world.ts'

const agent = (target: string) => ({ lambda: { kind: 'agent', target, tokenHash: '' } })
const person = (user: string) => ({ user, roles: ['viewer'] })

/** Opens the API with the allowances that are deployed, and two targets, of which the second is a member of the first. */
async function opened() {
  const world = openWorld({ allowances })
  await world.fleet(2)
  await world.call('PATCH', '/api/v1/targets/cust_0002', { body: { gateway: 'cust_0001' } })
  const status = async (path: string, as: Parameters<typeof world.call>[2]) =>
    (await world.call('GET', path, as)).status
  return { ...world, status }
}

describe('S7 a caller that asks for too much', () => {
  it('is answered 429 with the seconds to wait, which suffice', async () => {
    const world = await opened()
    for (let asked = 0; asked < allowances.person.atOnce; asked++)
      expect(await world.status('/api/v1/stop', { as: viewer })).toBe(200)
    const refused = await world.call('GET', '/api/v1/stop', { as: viewer })
    expect([refused.status, refused.body.code, refused.headers['retry-after']]).toEqual([
      429,
      'too-many-requests',
      '1',
    ])
    expect(world.lines.at(-1)).toMatchObject({ status: 429, principal: 'viewer-1' })
    world.pass(Number(refused.headers['retry-after']))
    expect(await world.status('/api/v1/stop', { as: viewer })).toBe(200)
  })

  it('S34 takes no request from anybody else: persons, agents, and an agent of the same name', async () => {
    const world = await opened()
    for (let asked = 0; asked < 2 * allowances.person.atOnce; asked++)
      await world.status('/api/v1/stop', { as: viewer })
    expect(await world.status('/api/v1/stop', { as: viewer })).toBe(429)
    expect(await world.status('/api/v1/stop', { as: person('viewer-2') })).toBe(200)
    for (let asked = 0; asked < 2 * allowances.agent.atOnce; asked++)
      await world.status('/api/v1/updates/check', { as: agent('cust_0002') })
    expect(await world.status('/api/v1/updates/check', { as: agent('cust_0002') })).toBe(429)
    expect(await world.status('/api/v1/updates/check', { as: agent('cust_0001') })).toBe(200)
  })

  it('S7 of capabilities that are guessed is refused by the address that it comes from, and before any is looked for', async () => {
    const world = await opened()
    let looked = 0
    const { find } = world.services.callbacks
    world.services.callbacks.find = (hash) => {
      looked++
      return find(hash)
    }
    const guess = (number: number) =>
      world.call('POST', '/api/v1/callbacks', {
        as: { capability: `drydock-callback.${String(number).padStart(43, '0')}` },
        body: { status: 'done' },
      })
    const statuses: number[] = []
    for (let number = 0; number < allowances.receiver.atOnce + 20; number++)
      statuses.push((await guess(number)).status)
    expect([statuses.filter((status) => status === 401).length, looked]).toEqual([
      ...[allowances.receiver.atOnce, allowances.receiver.atOnce],
    ])
    expect(statuses.slice(-20)).toEqual(Array(20).fill(429))
    expect(await world.status('/api/v1/stop', { as: viewer })).toBe(200)
  })

  it('leaves the log as it is, whatever is asked', async () => {
    const world = await opened()
    const stop = (reason: string) =>
      world.call('POST', '/api/v1/stop', { as: { user: 'op', roles: ['operator'] }, body: { reason } })
    for (let asked = 0; asked < allowances.person.atOnce; asked++) await stop('flood')
    const before = world.log.records.length
    expect((await stop('one more')).status).toBe(429)
    expect(world.log.records.length).toBe(before)
  })

  it('may ask again and again once its time has come, at the rate that it has', async () => {
    const world = await opened()
    for (let asked = 0; asked < 200; asked++) await world.status('/api/v1/stop', { as: viewer })
    let admitted = 0
    for (let second = 0; second < 10; second++) {
      world.pass(1)
      for (let asked = 0; asked < 50; asked++)
        if ((await world.status('/api/v1/stop', { as: viewer })) === 200) admitted++
    }
    expect(admitted).toBe(10 * allowances.person.perSecond)
  })
})

describe('S7 the limit is never met', () => {
  it('by an agent that asks as often as it is told, and reports', async () => {
    const world = await opened()
    const as = agent('cust_0001')
    for (let round = 0; round < 200; round++) {
      const { status, body } = await world.call('GET', '/api/v1/updates/check', { as })
      expect(status).toBe(200)
      // Three times as often as it is told, and three requests each.
      for (let more = 0; more < 2; more++)
        expect(await world.status('/api/v1/updates/check', { as })).toBe(200)
      world.pass(body.nextCheckSeconds / 3)
    }
  })

  it('by a gateway that asks and reports for each of 1,000 members alone, one after the other', async () => {
    const world = await opened()
    const as = agent('cust_0001')
    for (let asked = 0; asked < 3000; asked++) {
      expect(await world.status('/api/v1/updates/check', { as, query: { target: 'cust_0002' } })).toBe(200)
      // As long as a request takes.
      world.pass(0.05)
    }
  })
})

it('S7 an agent that names targets which are none of its members is not counted as a gateway', async () => {
  const world = await opened()
  const as = agent('cust_0002')
  const query = { target: 'cust_0001' }
  for (let asked = 0; asked < allowances.agent.atOnce; asked++)
    expect(await world.status('/api/v1/updates/check', { as, query })).toBe(404)
  expect(await world.status('/api/v1/updates/check', { as, query })).toBe(429)
})

it('S7 429 is described for every route, with Retry-After where callers are counted', () => {
  const { paths } = openApi('1.0.0') as {
    paths: Record<
      string,
      Record<string, { responses: Record<string, { headers?: object; content: object }> }>
    >
  } // as OpenAPI has it
  for (const { path, method, access } of routes) {
    const answer = paths[path]?.[method.toLowerCase()]?.responses['429']
    const isCounted = access !== 'public'
    expect([path, Object.keys(answer?.headers ?? {})]).toEqual([path, isCounted ? ['Retry-After'] : []])
    expect([path, Object.keys(answer?.content ?? {}).sort()]).toEqual([
      path,
      isCounted ? ['application/json', 'application/problem+json'] : ['application/json'],
    ])
  }
})

describe('S7 the count of callers', () => {
  it('remembers so many and no more, and forgets who was heard of longest ago', () => {
    const callers = openCallers(() => 0, { ...allowances, agent: { atOnce: 1, perSecond: 1 } })
    expect(callers.take('first', 'agent')).toBeNull()
    for (let other = 0; other < 9_998; other++) callers.take(`${other}`, 'agent')
    expect(callers.take('first', 'agent')).toBe(1)
    for (let other = 9_998; other < 19_998; other++) callers.take(`${other}`, 'agent')
    expect(callers.take('first', 'agent')).toBeNull()
  })

  it('gives nothing to a clock that goes backwards', () => {
    let now = 10_000
    const callers = openCallers(() => now, { ...allowances, agent: { atOnce: 1, perSecond: 1 } })
    callers.take('one', 'agent')
    now = 5_000
    expect(callers.take('one', 'agent')).toBe(1)
    now = 5_900
    expect(callers.take('one', 'agent')).toBe(1)
    now = 6_000
    expect(callers.take('one', 'agent')).toBeNull()
  })
})
