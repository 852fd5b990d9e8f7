import { describe, expect, it } from 'vitest'
import { deployed, openWorld, report, type World } from './world.ts'

const everybody = { component: 'api', version: 'v1.2.0', strategy: 'all', failureThreshold: { percent: 100 } }

const statusOf = async (world: World, id: string) =>
  (await world.call('GET', `/api/upgrades/${id}/status`)).body

/** Lets a target's agent accept what it is offered, and report an end. */
async function tell(world: World, target: string, end: object): Promise<void> {
  const as = { lambda: { kind: 'agent', target, tokenHash: '' } }
  const told = { version: 'v1.2.0', timestamp: '2026-01-05T10:00:00Z' }
  for (const body of [
    { ...told, status: 'in-progress' },
    { ...told, ...end },
  ])
    expect((await world.call('POST', '/api/v1/updates/status', { as, body })).status).toBe(200)
  await world.settle()
}

describe('an abort while retries wait', () => {
  it('counts them as failed at once, and retry-failed finds them', async () => {
    const world = openWorld()
    await world.fleet(4)
    const id = await deployed(world, { ...everybody, retry: { attempts: 2, delaySeconds: 600 } })
    for (const target of ['cust_0001', 'cust_0002'])
      await tell(world, target, { status: 'failed', code: 'DISK_BUSY', retryable: true })
    for (const target of ['cust_0003', 'cust_0004']) await tell(world, target, { status: 'completed' })
    expect(await statusOf(world, id)).toMatchObject({ retrying: 2, failed: 0 })
    await world.call('POST', `/api/upgrades/${id}/abort`, { body: { reason: 'enough' } })
    await world.advance(id)
    expect(await statusOf(world, id)).toMatchObject({
      ...{ status: 'aborted', total: 4, completed: 2, failed: 2, retrying: 0, deferred: 0, skipped: 0 },
      waves: [{ succeeded: 2, failed: 2 }],
    })
    const retry = await world.call('POST', `/api/upgrades/${id}/retry-failed`)
    expect(retry.status).toBe(202)
    await world.advance(retry.body.upgradeId)
    expect(await report(world)).toEqual(['cust_0001', 'cust_0002'])
  })
})

describe('an opening that does not come', () => {
  it('leaves out the rest; retry-failed finds who waited for another try, and the others where it shall', async () => {
    const world = openWorld()
    await world.fleet(4)
    const id = await deployed(world, {
      ...{ ...everybody, parallel: 2, retry: { attempts: 2, delaySeconds: 600 } },
      window: { start: '2026-01-05T10:00:00Z', end: '2026-01-05T14:00:00Z' },
    })
    const { body } = await world.call('GET', `/api/upgrades/${id}/logs`)
    const failed = body.logs.map((row: { customer_id: string }) => row.customer_id).sort()
    for (const target of failed)
      await tell(world, target, { status: 'failed', code: 'DISK_BUSY', retryable: true })
    for (const days of [1, 7]) {
      world.pass(days * 86_400)
      await world.advance(id)
    }
    expect(await statusOf(world, id)).toMatchObject({
      ...{ status: 'completed_with_exceptions', failed: 2, retrying: 0, skipped: 2 },
      waves: [{ failed: 2, skipped: 2 }],
    })
    const again = async (asked: object) => {
      const retry = await world.call('POST', `/api/upgrades/${id}/retry-failed`, { body: asked })
      await world.advance(retry.body.upgradeId)
      const done = await report(world)
      await world.advance(retry.body.upgradeId)
      return done
    }
    expect(await again({})).toEqual(failed)
    const others = ['cust_0001', 'cust_0002', 'cust_0003', 'cust_0004'].filter((id) => !failed.includes(id))
    expect(await again({ include: ['skipped'] })).toEqual(others)
  })
})

describe('an upgrade whose members are all through', () => {
  async function last(pause: (world: World, id: string) => Promise<unknown>) {
    const world = openWorld()
    await world.fleet(2)
    const id = await deployed(world, everybody)
    const paths = ['cust_0001', 'cust_0002']
    for (const target of paths) {
      const as = { lambda: { kind: 'agent', target, tokenHash: '' } }
      const body = { version: 'v1.2.0', timestamp: '2026-01-05T10:00:00Z', status: 'in-progress' }
      await world.call('POST', '/api/v1/updates/status', { as, body })
    }
    await pause(world, id)
    await world.advance(id)
    expect(await statusOf(world, id)).toMatchObject({ status: 'paused', inProgress: 2 })
    await report(world)
    await world.advance(id)
    return { world, id }
  }

  it.each<[string, (world: World, id: string) => Promise<unknown>]>([
    ['an operator paused it', (world, id) => world.call('POST', `/api/upgrades/${id}/pause`)],
    [
      'its release was withdrawn',
      (world) => world.call('POST', '/api/v1/releases/api/v1.2.0/withdraw', { body: { reason: 'CVE' } }),
    ],
  ])('ends though %s, and cannot be aborted afterwards', async (_, pause) => {
    const { world, id } = await last(pause)
    expect(await statusOf(world, id)).toMatchObject({ status: 'completed', completed: 2 })
    const abort = await world.call('POST', `/api/upgrades/${id}/abort`)
    expect([abort.status, abort.body.code]).toEqual([409, 'upgrade-ended'])
  })

  it('waits for somebody where more failed than it bears', async () => {
    const world = openWorld()
    await world.fleet(1)
    const id = await deployed(world, { ...everybody, failureThreshold: { percent: 10 } })
    await report(world, () => 'failed')
    await world.advance(id)
    expect(await statusOf(world, id)).toMatchObject({ status: 'paused', failed: 1 })
    await world.call('POST', `/api/upgrades/${id}/resume`, {
      body: { acknowledge: { failed: 1, unreachable: 0 } },
    })
    await world.advance(id)
    expect(await statusOf(world, id)).toMatchObject({ status: 'completed_with_exceptions' })
  })
})

describe('skipping a target again', () => {
  it('is nothing new, also when all around it are through', async () => {
    const world = openWorld()
    await world.fleet(2)
    const watched = { gate: { successRatePercent: 50 }, bakeSeconds: 600, parallel: 1 }
    const id = await deployed(world, { ...everybody, ...watched })
    const { body } = await world.call('GET', `/api/upgrades/${id}/logs`)
    const first: string = body.logs[0].customer_id
    const other = first === 'cust_0001' ? 'cust_0002' : 'cust_0001'
    const skip = (target: string) => world.call('POST', `/api/upgrades/${id}/targets/${target}/skip`)
    expect((await skip(other)).status).toBe(200)
    await report(world)
    await world.advance(id)
    const before = world.log.records.length
    const again = await skip(other)
    expect([again.status, again.body.message]).toEqual([200, `${other} skipped`])
    expect(world.log.records).toHaveLength(before)
    const through = await skip(first)
    expect([through.status, through.body.code]).toEqual([409, 'attempt-over'])
  })
})
