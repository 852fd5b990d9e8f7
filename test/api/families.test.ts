import { describe, expect, it, vi } from 'vitest'
import { fromImage } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { approver, deployed, openWorld, type Reply, report, type World } from './world.ts'

const everybody = {
  ...{ component: 'api', version: 'v1.2.0', strategy: 'all' },
  failureThreshold: { percent: 100 },
  unreachableThreshold: { percent: 100 },
}
const withdraw = '/api/v1/releases/api/v1.1.0/withdraw'
const reason = 'a hole'

/** So many customers that ran v1.1.0 had v1.2.0 offered; each of them ends as it is said, or well. */
async function upgraded(count: number, ends: Record<string, string> = {}, settings: object = {}) {
  const world = openWorld()
  await world.fleet(count)
  await world.fleet(0, 'v1.1.0')
  const id = await deployed(world, { ...everybody, ...settings })
  await report(world, (target) => ends[target] ?? 'completed')
  await world.advance(id)
  return { world, id }
}

const ask = (world: World, id: string, path = 'rollback', body: object = {}, headers = {}, early = false) =>
  world.call('POST', `/api/upgrades/${id}/${path}`, { body, headers, early })

/** Returns the names of the streams of which events are read one after the other, as they are from now on. */
function streamsReadThrough({ services: { log } }: World): string[] {
  const names: string[] = []
  const of = log.of.bind(log)
  vi.spyOn(log, 'of').mockImplementation((...asked) => {
    const stream = of(...asked)
    const events: typeof stream.events = (...range) => {
      names.push(stream.name)
      return stream.events(...range)
    }
    return { name: stream.name, carryOut: (...act) => stream.carryOut(...act), events }
  })
  return names
}

/** Lets a child go on to its end. */
async function finish(world: World, { body }: Reply, ends: Record<string, string> = {}): Promise<string[]> {
  await world.advance(body.upgradeId)
  const done = await report(world, (target) => ends[target] ?? 'completed')
  await world.advance(body.upgradeId)
  return done
}

const versions = async (world: World) => {
  const { body } = await world.call('GET', '/api/v1/targets')
  return body.targets.map(({ components }: { components: { api: string } }) => components.api)
}
const read = async (world: World, id: string) => (await world.call('GET', `/api/upgrades/${id}`)).body

async function isSound(world: World): Promise<void> {
  await world.settle()
  const { findings } = await audit(world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage)))
  // This world has no executions: waves are started in nobody's name.
  expect(findings.filter(({ invariant }) => invariant !== 'I12')).toEqual([])
}

describe('every request makes a child of its own', () => {
  it.each(['rollback', 'rollback/cust_0001', 'retry-failed'])(
    '%s after one that ended, and none while that lives, which the refusal names',
    async (path) => {
      const { world, id } = await upgraded(2, { cust_0002: 'failed' })
      const first = await ask(world, id, path)
      expect(first.status).toBe(202)
      const during = await ask(world, id, path)
      expect([during.status, during.body.code]).toEqual([409, 'child-at-work'])
      expect(during.body.detail).toContain(first.body.upgradeId)
      await ask(world, first.body.upgradeId, 'abort')
      await world.advance(first.body.upgradeId)
      const second = await ask(world, id, path)
      expect(second.status).toBe(202)
      expect(second.body.upgradeId).not.toBe(first.body.upgradeId)
      expect((await finish(world, second)).length).toBeGreaterThan(0)
      await isSound(world)
    },
  )

  it('the same request again is the same child, also after its end', async () => {
    const { world, id } = await upgraded(2)
    const headers = { 'idempotency-key': 'k1' }
    const first = await ask(world, id, 'rollback', {}, headers)
    expect((await ask(world, id, 'rollback', {}, headers)).body).toEqual(first.body)
    await finish(world, first)
    expect((await ask(world, id, 'rollback', {}, headers)).body).toEqual(first.body)
    const other = await ask(world, id, 'rollback', { parallel: 1 }, headers)
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-key-reused'])
  })

  it('a dozen customers one by one are known to the family, though its state keeps fewer', async () => {
    const { world, id } = await upgraded(13)
    const customers = Array.from({ length: 12 }, (_, place) => `cust_00${String(place + 1).padStart(2, '0')}`)
    const begun: Reply[] = []
    for (const customer of customers) {
      const child = await ask(world, id, `rollback/${customer}`, {}, { 'idempotency-key': customer })
      expect([customer, child.status]).toEqual([customer, 202])
      begun.push(child)
    }
    const whole = await ask(world, id)
    expect([whole.body.code, whole.body.detail]).toEqual([
      'child-at-work',
      expect.stringContaining(begun[0]?.body.upgradeId),
    ])
    for (const child of begun) await finish(world, child)
    const again = await ask(world, id, 'rollback/cust_0001', {}, { 'idempotency-key': 'cust_0001' })
    expect(again.body).toEqual(begun[0]?.body)
    await finish(world, await ask(world, id))
    expect(new Set(await versions(world))).toEqual(new Set(['v1.1.0']))
    await isSound(world)
  })

  it('a rollback of all and one of a customer stand in each other’s way', async () => {
    const { world, id } = await upgraded(3)
    const one = await ask(world, id, 'rollback/cust_0001')
    expect((await ask(world, id)).body.code).toBe('child-at-work')
    expect((await ask(world, id, 'rollback/cust_0002')).status).toBe(202)
    await finish(world, one)
    const two = await ask(world, id)
    expect(two.body.code).toBe('child-at-work')
  })
})

