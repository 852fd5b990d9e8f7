import { describe, expect, it } from 'vitest'
import { isUnpublished } from '../../functions/domain/release/trusted.ts'
import { noteUnsignedReleases } from '../../functions/reactor/upgrades/judge-unsigned.ts'
import { platform, started, twoPhases } from './rollout-world.ts'
import { deployed, openWorld, report, type World } from './world.ts'

const batches = {
  ...{ component: 'api', version: 'v1.2.0', strategy: 'batch', batchSize: 2 },
  failureThreshold: { percent: 0 },
}

/** A live upgrade whose first two customers have ended so; it is paused, as none may fail. */
async function paused(outcome: 'failed' | 'rejected' | 'rolled-back', { published = true } = {}) {
  const world = openWorld()
  await world.fleet(4)
  if (published) await world.fleet(0, 'v1.1.0')
  const id = await deployed(world, batches)
  await report(world, () => outcome)
  await world.advance(id)
  expect((await world.call('GET', `/api/upgrades/${id}`)).body.status).toBe('paused')
  return { world, id }
}

const rollBack = (world: World, id: string) => world.call('POST', `/api/upgrades/${id}/rollback`)

describe('a rollback of what has nothing to take back', () => {
  it.each([
    ['everybody has taken it back by themselves', () => paused('rolled-back')],
    [
      'it was offered, and nobody has begun',
      async () => {
        const world = openWorld()
        await world.fleet(4)
        await world.fleet(0, 'v1.1.0')
        return { world, id: await deployed(world, batches) }
      },
    ],
  ])('is refused at once where %s, and leaves the upgrade as it is', async (_, begin) => {
    const { world, id } = await begin()
    await world.settle()
    const before = world.log.records.length
    const reply = await rollBack(world, id)
    expect([reply.status, reply.body.code]).toEqual([409, 'nothing-to-roll-back'])
    expect(reply.body.detail).toContain('abort it instead')
    expect(world.log.records).toHaveLength(before)
    expect((await world.call('GET', `/api/upgrades/${id}`)).body.children).toEqual([])
  })

  it('is refused where whoever kept it is left out, with the reasons', async () => {
    const { world, id } = await paused('failed')
    for (const target of ['cust_0001', 'cust_0002', 'cust_0003', 'cust_0004'])
      await world.call('POST', `/api/v1/targets/${target}/pin`, { body: { reason: 'audit season' } })
    const reply = await rollBack(world, id)
    expect([reply.status, reply.body.leftOutCounts]).toEqual([409, { pinned: 1 }])
    expect(reply.body.detail).toBe('Nobody would be taken back: 1 pinned.')
  })

  describe('where the deployment refuses what nobody has signed', () => {
    const refuseUnsigned = (world: World) =>
      noteUnsignedReleases({ log: world.log, unsignedReleases: 'refused' })
    const offered = async (world: World, id: string): Promise<readonly string[]> =>
      (await world.call('GET', `/api/upgrades/${id}`)).body.actions

    it('is refused at once to a version that was never published, offered to nobody, and says what helps', async () => {
      const { world, id } = await paused('failed', { published: false })
      expect(await offered(world, id)).toContain('rollBackUpgrade')
      await refuseUnsigned(world)
      expect(await offered(world, id)).not.toContain('rollBackUpgrade')
      const before = world.log.records.length
      const reply = await rollBack(world, id)
      expect([reply.status, reply.body.leftOutCounts]).toEqual([409, { release_unpublished: 1 }])
      expect(reply.body.detail).toContain('publish that version')
      expect(world.log.records).toHaveLength(before)
    })

    it('hands such a version to nobody who was planned before', async () => {
      const world = openWorld()
      await world.fleet(1)
      const id = await deployed(world, { component: 'api', version: 'v1.2.0', strategy: 'all' })
      await report(world)
      await world.advance(id)
      const back = (await rollBack(world, id)).body.upgradeId
      await refuseUnsigned(world)
      await world.advance(back)
      await world.settle()
      const [one] = (await world.call('GET', `/api/upgrades/${back}/logs`)).body.logs
      expect([one.status, one.error]).toEqual(['skipped', 'release_unpublished'])
    })

    it('goes on by a procedure, which asks for no signature', () => {
      const version = { registered: false }
      expect(isUnpublished(version, { unsigned: 'refused' }, {})).toBe(true)
      expect(isUnpublished(version, { unsigned: 'refused' }, { procedure: { name: 'nodes' } })).toBe(false)
    })
  })

  it('is refused where whoever failed had touched nothing', async () => {
    const { world, id } = await paused('rejected')
    const reply = await rollBack(world, id)
    expect([reply.status, reply.body.code]).toEqual([409, 'nothing-to-roll-back'])
    const { actions } = (await world.call('GET', `/api/upgrades/${id}`)).body
    expect(actions).not.toContain('rollBackUpgrade')
  })

  it('is begun where anybody may have kept it', async () => {
    const { world, id } = await paused('failed')
    expect((await rollBack(world, id)).status).toBe(202)
  })

  it('is begun while an attempt is under way, of which nobody knows yet', async () => {
    const world = openWorld()
    await world.fleet(2)
    await world.fleet(0, 'v1.1.0')
    const id = await deployed(world, batches)
    const agent = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } } as const
    const { version, attempt } = (await world.call('GET', '/api/v1/updates/check', { as: agent })).body
    const body = { version, attempt, status: 'in-progress', timestamp: '2026-01-05T10:00:00Z' }
    await world.call('POST', '/api/v1/updates/status', { as: agent, body })
    expect((await rollBack(world, id)).status).toBe(202)
  })
})

