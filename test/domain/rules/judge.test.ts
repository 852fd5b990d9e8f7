import { describe, expect, it } from 'vitest'
import type { PolicyDocument } from '../../../events/rules.ts'
import type { Verdict } from '../../../functions/domain/release/proofs.ts'
import { counts, type Demand, demandsOf, unmeetable } from '../../../functions/domain/rules/demands.ts'
import {
  environmentsOf,
  type Judged,
  metFrom,
  policyRejection,
  unmetRules,
  wordsOf,
} from '../../../functions/domain/rules/judge.ts'
import { later, start } from '../given.ts'
import { policyOf } from './documents.ts'

const verdict = (passed: boolean): Verdict => ({
  ...{ check: 'scan', passed, evidence: { url: 'https://ci.example.com/1', sha256: null }, reason: null },
  ...{ by: 'approver-1', at: start },
})

const judged = (changes: Partial<Judged> = {}, verdicts: readonly Verdict[] = []): Judged => ({
  ...{ kind: 'deploy', component: 'api', proven: new Map() },
  release: { version: 'v1.2.0', channel: 'beta', verdicts },
  ...changes,
})

const codes = (document: Partial<PolicyDocument>, subject: Judged, now = start) =>
  unmetRules([policyOf('production', document)], subject, now).map(({ code }) => code)

const testing = { environments: ['staging', 'qa'], minimumSeconds: 3600 }

describe('a rule is not met', () => {
  const proven = (staging: string, qa?: string) =>
    judged({ proven: new Map([['staging', staging], ...(qa === undefined ? [] : [['qa', qa] as const])]) })
  const cases: readonly (readonly [string, Partial<PolicyDocument>, Judged, readonly string[]])[] = [
    ['by nothing that asks for nothing', {}, judged(), []],
    [
      'by a blocked version, in whatever spelling',
      { blockedVersions: ['1.2.0'] },
      judged(),
      ['version-blocked'],
    ],
    ['by no other version', { blockedVersions: ['1.2.1', '1.2.0+build'] }, judged(), []],
    ['by another channel', { allowedChannels: ['stable'] }, judged(), ['channel-not-allowed']],
    ['not by one of the channels', { allowedChannels: ['stable', 'beta'] }, judged(), []],
    ['where it is not proven', { testing }, judged(), ['not-tested', 'not-tested']],
    ['where it is proven too briefly', { testing }, proven(later(-3600), later(-3599)), ['not-tested']],
    ['not from the last second on', { testing }, proven(later(-3600), later(-3600)), []],
    ['by a check that has said nothing', { complianceChecks: ['scan'] }, judged(), ['check-missing']],
    [
      'by one that has failed',
      { complianceChecks: ['scan'] },
      judged({}, [verdict(false)]),
      ['check-failed'],
    ],
    ['not by one that has passed', { complianceChecks: ['scan'] }, judged({}, [verdict(true)]), []],
  ]
  it.each(cases)('%s', (_words, document, subject, expected) => {
    expect(codes(document, subject)).toEqual(expected)
  })

  it('by nothing that is taken back, or what is wrong would have to stay', () => {
    const all = {
      blockedVersions: ['1.2.0'],
      allowedChannels: ['stable'],
      testing,
      complianceChecks: ['scan'],
    }
    expect(codes(all, judged({ kind: 'rollback' }))).toEqual([])
    expect(codes(all, judged({ kind: 'retry' })).length).toBe(5)
  })

  it('until an instant, where waiting alone is enough, and else until somebody does something', () => {
    const policies = [policyOf('production', { testing })]
    const both = new Map([
      ['staging', later(-60)],
      ['qa', later(-30)],
    ])
    expect(metFrom(unmetRules(policies, judged({ proven: both }), start))).toBe(later(3570))
    both.delete('qa')
    expect(metFrom(unmetRules(policies, judged({ proven: both }), start))).toBeNull()
    expect([...environmentsOf(policies)]).toEqual(['staging', 'qa'])
  })

  it('and told with its policy, its code and what would be right, in words that an event takes', () => {
    const many = Array.from({ length: 40 }, (_, place) =>
      policyOf(`p${place}`, { allowedChannels: ['stable'] }),
    )
    const unmet = unmetRules(many, judged(), start)
    const rejection = policyRejection(unmet)
    expect(rejection?.fields?.[0]).toEqual({
      field: 'policies.p0',
      value: 'channel-not-allowed',
      expected: expect.stringContaining('channel stable'),
    })
    expect(rejection?.fields?.length).toBe(40)
    expect((rejection?.detail ?? '').length).toBeLessThanOrEqual(512)
    // Whole rules, and how many there are besides: nobody takes the part for all.
    const words = wordsOf(unmet)
    const told = words.split('; and ')[0]?.match(/\(policy p\d+; would be right: [^()]+\)/g)?.length ?? 0
    expect(told).toBeGreaterThan(1)
    expect(words).toMatch(new RegExp(`\\)(; and ${40 - told} more)$`))
    for (const count of [1, 2, 3]) expect(wordsOf(unmet.slice(0, count))).not.toMatch(/more$/)
    expect(wordsOf(unmet.slice(0, 1))).toContain('policy p0')
    expect(policyRejection([])).toBeUndefined()
  })
})

describe('approvals that are demanded', () => {
  const demand = (changes: Partial<Demand> = {}): Demand => ({
    ...{ policy: 'p', revision: 1, required: 1, approvers: null, role: 'approver', expiresInSeconds: 60 },
    ...changes,
  })
  it('are of deploys alone', () => {
    const approvals = { required: 1, approvers: null, role: 'admin' as const, expiresInSeconds: 60 }
    const policies = [policyOf('p', { approvals }), policyOf('q')]
    expect(demandsOf(policies, 'deploy')).toEqual([{ policy: 'p', revision: 1, ...approvals }])
    expect(demandsOf(policies, 'rollback')).toEqual([])
    expect(demandsOf(policies, 'retry')).toEqual([])
  })
  it('are met by those who are named, in the role that is asked for', () => {
    expect(counts(demand(), 'bob', 'approver')).toBe(true)
    expect(counts(demand({ role: 'admin' }), 'bob', 'approver')).toBe(false)
    expect(counts(demand({ role: 'admin' }), 'bob', 'admin')).toBe(true)
    expect(counts(demand({ approvers: ['eve'] }), 'bob', 'admin')).toBe(false)
    expect(counts(demand({ approvers: ['eve'], role: 'admin' }), 'eve', 'admin')).toBe(true)
  })
  it('that only those could give who had a part in it are not met', () => {
    expect(unmeetable([demand({ approvers: ['eve', 'sam'], required: 2 })], ['eve'])).toMatchObject([
      { policy: 'p', code: 'approvers-missing' },
    ])
    expect(unmeetable([demand({ approvers: ['eve', 'sam'] }), demand()], ['eve'])).toEqual([])
  })
})
