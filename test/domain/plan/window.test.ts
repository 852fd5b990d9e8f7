import { describe, expect, it } from 'vitest'
import { refuseWindow } from '../../../functions/domain/plan/window.ts'
import { later, start } from '../given.ts'
import { requestOf } from '../upgrade/world.ts'

/** The code by which a window from one second to another is refused at the start; an attempt is expected to take 300 s. */
const refused = (from: number, to: number, now = start) =>
  refuseWindow(requestOf({ window: { start: later(from), end: later(to) } }), now)?.code

describe('the window of a request', () => {
  it('may be left out', () => {
    expect(refuseWindow(requestOf({ window: null }), start)).toBeUndefined()
  })
  it('has to have room for more than one attempt as it is expected to take', () => {
    expect(refused(0, 301)).toBeUndefined()
    expect(refused(0, 300)).toBe('window-too-short')
    expect(refused(3600, 3900)).toBe('window-too-short')
  })
  it('may be open, but not be over', () => {
    expect(refused(-3600, 1)).toBeUndefined()
    expect(refused(-3600, 0)).toBe('window-over')
    expect(refused(-300, 0), 'over comes before too short').toBe('window-over')
  })
  it('is refused with what is wrong, in words', () => {
    const window = { start, end: later(60) }
    expect(refuseWindow(requestOf({ window }), start)?.detail).toBe(
      'One attempt is expected to take 300 seconds, the window has 60.',
    )
    expect(refuseWindow(requestOf({ window }), later(60))?.detail).toBe(`The window ended at ${later(60)}.`)
  })
})
