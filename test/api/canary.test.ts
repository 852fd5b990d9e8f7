import { describe, expect, test } from 'vitest'
import { platform, twoPhases } from './rollout-world.ts'
import { canary, deployed, openWorld, report } from './world.ts'

const sizeToSee = [
  { percent: 5, size: 59 },
  { percent: 1, size: 299 },
]

describe('N7: how much a canary can show', () => {
  test('is said by the plan, with what it may bear', async () => {
    const world = openWorld()
    await world.fleet(50)
    const plan = async (more: object) =>
      (await world.call('POST', '/api/upgrades/plan', { body: { ...canary, ...more } })).body.canary
    expect(await plan({ failureThreshold: { percent: 20 } })).toEqual({
      ...{ size: 5, allowedFailures: 1, confidencePercent: 95, sizeToSee },
      ...{ seesPercent: 45.08, stopsPercent: 65.75 },
    })
    expect(await plan({ canaryPercent: 60 })).toMatchObject({ size: 30, seesPercent: 9.51 })
    expect(await plan({ failureThreshold: { percent: 100 } })).toMatchObject({ stopsPercent: null })
    expect(await plan({ strategy: 'all', canaryPercent: undefined })).toBeNull()
  })

  test('is said of each phase of a rollout', async () => {
    const world = await platform()
    const [databases, workers] = twoPhases.phases
    const phases = [databases, { ...workers, strategy: 'batch', batchSize: 1 }]
    const { body } = await world.call('POST', '/api/v1/rollouts/plan', { body: { ...twoPhases, phases } })
    expect(body.phases).toMatchObject([{ canary: null }, { canary: { size: 1, seesPercent: 95 } }])
  })

  test('is said by the status, by what has come of it so far', async () => {
    const world = openWorld()
    await world.fleet(50)
    const id = await deployed(world, { ...canary, failureThreshold: { percent: 100 } })
    const defects = async () => (await world.call('GET', `/api/upgrades/${id}/status`)).body.defects
    expect(await defects()).toBeNull()
    await world.advance(id)
    let nth = 0
    await report(world, () => (nth++ === 0 ? 'failed' : 'completed'))
    await world.advance(id)
    expect(await defects()).toEqual({
      ...{ outcomes: 5, failed: 1, confidencePercent: 95 },
      ...{ atLeastPercent: 1.02, atMostPercent: 65.75 },
    })
  })
})
