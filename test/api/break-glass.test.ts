import { describe, expect, it } from 'vitest'
import { fromImage } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { approver, deployed, openWorld, report, viewer, type World } from './world.ts'

const everybody = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const glass = { breakGlass: { reason: 'loses orders' } }

/** Upgrades two customers, then stops everything. */
async function stoppedAfter(): Promise<{ world: World; id: string }> {
  const world = openWorld()
  await world.fleet(3)
  await world.fleet(0, 'v1.1.0')
  const targets = { ids: ['cust_0001', 'cust_0002'] }
  const id = await deployed(world, { ...everybody, targets })
  await report(world)
  await world.advance(id)
  await world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } })
  world.pass(60)
  return { world, id }
}

async function planHashOf(world: World, id: string): Promise<string> {
  return (await world.call('GET', `/api/upgrades/${id}`)).body.planHash
}

const sentences = async (world: World, id: string): Promise<string[]> =>
  (await world.call('GET', `/api/upgrades/${id}/events`)).body.events.map(
    ({ sentence }: { sentence: string }) => sentence,
  )

describe('break-glass (S6)', () => {
  it('takes back during a stop once a second person has approved, while everything else is held', async () => {
    const { world, id } = await stoppedAfter()
    const reply = await world.call('POST', `/api/upgrades/${id}/rollback`, { body: glass })
    expect([reply.status, reply.body.message]).toEqual([
      202,
      'Rollback waits for the approval of a second person (break-glass)',
    ])
    const child: string = reply.body.upgradeId
    const other = await deployed(world, { ...everybody, targets: { ids: ['cust_0003'] } })
    await world.advance(child)
    expect(await report(world), 'nobody has approved').toEqual([])
    const waiting = await world.call('GET', `/api/upgrades/${child}/status`)
    expect(waiting.body).toMatchObject({
      status: 'pending_approval',
      holds: [{ code: 'APPROVAL', ref: 'break-glass', unblock: expect.stringContaining('Somebody else') }],
    })
    const query = { upgradeId: child }
    const why = await world.call('GET', '/api/v1/targets/cust_0001/explain', { as: viewer, query })
    expect(why.body.sentence).toContain('even while everything is stopped')

    const planHash = await planHashOf(world, child)
    const requester = { user: 'operator-1', roles: ['operator', 'approver', 'admin'] }
    const own = await world.call('POST', `/api/upgrades/${child}/approve`, {
      as: requester,
      body: { planHash },
    })
    expect([own.status, own.body.code]).toEqual([403, 'self-approval'])
    const approved = await world.call('POST', `/api/upgrades/${child}/approve`, {
      as: approver,
      body: { planHash },
    })
    expect(approved.status).toBe(200)
    await world.advance(child)
    expect(await report(world), 'those to be taken back, and nobody of the held deploy').toEqual([
      'cust_0001',
      'cust_0002',
    ])
    await world.advance(child)
    await world.advance(other)
    const [ended, held] = await Promise.all([
      world.call('GET', `/api/upgrades/${child}/status`),
      world.call('GET', `/api/upgrades/${other}/status`),
    ])
    expect(ended.body).toMatchObject({ status: 'completed', completed: 2 })
    expect(held.body).toMatchObject({ completed: 0, inProgress: 0, holds: [{ code: 'FREEZE' }] })

    expect(await sentences(world, child)).toEqual(
      expect.arrayContaining([
        'operator-1 asked to take back api v1.2.0, strategy all, even while everything is stopped: loses orders',
        expect.stringMatching(
          /^Goes on in spite of what is closed since 2026-\S+ \(incident\): loses orders$/,
        ),
      ]),
    )
    const exposure = await world.call('GET', `/api/upgrades/${child}/blast-radius`)
    expect(exposure.body).toMatchObject({
      proven: true,
      breakGlass: {
        reason: 'loses orders',
        requestedBy: 'operator-1',
        approvals: [{ by: 'approver-1' }],
        overrode: [{ freeze: 'incident' }],
      },
    })
    expect((await world.call('GET', `/api/upgrades/${id}/blast-radius`)).body.breakGlass).toBeNull()
    const { findings } = await audit(world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage)))
    // This world has no executions: waves are started in nobody's name.
    expect(findings.filter(({ invariant }) => invariant !== 'I12')).toEqual([])
  })

  it('is not held up by a rollback that the stop holds, nor does its retry break the glass', async () => {
    const { world, id } = await stoppedAfter()
    const plain = await world.call('POST', `/api/upgrades/${id}/rollback/cust_0001`)
    await world.advance(plain.body.upgradeId)
    expect(await report(world)).toEqual([])
    const reply = await world.call('POST', `/api/upgrades/${id}/rollback/cust_0001`, { body: glass })
    expect(reply.body.upgradeId).not.toBe(plain.body.upgradeId)
    const child: string = reply.body.upgradeId
    const body = { planHash: await planHashOf(world, child) }
    await world.call('POST', `/api/upgrades/${child}/approve`, { as: approver, body })
    await world.advance(child)
    expect(await report(world, () => 'failed')).toEqual(['cust_0001'])
    await world.advance(child)
    await world.call('POST', `/api/upgrades/${plain.body.upgradeId}/abort`)
    await world.advance(plain.body.upgradeId)
    const retry = await world.call('POST', `/api/upgrades/${child}/retry-failed`)
    expect(retry.status).toBe(202)
    await world.advance(retry.body.upgradeId)
    expect(await report(world)).toEqual([])
    const status = await world.call('GET', `/api/upgrades/${retry.body.upgradeId}/status`)
    expect(status.body.holds).toMatchObject([{ code: 'FREEZE' }])
  })

  it('of a running upgrade aborts it, and its rollback waits for a second person, never for the stop', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world)
    await report(world)
    await world.advance(id)
    await world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } })
    const plain = await world.call('POST', `/api/upgrades/${id}/rollback`)
    const reply = await world.call('POST', `/api/upgrades/${id}/rollback`, { body: glass })
    expect(reply.body.upgradeId, 'the rollback that was announced').toBe(plain.body.upgradeId)
    await world.advance(id)
    const child = await world.call('GET', `/api/upgrades/${reply.body.upgradeId}`)
    expect(child.body).toMatchObject({
      kind: 'rollback',
      requestedBy: 'operator-1',
      reason: 'loses orders',
      status: 'pending_approval',
      total: 1,
    })
    const body = { planHash: child.body.planHash }
    await world.call('POST', `/api/upgrades/${reply.body.upgradeId}/approve`, { as: approver, body })
    await world.advance(reply.body.upgradeId)
    expect(await report(world)).toHaveLength(1)
  })

  it('is refused without a reason, with two, and to whoever may not roll back', async () => {
    const { world, id } = await stoppedAfter()
    const before = world.log.records.length
    for (const path of ['rollback', 'rollback/cust_0001']) {
      const refused = [{ breakGlass: {} }, { breakGlass: { reason: '' } }, { breakGlass: true }]
      for (const body of [...refused, { ...glass, reason: 'another' }, { breakGlass: null }]) {
        const reply = await world.call('POST', `/api/upgrades/${id}/${path}`, { body })
        expect([reply.status, reply.body.code], JSON.stringify(body)).toEqual([400, 'validation-failed'])
      }
      const reply = await world.call('POST', `/api/upgrades/${id}/${path}`, { as: viewer, body: glass })
      expect(reply.status).toBe(403)
    }
    expect(world.log.records).toHaveLength(before)
  })
})
