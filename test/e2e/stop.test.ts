import { beforeAll, describe, expect, it } from 'vitest'
import { fleet, offered } from './agent.ts'
import { type Client, person } from './client.ts'
import { eventually } from './patience.ts'
import { ended, type Logs, statusOf } from './upgrades.ts'

let operator: Client

beforeAll(async () => {
  operator = await person('operator-1', 'operator')
})

describe('stop everything', () => {
  it('holds every upgrade at once, withdraws what nobody has accepted, and lets all go on when it is lifted', async () => {
    const [one, two] = await Promise.all([fleet(operator, 2), fleet(operator, 1)])
    const [first, second] = [await one.deploy({ parallel: 1 }), await two.deploy()]
    const [busy] = await offered(one.agents, 1)
    await two.agents[0]?.offered()
    await busy?.agent.accept(busy.offer)
    const stop = await operator.write<{ stopId: string }>('/api/v1/stop', { reason: 'fire in the hall' })
    const { stopId } = stop.body
    expect(stop.body).toMatchObject({
      stopped: true,
      stops: [{ stopId, reason: 'fire in the hall', by: 'operator-1' }],
    })
    try {
      await eventually(
        () => operator.read<Logs>(`/api/upgrades/${second}/logs?status=withdrawn`),
        ({ count }) => expect(count).toBe(1),
      )
      expect((await two.agents[0]?.check())?.updateAvailable).toBe(false)
      // The hold may be seen before it is: that an attempt was withdrawn comes to the upgrade from its target.
      await eventually(
        () => statusOf(operator, second, { completed: 0, inProgress: 0 }),
        ({ holds }) => expect(holds.map(({ code }) => code)).toContain('FREEZE'),
      )
      // What was accepted finishes; nothing takes its place.
      await busy?.agent.succeed(busy.offer)
      await statusOf(operator, first, { completed: 1, inProgress: 0, completedAt: null })
      const idle = one.agents.filter(({ id }) => id !== busy?.agent.id)
      for (const agent of idle) expect((await agent.check()).updateAvailable).toBe(false)
      expect(
        (await operator.read<Record<string, number>>('/api/queue/stats')).delayed,
      ).toBeGreaterThanOrEqual(2)
    } finally {
      const lifted = await operator.send('DELETE', `/api/v1/stop/${stopId}?reason=false%20alarm`)
      expect([lifted.status, lifted.body]).toMatchObject([200, { stopped: false }])
    }
    for (const agent of one.agents) if (agent.id !== busy?.agent.id) await agent.upgrade()
    await two.agents[0]?.upgrade()
    await ended(operator, first, { status: 'completed', completed: 2 })
    await ended(operator, second, { status: 'completed', completed: 1 })
  })
})
