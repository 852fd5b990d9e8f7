import { describe, expect, it, test } from 'vitest'
import { type WatchServices, watchRollouts } from '../../functions/reactor/rollouts/watch.ts'
import { phasesOf, platform, started, twoPhases } from './rollout-world.ts'
import type { World } from './world.ts'

const urls = ['https://app.acme.example/', 'https://shop.acme.example/health']
const monitor = { domains: [{ url: urls[0] }, { url: urls[1], status: [204] }], everySeconds: 10 }
const watched = { ...twoPhases, monitor }

/** Domains that answer as they are told, and a clock that passes while somebody waits. */
function openDomains(world: World) {
  const { services } = world
  const calls: { url: string; at: number }[] = []
  let answer: (url: string, count: number) => number | null = (url) => (url === urls[1] ? 204 : 200)
  const outbound = {
    async send({ url }: { url: string }) {
      calls.push({ url, at: services.now() })
      const status = answer(url, calls.filter((one) => one.url === url).length)
      if (status === null) return { kind: 'not-sent', why: 'connection refused' } as const
      return { kind: 'answered', status, milliseconds: 30 } as const
    },
  }
  return {
    calls,
    answers(next: typeof answer) {
      answer = next
    },
    /** As the clock does every minute. */
    watch: async (
      pause: WatchServices['pause'] = async (milliseconds) => world.pass(milliseconds / 1000),
      others: Partial<WatchServices> = {},
    ) => watchRollouts({ ...services, outbound, pause, ...others }),
  }
}

const shown = async (world: World, id: string, query: Record<string, string> = {}) =>
  (await world.call('GET', `/api/v1/rollouts/${id}/monitor`, { query })).body

describe('what customers meet while a rollout runs', () => {
  test('is looked at every so often, kept, and shown with when it was not well', async () => {
    const world = await platform()
    const domains = openDomains(world)
    const id = await started(world, watched)
    domains.answers((url, count) => (url === urls[1] ? 204 : count === 3 ? 503 : count === 4 ? null : 200))
    expect((await shown(world, id)).domains).toMatchObject([
      { url: urls[0], everySeconds: 10, latest: null, failingSince: null, probes: 0, outages: [] },
      { url: urls[1], latest: null },
    ])
    await domains.watch()
    const [first, second] = (await shown(world, id)).domains
    expect(first).toMatchObject({
      ...{ probes: 6, failed: 2, failingSince: null, latest: { code: 200, well: true } },
      outages: [{ since: first.history[2].at, until: first.history[4].at }],
    })
    expect(first.history.map(({ code }: { code: number | null }) => code)).toEqual([
      200,
      200,
      503,
      null,
      200,
      200,
    ])
    expect(first.history[3].why).toBe('connection refused')
    expect(second).toMatchObject({ probes: 6, failed: 0, outages: [] })
    const times = domains.calls.filter(({ url }) => url === urls[0]).map(({ at }) => at)
    expect(times.slice(1).map((at, place) => at - (times[place] ?? 0))).toEqual(Array(5).fill(10_000))
  })

  test('says since when a domain is not well', async () => {
    const world = await platform()
    const domains = openDomains(world)
    const id = await started(world, watched)
    domains.answers((url) => (url === urls[1] ? 200 : 404))
    await domains.watch()
    const both = (await shown(world, id)).domains
    for (const one of both) expect(one.failingSince).toBe(one.history[0].at)
  })

  test('is not looked at before the rollout begins, nor any more once it is over', async () => {
    const world = await platform()
    const domains = openDomains(world)
    const waiting = await started(world, { ...watched, approvals: { required: 1 } })
    await domains.watch()
    expect(domains.calls).toEqual([])
    await world.call('POST', `/api/v1/rollouts/${waiting}/abort`, { body: { reason: 'unwanted' } })
    await world.settle()
    await world.advanceRollout(waiting)
    const id = await started(world, watched)
    let looks = 0
    await domains.watch(async (milliseconds) => {
      world.pass(milliseconds / 1000)
      if (++looks !== 15) return
      await world.call('POST', `/api/v1/rollouts/${id}/abort`, { body: { reason: 'unwanted' } })
      for (let round = 0; round < 5; round++) {
        await world.settle()
        await world.advanceRollout(id)
      }
    })
    const { status } = await shown(world, id)
    expect([status, domains.calls.length]).toEqual(['aborted', 4])
    await domains.watch()
    expect(domains.calls).toHaveLength(4)
  })

  test('is looked at once where two do so at a time', async () => {
    const world = await platform()
    const domains = openDomains(world)
    const id = await started(world, { ...twoPhases, monitor: { ...monitor, everySeconds: 60 } })
    await Promise.all([domains.watch(), domains.watch()])
    for (const { probes, history } of (await shown(world, id)).domains)
      expect([probes, history.length]).toEqual([1, 1])
    await domains.watch()
    expect((await shown(world, id)).domains[0].probes).toBe(1)
    world.pass(60)
    await domains.watch()
    expect((await shown(world, id)).domains[0].probes).toBe(2)
  })

  test('of one rollout is looked at although another cannot be', async () => {
    const world = await platform()
    const id = await started(world, watched)
    const { log, views } = world.services
    const broken = 'none such'
    const alsoBroken = {
      async *liveRollouts() {
        yield { rollout: broken, nextDue: '' }
        yield* views.liveRollouts()
      },
    }
    const load: typeof log.load = async (aggregate, stream, ...more) => {
      if (stream === broken) throw new Error('the log did not answer')
      return log.load(aggregate, stream, ...more)
    }
    const watching = openDomains(world).watch(undefined, { log: { ...log, load }, views: alsoBroken })
    await expect(watching).rejects.toThrow(broken)
    expect((await shown(world, id)).domains[0].probes).toBe(6)
  })

  test('is looked at while it is taken back, too', async () => {
    const world = await platform()
    const id = await started(world, watched)
    await world.call('POST', `/api/v1/rollouts/${id}/abort`, { body: { reason: 'unwanted', rollBack: true } })
    await world.settle()
    const { body } = await world.call('GET', `/api/v1/rollouts/${id}`)
    for (const { rolloutId } of body.children)
      expect((await shown(world, rolloutId)).domains.map(({ url }: { url: string }) => url)).toEqual(urls)
  })
})

