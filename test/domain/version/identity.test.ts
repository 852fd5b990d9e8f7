import { describe, expect, it } from 'vitest'
import { identityOf, sameVersion } from '../../../functions/domain/version/identity.ts'

describe('the identity of a version', () => {
  it.each([
    ['v1.10.0', '1.10.0'],
    ['1.10.0-RC.1', 'v1.10.0-rc.1'],
    ['v24.04', '24.04'],
    ['v1.30.4+k3s1', '1.30.4+k3s1'],
    ['main', 'main'],
  ])('is one for %s and %s', (left, right) => {
    expect(sameVersion(left, right)).toBe(true)
    expect(identityOf(left)).toBe(identityOf(right))
  })

  it.each([
    ['1.30.4+k3s1', '1.30.4+k3s2'],
    ['1.30.4', '1.30.4+k3s1'],
    ['24.04', '24.4'],
    ['10.0', '10.0.0'],
    ['main', 'vmain'],
    ['vesta', 'esta'],
    ['Build-A', 'build-a'],
  ])('tells %s from %s', (left, right) => {
    expect(sameVersion(left, right)).toBe(false)
    expect(identityOf(left)).not.toBe(identityOf(right))
  })

  it('leaves out a v of either size', () => {
    for (const prefix of ['v', 'V']) expect(identityOf(`${prefix}24.04`)).toBe('24.04')
  })

  it('is that of itself', () => {
    for (const text of ['v1.2.0', 'vv1', 'v2024.07.19', '1.2.3-Beta+B7', 'R128-15964.9.0'])
      expect(identityOf(identityOf(text))).toBe(identityOf(text))
  })
})
