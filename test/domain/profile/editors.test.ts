import { expect, it } from 'vitest'
import { editorsBeside } from '../../../functions/domain/profile/editors.ts'

const edited = (names: readonly string[]) => ({
  editors: names.map((by) => ({ by, at: '2026-01-05T10:00:00.000Z' })),
})

it('whoever edited a profile is named, but for who asks', () => {
  expect(editorsBeside(edited(['anna', 'ben']), 'anna')).toEqual({ editors: ['ben'] })
  expect(editorsBeside(edited(['anna']), 'anna')).toEqual({})
})

it('of a hundred editors all are named, and of those with the longest names the last', () => {
  const usual = Array.from({ length: 100 }, (_, place) => `${place}`.padStart(100, 'n'))
  expect(editorsBeside(edited(usual), 'anna').editors).toEqual(usual)
  const longest = Array.from({ length: 100 }, (_, place) => `${place}`.padStart(256, '三'))
  const { editors = [] } = editorsBeside(edited(longest), 'anna')
  expect(editors).toEqual(longest.slice(-20))
})
