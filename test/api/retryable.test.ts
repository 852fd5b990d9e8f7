import { describe, expect, it } from 'vitest'
import { deployed, openWorld, type World } from './world.ts'

const timestamp = '2026-01-05T10:00:00Z'
const deploy = {
  ...{ component: 'api', version: 'v1.2.0', strategy: 'all' },
  retry: { attempts: 2, delaySeconds: 60 },
  failureThreshold: { percent: 100 },
}

async function running(): Promise<{ world: World; id: string; tell: (body: object) => Promise<string> }> {
  const world = openWorld()
  await world.fleet(1)
  const id = await deployed(world, deploy)
  const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
  /** Accepts what is offered, unless it is rejected, and reports its end; returns where the upgrade stands then. */
  async function tell(body: object): Promise<string> {
    const send = (more: object) =>
      world.call('POST', '/api/v1/updates/status', { as, body: { version: 'v1.2.0', timestamp, ...more } })
    if (!('status' in body && body.status === 'rejected')) await send({ status: 'in-progress' })
    expect((await send(body)).status).toBe(200)
    await world.settle()
    const status = (await world.call('GET', `/api/upgrades/${id}/status`)).body
    return status.retrying === 1 ? 'retrying' : status.failed === 1 ? 'failed' : status.status
  }
  return { world, id, tell }
}

describe('an end that its target calls retryable is tried again by the upgrade', () => {
  it.each(['failed', 'rejected', 'rolled-back'])('%s', async (status) => {
    const { world, id, tell } = await running()
    const again = { status, code: 'ON_BATTERY', retryable: true }
    expect(await tell(again)).toBe('retrying')
    world.pass(60)
    await world.advance(id)
    expect(await tell(again)).toBe('retrying')
    world.pass(120)
    await world.advance(id)
    expect(await tell(again), 'as often as was asked for').toBe('failed')
  })

  it.each(['rejected', 'rolled-back'])('%s, and may succeed then', async (status) => {
    const { world, id, tell } = await running()
    expect(await tell({ status, code: 'ON_BATTERY', retryable: true })).toBe('retrying')
    world.pass(60)
    await world.advance(id)
    await tell({ status: 'completed' })
    await world.advance(id)
    const { body } = await world.call('GET', `/api/upgrades/${id}/status`)
    expect(body).toMatchObject({ status: 'completed', completed: 1, failed: 0, rolledBack: 0 })
  })

  it.each([
    ['rejected', 'ON_BATTERY', false],
    ['rolled-back', 'HEALTH_CHECK_FAILED', false],
    ['rejected', 'CRITICAL_DISK', true],
    ['rolled-back', 'CRITICAL_DISK', true],
    ['rollback-failed', 'BROKEN', true],
  ])('but not %s with %s, retryable %s', async (status, code, retryable) => {
    const { tell } = await running()
    expect(await tell({ status, code, retryable })).toBe('failed')
  })
})
