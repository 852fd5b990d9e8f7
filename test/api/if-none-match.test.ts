import { describe, expect, it } from 'vitest'
import { contracts } from '../../contracts/api.ts'
import type { Contract } from '../../contracts/contract.ts'
import { canary, deployed, openWorld, report } from './world.ts'

describe('If-None-Match', () => {
  it('is answered 304 without a body while the answer would be the same, and 200 from then on', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world, canary)
    const path = `/api/upgrades/${id}/status`
    const first = await world.call('GET', path)
    const read = (tag: string) => world.call('GET', path, { headers: { 'if-none-match': tag } })
    const same = await read(first.headers.etag ?? '')
    expect([same.status, same.body, same.headers.etag]).toEqual([304, null, first.headers.etag])
    expect(same.headers['content-type']).toBeUndefined()
    expect(same.headers['x-correlation-id']).toBeDefined()
    await report(world)
    const later = await read(first.headers.etag ?? '')
    expect([later.status, later.body.completed]).toEqual([200, 1])
    expect(later.headers.etag).not.toBe(first.headers.etag)
  })

  it('takes a list, weak tags and the star, and nothing else for a match', async () => {
    const world = openWorld()
    await world.fleet(1)
    const path = '/api/v1/targets/cust_0001'
    const { etag = '' } = (await world.call('GET', path)).headers
    const status = async (tag: string) =>
      (await world.call('GET', path, { headers: { 'if-none-match': tag } })).status
    for (const tag of [etag, `"x", ${etag}`, `W/${etag}`, '*'])
      expect([tag, await status(tag)]).toEqual([tag, 304])
    for (const tag of ['', '"1"', etag.slice(1, -1), 'W/"1"', '"0-0000000000000000"'])
      expect([tag, await status(tag)]).toEqual([tag, 200])
  })

  it('tells of what is in no commit too: the commit is the same, the answer is not', async () => {
    const world = openWorld()
    await world.fleet(1)
    const path = '/api/v1/targets/cust_0001'
    const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
    const check = () => world.call('GET', '/api/v1/updates/check', { as })
    await check()
    const { etag = '' } = (await world.call('GET', path)).headers
    world.pass(3600)
    await check()
    const later = await world.call('GET', path, { headers: { 'if-none-match': etag } })
    const commitOf = (tag = '') => tag.split('-')[0]
    expect([later.status, commitOf(later.headers.etag)]).toEqual([200, commitOf(etag)])
  })

  it('spares an agent the answer that it has, and says all the same when to ask again', async () => {
    const world = openWorld()
    await world.fleet(1)
    const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
    const check = (tag?: string) =>
      world.call('GET', '/api/v1/updates/check', { as, ...(tag && { headers: { 'if-none-match': tag } }) })
    const first = await check()
    expect(first.headers['drydock-next-check']).toBe(String(first.body.nextCheckSeconds))
    // The pace is another while an upgrade is at work, and is no news by itself.
    await deployed(world, { ...canary, canaryPercent: 100 })
    const offered = await check(first.headers.etag)
    expect([offered.status, offered.body.updateAvailable]).toEqual([200, true])
    const again = await check(offered.headers.etag)
    expect([again.status, again.body]).toEqual([304, null])
    expect(Number(again.headers['drydock-next-check'])).toBeGreaterThan(0)
    await report(world)
    expect((await check(offered.headers.etag)).status).toBe(200)
  })

  it('is nothing to a write, which takes the whole tag of a read or its commit alone as If-Match', async () => {
    const world = openWorld()
    await world.fleet(1)
    const path = '/api/v1/targets/cust_0001'
    const { etag = '' } = (await world.call('GET', path)).headers
    const patch = (region: string, headers: Record<string, string>) =>
      world.call('PATCH', path, { body: { region }, headers })
    expect((await patch('eu-1', { 'if-match': etag, 'if-none-match': '*' })).status).toBe(200)
    expect((await patch('eu-2', { 'if-match': etag })).status).toBe(412)
    expect((await patch('eu-2', { 'if-match': '"2"' })).status).toBe(200)
  })
})

it('whoever answers with an ETag says so in the description', async () => {
  const tagged = Object.entries(contracts as Readonly<Record<string, Contract>>).flatMap(
    ([operation, contract]) => (contract.tagged ? [operation] : []),
  )
  expect(tagged.sort()).toEqual([
    ...[
      'checkForUpdate',
      'getCalendar',
      'getCalendarState',
      'getComponent',
      'getDestination',
      'getLicence',
      'getManifest',
      'getPolicy',
      'getRelease',
      'getSteps',
      'getStop',
      'getTarget',
      'getTargetUpgradeLogs',
      'getTrust',
      'getUpgrade',
    ],
    ...['getUpgradeMetrics', 'getUpgradeProfile', 'getUpgradeState', 'getUpgradeStatus', 'getVerdicts'],
  ])
})
