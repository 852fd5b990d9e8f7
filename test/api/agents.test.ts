import { describe, expect, it, vi } from 'vitest'
import { sha256 } from '../../events/canonical.ts'
import { agentAuthorizer } from '../../functions/api/authorizer.ts'
import { outputBytes, outputOf } from '../../functions/output.ts'
import { type Caller, canary, deployed, openWorld, type World } from './world.ts'

const timestamp = '2026-01-05T10:00:00Z'
const secret = 'A'.repeat(43)

async function running() {
  const world = openWorld()
  await world.fleet(1)
  const credential = await world.enrol('cust_0001')
  const id = await deployed(world)
  const as: Caller = { bearer: credential }
  const tell = (body: object, more: { headers?: Record<string, string> } = {}) =>
    world.call('POST', '/api/v1/updates/status', {
      as,
      ...more,
      body: { version: 'v1.2.0', timestamp, ...body },
    })
  return { world, id, as, tell }
}

describe('enrolment', () => {
  it('gives a key for a token, again for the same key, and to no other', async () => {
    const world = openWorld()
    await world.fleet(1)
    const issued = await world.call('POST', '/api/v1/targets/cust_0001/enrolment')
    const as: Caller = { bearer: issued.body.enrolmentToken }
    const enrol = (key: string) => world.call('POST', '/api/v1/agents/enrol', { as, body: { key } })
    const first = await enrol(secret)
    expect([first.status, first.body]).toEqual([
      201,
      { target: 'cust_0001', credential: `drydock-agent.cust_0001.${secret}` },
    ])
    expect((await enrol(secret)).body).toEqual(first.body)
    const other = await enrol('B'.repeat(43))
    expect([other.status, other.body.code]).toEqual([401, 'enrolment-used'])
    expect((await enrol('short')).status).toBe(400)
    expect(JSON.stringify(world.log.records)).not.toContain(secret)
  })

  it('says whether an issued token ends another, or a credential', async () => {
    const world = openWorld()
    await world.fleet(1)
    const issue = async () => {
      const { body } = await world.call('POST', '/api/v1/targets/cust_0001/enrolment')
      return { token: body.enrolmentToken, said: [body.endsToken, body.enrolled] }
    }
    expect((await issue()).said).toEqual([false, false])
    const second = await issue()
    expect(second.said).toEqual([true, false])
    const as: Caller = { bearer: second.token }
    await world.call('POST', '/api/v1/agents/enrol', { as, body: { key: secret } })
    expect((await issue()).said).toEqual([false, true])
    world.pass(7 * 86_400)
    expect((await issue()).said).toEqual([false, true])
  })

  it("ends with the token's seven days", async () => {
    const world = openWorld()
    await world.fleet(1)
    const issued = await world.call('POST', '/api/v1/targets/cust_0001/enrolment')
    world.pass(7 * 86_400)
    const reply = await world.call('POST', '/api/v1/agents/enrol', {
      as: { bearer: issued.body.enrolmentToken },
      body: { key: secret },
    })
    expect([reply.status, reply.body.code]).toEqual([401, 'unauthenticated'])
  })

  it('opens nothing but enrolling, and an agent cannot enrol', async () => {
    const world = openWorld()
    await world.fleet(1)
    const issued = await world.call('POST', '/api/v1/targets/cust_0001/enrolment')
    const check = await world.call('GET', '/api/v1/updates/check', {
      as: { bearer: issued.body.enrolmentToken },
    })
    expect([check.status, check.body.code]).toEqual([403, 'forbidden'])
    const bearer = await world.enrol('cust_0001')
    const enrol = await world.call('POST', '/api/v1/agents/enrol', { as: { bearer }, body: { key: secret } })
    expect([enrol.status, enrol.body.code]).toEqual([403, 'forbidden'])
  })
})

