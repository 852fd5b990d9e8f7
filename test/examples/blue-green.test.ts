import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { Sites } from '../../examples/blue-green/sites.ts'
import { measureDue } from '../../functions/gates/measure.ts'
import { tickDue } from '../../functions/reactor/upgrades/tick.ts'
import type { OutboundCall, Sent } from '../../functions/workflow/procedure/outbound.ts'
import { approved, phasesOf, statusOf } from '../api/rollout-world.ts'
import { digest } from '../api/world.ts'
import { answered, cutOff, openProcedures } from '../procedures/world.ts'

const textOf = (path: string) => readFileSync(new URL(`../../examples/${path}`, import.meta.url), 'utf8')
const names = Array.from({ length: 8 }, (_, place) => `site-${place + 1}`)
const [before, after] = ['1.0.0', '2.0.0']

/** The sites, the stored procedures, and the rollout of the shipped plan file, approved by somebody else. */
async function openShop({
  answer,
}: {
  answer?: (call: OutboundCall, sites: Sites) => Sent | undefined
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
  const reply = await world.call('POST', '/api/v1/rollouts', {
    raw: textOf('blue-green.yaml'),
    headers: yaml,
  })
  expect([reply.status, reply.body.errors]).toEqual([202, undefined])
  const id: string = reply.body.rolloutId
  await world.advanceRollout(id)
  await approved(world, id)
  const send = async (call: OutboundCall) => serve(call)
  const services = {
    ...world.services,
    outbound: { send, sendAs: send, retryAfter: () => undefined },
    secrets: { read: async () => ({ kind: 'unavailable' as const, why: 'There is none.' }) },
  }
  /** Lets everything come to where it waits: the rollout, and the one that takes it back. */
  const advance = async () => {
    const { body } = await world.call('GET', '/api/v1/rollouts')
    for (const { rolloutId } of body.rollouts) await world.advanceRollout(rolloutId)
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
  return { all, world, sites, id, until, over, phases: () => phasesOf(world, id) }
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
})
