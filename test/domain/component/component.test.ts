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

describe('S16: the counter of a channel', () => {
  const digest = (letter: string) => `sha256:${letter.repeat(64)}`
  const counter = (counter: number, letter = 'a', channel = 'stable') => ({
    ...{ channel, counter, digest: digest(letter) },
  })
  const raised = (version: string, of: ReturnType<typeof counter>): ComponentEvent => ({
    type: 'CounterRaised',
    data: { ...of, version },
  })
  const refused = (of: ReturnType<typeof counter>, ...history: ComponentEvent[]) => {
    const decision = numberRelease({ version: '1.0.1', counter: of })(fold(history), '')
    return 'rejected' in decision && [decision.rejected.code, decision.rejected.fields?.[0]?.field]
  }
  const seventh = raised('1.0.0', counter(7))

  it('rises with each release that is published, in one commit with its number', () => {
    given()
      .when(numberRelease({ version: '1.0.0', counter: counter(7) }))
      .thenEvents(seventh, numbered('1.0.0', 1))
    given(seventh, numbered('1.0.0', 1))
      .when(numberRelease({ version: '1.0.1', counter: counter(8, 'b') }))
      .thenEvents(raised('1.0.1', counter(8, 'b')), numbered('1.0.1', 2))
  })
  it('stands still for the very same manifest, whose release was not there yet', () => {
    given(seventh, numbered('1.0.0', 1))
      .when(numberRelease({ version: '1.0.0', counter: counter(7) }))
      .thenEvents(numbered('1.0.0', 2))
  })
  it('never falls, nor stands still for another', () => {
    expect(refused(counter(6, 'b'), seventh)).toEqual(['counter-not-newer', 'manifest.counter'])
    expect(refused(counter(6), seventh)).toEqual(['counter-not-newer', 'manifest.counter'])
    expect(refused(counter(7, 'b'), seventh)).toEqual(['counter-not-newer', 'manifest.counter'])
  })
  it('is one of its channel alone', () => {
    expect(refused(counter(1, 'b', 'beta'), seventh)).toBe(false)
  })
  it('leaps so far that releases may be numbered by seconds, and not to the end of all numbers', () => {
    expect(refused(counter(100_000_007, 'b'), seventh)).toBe(false)
    expect(refused(counter(100_000_008, 'b'), seventh)).toEqual(['counter-leaps', 'manifest.counter'])
    expect(refused(counter(1_772_000_000))).toBe(false)
    expect(refused(counter(Number.MAX_SAFE_INTEGER))).toEqual(['counter-leaps', 'manifest.counter'])
  })
  it('is refused before the number where the version is none', () => {
    const decision = numberRelease({ version: '1', counter: counter(8) })(fold([seventh]), '')
    expect(decision).toMatchObject({ rejected: { code: 'version-invalid' } })
  })
})
