import * as fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { assignAttempt, expireAttempt } from '../../functions/domain/target/attempt.ts'
import { initialTarget, type TargetState } from '../../functions/domain/target/state.ts'
import { upgradeOfWindow } from '../../functions/reactor/profiles/open-window.ts'
import { report } from '../api/world.ts'
import { openProfileWorld, sunday, weekly } from './profile-world.ts'

const hour = 3_600_000
const start = Date.parse(sunday)
const iso = (instant: number) => new Date(instant).toISOString()

const plan = {
  ...{ attempt: '6c1f1b6a-6f55-5c6b-8a3a-0d5f3a0f9b11', upgrade: 'u', member: 0, n: 1 },
  ...{ kind: 'deploy' as const, component: 'api', from: 'v1.1.0', to: 'v1.2.0' },
}

function targetWith(hours: number | null): TargetState {
  const override = { maintenance_window_hours: hours, rollback_on_failure: null }
  return {
    ...initialTarget,
    registered: true,
    components: { api: 'v1.1.0' },
    memberships: { p: { priority: 5, override } },
  }
}

test('a target is assigned, and can be accepted, only within its own part of the window', async () => {
  const after = fc.integer({ min: 0, max: 25 * hour })
  const keepsToIt = fc.asyncProperty(
    fc.integer({ min: 1, max: 24 }),
    after,
    after,
    async (hours, elapsed, patience) => {
      const state = targetWith(hours)
      const now = start + elapsed
      const window = { profile: 'p', start: iso(start) }
      const acceptBy = iso(now + patience)
      const decision = assignAttempt({ ...plan, digest: null, acceptBy, seconds: 3600, window })(
        state,
        iso(now),
      )
      const [event] = 'events' in decision ? decision.events : []
      const closes = start + hours * hour
      if (event?.type === 'AttemptAssigned') {
        expect(now).toBeLessThan(closes)
        expect(event.data.acceptBy).toBe(iso(Math.min(closes, now + patience)))
      } else {
        expect(now).toBeGreaterThanOrEqual(closes)
        expect(event?.data).toMatchObject({ outcome: 'skipped', code: 'outside_own_window' })
      }
    },
  )
  await fc.assert(keepsToIt)
})

test('one without hours of its own, or of another profile, is assigned as the upgrade says', () => {
  for (const [state, profile] of [
    [targetWith(null), 'p'],
    [targetWith(1), 'other'],
  ] as const) {
    const window = { profile, start: iso(start) }
    const assignment = { ...plan, digest: null, acceptBy: iso(start + 4 * hour), seconds: 3600, window }
    const decision = assignAttempt(assignment)(state, iso(start + 3 * hour))
    expect(decision).toMatchObject({
      events: [{ type: 'AttemptAssigned', data: { acceptBy: iso(start + 4 * hour) } }],
    })
  }
})

test('an offer that its own window ended is withdrawn, one that nobody took in its time is unreachable', () => {
  const window = { profile: 'p', start: iso(start) }
  for (const [patience, outcome] of [
    [2 * hour, 'withdrawn'],
    [hour / 2, 'unreachable'],
  ] as const) {
    const state = targetWith(1)
    const assignment = { ...plan, digest: null, acceptBy: iso(start + patience), seconds: 3600, window }
    const assigned = assignAttempt(assignment)(state, iso(start))
    const [event] = 'events' in assigned ? assigned.events : []
    if (!event) throw new Error('It was not assigned.')
    const active = targetAggregate.evolve(state, event, { commit: 2, at: iso(start), actor: 'drydock' })
    const expiry = { attempt: plan.attempt, lastSeen: null, window }
    const decision = expireAttempt(expiry)(active, iso(start + hour))
    expect(decision).toMatchObject({ events: [{ type: 'AttemptEnded', data: { outcome } }] })
  }
})

let world: Awaited<ReturnType<typeof openProfileWorld>>
beforeEach(async () => {
  world = await openProfileWorld(6)
})

async function assign(profile: string, target: string, override_settings: object): Promise<void> {
  const resource_assignments = [{ resource_id: target, resource_type: 'customer', override_settings }]
  const path = `/api/v1/upgrade-profiles/${profile}/assignments`
  const reply = await world.world.call('POST', path, { body: { resource_assignments } })
  expect(reply.body.assignments_created).toBe(1)
  await world.world.settle()
}

const oneByOne = { ...weekly, upgrade_settings: { ...weekly.upgrade_settings, parallel_upgrades: 1 } }

test('who has less of the window is upgraded first', async () => {
  const id = await world.created(oneByOne)
  await assign(id, 'cust_0005', { maintenance_window_hours: 1 })
  await assign(id, 'cust_0003', { maintenance_window_hours: 2 })
  world.at(sunday)
  await world.fire(id, sunday)
  const upgrade = upgradeOfWindow(id, sunday)
  const order: string[] = []
  for (let round = 0; round < 6; round++) {
    await world.world.advance(upgrade)
    order.push(...(await report(world.world)))
  }
  expect(order.slice(0, 2)).toEqual(['cust_0005', 'cust_0003'])
  expect(order).toHaveLength(6)
})

test('a target whose own hours are over is left for the next window, and the rest goes on', async () => {
  const id = await world.created(oneByOne)
  await assign(id, 'cust_0005', { maintenance_window_hours: 1 })
  world.at('2026-01-11T03:30:00.000Z')
  await world.fire(id, sunday)
  const upgrade = upgradeOfWindow(id, sunday)
  await world.finish(upgrade)
  const { state } = await world.world.log.load(targetAggregate, 'cust_0005')
  expect(state.components).toEqual({ api: 'v1.1.0' })
  expect(state.attempts).toEqual([
    expect.objectContaining({ outcome: 'skipped', code: 'outside_own_window' }),
  ])
  expect((await world.upgrade(upgrade)).counts).toMatchObject({ succeeded: 5, skipped: 1 })
  const next = '2026-01-18T02:00:00.000Z'
  world.at(next)
  await world.fire(id, next)
  await world.finish(upgradeOfWindow(id, next))
  expect((await world.world.log.load(targetAggregate, 'cust_0005')).state.components).toEqual({
    api: 'v1.2.0',
  })
})
