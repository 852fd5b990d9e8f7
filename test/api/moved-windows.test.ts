import { describe, expect, it } from 'vitest'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { type Caller, canary, deployed, openWorld, report, type World } from './world.ts'

const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const saturday = { start: '2026-01-10T22:00:00.000Z', end: '2026-01-11T02:00:00.000Z' }
const now = { start: '2026-01-05T10:00:00.000Z', end: '2026-01-05T14:00:00.000Z' }

const person = (user: string, roles: readonly string[] = ['approver']): Caller => ({ user, roles })

/** Deploys what wants one approval for Saturday night. */
async function asked(world: World, body: object = all, approvals: object = { required: 1 }): Promise<string> {
  return deployed(world, { ...body, window: saturday, approvals })
}

async function planHash(world: World, id: string): Promise<string> {
  return (await world.call('GET', `/api/upgrades/${id}`)).body.planHash
}

async function approve(world: World, id: string, user: string, window?: object | null) {
  const body = { planHash: await planHash(world, id), ...(window !== undefined && { window }) }
  const reply = await world.call('POST', `/api/upgrades/${id}/approve`, { as: person(user), body })
  await world.advance(id)
  return reply
}

async function move(
  world: World,
  id: string,
  window: object,
  as: Caller = person('operator-2', ['operator']),
) {
  const reply = await world.call('POST', `/api/upgrades/${id}/resume`, { as, body: { window } })
  await world.advance(id)
  return reply
}

const statusOf = async (world: World, id: string) =>
  (await world.call('GET', `/api/upgrades/${id}/status`)).body

const codes = ({ holds }: { holds: { code: string }[] }) => holds.map(({ code }) => code)

