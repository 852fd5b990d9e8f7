import { describe, expect, it } from 'vitest'
import { approver, type Caller, canary, deployed, openWorld, report, viewer, type World } from './world.ts'

const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const saturday = { start: '2026-01-10T22:00:00.000Z', end: '2026-01-11T02:00:00.000Z' }
const admin: Caller = { user: 'admin-1', roles: ['admin'] }

const statusOf = async (world: World, id: string) =>
  (await world.call('GET', `/api/upgrades/${id}/status`)).body

async function approve(world: World, id: string, as: Caller = approver) {
  const { planHash } = (await world.call('GET', `/api/upgrades/${id}`)).body
  return world.call('POST', `/api/upgrades/${id}/approve`, { as, body: { planHash } })
}

const inbox = async (world: World, as: Caller = approver) =>
  (await world.call('GET', '/api/v1/approvals', { as })).body.approvals

/** One target begins what it is offered: from then on there is something to take back. */
async function beginOne(world: World): Promise<void> {
  for (const target of ['cust_0001', 'cust_0002', 'cust_0003', 'cust_0004']) {
    const as = { lambda: { kind: 'agent', target, tokenHash: '' } }
    const offer = await world.call('GET', '/api/v1/updates/check', { as })
    if (!offer.body.updateAvailable) continue
    const body = { version: 'v1.2.0', status: 'in-progress', timestamp: '2026-01-05T10:00:00Z' }
    await world.call('POST', '/api/v1/updates/status', { as, body })
    return
  }
}

describe('an approver who has second thoughts (D4)', () => {
  it('rejects what is approved and has not begun, paused or not', async () => {
    for (const pause of [false, true]) {
      const world = openWorld()
      await world.fleet(2)
      const id = await deployed(world, { ...all, window: saturday, approvals: { required: 1 } })
      await approve(world, id)
      if (pause) await world.call('POST', `/api/upgrades/${id}/pause`)
      const body = { reason: 'on a Saturday?' }
      const rejected = await world.call('POST', `/api/upgrades/${id}/reject`, { as: approver, body })
      expect([rejected.status, rejected.body.status]).toEqual([200, 'rejected'])
    }
  })

  it('pauses, takes back and aborts what runs, and does not say that it goes on', async () => {
    const world = openWorld()
    await world.fleet(4)
    const id = await deployed(world, { ...all, parallel: 2, approvals: { required: 1 } })
    await approve(world, id)
    await world.advance(id)
    const refused = await world.call('POST', `/api/upgrades/${id}/reject`, {
      as: approver,
      body: { reason: 'no' },
    })
    expect([refused.status, refused.body.code]).toEqual([409, 'nothing-to-approve'])
    const as = approver
    await beginOne(world)
    expect((await world.call('POST', `/api/upgrades/${id}/pause`, { as })).status).toBe(200)
    expect((await world.call('POST', `/api/upgrades/${id}/resume`, { as })).status).toBe(403)
    expect((await world.call('POST', `/api/upgrades/${id}/rollback`, { as })).status).toBe(202)
    expect((await world.call('POST', `/api/upgrades/${id}/abort`, { as })).status).toBe(202)
    expect((await statusOf(world, id)).status).toBe('aborting')
  })
})

describe('the inbox (D4)', () => {
  it('asks to approve what waits for approval, paused too, and to continue what waits for that', async () => {
    const world = openWorld()
    await world.fleet(20)
    const ids = (from: number) =>
      Array.from({ length: 10 }, (_, at) => `cust_${String(from + at).padStart(4, '0')}`)
    const plan = await deployed(world, { ...all, targets: { ids: ids(1) }, approvals: { required: 1 } })
    const wave = await deployed(world, { ...canary, targets: { ids: ids(11) } })
    await report(world)
    await world.advance(wave)
    const asked = async () => {
      const found = await inbox(world)
      return found.map(({ upgradeId, waitsFor }: Record<string, string>) => [upgradeId, waitsFor])
    }
    const both = expect.arrayContaining([
      [plan, 'approve'],
      [wave, 'continue'],
    ])
    expect(await asked()).toEqual(both)
    for (const id of [plan, wave]) await world.call('POST', `/api/upgrades/${id}/pause`)
    expect(await asked()).toEqual(both)
    await world.call('POST', `/api/upgrades/${wave}/continue`)
    expect(await asked()).toEqual([[plan, 'approve']])
    await approve(world, plan)
    expect(await asked()).toEqual([])
  })

  it('says who may, and whether the caller is one of them', async () => {
    const world = openWorld()
    await world.fleet(20)
    const approvals = { required: 2, approvers: ['approver-1', 'admin-1', 'operator-1'] }
    const plan = await deployed(world, {
      ...all,
      window: saturday,
      approvals,
      targets: { ids: ['cust_0001'] },
    })
    const may = { roles: ['approver', 'admin'], approvers: approvals.approvers, except: ['operator-1'] }
    expect(await inbox(world)).toMatchObject([
      { upgradeId: plan, window: saturday, needed: 2, given: 0, may, youMay: true, yours: false },
    ])
    expect(await inbox(world, { user: 'operator-1', roles: ['admin'] })).toMatchObject([
      { youMay: false, yours: true },
    ])
    expect(await inbox(world, { user: 'approver-9', roles: ['approver'] })).toMatchObject([{ youMay: false }])
    expect(await inbox(world, { user: 'admin-1', roles: ['viewer'] })).toMatchObject([{ youMay: false }])
    await approve(world, plan)
    expect(await inbox(world)).toMatchObject([
      { given: 1, may: { except: ['operator-1', 'approver-1'] }, youMay: false },
    ])
    expect(await inbox(world, admin)).toMatchObject([{ youMay: true }])
    await approve(world, plan, admin)

    const body = {
      ...canary,
      canaryPercent: 50,
      continueRequiresSecondPerson: true,
      targets: { ids: ['cust_0002', 'cust_0003'] },
    }
    const wave = await deployed(world, body)
    await report(world)
    await world.advance(wave)
    expect(await inbox(world)).toMatchObject([
      {
        upgradeId: wave,
        waitsFor: 'continue',
        may: { roles: ['operator', 'approver', 'admin'], approvers: null, except: ['operator-1'] },
        youMay: true,
      },
    ])
    expect(await inbox(world, { user: 'operator-1', roles: ['operator'] })).toMatchObject([{ youMay: false }])
    expect(await inbox(world, viewer)).toMatchObject([{ youMay: false }])
  })
})
