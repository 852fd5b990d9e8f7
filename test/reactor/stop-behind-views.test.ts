import { expect, it, test, vi } from 'vitest'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { viewsCatchUp } from '../../functions/patience.ts'
import { reactor } from '../../functions/reactor/reactor.ts'
import { openWorld, type World } from '../api/world.ts'

const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const targets = ['cust_0001', 'cust_0002', 'cust_0003']
const timestamp = '2026-01-05T10:00:00Z'

/** Lets the clock call the reactor, as it does each minute. */
async function minutePasses(world: World): Promise<void> {
  world.pass(60)
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  await reactor(world.services)({})
  write.mockRestore()
  await world.settle()
}

/** An upgrade that has assigned all of its targets, and of which no view shows anything yet. */
async function unseen() {
  const world = openWorld({ heard: true })
  await world.fleet(3)
  // Each has its key before anything is stopped.
  for (const target of targets) await asks(world, target)
  world.projector.stop()
  const { body } = await world.call('POST', '/api/upgrades/deploy', { body: all })
  const id: string = body.upgradeId
  await world.advance(id)
  expect(await offered(world)).toBe(3)
  return { world, id }
}

const agent = (target: string) => ({ lambda: { kind: 'agent', target, tokenHash: '' } })
const asks = (world: World, target: string) =>
  world.call('GET', '/api/v1/updates/check', { as: agent(target) })

async function offered({ log }: World): Promise<number> {
  const states = await Promise.all(targets.map((target) => log.load(targetAggregate, target)))
  return states.filter(({ state }) => state.active).length
}

const begins = async (world: World, target: string) => {
  const body = { version: 'v1.2.0', status: 'in-progress', timestamp }
  const { status, body: answer } = await world.call('POST', '/api/v1/updates/status', {
    as: agent(target),
    body,
  })
  return [status, answer.code]
}

const holdsOf = async (world: World, id: string) => (await world.upgrade(id)).holds.map(({ code }) => code)

test.each([
  [
    'a stop of everything',
    (world: World) => world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } }),
    'everything-stopped',
    409,
  ],
  [
    'the withdrawal of its release',
    (world: World) =>
      world.call('POST', '/api/v1/releases/api/v1.2.0/withdraw', { body: { reason: 'corrupts data' } }),
    'release-withdrawn',
    422,
  ],
])(
  '%s binds its targets at once, and the upgrade itself as soon as a view shows it',
  async (_words, forbid, code, status) => {
    const { world, id } = await unseen()
    expect((await forbid(world)).status).toBeLessThan(300)
    await world.settle()
    for (let minute = 0; minute < 30; minute++) await minutePasses(world)
    // Nobody has told the upgrade, whose targets are offered it still; and none of them may begin.
    expect([await holdsOf(world, id), await offered(world)]).toEqual([[], 3])
    expect(await begins(world, 'cust_0001')).toEqual([status, code])

    await world.projector.goOn()
    await minutePasses(world)

    expect(await offered(world)).toBe(0)
    expect(await begins(world, 'cust_0001')).toEqual([409, 'no-active-attempt'])
  },
)

it('a calendar that is defined anew as well', async () => {
  const world = openWorld({ heard: true })
  await world.fleet(3)
  for (const target of targets) await asks(world, target)
  const range = (start: string, end: string) =>
    world.call('PUT', '/api/v1/calendars/acme', {
      body: { kind: 'ranges', ranges: [{ start, end, name: 'x' }] },
    })
  await range('2026-02-01T00:00:00.000Z', '2026-02-02T00:00:00.000Z')
  world.projector.stop()
  const { body } = await world.call('POST', '/api/upgrades/deploy', { body: { ...all, calendars: ['acme'] } })
  await world.advance(body.upgradeId)
  await range('2026-01-05T10:00:00.000Z', '2026-01-08T10:00:00.000Z')
  await world.settle()
  expect(await begins(world, 'cust_0001')).toEqual([409, 'closed-by-now'])
  expect(await offered(world)).toBe(3)
  await world.projector.goOn()
  await minutePasses(world)
  expect([await holdsOf(world, body.upgradeId), await offered(world)]).toEqual([['WINDOW_CLOSED'], 0])
})

it('an upgrade that is shown late hears that the stop was lifted, too', async () => {
  const { world, id } = await unseen()
  const { body } = await world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } })
  await world.settle()
  // It hears of the stop by itself, as it would of anything that happens to it.
  await world.advance(id)
  expect([await holdsOf(world, id), await offered(world)]).toEqual([['FREEZE'], 0])
  await world.call('DELETE', `/api/v1/stop/${body.stopId}`, { query: { reason: 'seen' } })
  await minutePasses(world)
  expect(await holdsOf(world, id)).toEqual(['FREEZE'])
  await world.projector.goOn()
  await minutePasses(world)
  expect([await holdsOf(world, id), await offered(world)]).toEqual([[], 3])
})

it('each is told once, for as long as views may be behind and no longer', async () => {
  const { world } = await unseen()
  await world.projector.goOn()
  await world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } })
  await world.settle()
  const before = world.log.records.length
  for (let minute = 0; minute < 3; minute++) await minutePasses(world)
  expect(world.log.records.length).toBe(before)
  expect(await world.services.repeats.list()).toMatchObject([{ duty: 'heed-stop', stream: 'policy#freeze' }])
  world.pass(viewsCatchUp / 1000)
  expect(await world.services.repeats.list()).toEqual([])
})
