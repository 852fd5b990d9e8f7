import { expect, test } from 'vitest'
import { secondsBeside } from './neighbours.ts'

test('S34 an upgrade of ten targets takes at most a tenth longer beside one of ten thousand', {
  timeout: 300_000,
}, async () => {
  const alone = await secondsBeside(0)
  const beside = await secondsBeside(10_000)
  expect(alone).toBeGreaterThan(60)
  expect(beside / alone).toBeLessThanOrEqual(1.1)
})
