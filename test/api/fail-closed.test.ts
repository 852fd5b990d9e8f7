import { beforeAll, describe, expect, it, vi } from 'vitest'
import { fromImage } from '../../events/envelope.ts'
import { manifestOf, newSigner, signatureOf } from '../domain/trust/signing.ts'
import { type Caller, deployed, openWorld, type Reply, report, type World } from './world.ts'

const admin: Caller = { user: 'admin-1', roles: ['admin'] }
const agent = (target: string): Caller => ({ lambda: { kind: 'agent', target, tokenHash: '' } })
const signer = newSigner()

/** What a decision to upgrade a target rests on, beside the upgrade and the target. */
const stop = 'policy#freeze'
const dependencies: Readonly<Record<string, string>> = {
  'the stop': stop,
  'a calendar of the request': 'policy#calendar:acme',
  'the release': 'release#api@2.4.1',
  'the keys that have signed it': 'trust#releases',
  'the policies': 'rules#upgrades',
  'a calendar of a policy': 'policy#calendar:books',
}

/** Opens a world of three targets, each wave one of them, in which an upgrade depends on all of these; its first target has an attempt. */
async function openRunning(): Promise<{ readonly world: World; readonly id: string }> {
  const world = openWorld()
  const expectDone = async (reply: Promise<Reply>) => expect((await reply).status).toBeLessThan(300)
  const body = { publicKey: signer.publicKey, label: 'a signer' }
  await expectDone(world.call('POST', '/api/v1/keys', { as: admin, body }))
  const manifest = manifestOf()
  const signatures = [signatureOf(signer, manifest)]
  await expectDone(world.call('POST', '/api/v1/releases', { body: { manifest, signatures } }))
  const ranges = [{ start: '2026-01-20T11:00:00Z', end: '2026-01-21T11:00:00Z', name: 'closed' }]
  for (const name of ['acme', 'books'])
    await expectDone(world.call('PUT', `/api/v1/calendars/${name}`, { body: { kind: 'ranges', ranges } }))
  const policy = { as: admin, body: { freezes: ['books'] } }
  await expectDone(world.call('PUT', '/api/v1/policies/books', policy))
  const targets = ['t1', 't2', 't3'].map((name) => ({ id: name, components: { api: '2.4.0' } }))
  await expectDone(world.call('POST', '/api/v1/targets', { body: { targets } }))
  const request = { component: 'api', version: '2.4.1', strategy: 'all', parallel: 1, calendars: ['acme'] }
  return { world, id: await deployed(world, request) }
}

/** How many events of a type there are. */
function countOf(world: World, type: string): number {
  const commits = world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
  return commits.flatMap(({ events }) => events).filter((event) => event.type === type).length
}

/** The target that has an attempt now. */
async function offeredTo(world: World): Promise<string> {
  for (const target of ['t1', 't2', 't3']) {
    const { body } = await world.call('GET', '/api/v1/updates/check', { as: agent(target) })
    if (body.updateAvailable) return target
  }
  throw new Error('Nobody is offered anything.')
}

const tell = (world: World, target: string, status: string) =>
  world.call('POST', '/api/v1/updates/status', {
    as: agent(target),
    body: { version: '2.4.1', status, timestamp: '2026-01-05T10:00:00Z' },
  })

/** Streams that the decision itself is written to: who cannot read them cannot write them either. */
const own = /^(?:upgrade|target|chunk)#/

beforeAll(() => {
  vi.spyOn(console, 'error').mockReturnValue()
  return () => vi.restoreAllMocks()
})

describe('S30: nothing is handed over while nobody can read', () => {
  it('anything else than these', async () => {
    const { world } = await openRunning()
    const target = await offeredTo(world)
    world.reads.length = 0
    expect((await tell(world, target, 'in-progress')).status).toBe(200)
    expect([...new Set(world.reads.filter((stream) => !own.test(stream)))].sort()).toEqual(
      Object.values(dependencies).sort(),
    )
  })

  it.each(Object.entries(dependencies))('%s', async (_, stream) => {
    const { world } = await openRunning()
    const target = await offeredTo(world)
    world.unreadable.add(stream)
    const refused = await tell(world, target, 'in-progress')
    expect([refused.status, refused.body.code]).toEqual([503, 'unavailable'])
    expect(countOf(world, 'AttemptAccepted')).toBe(0)
    world.unreadable.clear()
    expect((await tell(world, target, 'in-progress')).status).toBe(200)
    expect(countOf(world, 'AttemptAccepted')).toBe(1)
  })
})

describe('S30: nobody is admitted while nobody can read', () => {
  /** Ends the attempt of the first target, of which the reactor has not heard yet. */
  async function openEnded() {
    const { world, id } = await openRunning()
    const target = await offeredTo(world)
    for (const status of ['in-progress', 'completed'])
      expect((await tell(world, target, status)).status).toBe(200)
    expect(countOf(world, 'TargetsAdmitted')).toBe(1)
    return { world, id }
  }

  it('anything else than these', async () => {
    const { world } = await openEnded()
    world.reads.length = 0
    await world.settle()
    expect(countOf(world, 'TargetsAdmitted')).toBe(2)
    const read = new Set(world.reads.filter((stream) => !own.test(stream)))
    expect(Object.values(dependencies).filter((stream) => !read.has(stream))).toEqual([])
  })

  it.each(Object.entries(dependencies))('%s', async (_, stream) => {
    const { world, id } = await openEnded()
    world.unreadable.add(stream)
    for (let round = 0; round < 3; round++) await world.deliver()
    expect([countOf(world, 'TargetsAdmitted'), countOf(world, 'AttemptAssigned')]).toEqual([1, 1])
    world.unreadable.clear()
    await world.settle()
    expect([countOf(world, 'TargetsAdmitted'), countOf(world, 'AttemptAssigned')]).toEqual([2, 2])
    for (let more = 0; more < 2; more++) await report(world)
    await world.advance(id)
    expect((await world.upgrade(id)).status).toBe('completed')
  })
})