describe('the authorizer of agents', () => {
  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer x',
    `Basic drydock-agent.a.${secret}`,
    `Bearer drydock-agent.a.${secret}x`,
    `Bearer drydock-agent..${secret}`,
    `Bearer drydock-agent.a#b.${secret}`,
    `Bearer drydock-agent.a\n.${secret}`,
    `Bearer drydock-root.a.${secret}`,
    `Bearer eyJhbGciOiJub25lIn0.e30.`,
  ])('refuses %j without a read', async (authorization) => {
    const world = openWorld()
    const load = vi.fn()
    const authorize = agentAuthorizer({ ...world.services, log: { ...world.log, load } })
    expect(await authorize({ headers: { authorization } })).toEqual({ isAuthorized: false })
    expect(load).not.toHaveBeenCalled()
  })

  it('refuses a wrong secret, an unknown target and a retired one', async () => {
    const world = openWorld()
    await world.fleet(2)
    const bearer = await world.enrol('cust_0001')
    const ask = async (token: string) =>
      (await world.authorize({ headers: { authorization: `Bearer ${token}` } })).isAuthorized
    expect(await ask(bearer)).toBe(true)
    expect(await ask(`drydock-agent.cust_0001.${secret}`)).toBe(false)
    expect(await ask(bearer.replace('cust_0001', 'cust_0002'))).toBe(false)
    expect(await ask(`drydock-agent.nobody.${secret}`)).toBe(false)
    await world.call('POST', '/api/v1/targets/cust_0001/retire', { body: { reason: 'sold' } })
    expect(await ask(bearer)).toBe(false)
  })

  it('fails closed when the log does not answer, with an error that nobody keeps (S30)', async () => {
    const world = openWorld()
    const load = () => Promise.reject(new Error('down'))
    const authorize = agentAuthorizer({ ...world.services, log: { ...world.log, load } })
    const error = vi.spyOn(console, 'error').mockReturnValue()
    const authorization = `Bearer drydock-agent.a.${secret}`
    await expect(authorize({ headers: { authorization } })).rejects.toThrow('down')
    expect(JSON.stringify(error.mock.calls)).toContain('authorize')
    expect(JSON.stringify(error.mock.calls)).not.toContain(secret)
    error.mockRestore()
  })
})

