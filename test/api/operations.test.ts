import { describe, expect, it } from 'vitest'
import { approver, canary, deployed, digest, openWorld, report, viewer } from './world.ts'

const release = { component: 'api', version: 'v1.2.0', digest }

const untouched = { signed: null, blocked: null, withdrawn: null, heldBack: null }

describe('releases', () => {
  it('are registered once, listed, read and withdrawn', async () => {
    const world = openWorld()
    const first = await world.call('POST', '/api/v1/releases', { body: release })
    expect([first.status, first.body]).toEqual([
      201,
      { ...release, channel: 'stable', notes: null, sizeBytes: null, ...untouched },
    ])
    expect((await world.call('POST', '/api/v1/releases', { body: release })).status).toBe(200)
    const other = await world.call('POST', '/api/v1/releases', { body: { ...release, channel: 'beta' } })
    expect([other.status, other.body.code]).toEqual([409, 'release-exists'])
    const list = await world.call('GET', '/api/v1/releases', { as: viewer, query: { component: 'api' } })
    expect(list.body).toMatchObject({ count: 1, releases: [{ version: 'v1.2.0' }] })
    const read = await world.call('GET', '/api/v1/releases/api/v1.2.0')
    expect([read.status, read.headers.etag]).toEqual([200, expect.stringMatching(/^"1-/)])
    const withdrawn = await world.call('POST', '/api/v1/releases/api/v1.2.0/withdraw', {
      body: { reason: 'broken' },
    })
    expect(withdrawn.body.withdrawn).toEqual({ reason: 'broken' })
  })

  it('are refused with bad fields, a bad version, or by a name that nobody registered', async () => {
    const world = openWorld()
    const bad = await world.call('POST', '/api/v1/releases', {
      body: { component: '', version: 'latest', digest: 'md5:1' },
    })
    expect(bad.body.errors.map(({ field }: { field: string }) => field).sort()).toEqual([
      'component',
      'digest',
      'version',
    ])
    const odd = await world.call('POST', '/api/v1/releases', { body: { ...release, version: 'banana' } })
    expect([odd.status, odd.body.code]).toEqual([422, 'version-invalid'])
    expect((await world.call('GET', '/api/v1/releases/api/v9.9.9')).body.code).toBe('release-not-found')
    const gone = await world.call('POST', '/api/v1/releases/api/v9.9.9/withdraw', { body: { reason: 'x' } })
    expect([gone.status, gone.body.code]).toEqual([404, 'release-not-found'])
  })

  it('answer a repeat under its key as the first time', async () => {
    const world = openWorld()
    const headers = { 'idempotency-key': 'r' }
    const first = await world.call('POST', '/api/v1/releases', { body: release, headers })
    const again = await world.call('POST', '/api/v1/releases', { body: release, headers })
    expect([again.status, again.body]).toEqual([first.status, first.body])
  })
})

describe('the stop of everything', () => {
  it('is placed, read, and lifted with a reason', async () => {
    const world = openWorld()
    const none = await world.call('GET', '/api/v1/stop', { as: viewer })
    expect(none.body).toEqual({ stopped: false, stops: [] })
    const stop = (reason: string) => world.call('POST', '/api/v1/stop', { body: { reason } })
    const shown = (stopId: string, reason: string) => ({
      ...{ stopId, reason },
      ...{ by: 'operator-1', since: '2026-01-05T10:00:00.000Z' },
    })
    const stops = [shown('stop-1', 'incident 7')]
    expect((await stop('incident 7')).body).toEqual({ stopped: true, stops, stopId: 'stop-1' })
    expect((await stop('incident 7')).body).toEqual({ stopped: true, stops, stopId: 'stop-1' })
    const lift = (stopId: string, query?: Record<string, string>) =>
      world.call('DELETE', `/api/v1/stop/${stopId}`, query && { query })
    expect((await lift('stop-1')).status).toBe(400)
    expect((await lift('stop-7', { reason: 'over' })).body).toMatchObject({ code: 'stop-not-found' })
    expect((await lift('stop-1', { reason: 'over' })).body).toEqual({ stopped: false, stops: [] })
  })

  it('stands until the last of them is lifted, whoever placed it', async () => {
    const world = openWorld()
    await world.fleet(5)
    const other = { user: 'operator-2', roles: ['operator'] }
    await world.call('POST', '/api/v1/stop', { body: { reason: 'incident 7' } })
    await world.call('POST', '/api/v1/stop', { as: other, body: { reason: 'audit' } })
    const id = await deployed(world)
    const lifted = await world.call('DELETE', '/api/v1/stop/stop-1', { query: { reason: 'over' } })
    expect(lifted.body).toMatchObject({ stopped: true, stops: [{ stopId: 'stop-2', by: 'operator-2' }] })
    await world.settle()
    const held = await world.call('GET', `/api/upgrades/${id}/status`)
    expect(held.body).toMatchObject({ inProgress: 0, holds: [{ code: 'FREEZE', ref: 'audit' }] })
    await world.call('DELETE', '/api/v1/stop/stop-2', { query: { reason: 'over' } })
    await world.settle()
    await world.advance(id)
    expect((await world.call('GET', `/api/upgrades/${id}/status`)).body).toMatchObject({ holds: [] })
  })

  it('holds an upgrade that would begin', async () => {
    const world = openWorld()
    await world.fleet(5)
    await world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } })
    const id = await deployed(world)
    const status = await world.call('GET', `/api/upgrades/${id}/status`)
    expect(status.body).toMatchObject({ inProgress: 0, holds: [{ code: 'FREEZE' }] })
    expect((await world.call('GET', '/api/queue/stats')).body).toMatchObject({ delayed: 1, active: 0 })
  })
})

describe('the queue and the inbox', () => {
  it('counts upgrades and reads their jobs (C7)', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world)
    expect((await world.call('GET', '/api/queue/stats', { as: viewer })).body).toEqual({
      waiting: 0,
      active: 1,
      completed: 0,
      failed: 0,
      delayed: 0,
    })
    const job = await world.call('GET', `/api/queue/jobs/${id}-1`)
    expect(job.body).toMatchObject({
      jobId: `${id}-1`,
      upgradeId: id,
      state: 'active',
      status: 'in_progress',
      progress: 0,
    })
    const unknown = await world.call('GET', `/api/queue/jobs/${id}-2`)
    expect([unknown.status, unknown.body.code]).toEqual([404, 'job-not-found'])
    expect((await world.call('GET', '/api/queue/jobs/odd')).status).toBe(400)
  })

  it("lists canaries that wait to be continued, and says which are one's own", async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world, canary)
    expect((await world.call('GET', '/api/v1/approvals')).body.count).toBe(0)
    await report(world)
    await world.advance(id)
    const inbox = await world.call('GET', '/api/v1/approvals', { as: approver })
    expect(inbox.body.approvals).toMatchObject([{ upgradeId: id, waitsFor: 'continue', yours: false }])
    expect((await world.call('GET', '/api/v1/approvals')).body.approvals[0].yours).toBe(true)
  })
})
