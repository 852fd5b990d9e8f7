import { describe, expect, it } from 'vitest'
import { canary, deployed, digest, openWorld, report, type World } from './world.ts'

const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }

const explain = async (world: World, id: string, query: Record<string, string> = {}) =>
  (await world.call('GET', `/api/v1/targets/${id}/explain`, { query })).body

const statusOf = async (world: World, id: string) =>
  (await world.call('GET', `/api/upgrades/${id}/status`)).body

/** Returns a target of a wave, by a dry run of the same request before it was deployed. */
async function memberOf(world: World, wave: number): Promise<string> {
  const { body } = await world.call('POST', '/api/upgrades/plan', { body: canary })
  return body.members.find((member: { wave: number }) => member.wave === wave).targetId
}

async function newer(world: World): Promise<void> {
  await world.call('POST', '/api/v1/releases', { body: { component: 'api', version: 'v1.3.0', digest } })
}

describe('a target in a later wave', () => {
  it('is told which upgrade it waits for, without naming that', async () => {
    const world = openWorld()
    await world.fleet(10)
    const last = await memberOf(world, 2)
    expect(await explain(world, last)).toMatchObject({
      verdict: 'eligible',
      lookedThrough: { upgrades: 0, all: true },
    })
    const id = await deployed(world)
    expect(await explain(world, last)).toMatchObject({
      verdict: 'waiting',
      sentence: `It is pending in wave 2 of upgrade ${id}; wave 1 runs.`,
      reasons: [{ code: 'pending', ref: expect.stringMatching(`^upgrade#${id}@`) }],
      lookedThrough: { upgrades: 1, all: true },
    })
    await report(world)
    await world.advance(id)
    const held = await explain(world, last)
    expect(held.reasons).toMatchObject([{ code: 'CONTINUE' }])
    expect(held.sentence).toContain(`upgrade ${id}`)
  })

  it('is told of every upgrade that holds it, and of none that is through with it', async () => {
    const world = openWorld()
    await world.fleet(4)
    const first = await deployed(world, { ...canary, canaryPercent: 50 })
    const [done = ''] = await report(world)
    await newer(world)
    const pending = await deployed(world, { ...all, version: 'v1.3.0', approvals: { required: 1 } })
    const last = (await explain(world, done)).reasons
    expect(last).toMatchObject([{ code: 'APPROVAL', ref: expect.stringContaining(pending) }])
    const targets = await world.call('GET', '/api/v1/targets')
    const waits = targets.body.targets.find(
      ({ components }: { components: { api: string } }) => components.api === 'v1.1.0',
    ).id
    const refs = (await explain(world, waits)).reasons.map(({ ref }: { ref: string }) => ref.split('@')[0])
    expect(refs.sort()).toEqual([`upgrade#${first}`, `upgrade#${pending}`].sort())
  })

  it('was told the same at an instant of the past', async () => {
    const world = openWorld()
    await world.fleet(10)
    const last = await memberOf(world, 2)
    const id = await deployed(world)
    const at = '2026-01-05T10:00:30Z'
    world.pass(60)
    await report(world)
    await world.advance(id)
    expect(await explain(world, last, { at })).toMatchObject({
      verdict: 'waiting',
      sentence: `It is pending in wave 2 of upgrade ${id}; wave 1 runs.`,
    })
  })

  it('is looked for in 50 upgrades at most, and the answer says so', async () => {
    const world = openWorld()
    await world.fleet(2)
    const one = { ...all, approvals: { required: 1 }, targets: { ids: ['cust_0001'] } }
    for (let count = 0; count < 51; count++) await world.call('POST', '/api/upgrades/deploy', { body: one })
    const { lookedThrough, reasons } = await explain(world, 'cust_0001')
    expect(lookedThrough).toEqual({ upgrades: 50, all: false })
    expect(reasons).toHaveLength(50)
    expect((await explain(world, 'cust_0001', { upgradeId: 'none' })).code).toBe('upgrade-not-found')
    const [{ ref }] = reasons
    const upgradeId = ref.slice('upgrade#'.length, ref.indexOf('@'))
    expect((await explain(world, 'cust_0001', { upgradeId })).lookedThrough).toBeNull()
  })
})

describe('a member whose target is busy', () => {
  async function twoUpgrades() {
    const world = openWorld()
    await world.fleet(3)
    await newer(world)
    const both = { ids: ['cust_0001', 'cust_0002'] }
    const first = await deployed(world, { ...all, targets: both, approvals: { required: 1 } })
    const second = await deployed(world, { ...all, version: 'v1.3.0' })
    const { planHash } = (await world.call('GET', `/api/upgrades/${first}`)).body
    const as = { user: 'approver-1', roles: ['approver'] }
    await world.call('POST', `/api/upgrades/${first}/approve`, { as, body: { planHash } })
    await world.advance(first)
    return { world, first, second }
  }

  it('is held by BUSY, with the other upgrade and the instant of the next try', async () => {
    const { world, first, second } = await twoUpgrades()
    const status = await statusOf(world, first)
    expect(status).toMatchObject({ status: 'in_progress', inProgress: 0, deferred: 2 })
    expect(status.holds).toEqual([
      {
        code: 'BUSY',
        since: '2026-01-05T10:00:00.000Z',
        until: '2026-01-05T10:05:00.000Z',
        lapses: null,
        ref: second,
        unblock: 'The attempt of the other upgrade on its targets ends.',
      },
    ])
    const listed = await world.call('GET', '/api/upgrades')
    const row = listed.body.upgrades.find(({ id }: { id: string }) => id === first)
    expect(row.holds).toEqual(status.holds)
  })

  it('is explained by both', async () => {
    const { world, first, second } = await twoUpgrades()
    const reason = {
      code: 'BUSY',
      detail: `It is deferred in wave 1 of upgrade ${first}: an attempt of upgrade ${second} was under way on it. It is tried again from 2026-01-05T10:05:00.000Z.`,
    }
    const asked = await explain(world, 'cust_0001', { upgradeId: first })
    expect(asked.reasons).toMatchObject([{ code: 'offered' }, reason])
    expect((await explain(world, 'cust_0001')).reasons).toMatchObject([{ code: 'offered' }, reason])
  })

  it('is held no longer once it is tried again and not busy any more', async () => {
    const { world, first } = await twoUpgrades()
    await report(world, () => 'failed')
    world.pass(300)
    await world.advance(first)
    const status = await statusOf(world, first)
    expect(status).toMatchObject({ inProgress: 2, deferred: 0, holds: [] })
    await report(world)
    await world.advance(first)
    expect((await statusOf(world, first)).status).toBe('completed')
  })

  it('is held on when it is still busy, and no longer once it is left out', async () => {
    const { world, first, second } = await twoUpgrades()
    world.pass(300)
    await world.advance(first)
    const [hold] = (await statusOf(world, first)).holds
    expect(hold).toMatchObject({ code: 'BUSY', until: '2026-01-05T10:10:00.000Z', ref: second })
    for (const target of ['cust_0001', 'cust_0002'])
      await world.call('POST', `/api/upgrades/${first}/targets/${target}/skip`)
    await world.advance(first)
    expect(await statusOf(world, first)).toMatchObject({ status: 'completed_with_exceptions', holds: [] })
  })
})
