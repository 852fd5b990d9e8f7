import { describe, expect, it } from 'vitest'
import { componentAggregate, setLicensing } from '../../../functions/domain/component/component.ts'
import {
  defineLicence,
  entitles,
  licenceAggregate,
  needsLicence,
  revokeLicence,
} from '../../../functions/domain/licence/licence.ts'
import { later, specOf, start } from '../given.ts'

const { fold, given } = specOf(licenceAggregate)
const terms = { components: ['api'], channels: ['stable'], expires: later(60) }
const defined = { type: 'LicenceDefined', data: { label: 'Customer 17', ...terms } } as const
const revoked = { type: 'LicenceRevoked', data: { reason: 'the contract has ended' } } as const
const stable = { component: 'api', channel: 'stable' }

describe('M18: a licence', () => {
  it('is defined, changed and revoked for good; the same again changes nothing', () => {
    given().when(defineLicence(defined.data)).thenEvents(defined)
    given().when(defineLicence(defined.data)).thenIdempotent()
    const longer = { ...defined.data, expires: later(120) }
    given(defined).when(defineLicence(longer)).thenEvents({ type: 'LicenceDefined', data: longer })
    given(defined).when(revokeLicence(revoked.data)).thenEvents(revoked)
    given(defined).when(revokeLicence(revoked.data)).thenIdempotent()
    given(defined, revoked).when(defineLicence(longer)).thenRejected('licence-revoked')
    given().when(revokeLicence(revoked.data)).thenRejected('licence-not-found')
  })

  it('entitles to what it names, until it expires or is revoked', () => {
    const licence = fold([defined])
    expect(entitles(licence, stable, start)).toBe(true)
    expect(entitles(licence, { ...stable, channel: null }, start)).toBe(true)
    expect(entitles(licence, { ...stable, component: 'web' }, start)).toBe(false)
    expect(entitles(licence, { ...stable, channel: 'beta' }, start)).toBe(false)
    expect(entitles(licence, stable, later(59))).toBe(true)
    expect(entitles(licence, stable, later(60))).toBe(false)
    expect(entitles(fold([defined, revoked]), stable, start)).toBe(false)
    expect(entitles(fold([]), stable, start)).toBe(false)
  })

  it('that names nothing and does not expire entitles to everything for ever', () => {
    const all = { label: 'ours', components: null, channels: null, expires: null }
    const licence = fold([{ type: 'LicenceDefined', data: all }])
    expect(entitles(licence, { component: 'web', channel: 'nightly' }, '9999-01-01T00:00:00.000Z')).toBe(true)
  })
})

describe('M18: a component', () => {
  const component = specOf(componentAggregate)
  const required = { required: true, channels: null }
  const event = (data: { required: boolean; channels: string[] | null }) =>
    ({ type: 'LicensingSet', data }) as const

  it('needs a licence where somebody says so, on the channels that are named', () => {
    expect(needsLicence(component.fold([]), 'stable')).toBe(false)
    expect(needsLicence(component.fold([event(required)]), 'stable')).toBe(true)
    const some = component.fold([event({ required: true, channels: ['stable'] })])
    expect([needsLicence(some, 'stable'), needsLicence(some, 'beta'), needsLicence(some, null)]).toEqual([
      true,
      false,
      true,
    ])
    const none = component.fold([event(required), event({ required: false, channels: null })])
    expect(needsLicence(none, 'stable')).toBe(false)
  })

  it('is told so once', () => {
    component.given().when(setLicensing(required)).thenIdempotent()
    component
      .given()
      .when(setLicensing({ required: false, channels: null }))
      .thenNothing()
    const [one, two] = [
      ['beta', 'stable'],
      ['stable', 'beta'],
    ]
    component
      .given(event({ required: true, channels: one ?? [] }))
      .when(setLicensing({ required: true, channels: two ?? [] }))
      .thenNothing()
  })
})
