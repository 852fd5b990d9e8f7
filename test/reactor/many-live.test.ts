import { expect, it } from 'vitest'
import { tellLive } from '../bench/live.ts'

/** A twentieth of the upgrades that may live at once, and of the time that there is for them. */
const share = 1 / 20

it('tells ten thousand live upgrades the time, or of a stop, within a minute, where a call takes 20 ms', {
  timeout: 60_000,
}, async () => {
  const live = 10_000 * share
  const { ticking, stopping, told } = await tellLive(live)
  expect(told).toBe(live)
  expect(ticking).toBeLessThan(60 * share)
  expect(stopping).toBeLessThan(60 * share)
})
