import { describe, expect, test } from 'vitest'
import { approved, platform, started, statusOf, twoPhases } from './rollout-world.ts'
import { approver, type Caller, deployed, openWorld, report, type World } from './world.ts'

const inbox = async (world: World, as: Caller = approver, query: Record<string, string> = {}) =>
  (await world.call('GET', '/api/v1/approvals', { as, query })).body

describe('the inbox of approvals', () => {
  test('lists a rollout that waits, with what an approver needs, and none of its phases', async () => {
    const world = await platform()
    const approvals = { required: 1, approvers: ['approver-1', 'ada'] }
    const id = await started(world, { ...twoPhases, approvals })
    const { planHash } = await statusOf(world, id)
    expect((await inbox(world)).approvals).toEqual([
      expect.objectContaining({
        ...{ kind: 'rollout', rolloutId: id, upgradeId: null, name: 'Platform 2.0', waitsFor: 'approve' },
        ...{ planHash, total: 6, needed: 1, given: 0, reason: null, youMay: true, yours: false },
        may: {
          roles: expect.arrayContaining(['approver']),
          approvers: ['approver-1', 'ada'],
          except: ['operator-1'],
        },
        lapses: '2026-01-12T10:00:00.000Z',
      }),
    ])
    expect((await inbox(world, { user: 'operator-1', roles: ['approver'] })).approvals).toMatchObject([
      { youMay: false, yours: true },
    ])
    expect((await inbox(world, { user: 'eve', roles: ['approver'] })).approvals[0].youMay).toBe(false)
    await world.call('POST', `/api/v1/rollouts/${id}/pause`)
    expect((await inbox(world)).approvals, 'paused or not').toHaveLength(1)
    await world.call('POST', `/api/v1/rollouts/${id}/resume`)
    await approved(world, id)
    expect((await inbox(world)).approvals).toEqual([])
  })

  test('lists one that waits to be continued after a phase, with that phase, until somebody does', async () => {
    const world = await platform()
    const phases = twoPhases.phases.map((phase) => ({ ...phase, failureThreshold: { percent: 100 } }))
    const id = await started(world, { ...twoPhases, phases })
    await report(world, () => 'failed')
    await world.advanceRollout(id)
    expect((await inbox(world)).approvals).toEqual([
      expect.objectContaining({
        ...{ kind: 'rollout', rolloutId: id, waitsFor: 'continue', phases: ['databases'], lapses: null },
        ...{ needed: 0, given: 0, youMay: true, yours: false },
      }),
    ])
    expect((await inbox(world, { user: 'eve', roles: ['viewer'] })).approvals[0].youMay).toBe(false)
    const body = { phase: 'databases', reason: 'the workers matter more' }
    await world.call('POST', `/api/v1/rollouts/${id}/continue`, { body })
    await world.settle()
    expect((await inbox(world)).approvals).toEqual([])
  })

  test('none that has ended without its approvals', async () => {
    const world = await platform()
    const id = await started(world, { ...twoPhases, approvals: { required: 1 } })
    await world.call('POST', `/api/v1/rollouts/${id}/abort`)
    await world.advanceRollout(id)
    expect((await inbox(world)).approvals).toEqual([])
  })

  test('says of which kind each is, and pages through all of them once', async () => {
    const world = await platform()
    const one = { component: 'db', version: 'v2.0.0', strategy: 'all', approvals: { required: 1 } }
    const found: unknown[] = []
    const rollouts = [
      await started(world, { ...twoPhases, approvals: { required: 1 } }),
      await started(world, { ...twoPhases, approvals: { required: 1 } }),
    ]
    const upgrades = [await deployed(world, one), await deployed(world, one)]
    let query: Record<string, string> = { limit: '1' }
    for (;;) {
      const { approvals, nextCursor } = await inbox(world, approver, query)
      for (const { kind, rolloutId, upgradeId } of approvals) found.push([kind, rolloutId ?? upgradeId])
      if (nextCursor === null) break
      query = { limit: '1', cursor: nextCursor }
    }
    expect(found).toHaveLength(4)
    expect(found).toEqual(
      expect.arrayContaining([
        ...rollouts.map((id) => ['rollout', id]),
        ...upgrades.map((id) => ['upgrade', id]),
      ]),
    )
    for (const cursor of ['rodd', 'x', 'xyz']) {
      const odd = await world.call('GET', '/api/v1/approvals', { query: { cursor } })
      expect([odd.status, odd.body.code]).toEqual([400, 'validation-failed'])
    }
  })

  test('says why a rollout needs an approval that nobody asked for', async () => {
    const world = openWorld()
    await world.fleet(120)
    const phases = [{ name: 'customers', component: 'api', version: 'v1.2.0', strategy: 'all' }]
    const { body } = await world.call('POST', '/api/v1/rollouts', { body: { name: 'Large', phases } })
    await world.settle()
    const reason =
      'The first wave of "customers" takes so much of the fleet that a second person has to approve it.'
    expect(body.approvals).toEqual({ required: 1, reason })
    expect((await inbox(world)).approvals).toMatchObject([{ kind: 'rollout', needed: 1, reason }])
  })
})
