import { describe, expect, test } from 'vitest'
import { holdBack, releaseAggregate, releaseId } from '../../functions/domain/release/release.ts'
import { upgradeOfWindow } from '../../functions/reactor/profiles/open-window.ts'
import { report } from '../api/world.ts'
import { nextSunday, openProfileWorld, sunday, weekly } from './profile-world.ts'

const settings = { ...weekly.upgrade_settings, rollback_on_failure: true }
const thirdSunday = '2026-01-25T02:00:00.000Z'

/** A profile whose first window breached and took v1.2.0 back. */
async function takenBack(changes: object = {}) {
  const { world, ...profiles } = await openProfileWorld(3)
  await world.fleet(0, 'v1.1.0')
  const definition = { ...weekly, upgrade_settings: { ...settings, ...changes } }
  const id = await profiles.created(definition)
  profiles.at(sunday)
  await profiles.fire(id, sunday)
  const upgrade = upgradeOfWindow(id, sunday)
  await world.advance(upgrade)
  let reported = 0
  for (let round = 0; round < 40 && (await profiles.profile(id)).running; round++) {
    const child = (await profiles.upgrade(upgrade)).children.at(-1)?.child
    await world.advance(upgrade)
    if (child) await world.advance(child)
    await report(world, () => (child || reported++ === 0 ? 'completed' : 'failed'))
    world.pass(300)
  }
  expect((await profiles.profile(id)).running).toBeNull()
  return { world, ...profiles, id, definition }
}

const lastWindow = async ({ profile, id }: Awaited<ReturnType<typeof takenBack>>) =>
  (await profile(id)).windows.at(-1)

describe('a profile whose version was taken back', () => {
  test.each(['latest', 'v1.2.0'])('does not choose it again next Sunday, and says so: %s', async (asked) => {
    const taken = await takenBack({ target_version: asked })
    taken.at(nextSunday)
    await taken.fire(taken.id, nextSunday)
    expect(await lastWindow(taken)).toMatchObject({
      ...{ scheduledAt: nextSunday, result: 'held_back' },
      detail: expect.stringMatching(/^api v1\.2\.0 is held back since .*\/free lets it be chosen again\.$/),
    })
    const body = { reason: 'now' }
    const reply = await taken.world.call('POST', `/api/v1/upgrade-profiles/${taken.id}/executions`, { body })
    expect([reply.status, reply.body.code]).toEqual([422, 'release-held-back'])
  })

  test('opens again once somebody has freed it', async () => {
    const taken = await takenBack()
    const free = '/api/v1/releases/api/v1.2.0/free'
    await taken.world.call('POST', free, { body: { reason: 'it was the disk' } })
    await taken.world.settle()
    taken.at(nextSunday)
    await taken.fire(taken.id, nextSunday)
    expect(await lastWindow(taken)).toMatchObject({ result: 'opened' })
  })

  test('upgrades whom the version before it is newer for', async () => {
    const taken = await takenBack()
    const { world } = taken
    await world.call('POST', '/api/v1/targets', { body: { id: 'cust_0009', components: { api: 'v1.0.0' } } })
    await world.settle()
    taken.at(nextSunday)
    await taken.fire(taken.id, nextSunday)
    const upgrade = upgradeOfWindow(taken.id, nextSunday)
    await world.advance(upgrade)
    expect((await taken.upgrade(upgrade)).plan).toMatchObject({ version: 'v1.1.0', members: 1 })
  })
})

test('what was planned ahead, or is unfinished, waits while its version is held back elsewhere', async () => {
  const { world, ...profiles } = await openProfileWorld(4)
  const id = await profiles.created({
    ...weekly,
    upgrade_settings: { ...weekly.upgrade_settings, parallel_upgrades: 1 },
  })
  profiles.at(sunday)
  await profiles.fire(id, sunday)
  await world.advance(upgradeOfWindow(id, sunday))
  await report(world)
  const hold = holdBack({ reason: 'it loses orders', upgrade: 'another', at: sunday })
  const cause = { actor: 'drydock', correlation: 'test' }
  await world.log.execute(releaseAggregate, releaseId('api', 'v1.2.0'), hold, cause)
  for (const instant of [nextSunday, thirdSunday]) {
    profiles.at(instant)
    await profiles.fire(id, instant)
    expect((await profiles.profile(id)).windows.at(-1)).toMatchObject({ result: 'held_back' })
  }
})
