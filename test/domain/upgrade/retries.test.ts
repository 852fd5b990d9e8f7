import { describe, expect, test } from 'vitest'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { calm, planOf, requestOf, start, UpgradeWorld } from './world.ts'

const everyFailureBorne = { percent: 100, absolute: null, action: 'pause' } as const

describe('a retry', () => {
  test('comes as often as the request says, and no more', () => {
    const request = requestOf({ failures: everyFailureBorne, retry: { attempts: 2, delaySeconds: 60 } })
    const world = new UpgradeWorld().requested(request, planOf(1))
    world.startWave()
    for (const attempt of [2, 3]) {
      world.end(1, 'failed', true)
      expect(world.standing.counts).toMatchObject({ retrying: 1, failed: 0 })
      world.later(3600).do(tick(calm))
      expect(world.inFlight()).toEqual([{ member: 0, n: attempt }])
    }
    world.end(1, 'failed', true)
    expect(world.standing.counts).toMatchObject({ inFlight: 0, retrying: 0, failed: 1 })
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

describe('P13: a run whose request says so becomes gentler with each failed try', () => {
  const gentle = (parallel: number, minutes: number, attempts: number) =>
    requestOf({
      parallel,
      failures: everyFailureBorne,
      retry: { attempts, delaySeconds: minutes * 60, fewer: 2 },
    })

  /** Fails the member that comes first in the plan, and lets every other one in flight succeed. */
  function failFirst(world: UpgradeWorld) {
    world.end(1, 'failed', true)
    world.end(world.inFlight().length, 'succeeded')
  }

  test.each([
    [5, 15, [5, 3, 1, 1, 1], [15, 30, 60, 60]],
    [10, 5, [10, 8, 6, 4, 2, 1], [5, 10, 20, 40, 60]],
    [3, 60, [3, 1, 1], [60, 60]],
    [1, 30, [1, 1], [30]],
  ])(
    'from %i at once and %i minutes: %j at once, after waits of %j minutes',
    (parallel, delay, atOnce, waits) => {
      const world = new UpgradeWorld().requested(gentle(parallel, delay, waits.length), planOf(1000))
      world.startWave()
      const seen = [world.inFlight().length]
      for (const [place, wait] of waits.entries()) {
        failFirst(world)
        world.later(wait * 60 - 1).do(tick(calm))
        expect(world.inFlight(), 'not a second before').not.toContainEqual({ member: 0, n: place + 2 })
        world.later(1).do(tick(calm))
        expect(world.inFlight(), 'when the wait is over').toContainEqual({ member: 0, n: place + 2 })
        seen.push(world.inFlight().length)
      }
      expect(seen).toEqual(atOnce)
      world.end(1, 'failed', true)
      expect(world.standing.counts).toMatchObject({ retrying: 0, failed: 1 })
    },
  )

  test('by the try and not by the target: five that fail the same try are one failed try of the run', () => {
    const world = new UpgradeWorld().requested(gentle(5, 15, 2), planOf(5))
    world.startWave()
    world.end(5, 'failed', true)
    world.later(15 * 60).do(tick(calm))
    expect(world.inFlight()).toHaveLength(3)
  })

  test('stays so to its end, and takes nothing along into the next run', () => {
    const world = new UpgradeWorld().requested(gentle(5, 15, 2), planOf(100))
    world.startWave()
    failFirst(world)
    world.later(15 * 60).do(tick(calm))
    world.end(world.inFlight().length, 'succeeded')
    expect(world.inFlight()).toHaveLength(3)
    const next = new UpgradeWorld().requested(gentle(5, 15, 2), planOf(100))
    next.startWave()
    expect(next.inFlight()).toHaveLength(5)
  })

  test('but not after failures that are not tried again', () => {
    const world = new UpgradeWorld().requested(gentle(5, 15, 2), planOf(100))
    world.startWave()
    world.end(1, 'failed', false)
    expect(world.inFlight()).toHaveLength(5)
  })

  test('a retry for which the window has no time left is not waited for', () => {
    const end = new Date(Date.parse(start) + 30 * 60_000).toISOString()
    const request = { ...gentle(5, 15, 2), window: { start, end } }
    const world = new UpgradeWorld().requested(request, planOf(1))
    world.startWave()
    world.later(11 * 60).end(1, 'failed', true)
    expect(world.standing.counts).toMatchObject({ retrying: 0, failed: 1 })
  })
})