describe('the answer follows the planning', () => {
  it('what would do nothing is refused with the reasons by member, and leaves nothing in the log', async () => {
    const { world, id } = await upgraded(2)
    for (const target of ['cust_0001', 'cust_0002'])
      await world.call('POST', `/api/v1/targets/${target}/pin`, { body: { reason: 'audit season' } })
    await world.settle()
    const before = world.log.records.length
    const reply = await ask(world, id)
    expect([reply.status, reply.body]).toMatchObject([
      409,
      {
        code: 'nothing-to-roll-back',
        detail: 'Nobody would be taken back: 2 pinned.',
        leftOut: [
          { targetId: 'cust_0001', reason: 'pinned' },
          { targetId: 'cust_0002', reason: 'pinned' },
        ],
        leftOutCounts: { pinned: 2 },
      },
    ])
    expect(world.log.records).toHaveLength(before)
  })

  it('a retry of who has retired is refused', async () => {
    const { world, id } = await upgraded(2, { cust_0002: 'failed' })
    await world.call('POST', '/api/v1/targets/cust_0002/retire', { body: { reason: 'scrapped' } })
    const reply = await ask(world, id, 'retry-failed')
    expect([reply.status, reply.body.code, reply.body.leftOutCounts]).toEqual([
      ...[409, 'nothing-to-retry', { retired: 1 }],
    ])
  })

  it('a rollback of what has not begun says to abort it instead', async () => {
    const world = openWorld()
    await world.fleet(2)
    const { body } = await world.call('POST', '/api/upgrades/deploy', {
      body: { ...everybody, approvals: { required: 1 } },
    })
    const reply = await ask(world, body.upgradeId)
    expect([reply.status, reply.body.code]).toEqual([409, 'nothing-to-roll-back'])
    expect(reply.body.detail).toContain('abort it instead')
    expect((await read(world, body.upgradeId)).status).toBe('pending_approval')
  })

  it('more than 500 are planned in the background, and the answer says so', async () => {
    const { world, id } = await upgraded(3)
    expect((await ask(world, id, 'rollback/cust_0001')).body.message).toBe('Rollback started')
    const large = openWorld()
    await large.fleet(501)
    const of = await deployed(large, everybody)
    // So many at once take a second person.
    const { planHash } = (await read(large, of)).plan
    await large.call('POST', `/api/upgrades/${of}/approve`, { as: approver, body: { planHash } })
    for (let page = 0; page < 6; page++) await large.settle()
    await large.advance(of)
    const ends = await reportAll(large, 501)
    expect(ends).toBe(501)
    await large.advance(of)
    // Neither that answer nor what may be asked for looks through what became of each.
    const readThrough = streamsReadThrough(large)
    expect((await read(large, of)).actions).toContain('rollBackUpgrade')
    const reply = await ask(large, of, 'rollback', {}, {}, true)
    expect([reply.status, reply.body.message]).toEqual([
      202,
      'Rollback started; it is planned in the background',
    ])
    expect(readThrough).toEqual([])
    await large.settle()
    await large.advance(reply.body.upgradeId)
    expect(await read(large, reply.body.upgradeId)).toMatchObject({ total: 501, inProgress: 501 })
  })
})