describe('what is to be watched', () => {
  it.each([
    ['no domain', { domains: [] }, 'monitor.domains'],
    ['one that is no address', { domains: [{ url: 'app.acme.example' }] }, 'monitor.domains.0.url'],
    ['one twice', { domains: [{ url: urls[0] }, { url: urls[0] }] }, 'monitor.domains'],
    [
      'one that the deployment does not let be called',
      { domains: [{ url: urls[0] }, { url: 'https://other.com/' }] },
      'monitor.domains.1.url',
    ],
    [
      'too many',
      { domains: Array.from({ length: 21 }, (_, place) => ({ url: `https://a${place}.example` })) },
      'monitor.domains',
    ],
    ['more often than may be', { domains: [{ url: urls[0] }], everySeconds: 9 }, 'monitor.everySeconds'],
  ])('is refused with its place where it has %s, by the dry run too', async (_, wrong, field) => {
    const world = await platform()
    for (const path of ['/api/v1/rollouts', '/api/v1/rollouts/plan']) {
      const { status, body } = await world.call('POST', path, { body: { ...twoPhases, monitor: wrong } })
      expect([status, body.errors?.map(({ field: place }: { field: string }) => place)]).toEqual([
        400,
        [field],
      ])
    }
    expect((await world.call('GET', '/api/v1/rollouts')).body.count).toBe(0)
  })

  test('is part of what is approved', async () => {
    const world = await platform()
    const plan = async (body: object) =>
      (await world.call('POST', '/api/v1/rollouts/plan', { body })).body.planHash
    expect(await plan(watched)).toBe(await plan(watched))
    expect(await plan(watched)).not.toBe(await plan(twoPhases))
  })
})

describe('the nodes of a rollout', () => {
  test('are shown by page, phase after phase, as far as their phases have begun', async () => {
    const world = await platform()
    const id = await started(world)
    await world.settle()
    expect(await phasesOf(world, id)).toMatchObject({ databases: 'in_progress' })
    const seen: string[] = []
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await shown(world, id, { limit: '1', ...(cursor && { cursor }) })
      expect(page.nodes.length).toBeLessThanOrEqual(1)
      seen.push(
        ...page.nodes.map(
          ({ phase, targetId }: { phase: string; targetId: string }) => `${phase} ${targetId}`,
        ),
      )
      cursor = page.nextCursor
    }
    expect(seen.sort()).toEqual(['databases db-1', 'databases db-2'])
  })

  it.each(['x', '7', '99', '00x'])('are not shown after %s, which no page gave', async (cursor) => {
    const world = await platform()
    const id = await started(world)
    const { status, body } = await world.call('GET', `/api/v1/rollouts/${id}/monitor`, { query: { cursor } })
    expect([status, body.code]).toEqual([400, 'validation-failed'])
  })

  test('of a rollout that nobody knows are none', async () => {
    const world = await platform()
    expect((await world.call('GET', '/api/v1/rollouts/none/monitor')).status).toBe(404)
  })
})
