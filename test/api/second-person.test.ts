import { describe, expect, it } from 'vitest'
import { examples } from './profile-examples.ts'
import { approver, canary, deployed, openWorld, report, type World } from './world.ts'

const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const batch = { component: 'api', version: 'v1.2.0', strategy: 'batch', batchSize: 2 }
const second = { continueRequiresSecondPerson: true }

const deploy = (world: World, body: object) => world.call('POST', '/api/upgrades/deploy', { body })
const fieldsOf = ({ body }: { body: { errors?: { field: string }[] } }) =>
  (body.errors ?? []).map(({ field }) => field)

describe('a second person who has to continue (D2)', () => {
  it.each([
    ['a canary that continues by itself', { ...canary, ...second, autoContinue: true }],
    ['all at once', { ...all, ...second }],
    ['a canary of everybody', { ...canary, ...second, canaryPercent: 100 }],
    ['batches that follow one another by themselves', { ...batch, ...second }],
    ['batches that are told to', { ...batch, ...second, autoContinue: true }],
  ])('is refused where nobody would ever be asked: %s', async (_, body) => {
    const world = openWorld()
    await world.fleet(6)
    for (const path of ['deploy', 'plan']) {
      const refused = await world.call('POST', `/api/upgrades/${path}`, { body })
      expect([refused.status, fieldsOf(refused)]).toEqual([400, ['continueRequiresSecondPerson']])
    }
  })

  it('is refused with autoContinue false where there is nothing to continue with', async () => {
    const world = openWorld()
    await world.fleet(6)
    for (const body of [all, { ...canary, canaryPercent: 100 }])
      expect(fieldsOf(await deploy(world, { ...body, autoContinue: false }))).toEqual(['autoContinue'])
  })

  it('is refused where the plan has one wave after all', async () => {
    const world = openWorld()
    await world.fleet(6)
    const one = { ...canary, ...second, targets: { ids: ['cust_0001'] } }
    for (const body of [one, { ...batch, ...second, batchSize: 10, autoContinue: false }]) {
      const refused = await deploy(world, body)
      expect([refused.status, refused.body.code, fieldsOf(refused)]).toEqual([
        422,
        'no-second-wave',
        ['continueRequiresSecondPerson'],
      ])
    }
    const waitsForNobody = { ...one, continueRequiresSecondPerson: false }
    expect((await deploy(world, waitsForNobody)).status).toBe(202)
  })

  it('is waited for after each batch where they do not follow by themselves', async () => {
    const world = openWorld()
    await world.fleet(6)
    const id = await deployed(world, { ...batch, ...second, autoContinue: false })
    for (const done of [2, 4]) {
      await report(world)
      await world.advance(id)
      const status = await world.call('GET', `/api/upgrades/${id}/status`)
      expect(status.body).toMatchObject({ completed: done, inProgress: 0, holds: [{ code: 'CONTINUE' }] })
      const own = await world.call('POST', `/api/upgrades/${id}/continue`)
      expect([own.status, own.body.code]).toEqual([403, 'self-approval'])
      expect((await world.call('POST', `/api/upgrades/${id}/continue`, { as: approver })).status).toBe(200)
      await world.advance(id)
    }
    await report(world)
    await world.advance(id)
    expect((await world.call('GET', `/api/upgrades/${id}/status`)).body).toMatchObject({
      status: 'completed',
      completed: 6,
    })
  })

  it('is not asked for by what takes such an upgrade back', async () => {
    const world = openWorld()
    await world.fleet(6)
    const id = await deployed(world, { ...batch, ...second, autoContinue: false })
    await report(world)
    await world.call('POST', `/api/upgrades/${id}/abort`)
    await world.advance(id)
    const back = await world.call('POST', `/api/upgrades/${id}/rollback`)
    expect(back.status).toBe(202)
    await world.advance(back.body.upgradeId)
    expect((await world.call('GET', `/api/upgrades/${back.body.upgradeId}/status`)).body).toMatchObject({
      total: 2,
      inProgress: 2,
    })
  })
})

describe('approvals that nobody could give (D3)', () => {
  it.each([
    ['the requester alone may', { required: 1, approvers: ['operator-1'] }],
    ['one of two is the requester', { required: 2, approvers: ['operator-1', 'approver-1'] }],
    ['one name stands there twice', { required: 2, approvers: ['approver-1', 'approver-1'] }],
    ['the requester is named where a large first wave could need one', { approvers: ['operator-1'] }],
  ])('are refused with their field: %s', async (_, approvals) => {
    const world = openWorld()
    await world.fleet(2)
    for (const path of ['deploy', 'plan']) {
      const refused = await world.call('POST', `/api/upgrades/${path}`, { body: { ...all, approvals } })
      expect([refused.status, refused.body.code, fieldsOf(refused)]).toEqual([
        400,
        'validation-failed',
        ['approvals.approvers'],
      ])
    }
  })

  it('are accepted where enough others are named', async () => {
    const world = openWorld()
    await world.fleet(2)
    const approvals = { required: 1, approvers: ['operator-1', 'approver-1'] }
    expect((await deploy(world, { ...all, approvals })).status).toBe(202)
  })

  it('are refused to who creates a profile, edits it last, or starts it out of turn', async () => {
    const world = openWorld()
    const approvals = { required: 1, approvers: ['operator-1'] }
    const create = (given: object) =>
      world.call('POST', '/api/v1/upgrade-profiles', { body: { ...examples.weekly, approvals: given } })
    expect(fieldsOf(await create(approvals))).toEqual(['approvals.approvers'])
    const { body } = await create({ required: 1, approvers: ['operator-2'] })
    const path = `/api/v1/upgrade-profiles/${body.id}`
    const other = { user: 'operator-2', roles: ['operator'] }
    // Whoever edits anything of it asks for its upgrades from then on.
    const edited = await world.call('PUT', path, { as: other, body: { description: 'mine' } })
    expect([edited.status, fieldsOf(edited)]).toEqual([400, ['approvals.approvers']])
    expect((await world.call('PUT', path, { as: other, body: { status: 'inactive' } })).status).toBe(200)
    await world.call('PUT', path, { body: { status: 'active' } })
    const started = await world.call('POST', `${path}/executions`, { as: other, body: { reason: 'CVE' } })
    expect([started.status, started.body.code]).toEqual([409, 'approvers-missing'])
  })
})
