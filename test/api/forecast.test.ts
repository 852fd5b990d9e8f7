import { describe, expect, test } from 'vitest'
import { deployed, openWorld, report, type World } from './world.ts'

const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const ids = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `cust_${String(from + at).padStart(4, '0')}`)
const rest = { ...all, targets: { ids: ids(13, 28) } }
const minuteAfterTen = (seconds: number) =>
  new Date(Date.parse('2026-01-05T10:00:00.000Z') + seconds * 1000).toISOString()

const forecastOf = async (world: World, id: string, query: Record<string, string> = {}) =>
  (await world.call('GET', `/api/upgrades/${id}/forecast`, { query })).body

/** Twenty-eight customers, of whom the first twelve have been upgraded: each in so many seconds. */
async function afterTwelve(took: number): Promise<World> {
  const world = openWorld()
  await world.fleet(28)
  const id = await deployed(world, { ...all, targets: { ids: ids(1, 12) } })
  await report(world, () => 'in-progress')
  world.pass(took)
  await report(world)
  await world.advance(id)
  return world
}

describe('when an upgrade will end', () => {
  test('is forecast from how long others took on the component', async () => {
    const world = await afterTwelve(40)
    const id = await deployed(world, { ...rest, parallel: 4 })
    expect(await forecastOf(world, id)).toEqual({
      upgradeId: id,
      at: minuteAfterTen(40),
      forecast: {
        ends: { earliest: minuteAfterTen(200), likely: minuteAfterTen(200), latest: minuteAfterTen(200) },
        seconds: { earliest: 160, likely: 160, latest: 160 },
        waitsFor: [],
        basis: { durations: 12, upgrades: 1 },
      },
      track: { judged: 0, inside: 0 },
    })
  })

  test('is not invented where too few durations are known', async () => {
    const world = openWorld()
    await world.fleet(4)
    const id = await deployed(world, all)
    expect((await forecastOf(world, id)).forecast).toEqual({
      ...{ ends: null, seconds: null, waitsFor: [] },
      basis: { durations: 0, upgrades: 0 },
    })
  })
})
