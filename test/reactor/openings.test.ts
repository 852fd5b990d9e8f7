import { beforeEach, describe, expect, test } from 'vitest'
import { keepWindows } from '../../functions/reactor/profiles/keep-windows.ts'
import { judgeOpening, upgradeOfWindow } from '../../functions/reactor/profiles/open-window.ts'
import { nextSunday, openProfileWorld, sunday, weekly } from './profile-world.ts'

let world: Awaited<ReturnType<typeof openProfileWorld>>
beforeEach(async () => {
  world = await openProfileWorld()
})

/** What the daily reconciliation does for each profile. */
async function reconcile(id: string): Promise<void> {
  await keepWindows(world.world.services, id, { actor: 'drydock', correlation: 'reconcile' })
  await world.world.settle()
}

describe('the daily reconciliation', () => {
  test('makes schedules again that were lost, and changes nothing the second time', async () => {
    const id = await world.created()
    world.world.schedules.all.clear()
    await reconcile(id)
    expect(world.schedules().map(({ at }) => at)).toEqual([sunday, nextSunday])
    const calls = world.world.schedules.calls()
    await reconcile(id)
    expect(world.world.schedules.calls()).toBe(calls)
  })

  test('makes up for a firing that was lost while its window is open', async () => {
    const id = await world.created()
    world.at('2026-01-11T03:00:00.000Z')
    world.world.schedules.all.clear()
    await reconcile(id)
    const [made] = [...world.world.schedules.all.values()]
    expect(made).toMatchObject({
      at: '2026-01-11T03:01:00.000Z',
      input: { profileId: id, scheduledAt: sunday },
    })
    await world.fire(id, sunday)
    expect((await world.profile(id)).running?.upgrade).toBe(upgradeOfWindow(id, sunday))
  })

  test('a firing opens its window though the next ones cannot be scheduled', async () => {
    const id = await world.created()
    world.at(sunday)
    const { services } = world.world
    const windowSchedules: typeof services.windowSchedules = {
      ...services.windowSchedules,
      async create() {
        throw new Error('Too many schedules.')
      },
    }
    const firing = judgeOpening({ ...services, windowSchedules }, { profileId: id, scheduledAt: sunday })
    await expect(firing).rejects.toThrow('Too many schedules.')
    await world.world.settle()
    expect((await world.profile(id)).running?.upgrade).toBe(upgradeOfWindow(id, sunday))
  })

  const often = { ...weekly, schedule: { ...weekly.schedule, cron_expression: '*/10 * * * *' } }

  test('makes one schedule for all that is due, whose firing judges all of it', async () => {
    const id = await world.created(often)
    world.at('2026-01-05T11:05:00.000Z')
    world.world.schedules.all.clear()
    await reconcile(id)
    const of = (minutes: string) => `2026-01-05T${minutes}:00.000Z`
    expect(world.schedules().map(({ at }) => at)).toEqual([of('11:06'), of('11:10'), of('11:20')])
    await world.fire(id, of('10:10'))
    expect((await world.profile(id)).windows.map(({ scheduledAt, result }) => [scheduledAt, result])).toEqual(
      [
        [of('10:10'), 'opened'],
        ...['10:20', '10:30', '10:40', '10:50', '11:00'].map((opening) => [of(opening), expect.anything()]),
      ],
    )
  })

  test('a firing that is delivered again and again makes no other one', async () => {
    const id = await world.created(often)
    world.at('2026-01-05T11:05:00.000Z')
    const due = new Set<string>()
    for (let again = 0; again < 5; again++) {
      world.world.schedules.all.clear()
      await world.fire(id, '2026-01-05T10:10:00.000Z')
      for (const { at } of world.schedules()) due.add(at)
    }
    expect([...due].sort()).toEqual(['2026-01-05T11:10:00.000Z', '2026-01-05T11:20:00.000Z'])
  })

  test('a firing that is killed before it has judged has scheduled the next ones', async () => {
    const id = await world.created()
    world.at(sunday)
    world.world.schedules.all.clear()
    const { services } = world.world
    const of = () => {
      throw new Error('killed')
    }
    const killed = judgeOpening(
      { ...services, log: { ...services.log, of } },
      { profileId: id, scheduledAt: sunday },
    )
    await expect(killed).rejects.toThrow('killed')
    expect((await world.profile(id)).windows).toEqual([])
    expect(world.schedules().map(({ at }) => at)).toEqual(expect.arrayContaining([nextSunday]))
  })

  test('a firing that is killed between two openings judges the rest when it comes again, and none twice', async () => {
    const id = await world.created(often)
    const openings = ['10:10', '10:20', '10:30'].map((minutes) => `2026-01-05T${minutes}:00.000Z`)
    const [first] = openings
    world.at('2026-01-05T10:35:00.000Z')
    world.world.schedules.all.clear()
    const { services } = world.world
    const judged = async () => (await world.profile(id)).windows.map(({ scheduledAt }) => scheduledAt)
    const of: typeof services.log.of = (aggregate, name) => {
      const stream = services.log.of(aggregate, name)
      return {
        ...stream,
        async carryOut(...decided) {
          if ((await judged()).includes(first ?? '')) throw new Error('killed')
          return stream.carryOut(...decided)
        },
      }
    }
    const firing = { profileId: id, scheduledAt: first }
    const killed = judgeOpening({ ...services, log: { ...services.log, of } }, firing)
    await expect(killed).rejects.toThrow('killed')
    expect(await judged()).toEqual([first])
    await judgeOpening(services, firing)
    expect(await judged()).toEqual(openings)
  })

  test('does not open a window that is over', async () => {
    const id = await world.created()
    world.at('2026-01-11T06:00:00.000Z')
    world.world.schedules.all.clear()
    await reconcile(id)
    expect(world.schedules().map(({ at }) => at)).toEqual([nextSunday, '2026-01-25T02:00:00.000Z'])
    await world.fire(id, sunday)
    expect((await world.profile(id)).windows).toEqual([
      expect.objectContaining({ result: 'not_in_schedule' }),
    ])
  })
})

