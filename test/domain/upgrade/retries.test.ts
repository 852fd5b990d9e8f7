import { describe, expect, test } from 'vitest'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { calm, planOf, requestOf, UpgradeWorld } from './world.ts'

const everyFailureBorne = { percent: 100, absolute: null, action: 'pause' } as const

describe('a retry', () => {
  test('comes as often as the request says, and no more', () => {
    const request = requestOf({ failures: everyFailureBorne, retry: { attempts: 2, delaySeconds: 60 } })
    const world = new UpgradeWorld().requested(request, planOf(1))
    world.startWave()
    for (const attempt of [2, 3]) {
      world.end(1, 'failed', true)
      expect(world.state.counts).toMatchObject({ retrying: 1, failed: 0 })
      world.later(3600).do(tick(calm))
      expect(world.inFlight()).toEqual([{ member: 0, n: attempt }])
    }
    world.end(1, 'failed', true)
    expect(world.state.counts).toMatchObject({ inFlight: 0, retrying: 0, failed: 1 })
  })

  test('holds its slot while it waits, so that no other target takes it', () => {
    const request = requestOf({
      parallel: 1,
      failures: everyFailureBorne,
      retry: { attempts: 1, delaySeconds: 60 },
    })
    const world = new UpgradeWorld().requested(request, planOf(2))
    world.startWave()
    world.end(1, 'failed', true)
    expect(world.inFlight(), 'the only slot is held').toEqual([])
    world.later(3600).do(tick(calm))
    expect(world.inFlight()).toEqual([{ member: 0, n: 2 }])
    world.end(1, 'succeeded')
    expect(world.inFlight()).toEqual([{ member: 1, n: 1 }])
  })
})
