import { expect, it } from 'vitest'
import { planLargeWithin } from '../bench/large-plan.ts'

/** In megabytes: less than a hundred thousand candidates take as objects, and half as much again as their names and the program do. */
const heap = { old: 48, young: 4 }

it('plans a hundred thousand targets without holding them', { timeout: 120_000 }, async () => {
  const { members, chunks } = await planLargeWithin(100_000, heap)
  expect({ members, chunks }).toEqual({ members: 85_629, chunks: 215 })
})
