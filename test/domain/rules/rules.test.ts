import { describe, expect, it } from 'vitest'
import type { PolicyDocument, RuleEvent } from '../../../events/rules.ts'
import { definePolicy, rulesAggregate, withdrawPolicy } from '../../../functions/domain/rules/rules.ts'
import { specOf } from '../given.ts'
import { documentOf } from './documents.ts'

const { fold, given } = specOf(rulesAggregate)

const defined = (name: string, changes: Partial<PolicyDocument> = {}): RuleEvent => ({
  type: 'PolicyDefined',
  data: { name, document: documentOf(changes) },
})
const withdrawn = (name: string): RuleEvent => ({
  type: 'PolicyWithdrawn',
  data: { name, reason: 'not needed' },
})
const define = (name: string, changes: Partial<PolicyDocument> = {}) =>
  definePolicy({ name, document: documentOf(changes) })
const approvals = { required: 1, approvers: null, role: 'approver' as const, expiresInSeconds: 60 }

describe('M15: policies', () => {
  it('are defined under a name; the same document again changes nothing', () => {
    given().when(define('production')).thenEvents(defined('production'))
    given().when(define('production')).thenIdempotent()
    given(defined('production'))
      .when(define('production', { blockedVersions: ['1.2.0'] }))
      .thenEvents(defined('production', { blockedVersions: ['1.2.0'] }))
  })

  it('are out of service from the first reason on, and in service again when they are defined anew', () => {
    const command = { name: 'production', reason: 'not needed' }
    given(defined('production')).when(withdrawPolicy(command)).thenEvents(withdrawn('production'))
    given(defined('production')).when(withdrawPolicy(command)).thenIdempotent()
    given().when(withdrawPolicy(command)).thenRejected('policy-not-found')
    given(defined('production'), withdrawn('production'))
      .when(define('production'))
      .thenEvents(defined('production'))
    const { policies } = fold([defined('b'), defined('a'), withdrawn('b'), defined('b')])
    expect(policies.map(({ name, revision, withdrawn }) => [name, revision, withdrawn])).toEqual([
      ['a', 1, null],
      ['b', 2, null],
    ])
  })

  it('are so many and so long at most, as each admission asks all of them', () => {
    const many = Array.from({ length: 50 }, (_, place) => defined(`p${place}`))
    given(...many)
      .when(define('one-more'))
      .thenRejected('too-many-policies')
    given(...many)
      .when(define('p7', { parallel: 3 }))
      .thenEvents(defined('p7', { parallel: 3 }))
    const long = Array.from({ length: 100 }, (_, place) => `${place}.${'0'.repeat(60)}`)
    given()
      .when(define('long', { blockedVersions: long }))
      .thenRejected('policy-too-large')
  })

  it('of which only few demand approvals at once: each is counted in every upgrade', () => {
    const three = Array.from({ length: 3 }, (_, place) => defined(`p${place}`, { approvals }))
    given(...three)
      .when(define('one-more', { approvals }))
      .thenRejected('too-many-policies')
    given(...three)
      .when(define('one-more'))
      .thenEvents(defined('one-more'))
    given(...three)
      .when(define('p0', { approvals, parallel: 3 }))
      .thenTypes('PolicyDefined')
    given(...three, withdrawn('p0'))
      .when(define('one-more', { approvals }))
      .thenTypes('PolicyDefined')
  })
})