describe('a rollback of a rollout that has nothing to take back', () => {
  const post = (world: World, id: string, operation: string, body: object = {}) =>
    world.call('POST', `/api/v1/rollouts/${id}/${operation}`, { body })

  it.each([
    ['nobody has begun what was offered', async () => {}],
    [
      'it is over, and nobody had begun',
      async (world: World, id: string) => {
        await post(world, id, 'abort')
        await world.advanceRollout(id)
      },
    ],
    [
      'everybody has refused it',
      async (world: World, id: string) => {
        await report(world, () => 'rejected')
        await world.advanceRollout(id)
      },
    ],
    [
      'it is taken back wholly',
      async (world: World, id: string) => {
        for (let phase = 0; phase < 2; phase++) {
          await report(world)
          await world.advanceRollout(id)
        }
        const back = (await post(world, id, 'rollback')).body.rolloutId
        for (let phase = 0; phase < 2; phase++) {
          await world.advanceRollout(back)
          await report(world)
        }
        await world.advanceRollout(back)
        const { status } = (await world.call('GET', `/api/v1/rollouts/${back}`)).body
        expect(status).toBe('completed')
      },
    ],
  ])('is refused at once where %s, and leaves it as it is', async (_, story) => {
    const world = await platform()
    const id = await started(world)
    await story(world, id)
    await world.settle()
    const before = world.log.records.length
    for (const body of [{}, { breakGlass: { reason: 'fire' } }]) {
      const reply = await post(world, id, 'rollback', body)
      expect([reply.status, reply.body.code]).toEqual([409, 'nothing-to-roll-back'])
    }
    expect(world.log.records).toHaveLength(before)
  })

  it('is begun of one that is being aborted, and is offered until it is asked for, glass and all', async () => {
    const world = await platform()
    const id = await started(world)
    await report(world)
    await world.advanceRollout(id)
    const offered = async () => {
      const { actions, breakGlassActions } = (await world.call('GET', `/api/v1/rollouts/${id}`)).body
      return [actions, breakGlassActions]
    }
    await post(world, id, 'abort')
    expect(await offered()).toEqual([['rollBackRollout', 'abortRollout'], []])
    expect((await post(world, id, 'abort', { rollBack: true })).body.rollbackId).not.toBeNull()
    expect(await offered()).toEqual([[], ['rollBackRollout']])
    expect((await post(world, id, 'rollback', { breakGlass: { reason: 'fire' } })).status).toBe(202)
    expect(await offered()).toEqual([[], []])
  })

  it('is not offered beside one that is at work, but with the glass broken', async () => {
    const world = await platform()
    const id = await started(world)
    for (let phase = 0; phase < 2; phase++) {
      await report(world)
      await world.advanceRollout(id)
    }
    const read = async () => (await world.call('GET', `/api/v1/rollouts/${id}`)).body
    expect((await read()).actions).toEqual(['rollBackRollout'])
    expect((await post(world, id, 'rollback')).status).toBe(202)
    expect((await read()).actions).toEqual([])
    expect((await read()).breakGlassActions).toEqual(['rollBackRollout'])
    expect((await post(world, id, 'rollback')).body.code).toBe('child-at-work')
  })
})

