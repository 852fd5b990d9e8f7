import { describe, expect, it } from 'vitest'
import { approver, canary, deployed, openWorld, report, viewer } from './world.ts'

describe('POST /api/upgrades/deploy (C1)', () => {
  it("answers 202 with the seed's fields and the size of the canary", async () => {
    const world = openWorld()
    await world.fleet(50)
    const reply = await world.call('POST', '/api/upgrades/deploy', { body: canary })
    expect(reply.status).toBe(202)
    expect(reply.body).toEqual({
      upgradeId: expect.any(String),
      jobId: `${reply.body.upgradeId}-1`,
      strategy: 'canary',
      message: 'Canary upgrade started for 5 customers',
      procedure: null,
      leftOutCounts: {},
      approvals: { required: 0, reason: null },
      warnings: [expect.objectContaining({ code: 'whole_fleet' })],
      overlaps: [],
    })
    expect(reply.headers.location).toBe(`/api/upgrades/${reply.body.upgradeId}`)
    expect(Number(reply.headers['drydock-commit'])).toBeGreaterThan(0)
  })

  it.each([
    [{ component: 'api', version: 'v1.2.0', strategy: 'all' }, 'Upgrade started for 3 customers'],
    [
      { component: 'api', version: 'latest', strategy: 'batch', batchSize: 2 },
      'Batch upgrade started for 3 customers, 2 at a time',
    ],
    [{ ...canary, version: 'stable', canaryPercent: undefined }, 'Canary upgrade started for 1 customer'],
    [
      { component: 'api', version: '1.2.0', strategy: 'all', approvals: { required: 1 } },
      'Upgrade for 3 customers waits for an approval',
    ],
  ])('says in words what %j starts', async (body, message) => {
    const world = openWorld()
    await world.fleet(3)
    const reply = await world.call('POST', '/api/upgrades/deploy', { body })
    expect(reply.body.message).toBe(message)
  })

  it('asks and plans in one commit, so that nobody finds it without its plan', async () => {
    const world = openWorld()
    await world.fleet(3)
    const id = await deployed(world)
    const [first] = await Array.fromAsync(world.log.commits(`upgrade#${id}`))
    const types = first?.events.map(({ type }) => type)
    for (const type of ['UpgradeRequested', 'ExecutionStarting', 'UpgradePlanned'])
      expect(types).toContain(type)
  })

  it('keeps every default in the request', async () => {
    const world = openWorld()
    await world.fleet(3)
    const id = await deployed(world)
    const { body } = await world.call('GET', `/api/upgrades/${id}`)
    expect(body.request).toMatchObject({
      canaryPercent: 10,
      continueByHand: true,
      failures: { percent: 10, absolute: null, action: 'pause' },
      unreachable: { percent: 10, absolute: null },
      parallel: 10_000,
      approvals: { required: 0 },
      bakeSeconds: 0,
      retry: { attempts: 0, delaySeconds: 60 },
      deadlines: { accept: 86_400, attempt: 3600, expected: 300 },
      breakGlass: false,
    })
  })

  it('names all bad fields together', async () => {
    const world = openWorld()
    const reply = await world.call('POST', '/api/upgrades/deploy', {
      body: {
        component: 'a/b',
        strategy: 'sideways',
        canaryPercent: 900,
        status: 'completed',
        targets: { ids: [''] },
      },
    })
    expect(reply.status).toBe(400)
    expect(reply.headers['content-type']).toBe('application/problem+json')
    expect(reply.body.code).toBe('validation-failed')
    const fields = reply.body.errors.map(({ field }: { field: string }) => field)
    expect(fields.sort()).toEqual([
      'canaryPercent',
      'component',
      'status',
      'strategy',
      'targets.ids.0',
      'version',
    ])
  })

  it.each([
    [{ ...canary, version: 'v9.9.9' }, 'release-not-registered'],
    [{ ...canary, targets: { types: ['nothing'] } }, 'nothing-to-upgrade'],
    [{ ...canary, window: { start: '2020-01-01T00:00:00Z', end: '2020-01-01T01:00:00Z' } }, 'window-over'],
    [
      { ...canary, window: { start: '2030-01-01T00:00:00Z', end: '2030-01-01T00:01:00Z' } },
      'window-too-short',
    ],
  ])('refuses %j with %s and leaves no upgrade behind', async (body, code) => {
    const world = openWorld()
    await world.fleet(2)
    const reply = await world.call('POST', '/api/upgrades/deploy', { body })
    expect([reply.status, reply.body.code]).toEqual([422, code])
    const streams = await Array.fromAsync(world.log.streams({ name: 'upgrade' }))
    expect(streams).toEqual([])
  })

  it('refuses a withdrawn release', async () => {
    const world = openWorld()
    await world.fleet(2)
    await world.call('POST', '/api/v1/releases/api/v1.2.0/withdraw', { body: { reason: 'broken' } })
    const reply = await world.call('POST', '/api/upgrades/deploy', { body: canary })
    expect([reply.status, reply.body.code]).toEqual([422, 'release-withdrawn'])
  })

  it('does the same once for one idempotency key, and refuses it for another body', async () => {
    const world = openWorld()
    await world.fleet(10)
    const headers = { 'idempotency-key': 'deploy-1' }
    const first = await world.call('POST', '/api/upgrades/deploy', { body: canary, headers })
    await world.advance(first.body.upgradeId)
    const again = await world.call('POST', '/api/upgrades/deploy', { body: canary, headers })
    expect([again.status, again.body]).toEqual([first.status, first.body])
    const other = await world.call('POST', '/api/upgrades/deploy', {
      body: { ...canary, canaryPercent: 20 },
      headers,
    })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-key-reused'])
    const somebody = { user: 'operator-2', roles: ['operator'] }
    const theirs = await world.call('POST', '/api/upgrades/deploy', { as: somebody, body: canary, headers })
    expect(theirs.body.upgradeId).not.toBe(first.body.upgradeId)
  })

  it.each([40, 150])(
    'takes %i targets that are named, though the view has not heard of them yet',
    async (count) => {
      const world = openWorld()
      await world.fleet(0)
      const ids = Array.from({ length: count }, (_, place) => `new_${place}`)
      const targets = ids.map((id) => ({
        id,
        type: id === 'new_7' ? 'broker' : 'publisher',
        components: { api: 'v1.1.0' },
      }))
      await world.call('POST', '/api/v1/targets', { body: { targets }, early: true })
      const body = { ...canary, targets: { ids, types: ['publisher'] } }
      const plan = await world.call('POST', '/api/upgrades/plan', { body, early: true })
      const leftOut = [{ targetId: 'new_7', reason: 'not_selected' }]
      expect(plan.body).toMatchObject({ total: count - 1, leftOut })
      expect(plan.body.members.map(({ targetId }: { targetId: string }) => targetId)).not.toContain('new_7')
    },
  )
})

