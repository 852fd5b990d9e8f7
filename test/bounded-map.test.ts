import { describe, expect, it } from 'vitest'
import { BoundedMap, boundedMapsBy } from '../functions/bounded-map.ts'

describe('a bounded map', () => {
  it('forgets what was set longest ago, and what is set anew last', () => {
    const map = new BoundedMap<string, number>(2)
    map.set('a', 1).set('b', 2).set('a', 3).set('c', 4)
    expect([...map]).toEqual([
      ['a', 3],
      ['c', 4],
    ])
  })

  it('is one for each owner', () => {
    const of = boundedMapsBy<object, number>(1)
    const [one, other] = [{}, {}]
    of(one).set('a', 1).set('b', 2)
    expect([[...of(one)], [...of(other)]]).toEqual([[['b', 2]], []])
  })
})
