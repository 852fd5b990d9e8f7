import { describe, expect, it } from 'vitest'
import { digest, openWorld } from './world.ts'

const release = { component: 'publisher', version: '4.2.1', channel: 'stable', digest, notes: null }

const untouched = { signed: null, blocked: null, withdrawn: null, heldBack: null }

describe('M2: a release says how long its artifact is', () => {
  it('in bytes, and every answer about it has them', async () => {
    const world = openWorld()
    const body = { ...release, sizeBytes: 18_350_080 }
    const registered = await world.call('POST', '/api/v1/releases', { body })
    expect([registered.status, registered.body]).toEqual([201, { ...body, ...untouched }])
    expect((await world.call('GET', '/api/v1/releases/publisher/4.2.1')).body.sizeBytes).toBe(18_350_080)
    expect((await world.call('GET', '/api/v1/releases')).body.releases).toMatchObject([
      { sizeBytes: 18_350_080 },
    ])
    expect((await world.call('POST', '/api/v1/releases', { body })).status).toBe(200)
    const other = await world.call('POST', '/api/v1/releases', { body: { ...body, sizeBytes: 1 } })
    expect([other.status, other.body.code]).toEqual([409, 'release-exists'])
  })

  it('or does not', async () => {
    const world = openWorld()
    const registered = await world.call('POST', '/api/v1/releases', { body: release })
    expect(registered.body.sizeBytes).toBeNull()
    expect((await world.call('GET', '/api/v1/releases')).body.releases).toMatchObject([{ sizeBytes: null }])
  })

  it.each([0, -1, 1.5, '18 MB', 1_000_000_000_001])('but not as %j', async (sizeBytes) => {
    const { status, body } = await openWorld().call('POST', '/api/v1/releases', {
      body: { ...release, sizeBytes },
    })
    expect([status, body.errors[0].field]).toEqual([400, 'sizeBytes'])
  })
})
