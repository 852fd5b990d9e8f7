import { describe, expect, it } from 'vitest'
import { canary, deployed, openWorld, report, viewer } from './world.ts'

const one = { id: 'cust_abc123', components: { api: 'v1.1.0' }, tags: { tier: 'gold' }, region: 'eu-1' }

describe('POST /api/v1/targets', () => {
  it('registers one, says exists for the same again, and refuses other content', async () => {
    const world = openWorld()
    const first = await world.call('POST', '/api/v1/targets', { body: one })
    expect([first.status, first.body]).toEqual([201, { id: one.id, status: 'registered' }])
    expect(first.headers.location).toBe('/api/v1/targets/cust_abc123')
    const again = await world.call('POST', '/api/v1/targets', { body: one })
    expect([again.status, again.body]).toEqual([200, { id: one.id, status: 'exists' }])
    const other = await world.call('POST', '/api/v1/targets', { body: { ...one, region: 'us-1' } })
    expect([other.status, other.body.code]).toEqual([409, 'target-exists'])
  })

  it('registers thousands with a result each', async () => {
    const world = openWorld()
    const targets = Array.from({ length: 2000 }, (_, index) => ({
      id: `t-${index}`,
      components: { api: 'v1.1.0' },
    }))
    await world.call('POST', '/api/v1/targets', { body: targets[7] })
    await world.call('POST', '/api/v1/targets', { body: { ...targets[8], critical: true } })
    const reply = await world.call('POST', '/api/v1/targets', { body: { targets } })
    expect(reply.body).toMatchObject({ count: 2000, registered: 1998, exists: 1, failed: 1 })
    expect(reply.body.targets[8]).toMatchObject({
      id: 't-8',
      status: 'failed',
      error: { code: 'target-exists' },
    })
  })

  it('takes as many as it says in one body, each with a name, a type and a tag, and no body beyond a megabyte', async () => {
    const world = openWorld()
    const fleet = (count: number) =>
      Array.from({ length: count }, (_, index) => ({
        id: `customer-${String(index).padStart(6, '0')}`,
        ...{
          type: 'appliance',
          region: 'eu-central-1',
          components: { api: 'v1.1.0' },
          tags: { tier: 'gold' },
        },
      }))
    const reply = await world.call('POST', '/api/v1/targets', { body: { targets: fleet(5000) } })
    expect([reply.status, reply.body.registered]).toEqual([200, 5000])
    const many = await world.call('POST', '/api/v1/targets', { body: { targets: fleet(10_000) } })
    expect([many.status, many.body.code]).toEqual([413, 'body-too-large'])
  })

  it('enrols on registration: the token is shown once and kept as a hash', async () => {
    const world = openWorld()
    const headers = { 'idempotency-key': 'register' }
    const body = { ...one, enrol: true }
    const reply = await world.call('POST', '/api/v1/targets', { body, headers })
    expect(reply.body.enrolmentToken).toMatch(/^drydock-enrol\.cust_abc123\.[A-Za-z0-9_-]{43}$/)
    expect(reply.body.expiresAt).toBe('2026-01-12T10:00:00.000Z')
    const secret = reply.body.enrolmentToken.split('.').at(-1)
    expect(JSON.stringify(world.log.records)).not.toContain(secret)
    const again = await world.call('POST', '/api/v1/targets', { body, headers })
    expect([again.status, again.body]).toEqual([201, { id: one.id, status: 'registered' }])
    const reused = await world.call('POST', '/api/v1/targets', { body: { ...body, region: 'x' }, headers })
    expect([reused.status, reused.body.code]).toEqual([422, 'idempotency-key-reused'])
  })

  it('names the bad field of a target in many', async () => {
    const reply = await openWorld().call('POST', '/api/v1/targets', {
      body: { targets: [{ id: 'ok' }, { id: 'a#b' }, { id: 'c', retired: true }] },
    })
    expect(reply.status).toBe(400)
    expect(reply.body.errors).toEqual([
      { field: 'targets.1.id', value: 'a#b', expected: expect.stringContaining('1 to 128') },
      { field: 'targets.2.retired', value: true, expected: 'no such field' },
    ])
  })
})