/** Lets every one of many agents accept and report that it is well. */
async function reportAll(world: World, count: number): Promise<number> {
  let done = 0
  for (let place = 1; place <= count; place++) {
    const as = { lambda: { kind: 'agent', target: `cust_${String(place).padStart(4, '0')}`, tokenHash: '' } }
    const told = { version: 'v1.2.0', timestamp: '2026-01-05T10:00:00Z' }
    for (const status of ['in-progress', 'completed'])
      await world.call('POST', '/api/v1/updates/status', { as, body: { ...told, status }, early: true })
    done++
  }
  await world.settle()
  return done
}

describe('a rollback takes back the family', () => {
  it('whom the upgrade changed and whom its retry did, each to what ran before the first attempt', async () => {
    const { world, id } = await upgraded(4, { cust_0002: 'rejected', cust_0003: 'rolled-back' })
    const retry = await ask(world, id, 'retry-failed')
    expect(await finish(world, retry)).toEqual(['cust_0002', 'cust_0003'])
    const reply = await ask(world, id)
    expect([reply.status, reply.body.leftOut]).toEqual([202, []])
    expect(await finish(world, reply)).toHaveLength(4)
    expect(await versions(world)).toEqual(Array(4).fill('v1.1.0'))
    expect(await read(world, reply.body.upgradeId)).toMatchObject({ status: 'completed', total: 4 })
    await isSound(world)
  })

  it('asked of the retry it is the same', async () => {
    const { world, id } = await upgraded(3, { cust_0002: 'failed' })
    const retry = await ask(world, id, 'retry-failed')
    await finish(world, retry)
    const reply = await ask(world, retry.body.upgradeId)
    expect(reply.body.parentId).toBe(id)
    expect(await finish(world, reply)).toHaveLength(3)
    const children = (await read(world, id)).children.map(({ kind }: { kind: string }) => kind)
    expect(children).toEqual(['retry', 'rollback'])
  })

  it('aborts a retry at work first, which then takes back all, those it had in flight too', async () => {
    const { world, id } = await upgraded(3, { cust_0002: 'failed' })
    const retry = await ask(world, id, 'retry-failed')
    await world.advance(retry.body.upgradeId)
    const as = { lambda: { kind: 'agent', target: 'cust_0002', tokenHash: '' } }
    const told = { version: 'v1.2.0', timestamp: '2026-01-05T10:00:00Z' }
    await world.call('POST', '/api/v1/updates/status', { as, body: { ...told, status: 'in-progress' } })
    const headers = { 'idempotency-key': 'k1' }
    const reply = await ask(world, id, 'rollback', {}, headers)
    expect([reply.status, reply.body.message]).toEqual([
      202,
      'Rollback starts as soon as nothing is in flight, in 15 minutes at the latest',
    ])
    expect((await ask(world, id, 'rollback', {}, headers)).body).toEqual(reply.body)
    expect((await ask(world, id)).body.code).toBe('child-at-work')
    await world.call('POST', '/api/v1/updates/status', { as, body: { ...told, status: 'completed' } })
    await world.advance(retry.body.upgradeId)
    expect(await finish(world, reply)).toEqual(['cust_0001', 'cust_0002', 'cust_0003'])
    expect(await versions(world)).toEqual(Array(3).fill('v1.1.0'))
    expect(await read(world, reply.body.upgradeId)).toMatchObject({ status: 'completed', parentId: id })
    await isSound(world)
  })

  it('does not wait for a silent one longer than a quarter of an hour, and takes that one back when it is through', async () => {
    const world = openWorld()
    await world.fleet(2)
    const id = await deployed(world, { ...everybody, deadlines: { attemptSeconds: 604_800 } })
    const as = (target: string) => ({ lambda: { kind: 'agent', target, tokenHash: '' } })
    const say = (target: string, status: string) =>
      world.call('POST', '/api/v1/updates/status', {
        as: as(target),
        body: { version: 'v1.2.0', timestamp: '2026-01-05T10:00:00Z', status },
      })
    for (const target of ['cust_0001', 'cust_0002']) await say(target, 'in-progress')
    await say('cust_0001', 'completed')
    await world.settle()
    const reply = await ask(world, id)
    world.pass(14 * 60)
    expect(await world.advance(id)).toBe('wave')
    expect((await world.call('GET', `/api/upgrades/${reply.body.upgradeId}`)).status).toBe(404)
    world.pass(60)
    await world.advance(id)
    await world.advance(reply.body.upgradeId)
    await report(world, (target) => (target === 'cust_0002' ? 'in-progress' : 'completed'))
    expect(await versions(world), 'the other one runs on').toEqual(['v1.1.0', 'v1.1.0'])
    await say('cust_0002', 'completed')
    await world.settle()
    world.pass(300)
    await world.advance(reply.body.upgradeId)
    expect(await versions(world)).toEqual(['v1.1.0', 'v1.2.0'])
    expect(await report(world)).toEqual(['cust_0002'])
    await world.advance(reply.body.upgradeId)
    expect(await versions(world)).toEqual(['v1.1.0', 'v1.1.0'])
    expect((await read(world, reply.body.upgradeId)).status).toBe('completed')
    await isSound(world)
  })

  it('is not rolled back, nor is what it took back tried again; what it failed to take back is', async () => {
    const { world, id } = await upgraded(3, { cust_0003: 'failed' })
    const back = await ask(world, id, 'rollback', { failureThreshold: { percent: 100 } })
    const turned = await ask(world, back.body.upgradeId, 'abort', { rollBack: true })
    expect([turned.status, turned.body.code]).toEqual([409, 'rollback-of-rollback'])
    await finish(world, back, { cust_0002: 'failed' })
    const again = await ask(world, back.body.upgradeId)
    expect([again.status, again.body.code]).toEqual([409, 'rollback-of-rollback'])
    const one = await ask(world, back.body.upgradeId, 'rollback/cust_0001')
    expect([one.status, one.body.code]).toEqual([409, 'rollback-of-rollback'])
    const retry = await ask(world, id, 'retry-failed')
    expect([retry.status, retry.body.code]).toEqual([409, 'upgrade-rolled-back'])
    const rest = await ask(world, back.body.upgradeId, 'retry-failed')
    expect(rest.status).toBe(202)
    expect(await finish(world, rest)).toEqual(['cust_0002'])
    expect(await read(world, rest.body.upgradeId)).toMatchObject({ kind: 'rollback', status: 'completed' })
    await isSound(world)
  })
})

