import { describe, expect, it } from 'vitest'
import { nameOf } from '../../../clients/verify/releases.ts'
import {
  identityOf as auditedIdentityOf,
  sameVersion as auditedSame,
} from '../../../functions/audit/version.ts'
import { identityOf, sameVersion } from '../../../functions/domain/version/identity.ts'

describe.each([
  { whose: 'the domain', identity: identityOf, same: sameVersion },
  { whose: 'the audit', identity: auditedIdentityOf, same: auditedSame },
  {
    whose: 'the verifier',
    identity: (version: string) => nameOf('api', version),
    same: (left: string, right: string) => nameOf('api', left) === nameOf('api', right),
  },
])('the identity of a version, by $whose,', ({ identity, same }) => {
  it.each([
    ['v1.10.0', '1.10.0'],
    ['V1.10.0', 'v1.10.0'],
    ['1.10.0-RC.1', 'v1.10.0-rc.1'],
    ['v24.04', '24.04'],
    ['v1.30.4+k3s1', '1.30.4+k3s1'],
    ['main', 'main'],
  ])('is one for %s and %s', (left, right) => {
    expect(same(left, right)).toBe(true)
    expect(identity(left)).toBe(identity(right))
  })

  it.each([
    ['1.30.4+k3s1', '1.30.4+k3s2'],
    ['1.30.4', '1.30.4+k3s1'],
    ['24.04', '24.4'],
    ['10.0', '10.0.0'],
    ['main', 'vmain'],
    ['vesta', 'esta'],
    ['Build-A', 'build-a'],
    ['01.2.0-RC', '01.2.0-rc'],
  ])('tells %s from %s', (left, right) => {
    expect(same(left, right)).toBe(false)
    expect(identity(left)).not.toBe(identity(right))
  })
})

describe('the identity of a version', () => {
  it('leaves out a v of either size', () => {
    for (const prefix of ['v', 'V']) expect(identityOf(`${prefix}24.04`)).toBe('24.04')
  })

  it('is that of itself', () => {
    for (const text of ['v1.2.0', 'vv1', 'v2024.07.19', '1.2.3-Beta+B7', 'R128-15964.9.0'])
      expect(identityOf(identityOf(text))).toBe(identityOf(text))
  })
})
