import { expect, it } from 'vitest'
import { counted, holdPhrase, leftOutPhrase, leftOutWords } from '../../events/phrases.ts'

it('a count agrees with what it counts', () => {
  expect([0, 1, 2].map((count) => counted(count, 'target'))).toEqual(['0 targets', '1 target', '2 targets'])
  expect([1, 2].map((count) => counted(count, 'is', 'are'))).toEqual(['1 is', '2 are'])
})

it('reasons are told in words, in one order, also those that are new', () => {
  expect(leftOutWords({ pinned: 2, not_entitled: 1 })).toEqual([
    '1 without a licence for the release',
    '2 pinned',
  ])
  expect([leftOutWords(null), leftOutWords(undefined)]).toEqual([[], []])
  expect(['some_new_reason', 'constructor'].map(leftOutPhrase)).toEqual(['some new reason', 'constructor'])
})

it('what holds a run is said by its code, and by no name that every object has', () => {
  expect(['RESTING', 'BUSY', 'constructor'].map(holdPhrase)).toEqual([
    'rests after a part',
    'waits for targets that another upgrade has under way',
    undefined,
  ])
})
