import { describe, expect, it } from 'vitest'
import {
  registerRelease,
  releaseAggregate,
  withdrawRelease,
} from '../../../functions/domain/release/release.ts'
import { resolveRelease } from '../../../functions/domain/release/resolve.ts'
import { specOf, start } from '../given.ts'

const { fold, given } = specOf(releaseAggregate)
const release = {
  ...{ component: 'api', version: 'v1.2.0', channel: 'stable', digest: 'sha256:1', notes: null },
  sizeBytes: 18_350_080,
}
const registered = { type: 'ReleaseRegistered', data: release } as const
const withdrawn = { type: 'ReleaseWithdrawn', data: { reason: 'broken' } } as const

describe('registering a release', () => {
  it('records it, once', () => {
    given().when(registerRelease(release)).thenEvents(registered)
    given().when(registerRelease(release)).thenIdempotent()
  })
  it('need not say how long its artifact is', () => {
    const { sizeBytes: _, ...unsized } = release
    const data = { ...release, sizeBytes: null }
    given().when(registerRelease(unsized)).thenEvents({ type: 'ReleaseRegistered', data })
    given().when(registerRelease(unsized)).thenIdempotent()
    given(registered).when(registerRelease(unsized)).thenRejected('release-exists')
  })
  it.each([{ digest: 'sha256:2' }, { channel: 'beta' }, { notes: 'other' }, { sizeBytes: 1 }])(
    'refuses other content under its name: %o',
    (other) => {
      given(registered)
        .when(registerRelease({ ...release, ...other }))
        .thenRejected('release-exists')
    },
  )
  it.each(['latest', '1.2', 'v1.2.0.1', '', '01.2.3'])('refuses "%s", which is no version', (version) => {
    given()
      .when(registerRelease({ ...release, version }))
      .thenRejected('version-invalid')
  })
})

describe('withdrawing a release', () => {
  it('keeps what it was, and since when it is withdrawn', () => {
    given(registered)
      .when(withdrawRelease({ reason: 'broken' }))
      .thenEvents(withdrawn)
    expect(fold([registered, withdrawn])).toMatchObject({
      ...release,
      withdrawn: { reason: 'broken', since: start },
    })
  })
  it('changes nothing when repeated, and is refused for an unknown release', () => {
    given(registered)
      .when(withdrawRelease({ reason: 'broken' }))
      .thenIdempotent()
    given()
      .when(withdrawRelease({ reason: 'broken' }))
      .thenRejected('release-not-found')
  })
})

describe('resolving a version', () => {
  const entry = (version: string, channel = 'stable', isWithdrawn = false) => ({
    version,
    channel,
    withdrawn: isWithdrawn,
  })
  const catalogue = [
    entry('1.9.0'),
    entry('1.10.0'),
    entry('1.11.0', 'beta'),
    entry('1.12.0-beta.1', 'stable'),
    entry('2.0.0', 'stable', true),
    entry('no version'),
  ]
  it.each([
    ['latest', '1.12.0-beta.1'],
    ['stable', '1.10.0'],
    ['1.9.0', '1.9.0'],
    ['v1.9.0', '1.9.0'],
    ['2.0.0', '2.0.0'],
    ['9.9.9', undefined],
  ])('takes %s for %s', (asked, found) => {
    expect(resolveRelease(asked, catalogue)?.version).toBe(found)
    expect(resolveRelease(asked, [...catalogue].reverse())?.version).toBe(found)
  })
  it('finds nothing in an empty catalogue', () => {
    expect(resolveRelease('latest', [])).toBeUndefined()
  })
})