describe('POST /api/upgrades/plan (N2)', () => {
  it('shows waves, members and who is left out, with the plan hash of a deploy, and writes nothing', async () => {
    const world = openWorld()
    await world.fleet(20)
    await world.call('POST', '/api/v1/targets/cust_0003/pin', { body: { reason: 'audit week' } })
    const before = world.log.records.length
    const plan = await world.call('POST', '/api/upgrades/plan', { as: viewer, body: canary })
    expect(plan.status).toBe(200)
    expect(plan.body.total).toBe(19)
    expect(plan.body.waves.map(({ size }: { size: number }) => size)).toEqual([2, 17])
    expect(plan.body.members).toHaveLength(19)
    expect(plan.body.leftOut).toEqual([{ targetId: 'cust_0003', reason: 'pinned' }])
    expect(plan.body.expectedFinish).toBe('2026-01-05T10:10:00.000Z')
    expect(world.log.records.length).toBe(before)
    const id = await deployed(world)
    const upgrade = await world.call('GET', `/api/upgrades/${id}`)
    expect(upgrade.body.plan.planHash).toBe(plan.body.planHash)
  })
})

describe('reads of an upgrade', () => {
  it("tells the status in the seed's fields (C2) and the logs in its rows (C3)", async () => {
    const world = openWorld()
    await world.fleet(50)
    const id = await deployed(world)
    await report(world)
    const status = await world.call('GET', `/api/upgrades/${id}/status`, { as: viewer })
    expect(status.body).toMatchObject({
      upgradeId: id,
      component: 'api',
      version: 'v1.2.0',
      strategy: 'canary',
      total: 50,
      completed: 5,
      failed: 0,
      inProgress: 0,
      status: 'in_progress',
      startedAt: expect.any(String),
      completedAt: null,
      wave: 1,
    })
    const logs = await world.call('GET', `/api/upgrades/${id}/logs`, {
      query: { status: 'completed', limit: '3' },
    })
    expect(logs.body.count).toBe(3)
    expect(logs.body.nextCursor).toEqual(expect.any(String))
    expect(logs.body.logs[0]).toEqual({
      id: expect.any(String),
      customer_id: expect.stringMatching(/^cust_/),
      component: 'api',
      from_version: 'v1.1.0',
      to_version: 'v1.2.0',
      status: 'completed',
      started_at: expect.any(String),
      completed_at: expect.any(String),
      output: 'Helm upgrade',
      error: null,
    })
    const rest = await world.call('GET', `/api/upgrades/${id}/logs`, {
      query: { cursor: logs.body.nextCursor, status: 'completed', limit: '3' },
    })
    expect(rest.body.count).toBe(2)
  })

  it('folds the log at an instant, by the rule of the view', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world)
    world.pass(60)
    await report(world)
    await world.advance(id)
    const at = (instant: string) =>
      world.call('GET', `/api/upgrades/${id}/status`, { query: { at: instant } })
    expect((await at('2026-01-05T10:00:30Z')).body).toMatchObject({ completed: 0, inProgress: 1 })
    const now = await at('2026-01-05T11:00:00Z')
    expect(now.body).toMatchObject({ completed: 1, inProgress: 0 })
    expect(now.body).toEqual((await world.call('GET', `/api/upgrades/${id}/status`)).body)
    expect((await at('2020-01-01T00:00:00Z')).status).toBe(404)
  })

  it('shows a write to who carries its commit, though no row has it yet', async () => {
    const world = openWorld()
    await world.fleet(3)
    const id = await deployed(world)
    const paused = await world.call('POST', `/api/upgrades/${id}/pause`)
    const read = (headers: Record<string, string>) =>
      world.call('GET', `/api/upgrades/${id}/status`, { headers, early: true })
    expect((await read({})).body.status).toBe('in_progress')
    const commit = paused.headers['drydock-commit'] ?? ''
    expect((await read({ 'drydock-commit': commit })).body.status).toBe('paused')
    const odd = await read({ 'drydock-commit': 'x' })
    expect([odd.status, odd.body.errors[0].field]).toEqual([400, 'headers.drydock-commit'])
  })

  it('tells the story one sentence an event, in pages of whole commits', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world)
    await report(world)
    await world.advance(id)
    const whole = await world.call('GET', `/api/upgrades/${id}/events`, { query: { limit: '100' } })
    const sentences: string[] = whole.body.events.map(({ sentence }: { sentence: string }) => sentence)
    expect(sentences[0]).toBe('operator-1 asked for api v1.2.0, strategy canary.')
    expect(sentences).toContain('Planned 10 targets to v1.2.0.')
    expect(sentences).toContain('Admitted 1 target of wave 1.')
    expect(sentences).toContain('Attempts ended: 1 succeeded.')
    expect(sentences).toContainEqual(
      expect.stringMatching(/^Waiting until \S+ for somebody to continue after wave 1\.$/),
    )
    const told: object[] = []
    for (let cursor: string | null = '1'; cursor !== null; ) {
      const page = await world.call('GET', `/api/upgrades/${id}/events`, { query: { limit: '1', cursor } })
      told.push(...page.body.events)
      cursor = page.body.nextCursor
    }
    expect(told).toEqual(whole.body.events)
  })

  it('proves the blast radius from the log (N1)', async () => {
    const world = openWorld()
    await world.fleet(20)
    const id = await deployed(world, { ...canary, parallel: 3 })
    await report(world)
    await world.advance(id)
    await world.call('POST', `/api/upgrades/${id}/continue`)
    await world.advance(id)
    const { body } = await world.call('GET', `/api/upgrades/${id}/blast-radius`)
    expect(body.proven).toBe(true)
    expect(body.limits).toEqual({ parallel: 3 })
    expect(body.waves[0]).toMatchObject({
      size: 2,
      largestInFlight: { count: 2, limit: 3, commit: expect.any(Number) },
      exposed: { count: 2, limit: 2 },
      failures: { count: 0, allowed: 0 },
    })
    expect(body.waves[1]).toMatchObject({
      size: 18,
      largestInFlight: { count: 3, limit: 3 },
      exposed: { count: 5, limit: 20 },
    })
  })

  it('lists upgrades by filters', async () => {
    const world = openWorld()
    await world.fleet(4)
    const id = await deployed(world)
    const found = await world.call('GET', '/api/upgrades', {
      query: { component: 'api', status: 'in_progress' },
    })
    expect(found.body).toMatchObject({
      count: 1,
      nextCursor: null,
      upgrades: [{ id, status: 'in_progress' }],
    })
    expect((await world.call('GET', '/api/upgrades', { query: { component: 'web' } })).body.count).toBe(0)
    const bad = await world.call('GET', '/api/upgrades', {
      query: { status: 'odd', limit: '1000', cursor: '!' },
    })
    expect(bad.body.errors).toHaveLength(3)
    const foreign = await world.call('GET', '/api/upgrades', { query: { cursor: 'abcd' } })
    expect([foreign.status, foreign.body.errors[0].field]).toEqual([400, 'query.cursor'])
  })

  it.each(['', '/status', '/logs', '/events', '/blast-radius', '/forecast'])(
    'knows no upgrade of another id%s',
    async (path) => {
      const reply = await openWorld().call('GET', `/api/upgrades/unknown${path}`)
      expect([reply.status, reply.body.code]).toEqual([404, 'upgrade-not-found'])
    },
  )
})

