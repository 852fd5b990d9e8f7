import { beforeEach, describe, expect, test } from 'vitest'
import { upgradeOfWindow } from '../../functions/reactor/profiles/open-window.ts'
import { approver, type Caller, digest } from '../api/world.ts'
import { nextSunday, openProfileWorld, sunday, weekly } from './profile-world.ts'

const approved = { ...weekly, approvals: { required: 1 } }
const saturday = '2026-01-10T02:00:00.000Z'

let world: Awaited<ReturnType<typeof openProfileWorld>>
beforeEach(async () => {
  world = await openProfileWorld()
})

/** Has the coming Sunday planned; returns the upgrade. */
async function planned(id: string): Promise<string> {
  world.at(saturday)
  await world.fire(id, sunday, true)
  const [first] = (await world.profile(id)).planned?.upgrades ?? []
  if (!first) throw new Error('Nothing is planned.')
  await world.world.advance(first.upgrade)
  return first.upgrade
}

async function approve(upgrade: string): Promise<void> {
  const { plan } = await world.upgrade(upgrade)
  const body = { planHash: plan?.planHash }
  const reply = await world.world.call('POST', `/api/upgrades/${upgrade}/approve`, { as: approver, body })
  expect(reply.status).toBe(200)
}

describe('a profile that wants approvals', () => {
  test('has two schedules: those of its planning, and of the opening once that is done', async () => {
    const id = await world.created(approved)
    expect(world.schedules()).toEqual([
      { at: saturday, plan: true },
      { at: '2026-01-17T02:00:00.000Z', plan: true },
    ])
    await planned(id)
    expect(world.schedules()).toEqual([
      { at: sunday, plan: false },
      { at: '2026-01-17T02:00:00.000Z', plan: true },
    ])
  })

  test('has its plan made a day ahead, where its approvals say nothing else', async () => {
    const id = await world.created(approved)
    world.at('2026-01-10T01:59:59.000Z')
    await world.fire(id, sunday, true)
    expect((await world.profile(id)).planned).toBeNull()
    const upgrade = await planned(id)
    expect(await world.upgrade(upgrade)).toMatchObject({
      status: 'pending_approval',
      window: { start: sunday, end: '2026-01-11T06:00:00.000Z' },
      plan: { members: 3 },
      requestedBy: 'operator-1',
    })
  })

  test('is planned once, however often that fires', async () => {
    const id = await world.created(approved)
    const upgrade = await planned(id)
    await world.fire(id, sunday, true)
    expect((await world.profile(id)).planned?.upgrades).toEqual([{ upgrade, component: 'api' }])
  })

  test('is planned at once when it is created inside its lead time, or when that firing was lost', async () => {
    world.at('2026-01-10T20:00:00.000Z')
    const id = await world.created(approved)
    expect((await world.profile(id)).planned?.scheduledAt).toBe(sunday)
    expect(world.schedules()[0]).toEqual({ at: sunday, plan: false })
  })

  test('what was planned and approved runs in the window, and nothing else: no new target, no newer release', async () => {
    const id = await world.created(approved)
    const upgrade = await planned(id)
    await approve(upgrade)
    const targets = [{ id: 'cust_9999', components: { api: 'v1.1.0' } }]
    await world.world.call('POST', '/api/v1/targets', { body: { targets } })
    await world.world.call('POST', '/api/v1/releases', {
      body: { component: 'api', version: 'v1.3.0', digest },
    })
    world.at(sunday)
    await world.fire(id, sunday)
    expect((await world.profile(id)).running).toMatchObject({ upgrade, scheduledAt: sunday })
    await world.finish(upgrade)
    const { summaries, planned: rest } = await world.profile(id)
    expect(rest).toBeNull()
    expect(summaries).toEqual([
      expect.objectContaining({
        upgrade,
        version: 'v1.2.0',
        startedAt: sunday,
        counts: expect.objectContaining({ targeted: 3, succeeded: 3 }),
      }),
    ])
  })

  test('nothing begins before the profile has opened the window, approved or not', async () => {
    const id = await world.created(approved)
    const upgrade = await planned(id)
    await approve(upgrade)
    world.at('2026-01-11T03:00:00.000Z')
    expect(await world.world.advance(upgrade)).toBe('window')
    expect(await world.upgrade(upgrade)).toMatchObject({
      status: 'scheduled',
      wave: -1,
      holds: [expect.objectContaining({ code: 'WINDOW_CLOSED' })],
    })
    await world.fire(id, sunday)
    await world.finish(upgrade)
    expect((await world.profile(id)).summaries).toEqual([expect.objectContaining({ status: 'completed' })])
  })

  test('an approval that comes while the window is open starts it', async () => {
    const id = await world.created(approved)
    const upgrade = await planned(id)
    world.at(sunday)
    await world.fire(id, sunday)
    expect(await world.world.advance(upgrade)).toBe('approval')
    world.at('2026-01-11T05:00:00.000Z')
    await approve(upgrade)
    await world.finish(upgrade)
    expect((await world.profile(id)).summaries).toEqual([expect.objectContaining({ status: 'completed' })])
  })

  test('an approval that never comes lets it expire with its window', async () => {
    const id = await world.created(approved)
    const upgrade = await planned(id)
    world.at(sunday)
    await world.fire(id, sunday)
    world.at('2026-01-11T06:00:00.000Z')
    expect(await world.world.advance(upgrade)).toBe('approval')
    expect(await world.world.advance(upgrade)).toBe('ended')
    await world.world.settle()
    const { running, summaries } = await world.profile(id)
    expect(running).toBeNull()
    expect(summaries).toEqual([expect.objectContaining({ upgrade, status: 'expired' })])
  })

  test('one that was rejected does not run: the window opens, and its execution is over', async () => {
    const id = await world.created(approved)
    const upgrade = await planned(id)
    const body = { reason: 'not now' }
    await world.world.call('POST', `/api/upgrades/${upgrade}/reject`, { as: approver, body })
    world.at(sunday)
    await world.fire(id, sunday)
    const { running, summaries } = await world.profile(id)
    expect(running).toBeNull()
    expect(summaries).toEqual([expect.objectContaining({ upgrade, status: 'rejected' })])
  })

  test('what was not planned in time is planned when the window opens, and waits for its approval', async () => {
    const id = await world.created(approved)
    world.at(sunday)
    await world.fire(id, sunday)
    const upgrade = upgradeOfWindow(id, sunday)
    expect(await world.world.advance(upgrade)).toBe('approval')
    await approve(upgrade)
    await world.finish(upgrade)
    expect((await world.profile(id)).summaries).toEqual([expect.objectContaining({ status: 'completed' })])
  })

  test('an unfinished upgrade is carried on: nothing is planned beside it', async () => {
    const id = await world.created({
      ...approved,
      upgrade_settings: { ...weekly.upgrade_settings, parallel_upgrades: 1 },
    })
    const upgrade = await planned(id)
    await approve(upgrade)
    world.at(sunday)
    await world.fire(id, sunday)
    await world.world.advance(upgrade)
    world.at('2026-01-17T02:00:00.000Z')
    await world.fire(id, nextSunday, true)
    expect((await world.profile(id)).planned).toBeNull()
    world.at(nextSunday)
    await world.fire(id, nextSunday)
    expect((await world.profile(id)).windows.at(-1)).toMatchObject({
      result: 'opened',
      resumed: true,
      upgrade,
    })
  })
})

