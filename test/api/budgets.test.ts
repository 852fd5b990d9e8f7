import { describe, expect, it } from 'vitest'
import { fromImage } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { budgetAggregate } from '../../functions/domain/budget/budget.ts'
import { tickDue } from '../../functions/reactor/upgrades/tick.ts'
import { deployed, openWorld, report, type World } from './world.ts'

const all = { component: 'api', version: 'v1.2.0', strategy: 'all', parallel: 10 }
const ids = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, place) => `cust_${String(from + place + 1).padStart(4, '0')}`)

const define = (world: World, together: object | null, selector = {}) =>
  world.call('PUT', '/api/v1/policies/all', {
    as: { user: 'admin-1', roles: ['admin'] },
    body: { selector, ...(together && { together }) },
  })

/** Two upgrades of ten targets each. */
async function two(together: object) {
  const world = openWorld()
  await world.fleet(20)
  expect((await define(world, together)).status).toBe(201)
  const first = await deployed(world, { ...all, targets: { ids: ids(0, 10) } })
  await world.settle()
  const second = await deployed(world, { ...all, targets: { ids: ids(10, 20) } })
  await world.settle()
  const inFlight = async (id: string): Promise<number> => (await world.upgrade(id)).counts.inFlight
  return { world, first, second, inFlight, both: async () => [await inFlight(first), await inFlight(second)] }
}

/** Lets a number of targets come to their end, one after the other. */
async function some(world: World, count: number): Promise<void> {
  let left = count
  await report(world, () => (left-- > 0 ? 'completed' : 'in-progress'))
  await world.settle()
}

const sound = async ({ log }: World) =>
  (await audit(log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage)))).findings
const sharesOf = async ({ log }: World, budget: string) =>
  (await log.load(budgetAggregate, budget)).state.holders.map(({ share }) => share)