describe('a rollback leaves out and names', () => {
  it('whom a newer upgrade moved on, who is pinned, and who is in another upgrade', async () => {
    const { world, id } = await upgraded(4)
    await world.fleet(0, 'v1.3.0')
    const newer = { ...everybody, version: 'v1.3.0' }
    await deployed(world, { ...newer, targets: { ids: ['cust_0001'] } })
    await report(world)
    await world.call('POST', '/api/v1/targets/cust_0002/pin', { body: { reason: 'audit season' } })
    await deployed(world, { ...newer, targets: { ids: ['cust_0003'] } })
    const reply = await ask(world, id)
    expect(reply.body).toMatchObject({
      leftOut: [
        { targetId: 'cust_0001', reason: 'moved_on' },
        { targetId: 'cust_0002', reason: 'pinned' },
        { targetId: 'cust_0003', reason: 'update_in_progress' },
      ],
      leftOutCounts: { moved_on: 1, pinned: 1, update_in_progress: 1 },
    })
    expect((await read(world, reply.body.upgradeId)).plan.leftOut).toEqual(reply.body.leftOutCounts)
    await world.advance(reply.body.upgradeId)
    const one = await ask(world, id, 'rollback/cust_0001')
    expect(one.body.code).toBe('child-at-work')
    await isSound(world)
  })
})

describe('a rollback to a release that was withdrawn', () => {
  it('leaves out whom it would take there, and names them', async () => {
    const { world, id } = await upgraded(2)
    await world.call('POST', withdraw, { body: { reason } })
    const reply = await ask(world, id)
    expect([reply.status, reply.body.leftOutCounts]).toEqual([409, { release_withdrawn: 2 }])
  })

  it('goes there with a reason and once a second person has approved', async () => {
    const { world, id } = await upgraded(2)
    await world.call('POST', withdraw, { body: { reason } })
    const reply = await ask(world, id, 'rollback', { toWithdrawn: { reason: 'the lesser evil' } })
    expect([reply.status, reply.body.message]).toEqual([
      202,
      'Rollback waits for the approval of a second person (it goes to a withdrawn release)',
    ])
    const child: string = reply.body.upgradeId
    await world.advance(child)
    expect(await report(world)).toEqual([])
    const body = { planHash: (await read(world, child)).planHash }
    const approved = await world.call('POST', `/api/upgrades/${child}/approve`, { as: approver, body })
    expect(approved.status).toBe(200)
    expect(await finish(world, reply)).toHaveLength(2)
    await isSound(world)
  })

  it('is not begun for whom it is withdrawn after the plan was made', async () => {
    const { world, id } = await upgraded(2)
    const reply = await ask(world, id, 'rollback', { parallel: 1 })
    await world.advance(reply.body.upgradeId)
    await world.call('POST', withdraw, { body: { reason } })
    await report(world)
    world.pass(60)
    await world.advance(reply.body.upgradeId)
    await report(world)
    await world.advance(reply.body.upgradeId)
    expect(await read(world, reply.body.upgradeId)).toMatchObject({ completed: 1, skipped: 1 })
    await isSound(world)
  })

  it('offers the digest of each member’s own release', async () => {
    const { world, id } = await upgraded(1)
    const reply = await ask(world, id)
    await world.advance(reply.body.upgradeId)
    const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
    const offer = await world.call('GET', '/api/v1/updates/check', { as })
    expect(offer.body).toMatchObject({ version: 'v1.1.0', digest: expect.stringMatching(/^sha256:/) })
  })
})

