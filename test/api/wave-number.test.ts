import { expect, it } from 'vitest'
import { canary, deployed, openWorld, report } from './world.ts'

interface Numbered {
  readonly wave: number
}

/** Returns the number of each wave in a list. */
const numbers = (waves: readonly Numbered[]): number[] => waves.map(({ wave }) => wave)

it('gives a wave one number in every answer, which its sentences say too', async () => {
  const world = openWorld()
  await world.fleet(10)
  const read = async (path: string) => (await world.call('GET', path)).body
  const plan = (await world.call('POST', '/api/upgrades/plan', { body: canary })).body
  expect(numbers(plan.waves)).toEqual([1, 2])
  expect([...new Set(numbers(plan.members))].sort()).toEqual([1, 2])

  const id = await deployed(world)
  await report(world)
  await world.advance(id)
  const path = `/api/upgrades/${id}`
  for (const body of [
    await read(path),
    await read(`${path}/status`),
    (await read('/api/upgrades')).upgrades[0],
  ])
    expect([body.wave, numbers(body.waves)]).toEqual([1, [1, 2]])
  expect(numbers((await read(`${path}/blast-radius`)).waves)).toEqual([1])

  const waiting = plan.members.find(({ wave }: Numbered) => wave === 2).targetId
  const explained = await read(`/api/v1/targets/${waiting}/explain?upgradeId=${id}`)
  expect(explained.sentence).toContain('in wave 2')

  const { events } = await read(`${path}/events`)
  const told = events.filter(({ data }: { data: object }) => 'wave' in data)
  expect(told.length).toBeGreaterThan(2)
  for (const { sentence, data } of told) expect(sentence).toContain(`wave ${data.wave}`)
})

it('says 0 while none has begun', async () => {
  const world = openWorld()
  await world.fleet(10)
  const body = { ...canary, approvals: { required: 1 } }
  const { upgradeId } = (await world.call('POST', '/api/upgrades/deploy', { body })).body
  const { body: status } = await world.call('GET', `/api/upgrades/${upgradeId}/status`)
  expect([status.wave, numbers(status.waves)]).toEqual([0, [1, 2]])
})