describe('a budget of all upgrades together', () => {
  it('lets no more be in flight than it says, however many upgrades there are, and each hears why', async () => {
    const { world, both, second } = await two({ atOnce: 4 })
    expect(await both()).toEqual([4, 0])
    const { body } = await world.call('GET', `/api/upgrades/${second}/status`)
    expect(body.holds).toMatchObject([
      { code: 'BUDGET', ref: 'policy all lets 4 be in flight at once over all upgrades' },
    ])
    expect(await sound(world)).toEqual([])
  })

  it('is shared out evenly among those who wait, as attempts end', async () => {
    const { world, both } = await two({ atOnce: 4 })
    await some(world, 2)
    expect(await both()).toEqual([2, 2])
    await some(world, 4)
    expect(await both()).toEqual([2, 2])
    expect(await sound(world)).toEqual([])
  })

  it('is given on where there is less than one for each', async () => {
    const { world, both } = await two({ atOnce: 1 })
    expect(await both()).toEqual([1, 0])
    await some(world, 1)
    expect(await both()).toEqual([0, 1])
    await some(world, 1)
    expect(await both()).toEqual([1, 0])
    expect(await sound(world)).toEqual([])
  })

  it('goes to the other when an upgrade pauses, aborts or ends', async () => {
    const { world, first, second, both } = await two({ atOnce: 4 })
    await some(world, 2)
    await world.call('POST', `/api/upgrades/${first}/pause`)
    await some(world, 4)
    expect(await both()).toEqual([0, 4])
    await world.call('POST', `/api/upgrades/${first}/abort`, { body: { reason: 'enough' } })
    await some(world, 6)
    await some(world, 6)
    await world.advance(second)
    await world.settle()
    const { status } = (await world.call('GET', `/api/upgrades/${second}/status`)).body
    expect([status, await sharesOf(world, 'all:at-once')]).toEqual(['completed', []])
    expect(await sound(world)).toEqual([])
  })

  it('lets so many begin in an hour, and the next when theirs is over', async () => {
    const { world, first, both } = await two({ perHour: 6 })
    const counts = async () => (await world.call('GET', `/api/upgrades/${first}/status`)).body
    expect(await both()).toEqual([6, 0])
    await some(world, 6)
    expect([(await counts()).completed, await both()]).toEqual([6, [0, 0]])
    world.pass(50 * 60)
    await tickDue(world.services)
    await world.settle()
    expect(await both()).toEqual([0, 0])
    for (let minutes = 0; minutes < 30; minutes += 5) {
      world.pass(5 * 60)
      await tickDue(world.services)
      await world.settle()
    }
    const [left = 0, right = 0] = await both()
    expect([left + right, right > 0]).toEqual([6, true])
    expect(await sound(world)).toEqual([])
  })

  it('of an hour is left to the next by whom has ended, when that hour is over', async () => {
    const world = openWorld()
    await world.fleet(12)
    await define(world, { perHour: 6 })
    const first = await deployed(world, { ...all, targets: { ids: ids(0, 6) } })
    await world.settle()
    await some(world, 6)
    await world.advance(first)
    const second = await deployed(world, { ...all, targets: { ids: ids(6, 12) } })
    await world.settle()
    const waits = async () => (await world.upgrade(second)).counts.inFlight
    expect([(await world.upgrade(first)).status, await waits()]).toEqual(['completed', 0])
    for (let minutes = 0; minutes < 75; minutes += 5) {
      world.pass(5 * 60)
      await tickDue(world.services)
      await world.settle()
      if (minutes < 55) expect(await waits()).toBe(0)
    }
    expect(await waits()).toBe(6)
    expect(await sound(world)).toEqual([])
  })

  it('binds nobody any more once no policy says so', async () => {
    const { world, both } = await two({ atOnce: 4 })
    await define(world, null)
    await world.settle()
    expect(await both()).toEqual([10, 10])
    expect(await sound(world)).toEqual([])
  })

  it('that is made smaller is kept to as attempts end, and by no other wave before', async () => {
    const { world, both } = await two({ atOnce: 8 })
    await some(world, 4)
    const [left = 0, right = 0] = await both()
    expect([left + right, left > 0, right > 0]).toEqual([8, true, true])
    await define(world, { atOnce: 2 })
    await world.settle()
    for (let round = 0; round < 3; round++) {
      await some(world, 2)
      const now = await both()
      expect(now.reduce((sum, one) => sum + one, 0)).toBe([6, 4, 2][round])
    }
    for (let round = 0; round < 3; round++) {
      await some(world, 1)
      expect((await both()).reduce((sum, one) => sum + one, 0)).toBe(2)
    }
    expect(await sound(world)).toEqual([])
  })

  it('is asked for by who only tries again, as too many have failed for anybody else', async () => {
    const world = openWorld()
    await world.fleet(4)
    await define(world, { atOnce: 1 })
    const id = await deployed(world, {
      ...{ ...all, targets: { ids: ids(0, 4) }, retry: { attempts: 1, delaySeconds: 600 } },
      failureThreshold: { percent: 0 },
    })
    await world.settle()
    await report(world, () => 'failed', 'DOWNLOAD_FAILED', { retryable: true })
    await world.settle()
    expect((await world.upgrade(id)).counts).toMatchObject({ inFlight: 0, retrying: 1 })
    for (let minutes = 0; minutes < 20; minutes += 5) {
      world.pass(5 * 60)
      await tickDue(world.services)
      await world.settle()
    }
    expect((await world.upgrade(id)).counts).toMatchObject({ inFlight: 1, retrying: 0 })
    expect(await sound(world)).toEqual([])
  })

  it('keeps nobody from taking back what is wrong', async () => {
    const { world, first, inFlight } = await two({ atOnce: 2 })
    for (let round = 0; round < 4; round++) await some(world, 4)
    await world.call('POST', `/api/upgrades/${first}/abort`, { body: { reason: 'bad' } })
    await some(world, 20)
    await world.advance(first)
    const { status, body } = await world.call('POST', `/api/upgrades/${first}/rollback`)
    expect(status).toBe(202)
    await world.advance(body.upgradeId)
    expect(await inFlight(body.upgradeId)).toBeGreaterThan(2)
    expect(await sound(world)).toEqual([])
  })

  it.each([
    [{}, 'together'],
    [{ atOnce: 0 }, 'together.atOnce'],
    [{ perHour: 1.5 }, 'together.perHour'],
  ])('of %j is refused with its place', async (together, field) => {
    const { status, body } = await define(openWorld(), together)
    expect([status, body.errors[0].field]).toEqual([400, field])
  })
})