describe('a rollback has limits of its own', () => {
  it('and is not slower than it must be where nothing is said', async () => {
    const { world, id } = await upgraded(1, {}, { parallel: 1 })
    const reply = await ask(world, id)
    expect((await read(world, reply.body.upgradeId)).request).toMatchObject({
      parallel: 10_000,
      window: null,
    })
  })

  it('and waits for no window and no calendar, unless it shall', async () => {
    const window = { start: '2026-01-05T10:00:00.000Z', end: '2026-01-05T20:00:00.000Z' }
    const world = openWorld()
    await world.fleet(3)
    await world.fleet(0, 'v1.1.0')
    const ranges = [{ start: '2026-01-05T11:00:00Z', end: '2026-01-05T12:00:00Z', name: 'Founders' }]
    await world.call('PUT', '/api/v1/calendars/acme', { body: { kind: 'ranges', ranges } })
    const id = await deployed(world, { ...everybody, window, calendars: ['acme'] })
    await report(world, (target) => (target === 'cust_0003' ? 'failed' : 'completed'))
    await world.advance(id)
    world.pass(3600)
    const retry = await ask(world, id, 'retry-failed')
    const heeds = await ask(world, id, 'rollback/cust_0001', { ignoreWindow: false })
    for (const { body } of [retry, heeds])
      expect((await read(world, body.upgradeId)).request).toMatchObject({ window, calendars: ['acme'] })
    const waits = await ask(world, id, 'rollback/cust_0002')
    expect((await read(world, waits.body.upgradeId)).request).toMatchObject({ window: null, calendars: [] })
    for (const { body } of [retry, heeds]) await world.advance(body.upgradeId)
    expect(await finish(world, waits)).toEqual(['cust_0002'])
    world.pass(3600)
    await world.advance(retry.body.upgradeId)
    expect(await finish(world, heeds)).toEqual(['cust_0001', 'cust_0003'])
    await isSound(world)
  })

  it('and is held by a stop all the same', async () => {
    const { world, id } = await upgraded(1)
    await world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } })
    expect(await finish(world, await ask(world, id))).toEqual([])
  })

  it('which the request names as a deploy does', async () => {
    const { world, id } = await upgraded(3)
    const window = { start: '2026-01-05T12:00:00.000Z', end: '2026-01-05T18:00:00.000Z' }
    const reply = await ask(world, id, 'rollback', {
      ...{ parallel: 2, batchSize: 2, failureThreshold: { percent: 50, absolute: 1 }, window },
      deadlines: { attemptSeconds: 60 },
    })
    expect((await read(world, reply.body.upgradeId)).request).toMatchObject({
      ...{ strategy: 'batch', batchSize: 2, parallel: 2, window },
      ...{ failures: { percent: 50, absolute: 1 }, deadlines: { attempt: 60, expected: 60 } },
    })
    const both = await ask(world, id, 'rollback', { window, ignoreWindow: true })
    expect([both.status, both.body.code]).toEqual([400, 'validation-failed'])
  })

  it('and another try may include whoever was skipped', async () => {
    const world = openWorld()
    await world.fleet(2)
    const id = await deployed(world, { ...everybody, parallel: 1 })
    const skips = ['cust_0001', 'cust_0002'].map(async (target) => {
      const skipped = await ask(world, id, `targets/${target}/skip`)
      return skipped.status === 200 ? [target] : []
    })
    const [other] = (await Promise.all(skips)).flat()
    expect(await report(world)).toHaveLength(1)
    await world.advance(id)
    expect((await ask(world, id, 'retry-failed')).body.code).toBe('nothing-to-retry')
    const reply = await ask(world, id, 'retry-failed', { include: ['skipped'] })
    expect(reply.status).toBe(202)
    expect(await finish(world, reply)).toEqual([other])
  })
})
