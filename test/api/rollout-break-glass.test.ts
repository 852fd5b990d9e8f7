import { describe, expect, test } from 'vitest'
import { fromImage } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { phasesOf, platform, started, statusOf } from './rollout-world.ts'
import { approver, type Caller, report, viewer, type World } from './world.ts'

const glass = { breakGlass: { reason: 'loses orders' } }
const requester: Caller = { user: 'operator-1', roles: ['operator', 'approver', 'admin'] }
const say = (world: World, id: string, word: string, body?: object, as?: Caller) =>
  world.call('POST', `/api/v1/rollouts/${id}/${word}`, { ...(body && { body }), ...(as && { as }) })

const stop = async (world: World) => {
  await world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } })
  world.pass(60)
}

/** A rollout of two phases that is through, and then everything is stopped. */
async function stoppedAfter(): Promise<{ world: World; id: string }> {
  const world = await platform()
  const id = await started(world)
  for (let phase = 0; phase < 2; phase++) {
    await report(world)
    await world.advanceRollout(id)
  }
  expect((await statusOf(world, id)).status).toBe('completed')
  await stop(world)
  return { world, id }
}

const approve = async (world: World, id: string, as: Caller) => {
  const { planHash } = await statusOf(world, id)
  return say(world, id, 'approve', { planHash }, as)
}

describe('break-glass for the rollback of a rollout (S6)', () => {
  test('takes all phases back during a stop once a second person has approved, by one approval', async () => {
    const { world, id } = await stoppedAfter()
    const { status, body } = await say(world, id, 'rollback', glass)
    expect([status, body.message]).toEqual([202, 'Rollback waits for the approval of a second person'])
    const back = body.rolloutId
    await world.advanceRollout(back)
    expect(await statusOf(world, back)).toMatchObject({
      status: 'pending_approval',
      holds: [{ code: 'APPROVAL', ref: 'break-glass', unblock: expect.stringContaining('Somebody else') }],
    })
    expect(await report(world), 'nobody has approved').toEqual([])
    const own = await approve(world, back, requester)
    expect([own.status, own.body.code]).toEqual([403, 'self-approval'])
    expect((await approve(world, back, viewer)).status).toBe(403)
    const inbox = await world.call('GET', '/api/v1/approvals', { as: approver })
    expect(inbox.body.approvals).toMatchObject([{ kind: 'rollout', rolloutId: back, youMay: true }])
    expect((await approve(world, back, approver)).status).toBe(200)
    await world.advanceRollout(back)
    expect(await report(world)).toEqual(['w-1', 'w-2', 'w-3', 'w-4'])
    await world.advanceRollout(back)
    expect(await report(world)).toEqual(['db-1', 'db-2'])
    await world.advanceRollout(back)
    expect((await statusOf(world, back)).status).toBe('completed')
    const radius = await world.call('GET', `/api/v1/rollouts/${back}/blast-radius`)
    expect(radius.body.phases[0].breakGlass).toMatchObject({
      ...{ reason: 'loses orders', requestedBy: 'operator-1', approvals: [{ by: 'approver-1' }] },
      overrode: [{ freeze: 'incident' }],
    })
    const { events } = (await world.call('GET', `/api/v1/rollouts/${back}/events`)).body
    expect(events[0].sentence).toBe(
      'operator-1 asked to take back "Rollback of Platform 2.0", even while everything is stopped: loses orders',
    )
    const { findings } = await audit(world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage)))
    expect(findings.filter(({ invariant }) => invariant !== 'I12')).toEqual([])
  })

  test('without it a rollback waits for the end of the stop, and is not in the way of one with it', async () => {
    const { world, id } = await stoppedAfter()
    const plain = await say(world, id, 'rollback', { reason: 'first' })
    await world.advanceRollout(plain.body.rolloutId)
    expect(await report(world)).toEqual([])
    expect((await say(world, id, 'rollback', { reason: 'again' })).body.code).toBe('child-at-work')
    const broken = await say(world, id, 'rollback', glass)
    expect(broken.status).toBe(202)
    expect(broken.body.rolloutId).not.toBe(plain.body.rolloutId)
    expect((await say(world, id, 'rollback', glass)).body.code).toBe('child-at-work')
    await world.advanceRollout(broken.body.rolloutId)
    await approve(world, broken.body.rolloutId, approver)
    await world.advanceRollout(broken.body.rolloutId)
    expect(await report(world)).toEqual(['w-1', 'w-2', 'w-3', 'w-4'])
  })

  test('of a rollout at work aborts it, and its rollback waits for a second person, never for the stop', async () => {
    const world = await platform()
    const id = await started(world)
    await report(world)
    await world.advanceRollout(id)
    await stop(world)
    const plain = await say(world, id, 'rollback', { reason: 'wrong release' })
    const broken = await say(world, id, 'rollback', { ...glass, parallel: 1 })
    expect(broken.body.rolloutId, 'the rollback that was announced').toBe(plain.body.rolloutId)
    await world.advanceRollout(id)
    expect((await statusOf(world, id)).status).toBe('aborted')
    const back = broken.body.rolloutId
    await world.advanceRollout(back)
    expect((await statusOf(world, back)).status).toBe('pending_approval')
    expect(await report(world)).toEqual([])
    await approve(world, back, approver)
    await world.advanceRollout(back)
    expect(await phasesOf(world, back)).toMatchObject({ databases: 'in_progress' })
    expect(await report(world)).toEqual(['db-1', 'db-2'])
  })

  test('how it is to go is heard too where the rollout is at work', async () => {
    const world = await platform()
    const id = await started(world)
    await report(world)
    await world.advanceRollout(id)
    const { body } = await say(world, id, 'rollback', { reason: 'wrong release', parallel: 1 })
    await world.advanceRollout(id)
    await world.advanceRollout(body.rolloutId)
    const { phases } = await statusOf(world, body.rolloutId)
    const databases = phases.find(({ name }: { name: string }) => name === 'databases')
    const upgrade = await world.call('GET', `/api/upgrades/${databases.upgradeId}`)
    expect(upgrade.body.request.parallel).toBe(1)
  })

  test('is refused without a reason, with two, and to whoever may not roll back; nothing is stored', async () => {
    const { world, id } = await stoppedAfter()
    const before = world.log.records.length
    for (const body of [{ breakGlass: {} }, { breakGlass: true }, { ...glass, reason: 'another' }]) {
      const reply = await say(world, id, 'rollback', body)
      expect([reply.status, reply.body.code], JSON.stringify(body)).toEqual([400, 'validation-failed'])
    }
    expect((await say(world, id, 'rollback', glass, viewer)).status).toBe(403)
    expect(world.log.records).toHaveLength(before)
  })
})