describe('commands of an upgrade', () => {
  it('continues after a canary, once (C4)', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world)
    const early = await world.call('POST', `/api/upgrades/${id}/continue`)
    expect([early.status, early.body.code]).toEqual([409, 'nothing-to-continue'])
    await report(world)
    expect(await world.advance(id)).toBe('gate')
    const headers = { 'idempotency-key': 'go' }
    const reply = await world.call('POST', `/api/upgrades/${id}/continue`, { as: approver, headers })
    expect([reply.status, reply.body]).toEqual([
      200,
      { message: 'Upgrade continuation queued', upgradeId: id, jobId: `${id}-1` },
    ])
    const again = await world.call('POST', `/api/upgrades/${id}/continue`, { as: approver, headers })
    expect([again.status, again.body]).toEqual([200, reply.body])
    await world.advance(id)
    await report(world)
    await world.advance(id)
    expect((await world.call('GET', `/api/upgrades/${id}/status`)).body.status).toBe('completed')
  })

  it('lets nobody continue their own upgrade where it wants a second person', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world, { ...canary, continueRequiresSecondPerson: true })
    await report(world)
    await world.advance(id)
    const own = await world.call('POST', `/api/upgrades/${id}/continue`)
    expect([own.status, own.body.code]).toEqual([403, 'self-approval'])
    expect((await world.call('POST', `/api/upgrades/${id}/continue`, { as: approver })).status).toBe(200)
  })

  it('approves the plan that was looked at, by somebody else (S5)', async () => {
    const world = openWorld()
    await world.fleet(4)
    const all = { user: 'boss', roles: ['operator', 'approver'] }
    const started = await world.call('POST', '/api/upgrades/deploy', {
      as: all,
      body: { ...canary, approvals: { required: 1 } },
    })
    const id = started.body.upgradeId
    const { planHash } = (await world.call('GET', `/api/upgrades/${id}`)).body.plan
    const approve = (as: Parameters<typeof world.call>[2], hash = planHash) =>
      world.call('POST', `/api/upgrades/${id}/approve`, { ...as, body: { planHash: hash } })
    const own = await approve({ as: all })
    expect([own.status, own.body.code]).toEqual([403, 'self-approval'])
    const other = await approve({ as: approver }, 'ab'.repeat(32))
    expect([other.status, other.body.code]).toEqual([409, 'plan-changed'])
    const inbox = await world.call('GET', '/api/v1/approvals', { as: approver })
    expect(inbox.body.approvals).toMatchObject([
      { upgradeId: id, waitsFor: 'approve', planHash, yours: false, needed: 1 },
    ])
    const done = await approve({ as: approver })
    expect([done.status, done.body]).toEqual([
      200,
      { message: 'Approved: 1 of 1', upgradeId: id, status: 'scheduled' },
    ])
    expect((await approve({ as: approver })).status).toBe(200)
  })

  it('rejects what waits for approval', async () => {
    const world = openWorld()
    await world.fleet(4)
    const id = await deployed(world, { ...canary, approvals: { required: 1 } })
    const reply = await world.call('POST', `/api/upgrades/${id}/reject`, {
      as: approver,
      body: { reason: 'not today' },
    })
    expect([reply.status, reply.body.status]).toEqual([200, 'rejected'])
    const running = await deployed(world)
    const late = await world.call('POST', `/api/upgrades/${running}/reject`, {
      as: approver,
      body: { reason: 'x' },
    })
    expect([late.status, late.body.code]).toEqual([409, 'nothing-to-approve'])
  })

  it('pauses, resumes and aborts, and refuses what an end forbids', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world)
    const paused = await world.call('POST', `/api/upgrades/${id}/pause`, { body: { reason: 'lunch' } })
    expect([paused.status, paused.body.status]).toEqual([200, 'paused'])
    expect((await world.call('POST', `/api/upgrades/${id}/pause`)).body.status).toBe('paused')
    const story = await world.call('GET', `/api/upgrades/${id}/events`, { query: { limit: '100' } })
    const pauses = story.body.events.filter(({ type }: { type: string }) => type === 'UpgradePaused')
    expect(pauses).toHaveLength(1)
    const resumed = await world.call('POST', `/api/upgrades/${id}/resume`)
    expect([resumed.status, resumed.body.status]).toEqual([200, 'in_progress'])
    const aborted = await world.call('POST', `/api/upgrades/${id}/abort`, { body: { reason: 'enough' } })
    expect([aborted.status, aborted.body.status]).toEqual([202, 'aborting'])
    await world.advance(id)
    const late = await world.call('POST', `/api/upgrades/${id}/pause`)
    expect([late.status, late.body.code]).toEqual([409, 'upgrade-ended'])
  })

  it('refuses a command that rests on an older commit (If-Match)', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world)
    const read = await world.call('GET', `/api/upgrades/${id}`)
    await world.call('POST', `/api/upgrades/${id}/pause`)
    const headers = { 'if-match': read.headers.etag ?? '' }
    const stale = await world.call('POST', `/api/upgrades/${id}/resume`, { headers })
    expect([stale.status, stale.body.code]).toEqual([412, 'precondition-failed'])
    const odd = await world.call('POST', `/api/upgrades/${id}/resume`, { headers: { 'if-match': '7' } })
    expect([odd.status, odd.body.errors[0].field]).toEqual([400, 'headers.if-match'])
  })

  it('skips a member that was not reached yet, and only members', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world)
    const { body } = await world.call('POST', '/api/upgrades/plan', { body: canary })
    const waiting = body.members.find(({ wave }: { wave: number }) => wave === 2).targetId
    const first = body.members.find(({ wave }: { wave: number }) => wave === 1).targetId
    const skipped = await world.call('POST', `/api/upgrades/${id}/targets/${waiting}/skip`)
    expect([skipped.status, skipped.body.message]).toEqual([200, `${waiting} skipped`])
    const busy = await world.call('POST', `/api/upgrades/${id}/targets/${first}/skip`)
    expect([busy.status, busy.body.code]).toEqual([409, 'update-in-progress'])
    const stranger = await world.call('POST', `/api/upgrades/${id}/targets/cust_9999/skip`)
    expect([stranger.status, stranger.body.code]).toEqual([404, 'not-a-member'])
  })

  it.each([
    'continue',
    'pause',
    'resume',
    'abort',
    'rollback',
    'retry-failed',
    'rollback/cust_0001',
    'targets/cust_0001/skip',
  ])('knows no upgrade to %s', async (command) => {
    const world = openWorld()
    await world.fleet(1)
    const reply = await world.call('POST', `/api/upgrades/unknown/${command}`)
    expect([reply.status, reply.body.code]).toEqual([404, 'upgrade-not-found'])
  })
})