describe('a window that was approved and is moved (D1)', () => {
  it('lets nobody begin before the other window is approved', async () => {
    const world = openWorld()
    await world.fleet(3)
    const id = await asked(world)
    await approve(world, id, 'approver-1')
    const moved = await move(world, id, now)
    expect([moved.status, moved.body]).toMatchObject([
      200,
      { status: 'pending_approval', message: 'Upgrade waits for approval in this window' },
    ])
    expect(await statusOf(world, id)).toMatchObject({ status: 'pending_approval', inProgress: 0 })
    expect(codes(await statusOf(world, id))).toEqual(['APPROVAL'])
    const read = (await world.call('GET', `/api/upgrades/${id}`)).body
    expect([read.window, read.approvals]).toEqual([now, []])

    expect((await approve(world, id, 'approver-1')).body.code).toBe('window-changed')
    expect((await approve(world, id, 'approver-1', saturday)).body.code).toBe('window-changed')
    expect((await approve(world, id, 'approver-1', now)).status).toBe(200)
    expect(await statusOf(world, id)).toMatchObject({ status: 'in_progress', inProgress: 3 })
  })

  it('is told in the story, with who moved it', async () => {
    const world = openWorld()
    await world.fleet(1)
    const id = await asked(world)
    await approve(world, id, 'approver-1')
    await move(world, id, now)
    const { events } = (await world.call('GET', `/api/upgrades/${id}/events`)).body
    const sentences = events.map(({ sentence }: { sentence: string }) => sentence)
    expect(sentences).toContain(
      'Approvals given before count no more: The window was moved: from 2026-01-05T10:00:00.000Z to 2026-01-05T14:00:00.000Z is not inside what was approved.',
    )
  })

  it('keeps its approvals while the other lies inside of it', async () => {
    const world = openWorld()
    await world.fleet(1)
    const id = await asked(world)
    await approve(world, id, 'approver-1')
    const narrow = { ...saturday, start: '2026-01-10T23:00:00.000Z' }
    expect((await move(world, id, narrow)).body.status).toBe('scheduled')
    // What was approved is all of Saturday night, also after it was narrowed.
    expect((await move(world, id, saturday)).body.status).toBe('scheduled')
    expect((await move(world, id, { ...saturday, end: '2026-01-11T02:00:01.000Z' })).body.status).toBe(
      'pending_approval',
    )
  })

  it('is approved by nobody who asked for it or moved it, and not moved by who has to approve it', async () => {
    const world = openWorld()
    await world.fleet(1)
    const id = await asked(world, all, { required: 1, approvers: ['approver-1', 'admin-1'] })
    await approve(world, id, 'approver-1')
    await move(world, id, now, person('admin-1', ['admin']))
    expect((await approve(world, id, 'admin-1', now)).body.code).toBe('self-approval')
    expect((await approve(world, id, 'operator-1', now)).body.code).toBe('self-approval')
    const other = await asked(world, all, { required: 2, approvers: ['approver-1', 'admin-1'] })
    const refused = await move(world, other, now, person('admin-1', ['admin']))
    expect([refused.status, refused.body.code]).toEqual([409, 'approvers-missing'])
    expect((await move(world, other, now)).status).toBe(200)
  })

  it('is approved as it is while nobody has approved yet: who names another is told', async () => {
    const world = openWorld()
    await world.fleet(1)
    const id = await asked(world)
    expect((await move(world, id, now)).body.status).toBe('pending_approval')
    expect((await approve(world, id, 'approver-1')).body.code).toBe('window-changed')
    expect((await approve(world, id, 'approver-1', now)).status).toBe(200)
  })

  it('stops a rollout between its waves, until it is approved again', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await asked(world, canary)
    await approve(world, id, 'approver-1')
    world.pass(5 * 86_400 + 12 * 3600)
    await world.advance(id)
    await report(world)
    await world.advance(id)
    const longer = { ...saturday, end: '2026-01-11T12:00:00.000Z' }
    expect((await move(world, id, longer)).body.status).toBe('in_progress')
    expect(codes(await statusOf(world, id)).sort()).toEqual(['APPROVAL', 'CONTINUE'])
    await world.call('POST', `/api/upgrades/${id}/continue`)
    await world.advance(id)
    expect(await statusOf(world, id)).toMatchObject({ wave: 1, inProgress: 0 })
    await approve(world, id, 'approver-2', longer)
    expect(await statusOf(world, id)).toMatchObject({ wave: 2, inProgress: 9 })
  })

  it('takes back what nobody has accepted, and hands it over again when it is approved', async () => {
    const world = openWorld()
    await world.fleet(4)
    const id = await deployed(world, { ...all, parallel: 2, window: now, approvals: { required: 1 } })
    await approve(world, id, 'approver-1')
    expect(await statusOf(world, id)).toMatchObject({ inProgress: 2 })
    const later = { ...now, end: '2026-01-05T20:00:00.000Z' }
    await move(world, id, later)
    await world.settle()
    expect(await statusOf(world, id)).toMatchObject({ status: 'in_progress', inProgress: 0, deferred: 2 })
    expect(await report(world)).toEqual([])
    await approve(world, id, 'approver-1', later)
    while ((await report(world)).length > 0) await world.advance(id)
    expect(await statusOf(world, id)).toMatchObject({ status: 'completed', completed: 4 })
  })

  it('is waited for as long as the first approval was: then it expires, or is paused where it has begun', async () => {
    const world = openWorld()
    await world.fleet(4)
    const approvals = { required: 1, expiresInSeconds: 3600 }
    const waiting = await deployed(world, {
      ...all,
      window: saturday,
      approvals,
      targets: { ids: ['cust_0001'] },
    })
    await approve(world, waiting, 'approver-1')
    world.pass(7200)
    const long = { start: '2026-01-05T12:00:00.000Z', end: '2026-01-06T12:00:00.000Z' }
    await move(world, waiting, long)
    world.pass(3600)
    await world.advance(waiting)
    expect((await statusOf(world, waiting)).status).toBe('expired')

    const begun = await deployed(world, { ...all, window: long, parallel: 1, approvals })
    await approve(world, begun, 'approver-1')
    await move(world, begun, { ...long, end: '2026-01-07T12:00:00.000Z' })
    world.pass(3600)
    await world.advance(begun)
    const paused = await statusOf(world, begun)
    expect([paused.status, codes(paused).sort()]).toEqual(['paused', ['APPROVAL', 'OPERATOR']])
    // Whoever resumes has not approved: it waits again, for as long.
    await world.call('POST', `/api/upgrades/${begun}/resume`)
    await world.advance(begun)
    expect(await statusOf(world, begun)).toMatchObject({ status: 'in_progress', inProgress: 0 })
  })

  it('waits for approval again also when a paused upgrade is resumed in it', async () => {
    const world = openWorld()
    await world.fleet(2)
    const id = await asked(world)
    await approve(world, id, 'approver-1')
    await world.call('POST', `/api/upgrades/${id}/pause`)
    expect((await move(world, id, now)).body.status).toBe('pending_approval')
    expect(await statusOf(world, id)).toMatchObject({ inProgress: 0 })
  })

  it('needs no approval where none was asked for', async () => {
    const world = openWorld()
    await world.fleet(2)
    const id = await deployed(world, { ...all, window: saturday })
    await move(world, id, now)
    expect(await statusOf(world, id)).toMatchObject({ status: 'in_progress', inProgress: 2 })
    expect((await world.log.load(upgradeAggregate, id)).state).toMatchObject({ approvals: [] })
  })
})