describe('a target', () => {
  it('is listed by filters and read with its attempts', async () => {
    const world = openWorld()
    await world.call('POST', '/api/v1/targets', { body: one })
    await world.call('POST', '/api/v1/targets', { body: { ...one, id: 'cust_b', tags: { tier: 'tin' } } })
    const list = (query: Record<string, string>) =>
      world.call('GET', '/api/v1/targets', { as: viewer, query })
    expect((await list({ tag: 'tier=gold' })).body).toMatchObject({
      count: 1,
      targets: [{ id: one.id, region: 'eu-1' }],
    })
    expect((await list({ component: 'api', version: 'v1.1.0', region: 'eu-1' })).body.count).toBe(2)
    const page = await list({ limit: '1' })
    expect(page.body.nextCursor).toEqual(expect.any(String))
    expect((await list({ limit: '1', cursor: page.body.nextCursor })).body.targets[0].id).toBe('cust_b')
    const read = await world.call('GET', `/api/v1/targets/${one.id}`)
    expect(read.body).toMatchObject({
      id: one.id,
      namespace: 'customer-abc123',
      active: null,
      attempts: [],
      enrolled: false,
    })
    expect(read.headers.etag).toMatch(/^"1-[0-9a-f]{16}"$/)
    expect((await world.call('GET', '/api/v1/targets/nobody')).body.code).toBe('target-not-found')
  })

  it('is patched under If-Match, pinned, unpinned and retired', async () => {
    const world = openWorld()
    await world.call('POST', '/api/v1/targets', { body: one })
    const patch = (region: string, etag: string) =>
      world.call('PATCH', `/api/v1/targets/${one.id}`, { body: { region }, headers: { 'if-match': etag } })
    const patched = await patch('us-1', '"1"')
    expect([patched.status, patched.body.region, patched.headers.etag]).toEqual([
      200,
      'us-1',
      expect.stringMatching(/^"2-/),
    ])
    const stale = await patch('us-2', '"1"')
    expect([stale.status, stale.body.code]).toEqual([412, 'precondition-failed'])
    const empty = await world.call('PATCH', `/api/v1/targets/${one.id}`, { body: {} })
    expect(empty.status).toBe(400)
    const pinned = await world.call('POST', `/api/v1/targets/${one.id}/pin`, { body: { reason: 'audit' } })
    expect(pinned.body.pin).toEqual({ component: null, reason: 'audit' })
    expect((await world.call('DELETE', `/api/v1/targets/${one.id}/pin`)).body.pin).toBeNull()
    const retired = await world.call('POST', `/api/v1/targets/${one.id}/retire`, { body: { reason: 'sold' } })
    expect(retired.body.retired).toEqual({ reason: 'sold' })
    const late = await world.call('POST', `/api/v1/targets/${one.id}/pin`, { body: { reason: 'x' } })
    expect([late.status, late.body.code]).toEqual([409, 'target-retired'])
  })

  it('is not retired under an update but by force', async () => {
    const world = openWorld()
    await world.fleet(1)
    await deployed(world)
    const retire = (force: boolean) =>
      world.call('POST', '/api/v1/targets/cust_0001/retire', { body: { reason: 'gone', force } })
    const refused = await retire(false)
    expect([refused.status, refused.body.code]).toEqual([409, 'update-in-progress'])
    expect((await retire(true)).body.attempts[0].outcome).toBe('cancelled')
  })

  it.each([
    ['PATCH', '', { region: 'x' }],
    ['POST', '/pin', { reason: 'x' }],
    ['DELETE', '/pin', undefined],
    ['POST', '/retire', { reason: 'x' }],
    ['POST', '/enrolment', undefined],
    ['GET', '/explain', undefined],
  ])('is not found by %s %s', async (method, path, body) => {
    const reply = await openWorld().call(method, `/api/v1/targets/nobody${path}`, { body })
    expect([reply.status, reply.body.code]).toEqual([404, 'target-not-found'])
  })
})

describe('when an agent was last heard of', () => {
  it('is in every answer about its target; null when it never was', async () => {
    const world = openWorld()
    await world.fleet(2)
    const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
    await world.call('GET', '/api/v1/updates/check', { as })
    world.pass(60)
    const seen = '2026-01-05T10:00:00.000Z'
    const read = async (path: string, request = {}) => (await world.call('GET', path, request)).body
    for (const [id, at] of [
      ['cust_0001', seen],
      ['cust_0002', null],
    ]) {
      expect((await read(`/api/v1/targets/${id}`)).lastSeenAt).toBe(at)
      expect((await read(`/api/v1/targets/${id}/explain`)).lastSeenAt).toBe(at)
    }
    const { targets } = await read('/api/v1/targets')
    expect(targets).toMatchObject([{ lastSeenAt: seen }, { lastSeenAt: null }])
    const patched = await world.call('PATCH', '/api/v1/targets/cust_0001', { body: { region: 'eu' } })
    expect(patched.body.lastSeenAt).toBe(seen)
  })
})

describe('GET /api/v1/targets/{id}/explain (N3)', () => {
  it('says why a target is, or is not, upgraded, with the commit that says so', async () => {
    const world = openWorld()
    await world.fleet(10)
    const explain = async (id: string, query = {}) =>
      (await world.call('GET', `/api/v1/targets/${id}/explain`, { query })).body
    expect(await explain('cust_0001')).toMatchObject({ verdict: 'eligible' })
    const id = await deployed(world)
    const { body } = await world.call('POST', '/api/upgrades/plan', { body: canary })
    const member = (wave: number) =>
      body.members.find((found: { wave: number }) => found.wave === wave).targetId
    const offered = await explain(member(1))
    expect(offered).toMatchObject({ verdict: 'offered', reasons: [{ ref: `target#${member(1)}@2` }] })
    expect(await explain(member(2), { upgradeId: id })).toMatchObject({
      verdict: 'waiting',
      reasons: [{ code: 'pending' }],
    })
    world.pass(60)
    await report(world)
    await world.advance(id)
    expect(await explain(member(1))).toMatchObject({ verdict: 'done', reasons: [{ code: 'succeeded' }] })
    expect(await explain(member(2), { upgradeId: id })).toMatchObject({
      verdict: 'waiting',
      reasons: [{ code: 'CONTINUE' }],
    })
    expect(await explain(member(1), { at: '2026-01-05T10:00:30Z' })).toMatchObject({ verdict: 'offered' })
    await world.call('POST', `/api/v1/targets/${member(2)}/pin`, { body: { reason: 'audit' } })
    expect(await explain(member(2))).toMatchObject({
      verdict: 'blocked',
      reasons: [
        { code: 'pinned', detail: `${member(2)} is pinned (every component): audit` },
        { code: 'CONTINUE' },
      ],
    })
    await world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } })
    const idle = body.members.find(
      ({ targetId }: { targetId: string }) => ![member(1), member(2)].includes(targetId),
    ).targetId
    expect(await explain(idle)).toMatchObject({
      verdict: 'blocked',
      reasons: [{ code: 'freeze', ref: 'policy#freeze@1' }, { code: 'CONTINUE' }],
    })
  })
})
