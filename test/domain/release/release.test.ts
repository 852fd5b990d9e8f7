import { describe, expect, it } from 'vitest'
import {
  freeRelease,
  holdBack,
  registerRelease,
  releaseAggregate,
  releaseId,
  withdrawRelease,
} from '../../../functions/domain/release/release.ts'
import { type CatalogueEntry, resolveRelease } from '../../../functions/domain/release/resolve.ts'
import { later, specOf, start } from '../given.ts'

const { fold, given } = specOf(releaseAggregate)
const release = {
  ...{ component: 'api', version: 'v1.2.0', channel: 'stable', digest: 'sha256:1', notes: null },
  sizeBytes: 18_350_080,
  scheme: 'semver',
  number: 3,
} as const
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
  it('is the same in another spelling, whatever number that was given', () => {
    given(registered)
      .when(registerRelease({ ...release, version: '1.2.0', number: 4 }))
      .thenNothing()
    expect(releaseId('api', 'v1.2.0')).toBe(releaseId('api', '1.2.0'))
    expect(releaseId('api', '1.2.0+k3s1')).not.toBe(releaseId('api', '1.2.0+k3s2'))
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

describe('holding a release back', () => {
  const hold = (changes = {}) =>
    holdBack({ reason: 'it loses orders', upgrade: 'u1', at: later(60), ...changes })
  const heldBack = { type: 'ReleaseHeldBack', data: { reason: 'it loses orders', upgrade: 'u1' } } as const
  const freed = { type: 'ReleaseFreed', data: { by: 'ada', reason: 'it was the disk' } } as const

  it('keeps why, by which upgrade and since when, and the first reason stays', () => {
    given(registered).when(hold()).thenEvents(heldBack)
    given(registered).when(hold()).thenIdempotent()
    given(registered, heldBack)
      .when(hold({ reason: 'another', upgrade: 'u2' }))
      .thenNothing()
    expect(fold([registered, [heldBack, later(60)]]).heldBack).toEqual({
      ...{ reason: 'it loses orders', upgrade: 'u1', since: later(60) },
    })
  })
  it('ends when somebody frees it with a reason', () => {
    const free = freeRelease({ by: 'ada', reason: 'it was the disk' })
    given(registered, heldBack).when(free).thenEvents(freed)
    given(registered, heldBack).when(free).thenIdempotent()
    given(registered).when(free).thenNothing()
    given().when(free).thenRejected('release-not-found')
    expect(fold([registered, heldBack, freed]).heldBack).toBeNull()
  })
  it('is not done again for what whoever freed it knew of, and is for what is taken back later', () => {
    const history = [registered, heldBack, [freed, later(600)]] as const
    given(...history)
      .when(hold({ at: later(600) }))
      .thenNothing()
    given(...history)
      .when(hold({ at: later(601) }))
      .thenEvents(heldBack)
  })
  it('is nothing for what nobody has registered', () => {
    given().when(hold()).thenNothing()
  })
})

describe('resolving a version', () => {
  const entry = (
    version: string,
    channel = 'stable',
    more: Partial<CatalogueEntry> = {},
  ): CatalogueEntry => ({
    ...{ version, channel, withdrawn: false, heldBack: false, scheme: 'semver', number: 1 },
    ...more,
  })
  const catalogue = [
    entry('1.9.0'),
    entry('1.10.0'),
    entry('1.11.0', 'beta'),
    entry('1.12.0-beta.1', 'stable'),
    entry('2.0.0', 'stable', { withdrawn: true }),
    entry('1.13.0', 'stable', { heldBack: true }),
    entry('no version'),
  ]
  it.each([
    ['latest', '1.12.0-beta.1'],
    ['stable', '1.10.0'],
    ['1.9.0', '1.9.0'],
    ['v1.9.0', '1.9.0'],
    ['2.0.0', '2.0.0'],
    ['1.13.0', '1.13.0'],
    ['9.9.9', undefined],
  ])('takes %s for %s', (asked, found) => {
    expect(resolveRelease(asked, catalogue)?.version).toBe(found)
    expect(resolveRelease(asked, [...catalogue].reverse())?.version).toBe(found)
  })
  it.each([
    ['semver', ['1.30.4+k3s1', '1.30.4+k3s2', '1.30.3+k3s9'], '1.30.4+k3s2'],
    ['semver', ['1.30.4+k3s2', '1.30.4+k3s1'], '1.30.4+k3s1'],
    ['dotted', ['10.0.19045.4291', '10.0.19045.990', '9.99'], '10.0.19045.4291'],
    ['dotted', ['24.10', '24.04'], '24.10'],
    ['ordered', ['R128-15964.9.0', 'R129-1.0.0', 'R127-2.0.0'], 'R127-2.0.0'],
  ] as const)(
    'orders by the scheme %s, and what ranks alike by its registration',
    (scheme, versions, newest) => {
      const registered = versions.map((version, place) =>
        entry(version, 'stable', { scheme, number: place + 1 }),
      )
      for (const entries of [registered, registered.toReversed()]) {
        expect(resolveRelease('latest', entries)?.version).toBe(newest)
        expect(resolveRelease('stable', entries)?.version).toBe(newest)
      }
    },
  )
  it('names a build exactly', () => {
    const builds = [entry('1.30.4+k3s1'), entry('1.30.4+k3s2')]
    expect(resolveRelease('v1.30.4+k3s2', builds)?.version).toBe('1.30.4+k3s2')
    expect(resolveRelease('1.30.4', builds)).toBeUndefined()
  })
  it('finds nothing in an empty catalogue', () => {
    expect(resolveRelease('latest', [])).toBeUndefined()
  })
})
