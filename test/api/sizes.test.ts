import { describe, expect, it } from 'vitest'
import { deployment } from '../../contracts/deployment.ts'
import { bytesOf, names, people } from '../events/worst.ts'
import { base, examples } from './profile-examples.ts'
import { digest, openWorld, type World } from './world.ts'

const deploy = '/api/upgrades/deploy'
const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }
/** A name of the longest, in a list. */
const bytesOfName = 128 + 3

/** A world of so many targets with the longest names, and the release that they lack. */
async function longNames(count: number): Promise<World> {
  const world = openWorld()
  await world.call('POST', '/api/v1/releases', { body: { component: 'api', version: 'v1.2.0', digest } })
  const targets = names(count).map((id) => ({ id, components: { api: 'v1.1.0' } }))
  await world.call('POST', '/api/v1/targets', { body: { targets } })
  await world.settle()
  return world
}

/** Returns which fields of a body were refused; nothing of it was stored. */
async function refusedBy(world: World, method: string, path: string, body: object): Promise<string[]> {
  const before = world.log.records.length
  const reply = await world.call(method, path, { body })
  expect([reply.status, reply.body.code]).toEqual([400, 'validation-failed'])
  expect(world.log.records).toHaveLength(before)
  return reply.body.errors.map(({ field }: { field: string }) => field)
}

/** Fills a request up to so many bytes with names, and up to the very byte with a reason. */
function filledTo(most: number, of: (some: string[]) => object) {
  const room = most - bytesOf(deployment.parse({ ...all, ...of(names(1)), reason: 'r' }))
  const body = { ...all, ...of(names(1 + Math.floor(room / bytesOfName))) }
  return (beyond: number) => ({ ...body, reason: 'r'.repeat(1 + (room % bytesOfName) + beyond) })
}

describe('a deploy that names many targets', () => {
  it.each([
    ['targets.ids', (some: string[]) => ({ targets: { ids: some } })],
    ['targets.canaries', (some: string[]) => ({ strategy: 'canary', targets: { canaries: some } })],
  ])('is taken up to the byte, and with one more refused: %s', async (place, of) => {
    const world = await longNames(400)
    const body = filledTo(48_000, of)
    expect(await refusedBy(world, 'POST', deploy, body(1))).toEqual([place])
    expect((await world.call('POST', deploy, { body: body(0) })).status).toBe(202)
  })

  it('may name a thousand of 36 characters', async () => {
    const ids = names(1000, 36)
    expect(deployment.safeParse({ ...all, targets: { ids } }).success).toBe(true)
  })

  it('may not name more of any other kind than there is room for', async () => {
    const world = openWorld()
    const tags = Object.fromEntries(names(200).map((name) => [name, 'v'.repeat(256)]))
    expect(await refusedBy(world, 'POST', deploy, { ...all, targets: { tags } })).toEqual(['targets.tags'])
  })
})

describe('people who may approve', () => {
  const subjects = (count: number) => names(count).map((name) => `${people(100)}${name}`)
  const rule = (approvers: string[]) => ({ approvals: { required: 1, approvers } })

  it('are as many as an event has room for, in whatever asks for them', async () => {
    const world = await longNames(2)
    const [few, many] = [rule(subjects(18)), rule(subjects(19))]
    expect(bytesOf(few.approvals.approvers)).toBeLessThan(8000)
    expect(bytesOf(many.approvals.approvers)).toBeGreaterThan(8000)
    expect(await refusedBy(world, 'POST', deploy, { ...all, ...many })).toEqual(['approvals.approvers'])
    const plan = { name: 'a plan', phases: [{ ...all, name: 'one' }], ...many }
    expect(await refusedBy(world, 'POST', '/api/v1/rollouts', plan)).toEqual(['approvals.approvers'])
    const profile = { ...examples.weekly, ...many }
    expect(await refusedBy(world, 'POST', base, profile)).toEqual(['approvals.approvers'])
    expect((await world.call('POST', deploy, { body: { ...all, ...few } })).status).toBe(202)
  })
})

describe('words of people', () => {
  it('are no longer in normal form than they may be', async () => {
    const world = await longNames(2)
    // U+0958 has two characters in form C.
    expect(await refusedBy(world, 'POST', deploy, { ...all, reason: '\u0958'.repeat(257) })).toEqual([
      'reason',
    ])
    expect(
      (await world.call('POST', deploy, { body: { ...all, reason: '\u0958'.repeat(256) } })).status,
    ).toBe(202)
  })
})