describe('an agent', () => {
  it('checks, accepts, and reports an end, each of which may be repeated (M5, M6)', async () => {
    const { world, as, tell, id } = await running()
    const check = await world.call('GET', '/api/v1/updates/check', {
      as,
      headers: { 'x-current-version': 'v1.1.0' },
    })
    expect(check.body).toEqual({
      updateAvailable: true,
      version: 'v1.2.0',
      mandatory: false,
      nextCheckSeconds: expect.any(Number),
      releaseNotes: null,
      downloadUrl: null,
      signature: null,
      component: 'api',
      from: 'v1.1.0',
      kind: 'deploy',
      attempt: expect.any(String),
      digest: expect.stringMatching(/^sha256:/),
      acceptBy: '2026-01-06T10:00:00.000Z',
      accepted: false,
      deadline: null,
    })
    const early = await tell({ status: 'completed' })
    expect([early.status, early.body.code]).toEqual([409, 'attempt-not-accepted'])
    const accepted = await tell({ status: 'in-progress' })
    expect([accepted.status, accepted.body]).toEqual([
      200,
      { target: 'cust_0001', result: 'accepted', attempt: check.body.attempt, outcome: null },
    ])
    expect((await tell({ status: 'in-progress' })).body.result).toBe('unchanged')
    const done = await tell({ status: 'completed', details: { step: 'helm' } })
    expect(done.body).toMatchObject({ result: 'recorded', outcome: 'succeeded' })
    expect((await tell({ status: 'completed' })).body.result).toBe('unchanged')
    const contrary = await tell({ status: 'rejected' })
    expect([contrary.status, contrary.body.code]).toEqual([409, 'attempt-over'])
    expect((await world.call('GET', '/api/v1/updates/check', { as })).body).toEqual({
      updateAvailable: false,
      nextCheckSeconds: expect.any(Number),
    })
    await world.advance(id)
    expect((await world.call('GET', `/api/upgrades/${id}/status`)).body.status).toBe('completed')
    expect(await world.services.telemetry.lastSeen('cust_0001')).toBe('2026-01-05T10:00:00.000Z')
  })

  it('is noted to have been heard of where the log does not say so', async () => {
    const { world, as, tell } = await running()
    const seen = vi.spyOn(world.services.telemetry, 'seen')
    const noted = async (asked: Promise<unknown>) => {
      await asked
      return seen.mock.calls.splice(0).flat()
    }
    expect(await noted(world.call('GET', '/api/v1/updates/check', { as }))).toEqual(['cust_0001'])
    expect(await noted(tell({ status: 'in-progress' }))).toEqual([])
    expect(await noted(tell({ status: 'in-progress' }))).toEqual(['cust_0001'])
    expect(await noted(tell({ status: 'completed' }))).toEqual([])
    expect(await noted(tell({ status: 'rejected' }))).toEqual(['cust_0001'])
  })

  it('is offered nothing that it could not accept any more, and goes on being told of what it has accepted', async () => {
    const { world, as, tell } = await running()
    const offered = async () =>
      (await world.call('GET', '/api/v1/updates/check', { as, early: true })).body.updateAvailable
    const { acceptBy } = (await world.call('GET', '/api/v1/updates/check', { as })).body
    const left = (Date.parse(acceptBy) - world.services.now()) / 1000
    world.pass(left - 1)
    expect(await offered()).toBe(true)
    world.pass(1)
    expect(await offered()).toBe(false)
    const other = await running()
    await other.tell({ status: 'in-progress' })
    other.world.pass(left)
    expect(
      (await other.world.call('GET', '/api/v1/updates/check', { as: other.as, early: true })).body,
    ).toMatchObject({
      updateAvailable: true,
      accepted: true,
    })
    expect((await tell({ status: 'in-progress' })).body.code).toBe('attempt-over')
  })

  it('may not say that it succeeded with another version', async () => {
    const { tell } = await running()
    await tell({ status: 'in-progress' })
    expect((await tell({ status: 'completed', version: 'v1.1.0' })).body.outcome).toBe('failed')
  })

  it('is told of a report that comes late, by its sequence', async () => {
    const { tell } = await running()
    await tell({ status: 'in-progress' })
    expect((await tell({ status: 'in-progress', sequence: 2 })).status).toBe(200)
    expect((await tell({ status: 'in-progress', sequence: 2 })).status).toBe(200)
    const late = await tell({ status: 'in-progress', sequence: 1 })
    expect([late.status, late.body.code]).toEqual([409, 'sequence-behind'])
  })

  it('is told when the attempt that it names is of another target', async () => {
    const world = openWorld()
    await world.fleet(2)
    await deployed(world, { component: 'api', version: 'v1.2.0', strategy: 'all' })
    const as = (target: string) => ({ lambda: { kind: 'agent', target, tokenHash: '' } })
    const other = await world.call('GET', '/api/v1/updates/check', { as: as('cust_0002') })
    const { attempt } = other.body
    for (const status of ['in-progress', 'completed']) {
      const body = { version: 'v1.2.0', timestamp, status, attempt }
      const reply = await world.call('POST', '/api/v1/updates/status', { as: as('cust_0001'), body })
      expect([reply.status, reply.body.code]).toEqual([409, 'attempt-not-of-target'])
      expect(reply.body.detail).toContain(`Attempt ${attempt} is not one of this target`)
    }
  })

  describe('that names no attempt', () => {
    /** One attempt to v1.2.0 was accepted and lost; another is under way. */
    async function lostAndNext(next: 'another release' | 'another try', numbers: readonly number[] = []) {
      const { world, id, as, tell } = await running()
      const [first, second] = numbers
      const numbered = (sequence: number | undefined) => (sequence === undefined ? {} : { sequence })
      await tell({ status: 'in-progress', ...numbered(first) })
      world.pass(3601)
      await world.advance(id)
      const version = next === 'another release' ? 'v1.3.0' : 'v1.2.0'
      if (next === 'another release') {
        const digest = `sha256:${'cd'.repeat(32)}`
        await world.call('POST', '/api/v1/releases', { body: { component: 'api', version, digest } })
      }
      await world.call('POST', `/api/upgrades/${id}/abort`)
      await world.advance(id)
      await deployed(world, { component: 'api', version, strategy: 'all' })
      const accepted = await tell({ status: 'in-progress', version, ...numbered(second) })
      expect(accepted.body).toMatchObject({ result: 'accepted' })
      const { attempt } = accepted.body
      const active = async () =>
        (await world.call('GET', '/api/v1/targets/cust_0001')).body.active?.attempt ?? null
      return { world, as, tell, attempt, active }
    }

    it('and comes late never ends a newer attempt to another release', async () => {
      const { tell, attempt, active } = await lostAndNext('another release')
      for (const status of ['failed', 'rolled-back', 'rejected', 'rollback-failed']) {
        const late = await tell({ status, version: 'v1.2.0', code: 'C' })
        expect([late.status, late.body.code]).toEqual([409, 'attempt-over'])
        expect(late.body.detail).not.toContain(attempt)
        expect(await active()).toBe(attempt)
      }
      const right = await tell({ status: 'completed', version: '1.3.0' })
      expect(right.body).toMatchObject({ result: 'recorded', attempt, outcome: 'succeeded' })
    })

    it('and comes late by its sequence never ends a newer try of the same release', async () => {
      const { tell, attempt, active } = await lostAndNext('another try', [1, 10])
      await tell({ status: 'in-progress', sequence: 12 })
      for (const sequence of [2, 11]) {
        const late = await tell({ status: 'failed', sequence })
        expect([late.status, late.body.code]).toEqual([409, 'attempt-over'])
        expect(await active()).toBe(attempt)
      }
      expect((await tell({ status: 'completed', sequence: 13 })).body.outcome).toBe('succeeded')
    })

    it('nor fits any is refused, with both named', async () => {
      const { tell, attempt, active } = await lostAndNext('another release')
      const unclear = await tell({ status: 'completed', version: 'v0.9.0' })
      expect([unclear.status, unclear.body.code]).toEqual([409, 'report-unclear'])
      expect(unclear.body.detail).toContain(`attempt ${attempt} to v1.3.0`)
      expect(unclear.body.detail).toContain('to v1.2.0')
      expect(await active()).toBe(attempt)
    })
  })

  it('keeps the key of a repeated report apart from another body', async () => {
    const { tell } = await running()
    const headers = { 'idempotency-key': 'k' }
    const first = await tell({ status: 'in-progress' }, { headers })
    expect((await tell({ status: 'in-progress' }, { headers })).body).toEqual(first.body)
    const other = await tell({ status: 'failed' }, { headers })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-key-reused'])
  })

  it('reports only for itself: another target is not there, and nothing is stored (S25)', async () => {
    const { world, as } = await running()
    await world.call('POST', '/api/v1/targets', { body: { id: 'other', components: { api: 'v1.1.0' } } })
    await world.call('POST', '/api/v1/targets', { body: { id: 'member', gateway: 'other', components: {} } })
    for (const target of ['other', 'member', 'nobody']) {
      const before = world.log.records.length
      const check = await world.call('GET', '/api/v1/updates/check', { as, query: { target } })
      expect([check.status, check.body.code]).toEqual([404, 'target-not-found'])
      const report = { version: 'v1.2.0', timestamp, status: 'in-progress', target }
      const told = await world.call('POST', '/api/v1/updates/status', { as, body: report })
      expect([told.status, told.body.code]).toEqual([404, 'target-not-found'])
      expect(world.log.records.length).toBe(before)
    }
  })

  it('is refused at once when its target is retired, whatever the gateway still remembers', async () => {
    const { world } = await running()
    await world.call('POST', '/api/v1/targets/cust_0001/retire', { body: { reason: 'sold', force: true } })
    await world.settle()
    const before = world.log.records.length
    const as: Caller = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
    const check = await world.call('GET', '/api/v1/updates/check', { as })
    expect([check.status, check.body.code]).toEqual([403, 'forbidden'])
    const body = { version: 'v1.2.0', timestamp, status: 'in-progress' }
    expect((await world.call('POST', '/api/v1/updates/status', { as, body })).status).toBe(403)
    expect(world.log.records.length).toBe(before)
  })
})