describe('whoever has edited a profile', () => {
  const ofTwo = (user: string): Caller => ({ user, roles: ['operator', 'approver'] })
  const edit = async (id: string, user: string, description: string) => {
    const path = `/api/v1/upgrade-profiles/${id}`
    const reply = await world.world.call('PUT', path, { as: ofTwo(user), body: { description } })
    expect(reply.status).toBe(200)
  }
  const tried = async (upgrade: string, user: string) => {
    const { plan } = await world.upgrade(upgrade)
    const request = { as: ofTwo(user), body: { planHash: plan?.planHash } }
    const { status, body } = await world.world.call('POST', `/api/upgrades/${upgrade}/approve`, request)
    return [status, body.code]
  }

  test('does not approve what it runs, though somebody else has mended a word since', async () => {
    const id = await world.created(approved)
    await edit(id, 'amy', 'all of them')
    await edit(id, 'ben', 'All of them.')
    const upgrade = await planned(id)
    for (const user of ['operator-1', 'amy', 'ben'])
      expect(await tried(upgrade, user), user).toEqual([403, 'self-approval'])
    expect((await tried(upgrade, 'cid'))[0]).toBe(200)
  })

  test('does again once what they had edited was approved by others, and has run', async () => {
    const id = await world.created(approved)
    await edit(id, 'amy', 'all of them')
    const first = await planned(id)
    await approve(first)
    world.at(sunday)
    await world.fire(id, sunday)
    await edit(id, 'ben', 'All of them.')
    await world.finish(first)
    await world.world.fleet(0, 'v1.3.0')
    world.at('2026-01-17T02:00:00.000Z')
    await world.fire(id, nextSunday, true)
    const [next] = (await world.profile(id)).planned?.upgrades ?? []
    await world.world.advance(next?.upgrade ?? '')
    expect(await tried(next?.upgrade ?? '', 'ben')).toEqual([403, 'self-approval'])
    expect((await tried(next?.upgrade ?? '', 'amy'))[0]).toBe(200)
  })

  test('is refused an edit that would leave nobody who may approve', async () => {
    const named = { ...approved, approvals: { required: 1, approvers: ['amy', 'ben'] } }
    const id = await world.created(named)
    await edit(id, 'amy', 'all of them')
    const path = `/api/v1/upgrade-profiles/${id}`
    const body = { description: 'All of them.' }
    const reply = await world.world.call('PUT', path, { as: ofTwo('ben'), body })
    expect([reply.status, reply.body.code]).toEqual([400, 'validation-failed'])
    expect((await world.profile(id)).definition?.description).toBe('all of them')
  })
})