describe('an abort that is to take back what has changed nobody', () => {
  const abort = async (world: World, path: string) =>
    (await world.call('POST', `${path}/abort`, { body: { rollBack: true } })).body

  it.each([
    ['everybody has taken it back by themselves', () => paused('rolled-back')],
    [
      'nobody has begun what was offered',
      async () => {
        const world = openWorld()
        await world.fleet(4)
        await world.fleet(0, 'v1.1.0')
        return { world, id: await deployed(world, batches) }
      },
    ],
    [
      'it waits for an approval',
      async () => {
        const world = openWorld()
        await world.fleet(4)
        await world.fleet(0, 'v1.1.0')
        return { world, id: await deployed(world, { ...batches, approvals: { required: 1 } }) }
      },
    ],
  ])('says so and ends by itself, without a rollback that fails, where %s', async (_, begin) => {
    const { world, id } = await begin()
    const path = `/api/upgrades/${id}`
    const { message } = await abort(world, path)
    expect(message).toContain('Nothing is to be taken back as it stands')
    for (let move = 0; move < 3; move++) {
      await world.settle()
      await world.advance(id)
    }
    const { status, children } = (await world.call('GET', path)).body
    expect([status, children]).toEqual(['aborted', []])
    expect((await world.call('GET', '/api/upgrades')).body.count).toBe(1)
  })

  it('begins it all the same where somebody has it by the end', async () => {
    const { world, id } = await paused('failed')
    const path = `/api/upgrades/${id}`
    expect((await abort(world, path)).message).toBe('Upgrade is being aborted')
    for (let move = 0; move < 3; move++) {
      await world.settle()
      await world.advance(id)
    }
    expect((await world.call('GET', path)).body.children).toHaveLength(1)
  })

  it('of a rollout promises no rollback where no phase has begun', async () => {
    const world = await platform()
    const id = await started(world, { ...twoPhases, approvals: { required: 1 } })
    const { message, rollbackId } = await abort(world, `/api/v1/rollouts/${id}`)
    expect([message, rollbackId]).toEqual([
      'Rollout is being aborted. Nothing is to be taken back: no phase of it has begun.',
      null,
    ])
    await world.advanceRollout(id)
    const { status, children } = (await world.call('GET', `/api/v1/rollouts/${id}`)).body
    expect([status, children]).toEqual(['aborted', []])
  })
})

describe('lists, and what is said of one run', () => {
  it('say of an upgrade by which rollback it is taken back, and how that stands', async () => {
    const { world, id } = await paused('failed')
    const listed = async () => {
      await world.settle()
      const { upgrades } = (await world.call('GET', '/api/upgrades')).body
      const inList = upgrades.find((one: { readonly id: string }) => one.id === id)?.takenBackBy
      expect((await world.call('GET', `/api/upgrades/${id}`)).body.takenBackBy).toEqual(inList)
      return inList
    }
    expect(await listed()).toBeNull()
    world.pass(1)
    const child = (await rollBack(world, id)).body.upgradeId
    for (let move = 0; move < 3; move++) {
      await world.settle()
      await world.advance(id)
    }
    await world.advance(child)
    expect(await listed()).toEqual({ upgradeId: child, status: 'in_progress' })
    await report(world)
    await world.advance(child)
    expect(await listed()).toEqual({ upgradeId: child, status: 'completed' })
    const { requestedAt } = (await world.call('GET', `/api/upgrades/${id}`)).body
    const { body } = await world.call('GET', `/api/upgrades/${id}`, { query: { at: requestedAt } })
    expect(body.takenBackBy).toBeNull()
  })

  it('say so of a rollout too, and how many of its phases', async () => {
    const world = await platform()
    const id = await started(world)
    for (let phase = 0; phase < 2; phase++) {
      await report(world)
      await world.advanceRollout(id)
    }
    const { phases } = (await world.call('GET', `/api/v1/rollouts/${id}`)).body
    const body = { phases: [phases[1].name] }
    world.pass(1)
    const back = (await world.call('POST', `/api/v1/rollouts/${id}/rollback`, { body })).body.rolloutId
    await world.settle()
    const { rollouts } = (await world.call('GET', '/api/v1/rollouts')).body
    const one = rollouts.find((row: { readonly rolloutId: string }) => row.rolloutId === id)
    expect(one.takenBackBy).toMatchObject({ rolloutId: back, phases: 1 })
    const { body: now } = await world.call('GET', `/api/v1/rollouts/${id}`)
    expect(now.takenBackBy).toEqual(one.takenBackBy)
    const { body: before } = await world.call('GET', `/api/v1/rollouts/${id}`, {
      query: { at: now.requestedAt },
    })
    expect(before.takenBackBy).toBeNull()
  })
})