/** The key that a target's agent had, as the gateway's cache still knows it, after the target has enrolled with another. */
async function replaced(world: World, target: string, key: string): Promise<Caller> {
  const { body } = await world.call('POST', `/api/v1/targets/${target}/enrolment`)
  const as: Caller = { bearer: body.enrolmentToken }
  expect((await world.call('POST', '/api/v1/agents/enrol', { as, body: { key } })).status).toBe(201)
  const old = Buffer.alloc(32, target).toString('base64url')
  return { lambda: { kind: 'agent', target, tokenHash: sha256(old) } }
}

describe('a key that was replaced', () => {
  it('is good for nothing from then on, whatever the gateway still remembers (S25)', async () => {
    const { world, as } = await running()
    const boot = { 'x-boot-id': '0b8f0d3e-0000-4000-8000-000000000001' }
    const old = await replaced(world, 'cust_0001', 'B'.repeat(43))
    await world.settle()
    const before = world.log.records.length
    const body = { version: 'v1.2.0', timestamp, status: 'in-progress' }
    for (const reply of [
      await world.call('GET', '/api/v1/updates/check', { as: old, headers: boot }),
      await world.call('GET', '/api/v1/updates/check', { as: old, query: { members: 'true' } }),
      await world.call('POST', '/api/v1/updates/status', { as: old, body, headers: boot }),
      await world.call('POST', '/api/v1/updates/status', { as: old, body: { reports: [body] } }),
    ])
      expect([reply.status, reply.body.code]).toEqual([401, 'unauthenticated'])
    expect(world.log.records.length).toBe(before)
    expect((await world.call('GET', '/api/v1/updates/check', { as })).status).toBe(401)
    const bearer = `drydock-agent.cust_0001.${'B'.repeat(43)}`
    const now = await world.call('POST', '/api/v1/updates/status', { as: { bearer }, body })
    expect([now.status, now.body.result]).toEqual([200, 'accepted'])
  })
})