describe('children of an upgrade', () => {
  async function completed() {
    const world = openWorld()
    await world.fleet(4)
    const id = await deployed(world, {
      component: 'api',
      version: 'v1.2.0',
      strategy: 'all',
      failureThreshold: { percent: 100 },
    })
    await report(world, (target) => (target === 'cust_0002' ? 'failed' : 'completed'))
    await world.advance(id)
    return { world, id }
  }

  it("takes one customer back, with the seed's answer (C5)", async () => {
    const { world, id } = await completed()
    const headers = { 'idempotency-key': 'back-1' }
    const reply = await world.call('POST', `/api/upgrades/${id}/rollback/cust_0001`, { headers })
    expect([reply.status, reply.body]).toEqual([
      202,
      {
        message: 'Rollback started',
        customerId: 'cust_0001',
        namespace: 'customer-0001',
        upgradeId: expect.any(String),
      },
    ])
    const again = await world.call('POST', `/api/upgrades/${id}/rollback/cust_0001`, { headers })
    expect(again.body).toEqual(reply.body)
    await world.advance(reply.body.upgradeId)
    expect(await report(world)).toEqual(['cust_0001'])
    await world.advance(reply.body.upgradeId)
    const target = await world.call('GET', '/api/v1/targets/cust_0001')
    expect(target.body.components.api).toBe('v1.1.0')
    const child = await world.call('GET', `/api/upgrades/${reply.body.upgradeId}`)
    expect(child.body).toMatchObject({
      kind: 'rollback',
      parentId: id,
      status: 'completed',
      version: 'v1.1.0',
    })
    const parent = await world.call('GET', `/api/upgrades/${id}`)
    expect(parent.body.children).toMatchObject([{ upgradeId: reply.body.upgradeId, kind: 'rollback' }])
  })

  it('takes everybody back after the end', async () => {
    const { world, id } = await completed()
    const reply = await world.call('POST', `/api/upgrades/${id}/rollback`, { body: { reason: 'regression' } })
    expect(reply.status).toBe(202)
    await world.advance(reply.body.upgradeId)
    expect(await report(world)).toEqual(['cust_0001', 'cust_0002', 'cust_0003', 'cust_0004'])
  })

  it('aborts a running upgrade first and takes it back when nothing is in flight', async () => {
    const world = openWorld()
    await world.fleet(10)
    const id = await deployed(world)
    await report(world)
    await world.advance(id)
    const reply = await world.call('POST', `/api/upgrades/${id}/rollback`)
    expect(reply.status).toBe(202)
    await world.advance(id)
    const child = await world.call('GET', `/api/upgrades/${reply.body.upgradeId}`)
    expect(child.body).toMatchObject({ kind: 'rollback', parentId: id, total: 1 })
    expect((await world.call('GET', `/api/upgrades/${id}`)).body.status).toBe('aborted')
  })

  it('tries the failed ones again', async () => {
    const { world, id } = await completed()
    const headers = { 'idempotency-key': 'retry-1' }
    const reply = await world.call('POST', `/api/upgrades/${id}/retry-failed`, { headers })
    expect(reply.status).toBe(202)
    expect((await world.call('POST', `/api/upgrades/${id}/retry-failed`, { headers })).body).toEqual(
      reply.body,
    )
    const other = await world.call('POST', `/api/upgrades/${id}/retry-failed`, {
      headers,
      body: { reason: 'x' },
    })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-key-reused'])
    await world.advance(reply.body.upgradeId)
    expect(await report(world)).toEqual(['cust_0002'])
  })

  it('says when there is nothing to take back or to try again', async () => {
    const { world, id } = await completed()
    const stranger = await world.call('POST', `/api/upgrades/${id}/rollback/cust_9999`)
    expect([stranger.status, stranger.body.code]).toEqual([404, 'not-a-member'])
    const fresh = await deployed(world, { component: 'api', version: 'v1.2.0', strategy: 'all' })
    const none = await world.call('POST', `/api/upgrades/${fresh}/retry-failed`)
    expect([none.status, none.body.code]).toEqual([409, 'nothing-to-retry'])
  })
})