describe('an opening is skipped', () => {
  const result = async (id: string) => (await world.profile(id)).windows.at(-1)?.result

  test('when the profile is out of service', async () => {
    const id = await world.created()
    await world.updated(id, { status: 'inactive' })
    world.at(sunday)
    await world.fire(id, sunday)
    expect(await result(id)).toBe('inactive')
  })

  test('while an upgrade that was started out of turn is unfinished', async () => {
    const id = await world.created()
    const body = { reason: 'CVE-2026-1' }
    await world.world.call('POST', `/api/v1/upgrade-profiles/${id}/executions`, { body })
    await world.world.settle()
    world.at(sunday)
    await world.fire(id, sunday)
    expect(await result(id)).toBe('running')
  })

  test('until the profile that it depends on has succeeded often enough', async () => {
    const canary = await world.created({
      ...weekly,
      schedule: { ...weekly.schedule, cron_expression: '0 2 * * 6' },
      resource_filters: { ...weekly.resource_filters, tags: [{ key: 'ring', value: 'canary' }] },
    })
    const targets = [{ id: 'cust_9999', tags: { ring: 'canary' }, components: { api: 'v1.1.0' } }]
    await world.world.call('POST', '/api/v1/targets', { body: { targets } })
    const id = await world.created({ ...weekly, depends_on: { profile_id: canary, min_resources: 1 } })
    world.at(sunday)
    await world.fire(id, sunday)
    expect(await result(id)).toBe('dependency')
    const saturday = '2026-01-17T02:00:00.000Z'
    world.at(saturday)
    await world.fire(canary, saturday)
    await world.finish(upgradeOfWindow(canary, saturday))
    world.at(nextSunday)
    await world.fire(id, nextSunday)
    expect(await result(id)).toBe('opened')
  })
})
