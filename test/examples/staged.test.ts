import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { day } from '../../events/time.ts'
import { measureDue } from '../../functions/gates/measure.ts'
import { tickDue } from '../../functions/reactor/upgrades/tick.ts'
import { approved, phasesOf, statusOf } from '../api/rollout-world.ts'
import { digest, openWorld, report, type World } from '../api/world.ts'
import { answered } from '../procedures/world.ts'

const document = readFileSync(new URL('../../examples/staged.yaml', import.meta.url), 'utf8')
const environments = { development: 2, staging: 2, production: 20 }
const well = { errorRate: 0.001, responseTime: 120, successRate: 0.999 }

/** A fleet of three environments, and the rollout that the plan file asks for, approved by somebody else. */
async function staged() {
  const world = openWorld()
  await world.call('POST', '/api/v1/releases', { body: { component: 'api', version: '2.5.0', digest } })
  const targets = Object.entries(environments).flatMap(([environment, count]) =>
    Array.from({ length: count }, (_, place) => ({
      ...{ id: `${environment}-${place}`, components: { api: '2.4.1' }, tags: { environment } },
    })),
  )
  await world.call('POST', '/api/v1/targets', { body: { targets } })
  const reply = await world.call('POST', '/api/v1/rollouts', {
    raw: document,
    headers: { 'content-type': 'application/yaml' },
  })
  expect([reply.status, reply.body.errors]).toEqual([202, undefined])
  const id: string = reply.body.rolloutId
  await world.advanceRollout(id)
  await approved(world, id)
  const measured = { now: well }
  const send = async () => answered(measured.now)
  const services = {
    ...world.services,
    outbound: { send, sendAs: send, retryAfter: () => undefined },
    secrets: { read: async () => ({ kind: 'secret' as const, value: 'none' }) },
  }
  /** Lets hours pass, in which targets report and metrics are looked at. */
  const pass = async (hours: number) => {
    for (let hour = 0; hour < hours; hour++) {
      await report(world)
      await world.settle()
      await world.advanceRollout(id)
      for (let minute = 0; minute < 60; minute++) {
        await measureDue(services)
        await world.settle()
        world.pass(60)
      }
      await tickDue(world.services)
      await world.settle()
      await world.advanceRollout(id)
    }
  }
  return { world, id, pass, measured }
}

const upgraded = async (world: World) => {
  const { body } = await world.call('GET', '/api/v1/targets', { query: { limit: '100' } })
  const found: Record<string, number> = { development: 0, staging: 0, production: 0 }
  for (const { tags, components } of body.targets)
    if (components.api === '2.5.0') found[tags.environment] = (found[tags.environment] ?? 0) + 1
  return found
}

describe('M16: one release, stage by stage', () => {
  it('stays a day in development, two in staging, and goes to 5, 25, 75 and 100 percent of production', {
    timeout: 120_000,
  }, async () => {
    const { world, id, pass } = await staged()
    const start = world.services.now()
    const seen: [number, Record<string, number>][] = []
    for (let hours = 0; hours < 9 * 24 && (await statusOf(world, id)).status !== 'completed'; hours += 6) {
      await pass(6)
      const now = await upgraded(world)
      if (JSON.stringify(now) !== JSON.stringify(seen.at(-1)?.[1]))
        seen.push([Math.floor((world.services.now() - start) / day), now])
    }
    expect((await statusOf(world, id)).status).toBe('completed')
    expect(seen.map(([, found]) => Object.values(found))).toEqual([
      ...[
        [2, 0, 0],
        [2, 2, 0],
        [2, 2, 1],
        [2, 2, 5],
        [2, 2, 15],
        [2, 2, 20],
      ],
    ])
    expect(seen.map(([days]) => days)).toEqual([0, 1, 3, 4, 6, 7])
  })

  it('goes no further than the stage that is not well', { timeout: 60_000 }, async () => {
    const { world, id, pass, measured } = await staged()
    await pass(23)
    measured.now = { ...well, responseTime: 400 }
    await pass(12)
    expect(await upgraded(world)).toEqual({ development: 2, staging: 2, production: 0 })
    expect(await phasesOf(world, id)).toMatchObject({ development: 'completed', staging: 'paused' })
  })
})