describe('a gateway', () => {
  async function gateway(): Promise<{ world: World; as: Caller }> {
    const world = openWorld()
    await world.fleet(0)
    await world.call('POST', '/api/v1/targets', { body: { id: 'gate', type: 'gateway' } })
    const targets = ['m1', 'm2', 'm3'].map((id) => ({ id, gateway: 'gate', components: { api: 'v1.1.0' } }))
    await world.call('POST', '/api/v1/targets', { body: { targets } })
    await world.settle()
    const bearer = await world.enrol('gate')
    await deployed(world, { ...canary, strategy: 'all', canaryPercent: undefined })
    return { world, as: { bearer } }
  }

  it('asks and reports for its members, with a result each', async () => {
    const { world, as } = await gateway()
    const members = await world.call('GET', '/api/v1/updates/check', { as, query: { members: 'true' } })
    expect(members.body).toMatchObject({ count: 3, nextCursor: null })
    expect(members.body.offers.map(({ target }: { target: string }) => target)).toEqual(['m1', 'm2', 'm3'])
    const single = await world.call('GET', '/api/v1/updates/check', { as, query: { target: 'm2' } })
    expect(single.body.updateAvailable).toBe(true)
    const report = (target: string, status: string) => ({ version: 'v1.2.0', timestamp, status, target })
    const told = await world.call('POST', '/api/v1/updates/status', {
      as,
      body: {
        reports: [
          report('m1', 'in-progress'),
          report('m1', 'completed'),
          report('m2', 'completed'),
          report('stranger', 'completed'),
        ],
      },
    })
    expect(told.body).toMatchObject({
      count: 4,
      results: [
        { target: 'm1', result: 'accepted' },
        { target: 'm1', result: 'recorded', outcome: 'succeeded' },
        { target: 'm2', result: 'failed', error: { code: 'attempt-not-accepted' } },
        { target: 'stranger', result: 'failed', error: { code: 'target-not-found' } },
      ],
    })
  })

  const all = (as: Caller) => ({ as, query: { members: 'true' } })
  const told = (target: string) => ({ version: 'v1.2.0', timestamp, status: 'in-progress', target })

  /** Everything that a gateway may ask and say of its members. */
  async function speaks(world: World, as: Caller) {
    const report = (body: object) => world.call('POST', '/api/v1/updates/status', { as, body })
    const replies = [
      await world.call('GET', '/api/v1/updates/check', all(as)),
      await world.call('GET', '/api/v1/updates/check', { as, query: { target: 'm1' } }),
      await report(told('m1')),
      await report({ reports: [told('m1'), told('m2')] }),
    ]
    return replies.map(({ status, body }) => [status, body.code])
  }

  it('that is retired speaks for none of its members any more, whatever is still remembered of it (S25)', async () => {
    const { world } = await gateway()
    await world.call('POST', '/api/v1/targets/gate/retire', { body: { reason: 'stolen' } })
    await world.settle()
    const before = world.log.records.length
    const tokenHash = sha256(Buffer.alloc(32, 'gate').toString('base64url'))
    const as: Caller = { lambda: { kind: 'agent', target: 'gate', tokenHash } }
    expect(await speaks(world, as)).toEqual(Array(4).fill([403, 'forbidden']))
    expect(world.log.records.length).toBe(before)
  })

  it('whose key was replaced speaks for none of its members by the old one', async () => {
    const { world } = await gateway()
    const old = await replaced(world, 'gate', 'C'.repeat(43))
    await world.settle()
    const before = world.log.records.length
    expect(await speaks(world, old)).toEqual(Array(4).fill([401, 'unauthenticated']))
    expect(world.log.records.length).toBe(before)
    const offers = await world.call('GET', '/api/v1/updates/check', {
      ...all({ bearer: `drydock-agent.gate.${'C'.repeat(43)}` }),
    })
    expect(offers.body.count).toBe(3)
  })

  it('is heard for a member that is retired no more than the member itself', async () => {
    const { world, as } = await gateway()
    await world.call('POST', '/api/v1/targets/m1/retire', { body: { reason: 'sold', force: true } })
    const reply = await world.call('POST', '/api/v1/updates/status', { as, body: told('m1') })
    expect([reply.status, reply.body.code]).toEqual([409, 'target-retired'])
    const offers = await world.call('GET', '/api/v1/updates/check', all(as))
    expect(offers.body.offers.map(({ target }: { target: string }) => target)).toEqual(['m2', 'm3'])
  })

  it('loses a member that names another gateway at once', async () => {
    const { world, as } = await gateway()
    await world.call('GET', '/api/v1/updates/check', { as, query: { members: 'true' } })
    await world.call('PATCH', '/api/v1/targets/m2', { body: { gateway: null } })
    const body = { target: 'm2', version: 'v1.2.0', timestamp, status: 'in-progress' }
    const late = await world.call('POST', '/api/v1/updates/status', { as, body, early: true })
    expect([late.status, late.body.code], 'the log decides, not the view that is behind').toEqual([
      404,
      'target-not-found',
    ])
    const members = await world.call('GET', '/api/v1/updates/check', { as, query: { members: 'true' } })
    expect(members.body.offers.map(({ target }: { target: string }) => target)).toEqual(['m1', 'm3'])
  })
})

describe('what an agent says', () => {
  it('is kept short, by its end, and without what looks like a secret', () => {
    expect(outputOf('x'.repeat(300), outputBytes.done)).toHaveLength(254)
    const failure = outputOf(`${'é'.repeat(5000)} the cause`, outputBytes.failed)
    expect(Buffer.byteLength(failure)).toBeLessThanOrEqual(4096)
    expect(failure.endsWith('the cause')).toBe(true)
    expect(failure).not.toContain('\uFFFD')
    // So is what is said of each step of a procedure.
    for (const most of Object.values(outputBytes))
      expect(outputOf(`${'x'.repeat(5000)} the cause`, most).endsWith('the cause')).toBe(true)
    const leaky =
      'Authorization: Bearer abcdefgh12345 password=hunter2 https://me:pw@host {"token":"t0p"} AKIAABCDEFGHIJKLMNOP'
    const shown = outputOf(leaky, outputBytes.failed)
    for (const word of ['abcdefgh12345', 'hunter2', ':pw@', 't0p', 'AKIAABCDEFGHIJKLMNOP'])
      expect(shown).not.toContain(word)
  })
})
