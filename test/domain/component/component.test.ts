import { describe, expect, it } from 'vitest'
import type { ComponentEvent } from '../../../events/component.ts'
import {
  componentAggregate,
  numberRelease,
  schemeOf,
  setScheme,
} from '../../../functions/domain/component/component.ts'
import { specOf } from '../given.ts'

const { fold, given } = specOf(componentAggregate)
const dotted: ComponentEvent = { type: 'SchemeSet', data: { scheme: 'dotted' } }
const ordered: ComponentEvent = { type: 'SchemeSet', data: { scheme: 'ordered' } }
const numbered = (version: string, number: number): ComponentEvent => ({
  type: 'ReleaseNumbered',
  data: { version, number },
})

describe('the scheme of a component', () => {
  it('is MAJOR.MINOR.PATCH where nobody said another', () => {
    expect(schemeOf(fold([]))).toBe('semver')
    expect(schemeOf(fold([numbered('1.0.0', 1)]))).toBe('semver')
  })
  it('is set once', () => {
    given()
      .when(setScheme({ scheme: 'dotted' }))
      .thenEvents(dotted)
    given()
      .when(setScheme({ scheme: 'dotted' }))
      .thenIdempotent()
    given(dotted)
      .when(setScheme({ scheme: 'ordered' }))
      .thenRejected('scheme-fixed')
  })
  it('is not set any more once there is a release', () => {
    given(numbered('1.0.0', 1))
      .when(setScheme({ scheme: 'dotted' }))
      .thenRejected('scheme-fixed')
    given(numbered('1.0.0', 1))
      .when(setScheme({ scheme: 'semver' }))
      .thenNothing()
  })
})

describe('a release that is about to be registered', () => {
  it('is numbered after those before it', () => {
    given()
      .when(numberRelease({ version: '1.0.0' }))
      .thenEvents(numbered('1.0.0', 1))
    given(numbered('1.0.0', 1), numbered('0.9.0', 2))
      .when(numberRelease({ version: '2.0.0' }))
      .thenEvents(numbered('2.0.0', 3))
  })
  it.each([
    ['semver', [], ['1.2', 'v1.2.0.1', '01.2.3', 'latest', '']],
    ['dotted', [dotted], ['R128-15964.9.0', '1.2-beta', 'stable', '']],
    ['ordered', [ordered], ['latest', 'stable', '']],
  ] as const)('is refused where its version is none in the scheme %s', (_scheme, history, versions) => {
    for (const version of versions) {
      given(...history)
        .when(numberRelease({ version }))
        .thenRejected('version-invalid')
    }
  })
  it.each([
    [dotted, '10.0.19045.4291'],
    [dotted, '24.04'],
    [ordered, 'R128-15964.9.0'],
  ])('is taken in its own scheme', (scheme, version) => {
    given(scheme).when(numberRelease({ version })).thenTypes('ReleaseNumbered')
  })
})