describe('a query of Prometheus', () => {
  it('is refused with its place where its address would be too long', async () => {
    const world = await longNames(2)
    const asked = (query: string) => ({
      ...{ ...all, strategy: 'canary', bakeSeconds: 600 },
      metrics: [{ name: 'errors', prometheus: { url: 'https://prometheus.example', query }, atMost: 1 }],
    })
    const long = asked(`{${'a="b",'.repeat(80)}}`)
    expect(await refusedBy(world, 'POST', deploy, long)).toEqual(['metrics.0.prometheus.query'])
    const short = asked(`{${'a="b",'.repeat(40)}}`)
    expect((await world.call('POST', deploy, { body: short })).status).toBe(202)
  })
})

describe('a plan file', () => {
  it('is refused as a whole where its phases have no room in one commit', async () => {
    const world = await longNames(400)
    const plan = (phases: number) => ({
      name: 'a plan',
      phases: names(400)
        .slice(0, phases * 20)
        .flatMap((_, place, some) => (place % 20 === 0 ? [some.slice(place, place + 20)] : []))
        .map((ids, place) => ({
          ...{ ...all, name: `${place}`, targets: { ids } },
          percentages: Array.from({ length: 20 }, (_, stage) => ({ percent: (stage + 1) * 5 })),
          strategy: 'percentages',
        })),
    })
    expect((await world.call('POST', '/api/v1/rollouts', { body: plan(16) })).status).toBe(202)
    const ofMany = { ...plan(20), phases: [...plan(20).phases, ...plan(20).phases.map(renamed)] }
    expect(await refusedBy(world, 'POST', '/api/v1/rollouts', ofMany)).toEqual(['phases'])
  })
})

const renamed = <Phase extends { readonly name: string }>(phase: Phase) => ({
  ...phase,
  name: `${phase.name}-b`,
})

describe('a profile', () => {
  const weekly = examples.weekly
  const changed = (change: object) => ({ ...weekly, ...change })
  const filters = (regions: string[]) => ({
    resource_filters: { ...weekly.resource_filters, regions },
  })

  it('counts an emoji as the log does, in whatever it names', async () => {
    const world = openWorld()
    const wide = '😀'.repeat(65)
    expect(await refusedBy(world, 'POST', base, changed({ name: wide }))).toEqual(['name'])
    expect(await refusedBy(world, 'POST', base, changed({ description: '😀'.repeat(513) }))).toEqual([
      'description',
    ])
    expect(await refusedBy(world, 'POST', base, changed(filters([wide])))).toEqual([
      'resource_filters.regions[0]',
    ])
    const tag = { key: wide, value: 'v' }
    const tagged = { resource_filters: { ...weekly.resource_filters, tags: [tag] } }
    expect(await refusedBy(world, 'POST', base, changed(tagged))).toEqual(['resource_filters.tags[0]'])
    const approvals = { required: 1, approvers: ['😀'.repeat(129)] }
    expect(await refusedBy(world, 'POST', base, changed({ approvals }))).toEqual(['approvals.approvers[0]'])
    const taken = changed({ name: '😀'.repeat(64), description: '😀'.repeat(512) })
    expect((await world.call('POST', base, { body: taken })).status).toBe(201)
  })

  it('is refused with its largest part where an event has no room for it', async () => {
    const world = openWorld()
    const phase = (place: number) => ({ name: `p${place}`, component: 'api', regions: names(50) })
    const rollout = (phases: number) =>
      changed({ rollout: { phases: Array.from({ length: phases }, (_, place) => phase(place)) } })
    expect(await refusedBy(world, 'POST', base, rollout(5))).toEqual(['rollout'])
    const created = await world.call('POST', base, { body: rollout(4) })
    expect(created.status).toBe(201)
    const { id } = created.body
    const larger = { resource_filters: { regions: names(50) } }
    expect(await refusedBy(world, 'PUT', `${base}/${id}`, larger)).toEqual(['rollout'])
  })
})

describe('a target', () => {
  it('has as many tags as an event has room for beside all else', async () => {
    const world = openWorld()
    const tags = (length: number) => Object.fromEntries(names(50).map((name) => [name, '"'.repeat(length)]))
    const of = (length: number) => ({
      ...{ id: 'a', type: 'n'.repeat(128), tags: tags(length) },
      components: Object.fromEntries(names(50).map((name) => [name, '1'.repeat(128)])),
      environment: Object.fromEntries(names(20).map((name) => [name, people(128)])),
    })
    expect(await refusedBy(world, 'POST', '/api/v1/targets', of(256))).toEqual(['tags'])
    expect((await world.call('POST', '/api/v1/targets', { body: of(170) })).status).toBe(201)
    const patch = { tags: tags(256) }
    expect(await refusedBy(world, 'PATCH', '/api/v1/targets/a', patch)).toEqual(['tags'])
  })
})