describe('what was planned is void', () => {
  const ended = async (upgrade: string) => {
    expect(await world.world.advance(upgrade)).toBe('ended')
    expect((await world.upgrade(upgrade)).status).toBe('aborted')
  }

  test('when the profile is edited: it is planned again, and has to be approved again', async () => {
    const id = await world.created(approved)
    const upgrade = await planned(id)
    await approve(upgrade)
    await world.updated(id, { upgrade_settings: { parallel_upgrades: 1 } })
    await ended(upgrade)
    const [again] = (await world.profile(id)).planned?.upgrades ?? []
    expect(again?.upgrade).not.toBe(upgrade)
    expect(await world.world.advance(again?.upgrade ?? '')).toBe('approval')
    expect((await world.upgrade(again?.upgrade ?? '')).request?.parallel).toBe(1)
    world.at(sunday)
    await world.fire(id, sunday)
    expect((await world.profile(id)).running?.upgrade).toBe(again?.upgrade)
  })

  test('when the profile is deactivated', async () => {
    const id = await world.created(approved)
    const upgrade = await planned(id)
    await world.updated(id, { status: 'inactive' })
    await ended(upgrade)
    expect((await world.profile(id)).planned).toBeNull()
    expect(world.schedules()).toEqual([])
  })

  test('when the profile is deleted, which counts it', async () => {
    const id = await world.created(approved)
    const upgrade = await planned(id)
    const reply = await world.world.call('DELETE', `/api/v1/upgrade-profiles/${id}`)
    expect(reply.body.pending_executions_cancelled).toBe(1)
    await world.world.settle()
    await ended(upgrade)
  })

  test('when its window is skipped, though it was approved', async () => {
    const id = await world.created(approved)
    const upgrade = await planned(id)
    await approve(upgrade)
    await world.world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } })
    world.at(sunday)
    await world.fire(id, sunday)
    expect((await world.profile(id)).windows.at(-1)).toMatchObject({ result: 'frozen' })
    await world.world.call('DELETE', '/api/v1/stop/stop-1', { query: { reason: 'over' } })
    await ended(upgrade)
    expect((await world.upgrade(upgrade)).counts.inFlight).toBe(0)
    expect((await world.profile(id)).summaries).toEqual([])
  })

  test('not by a start out of turn, which the window then waits for', async () => {
    const id = await world.created(approved)
    const upgrade = await planned(id)
    const body = { reason: 'CVE-2026-1' }
    await world.world.call('POST', `/api/v1/upgrade-profiles/${id}/executions`, { body })
    await world.world.settle()
    expect((await world.profile(id)).planned?.upgrades[0]?.upgrade).toBe(upgrade)
    world.at(sunday)
    await world.fire(id, sunday)
    expect((await world.profile(id)).windows.at(-1)).toMatchObject({ result: 'running' })
    await ended(upgrade)
  })
})

test('every component is planned ahead, and one follows the other in the window', async () => {
  const types = ['publisher', 'local_broker']
  for (const component of types)
    await world.world.call('POST', '/api/v1/releases', { body: { component, version: '4.2.1', digest } })
  const targets = types.map((type) => ({ id: `${type}-1`, type, components: { [type]: '4.1.0' } }))
  await world.world.call('POST', '/api/v1/targets', { body: { targets } })
  const id = await world.created({
    ...approved,
    upgrade_settings: { ...weekly.upgrade_settings, component: null },
    resource_filters: { resource_types: types },
  })
  await planned(id)
  const upgrades = (await world.profile(id)).planned?.upgrades ?? []
  expect(upgrades.map(({ component }) => component)).toEqual(types)
  for (const { upgrade } of upgrades) {
    await world.world.advance(upgrade)
    await approve(upgrade)
  }
  world.at(sunday)
  await world.fire(id, sunday)
  const [first, second] = upgrades.map(({ upgrade }) => upgrade)
  expect(await world.world.advance(second ?? '')).toBe('window')
  await world.finish(first ?? '')
  expect((await world.profile(id)).running?.upgrade).toBe(second)
  await world.finish(second ?? '')
  expect((await world.profile(id)).summaries.map(({ status }) => status)).toEqual(['completed', 'completed'])
})
