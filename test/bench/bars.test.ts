import { expect, it } from 'vitest'
import { counted, reported, timed } from './bars.ts'
import { spreadOf } from './spread.ts'

it('a counted bar stops a build where it is missed, a ratio of one run where it is missed by half', () => {
  expect(counted('units', 9, { most: 8.5 })).toMatchObject({ met: false, failed: true })
  expect(timed('ratio', spreadOf([0.5]), { least: 0.8 })).toMatchObject({ met: false, failed: false })
  expect(timed('ratio', spreadOf([0.39]), { least: 0.8 })).toMatchObject({ failed: true })
})

it("a figure that holds this machine's time stops none, however far it is from its bar", () => {
  expect(reported('charges', 1000, 12)).toMatchObject({ met: false, failed: false })
})
