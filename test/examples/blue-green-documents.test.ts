import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Behaviour, Sites } from '../../examples/blue-green/sites.ts'
import { measureDue } from '../../functions/gates/measure.ts'
import type { OutboundCall, Sent } from '../../functions/outbound.ts'
import { tickDue } from '../../functions/reactor/upgrades/tick.ts'
import { approved, phasesOf, statusOf } from '../api/rollout-world.ts'
import { digest } from '../api/world.ts'
import { answered, cutOff, openProcedures } from '../procedures/world.ts'

const textOf = (path: string) => readFileSync(new URL(`../../examples/${path}`, import.meta.url), 'utf8')
const names = Array.from({ length: 8 }, (_, place) => `site-${place + 1}`)
const [before, after] = ['1.0.0', '2.0.0']

/** The sites, the stored procedures, and the rollout of the shipped plan file, approved by somebody else. */
async function openShop({
  answer,
  plan = textOf('blue-green.yaml'),
}: {
  readonly answer?: (call: OutboundCall, sites: Sites) => Sent | undefined
  readonly plan?: string
} = {}) {
  const sites = new Sites(names, before)
  const serve = (call: OutboundCall): Sent => {
    const instead = answer?.(call, sites)
    if (instead) return instead
    const { pathname, search } = new URL(call.url)
    const body = JSON.parse(call.body ?? 'null')
    const said = sites.handle({
      method: call.method,
      path: pathname + search,
      authorization: undefined,
      body,
    })
    return said === 'reset' ? cutOff : answered(said.body as object, said.status)
  }
  const all = openProcedures(serve)
  const { world } = all
  const yaml = { 'content-type': 'application/yaml' }
  for (const component of ['shop', 'shop-former'])
    for (const version of [before, after])
      await world.call('POST', '/api/v1/releases', { body: { component, version, digest } })
  for (const name of ['blue-green-switch', 'blue-green-retire']) {
    const raw = textOf(`blue-green/procedures/${name}.yaml`)
    const stored = await world.call('PUT', `/api/v1/procedures/${name}`, { raw, headers: yaml })
    expect([stored.status, stored.body.errors]).toEqual([200, undefined])
  }
  const targets = names.map((id) => ({
    ...{ id, type: 'site', region: 'eu-central', tags: { url: `http://sites.example/sites/${id}` } },
    components: { shop: before, 'shop-former': before },
  }))
  await world.call('POST', '/api/v1/targets', { body: { targets } })
  /** Starts a rollout, and approves it as somebody else. */
  const start = async (raw: string): Promise<string> => {
    const reply = await world.call('POST', '/api/v1/rollouts', { raw, headers: yaml })
    expect([reply.status, reply.body.errors]).toEqual([202, undefined])
    const { rolloutId } = reply.body
    await world.advanceRollout(rolloutId)
    await approved(world, rolloutId)
    return rolloutId
  }
  const id = await start(plan)
  const send = async (call: OutboundCall) => serve(call)
  const services = {
    ...world.services,
    outbound: { send, sendAs: send, retryAfter: () => undefined },
    secrets: { read: async () => ({ kind: 'unavailable' as const, why: 'There is none.' }) },
  }
  /** Lets everything come to where it waits: rollouts, and upgrades that take back what no rollout does. */
  const advance = async () => {
    const { body } = await world.call('GET', '/api/v1/rollouts')
    for (const { rolloutId } of body.rollouts) await world.advanceRollout(rolloutId)
    const { body: lists } = await world.call('GET', '/api/upgrades')
    for (const { upgradeId, kind, completedAt } of lists.upgrades)
      if (kind === 'rollback' && completedAt === null) await world.advance(upgradeId)
    await all.quiet()
  }
  /** Lets minutes pass, in which metrics are looked at, until something is so. */
  const until = async (isSo: () => Promise<boolean> | boolean, minutes = 300) => {
    for (let minute = 0; minute < minutes; minute++) {
      await advance()
      if (await isSo()) return
      await measureDue(services)
      await world.settle()
      await all.pass(60)
      await tickDue(world.services)
      await world.settle()
    }
    throw new Error(`It did not come so: ${JSON.stringify(await statusOf(world, id))}`)
  }
  const over = async () => /completed|aborted|failed/.test((await statusOf(world, id)).status)
  return { all, world, sites, id, start, until, over, phases: () => phasesOf(world, id) }
}

const all = (version: string) => names.map(() => version)

