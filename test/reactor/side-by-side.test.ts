import { expect, it } from 'vitest'
import { sideBySide } from '../../functions/side-by-side.ts'

it('returns what came of each item in their order, with so many under way and no more', async () => {
  const open: (() => void)[] = []
  let most = 0
  const all = sideBySide([1, 2, 3, 4, 5], 2, async (item) => {
    const turn = Promise.withResolvers<void>()
    open.push(turn.resolve)
    most = Math.max(most, open.length)
    await turn.promise
    return item * 10
  })
  let finished = false
  void all.finally(() => {
    finished = true
  })
  while (!finished) {
    open.pop()?.()
    await new Promise(setImmediate)
  }
  expect(await all).toEqual([10, 20, 30, 40, 50])
  expect(most).toBe(2)
})

it('rejects with the first error after those under way have ended, and begins no other', async () => {
  const slow = Promise.withResolvers<void>()
  const begun: number[] = []
  const ended: number[] = []
  const all = sideBySide([1, 2, 3, 4], 2, async (item) => {
    begun.push(item)
    if (item === 1) await slow.promise
    ended.push(item)
    if (item === 2) setImmediate(slow.resolve)
    if (item === 2) throw new Error('two')
  })
  await expect(all).rejects.toThrow('two')
  expect(begun).toEqual([1, 2])
  expect(ended).toEqual([2, 1])
})