describe('C9: blue-green', () => {
  it('switches site after site, and retires the old colour only when the gate has closed', async () => {
    const { sites, until, over, phases, all: every } = await openShop()
    await until(() => sites.changes.length > 0)
    expect(sites.served.filter((version) => version === after)).toHaveLength(2)
    await until(async () => (await phases()).switch === 'completed')
    expect(sites.served).toEqual(all(after))
    for (const { versions } of sites.sites.values()) expect(versions.blue).toBe(before)
    await until(over)
    expect(await phases()).toEqual({ switch: 'completed', retire: 'completed' })
    for (const site of sites.sites.values())
      expect(site).toEqual({ live: 'green', versions: { blue: null, green: after } })
    expect(new Set(sites.changes).size).toBe(sites.changes.length)
    expect(await every.audited()).toEqual([])
  })

  /** Every site is as it was: traffic on blue, and nothing of the new version left. */
  const isAsBefore = (sites: Sites) => {
    for (const site of sites.sites.values())
      expect(site).toEqual({ live: 'blue', versions: { blue: before, green: null } })
  }

  it('leaves traffic where it is where the new colour is not well', async () => {
    const { sites, until, over, phases, all: every } = await openShop()
    sites.behave({ unwell: { version: after, sites: names } })
    await until(over)
    expect(await phases()).toEqual({ switch: 'aborted', retire: 'waiting' })
    isAsBefore(sites)
    expect(sites.changes.filter((change) => change.includes('traffic'))).toEqual([])
    expect(await every.audited()).toEqual([])
  })

  it.each<[string, Behaviour, RegExp]>([
    ['the new version has errors', { errors: { [after]: 0.2 } }, /errors was out of bounds/],
    [
      'it has more of them than the old colour, though few',
      { errors: { [before]: 0.001, [after]: 0.005 } },
      /errors beside the old colour was out of bounds/,
    ],
  ])(
    'puts traffic back on the old colour, which is still there, where %s',
    async (_words, behaviour, why) => {
      const { world, id, sites, until, over, phases, all: every } = await openShop()
      sites.behave(behaviour)
      await until(over)
      const { body } = await world.call('GET', `/api/v1/rollouts/${id}`)
      const { body: told } = await world.call('GET', `/api/upgrades/${body.phases[0].upgradeId}/events`)
      const words = told.events.map(({ sentence }: { sentence: string }) => sentence).join('\n')
      expect(words).toMatch(why)
      await until(() => sites.served.every((version) => version === before))
      await until(() => sites.changes.length === 8)
      isAsBefore(sites)
      expect(await phases()).toEqual({ switch: 'aborted', retire: 'waiting' })
      // Of two canaries, and of nobody else; traffic first.
      const [one, other] = [...new Set(sites.changes.map((change) => change.split(' ')[0]))]
      expect(other).toBeDefined()
      for (const site of [one, other])
        expect(sites.changes.filter((change) => change.startsWith(`${site} `))).toEqual([
          ...[
            `${site} green ${after}`,
            `${site} traffic green`,
            `${site} traffic blue`,
            `${site} green away`,
          ],
        ])
      expect(await every.audited()).toEqual([])
    },
  )

  it('takes all sites back where it shows only once all of them are switched', async () => {
    const { sites, until, over, phases } = await openShop()
    await until(() => sites.served.every((version) => version === after))
    sites.behave({ errors: { [after]: 0.2 } })
    await until(over)
    await until(() => sites.changes.length === 4 * names.length)
    isAsBefore(sites)
    expect(await phases()).toEqual({ switch: 'aborted', retire: 'waiting' })
  })

  it('waits for a person where nobody can measure, with both colours there', async () => {
    const { world, id, sites, until, phases, over } = await openShop({
      answer: ({ url }) => (url.includes('/errors') ? cutOff : undefined),
    })
    await until(async () => (await phases()).switch === 'paused')
    expect(sites.served.filter((version) => version === after)).toHaveLength(2)
    for (const { versions } of sites.sites.values()) expect(versions.blue).toBe(before)
    const back = await world.call('POST', `/api/v1/rollouts/${id}/abort`, {
      body: { reason: 'nobody can tell', rollBack: true },
    })
    expect([back.status, back.body.errors]).toEqual([202, undefined])
    await until(over)
    await until(() => sites.changes.length === 8)
    isAsBefore(sites)
  })

  it('is taken back as a whole when it is over: the former version first, then the traffic', async () => {
    const { world, id, sites, until, over, all: every } = await openShop()
    await until(over)
    const forth = sites.changes.length
    const { status } = await world.call('POST', `/api/v1/rollouts/${id}/rollback`, {
      body: { reason: 'it loses orders' },
    })
    expect(status).toBe(202)
    await until(() => sites.changes.length === 2 * forth)
    isAsBefore(sites)
    for (const site of names)
      expect(sites.changes.slice(forth).filter((change) => change.startsWith(`${site} `))).toEqual([
        ...[`${site} blue ${before}`, `${site} traffic blue`, `${site} green away`],
      ])
    expect(await every.audited()).toEqual([])
  })

  it('retires nothing at a site that somebody has switched back since', async () => {
    const { sites, until, phases } = await openShop()
    await until(async () => (await phases()).switch === 'completed')
    const body = { from: 'green', to: 'blue' }
    sites.handle({ method: 'PUT', path: '/sites/site-3/traffic', authorization: undefined, body })
    await until(async () => !['waiting', 'in_progress'].includes((await phases()).retire ?? ''))
    expect(sites.sites.get('site-3')).toEqual({ live: 'blue', versions: { blue: before, green: after } })
    expect(sites.changes.filter((change) => change.startsWith('site-3 '))).toEqual([
      ...[`site-3 green ${after}`, 'site-3 traffic green', 'site-3 traffic blue'],
    ])
  })

  it.each(['before', 'after'] as const)(
    'does nothing twice where what is at work dies %s each call, once',
    async (when) => {
      const { sites, until, over, phases, all: every } = await openShop()
      const died = new Set<string>()
      every.kill((asked) => {
        const place = JSON.stringify(asked)
        if (died.has(place)) return undefined
        died.add(place)
        return when
      })
      await until(over)
      expect(await phases()).toEqual({ switch: 'completed', retire: 'completed' })
      expect(died.size).toBeGreaterThan(names.length)
      expect(new Set(sites.changes).size).toBe(sites.changes.length)
      expect(sites.changes).toHaveLength(3 * names.length)
      expect(await every.audited()).toEqual([])
    },
  )

  it('does again what was cut off after it was done, and nothing is there twice', async () => {
    const cut = new Set<string>()
    const { sites, until, over } = await openShop({
      answer(call, played) {
        const { method, url, body } = call
        const key = `${method} ${url} ${body}`
        if (method === 'GET' || cut.has(key)) return undefined
        cut.add(key)
        const path = new URL(url).pathname
        played.handle({ method, path, authorization: undefined, body: JSON.parse(body ?? 'null') })
        return cutOff
      },
    })
    await until(over)
    expect(sites.served).toEqual(all(after))
    expect(cut.size).toBe(3 * names.length)
    expect(new Set(sites.changes).size).toBe(sites.changes.length)
    expect(sites.changes).toHaveLength(3 * names.length)
  })

  it('goes on by another execution where one is stopped in the middle', async () => {
    const { sites, until, over, phases, all: every } = await openShop()
    sites.behave({ unwell: { version: after, sites: names } })
    await until(() => sites.changes.length === 2)
    const running = every.running('blue-green-switch')
    expect(running).toHaveLength(2)
    for (const { executionArn } of running) every.stop(executionArn)
    sites.behave({})
    await until(over)
    expect(await phases()).toEqual({ switch: 'completed', retire: 'completed' })
    expect(sites.changes).toHaveLength(3 * names.length)
  })

  it('goes from green to blue the next time, by the same documents', async () => {
    const { world, sites, start, until, over } = await openShop()
    await until(over)
    const next = '3.0.0'
    for (const component of ['shop', 'shop-former'])
      await world.call('POST', '/api/v1/releases', { body: { component, version: next, digest } })
    const again = await start(textOf('blue-green.yaml').replaceAll(after, next))
    await until(async () => (await statusOf(world, again)).status === 'completed')
    for (const site of sites.sites.values())
      expect(site).toEqual({ live: 'blue', versions: { blue: next, green: null } })
  })

  it.each(['hold', 'rollback'])(
    'goes back once where the gate itself takes back, and the rollout is to %s',
    async (onFailure) => {
      const plan = textOf('blue-green.yaml')
        .replace('onFailure: rollback', `onFailure: ${onFailure}`)
        .replaceAll('action: abort', 'action: rollback')
      const { sites, until, phases, all: every } = await openShop({ plan })
      sites.behave({ errors: { [after]: 0.2 } })
      await until(() => sites.changes.length === 8)
      await until(async () => (await phases()).switch === 'aborted')
      await every.pass(3600)
      isAsBefore(sites)
      expect(sites.changes).toHaveLength(8)
      expect((await phases()).retire).toBe('waiting')
      expect(await every.audited()).toEqual([])
    },
  )
})
