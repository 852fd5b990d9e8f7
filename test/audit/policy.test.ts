import { beforeAll, describe, expect, test } from 'vitest'
import { type Commit, fromImage } from '../../events/envelope.ts'
import { type Caller, openWorld, report, type World } from '../api/world.ts'
import { type Change, wordsOf } from './history.ts'

const admin: Caller = { user: 'admin-1', roles: ['admin'] }
const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }
const inEnvironment = (environment: string) => ({ targets: { tags: { environment } } })

async function ended(world: World, body: object, approve = false): Promise<void> {
  const asked = await world.call('POST', '/api/upgrades/deploy', { body: { ...all, ...body } })
  const id = asked.body.upgradeId
  await world.advance(id)
  const planHash = (await world.upgrade(id)).plan?.planHash
  if (approve) await world.call('POST', `/api/upgrades/${id}/approve`, { as: admin, body: { planHash } })
  await world.advance(id)
  await report(world)
  await world.advance(id)
  await world.settle()
}

/** A log in which everything is asked for that policies may ask for, and all of it is met. */
async function historyWithPolicies(): Promise<Commit[]> {
  const world = openWorld()
  await world.fleet(0)
  const targets = ['staging', 'production', 'production'].map((environment, place) => ({
    ...{ id: `t${place}`, components: { api: 'v1.1.0' }, tags: { environment } },
  }))
  await world.call('POST', '/api/v1/targets', { body: { targets } })
  const past = { start: '2026-01-01T00:00:00Z', end: '2026-01-02T00:00:00Z', name: 'New Year' }
  await world.call('PUT', '/api/v1/calendars/year', { body: { kind: 'ranges', ranges: [past] } })
  const policy = {
    ...{ selector: { environments: ['production'] }, blockedVersions: ['1.1.9'], freezes: ['year'] },
    ...{ approvalRequired: true, approverRole: 'admin', allowedChannels: ['stable'], parallel: 2 },
    ...{ testingRequired: true, testEnvironments: ['staging'], minimumTestDuration: '1h' },
    complianceChecks: ['scan'],
  }
  await world.call('PUT', '/api/v1/policies/production', { as: admin, body: policy })
  const evidence = { url: 'https://ci.example.com/1' }
  const verdict = { check: 'scan', verdict: 'passed', evidence }
  await world.call('POST', '/api/v1/releases/api/v1.2.0/verdicts', { as: admin, body: verdict })
  world.pass(60)
  await ended(world, inEnvironment('staging'))
  world.pass(3600)
  await ended(world, inEnvironment('production'), true)
  const { body } = await world.call('GET', '/api/upgrades')
  expect(body.upgrades.map(({ status }: { status: string }) => status)).toEqual(['completed', 'completed'])
  return world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
}

let valid: Commit[] = []
beforeAll(async () => {
  valid = await historyWithPolicies()
})

/** The words of I21, where events of one type were other ones. */
const told = (type: string, change: Change) => wordsOf('I21', valid, type, change)

/** The same, where the policy had asked for something else. */
const asked = (changes: object) =>
  told('PolicyDefined', (data) => ({ ...data, document: { ...(data.document as object), ...changes } }))

describe('I21: the audit asks what policies were in force', () => {
  test('and has nothing against what meets them', async () => {
    expect(await told('', (data) => data)).toEqual([])
  })

  test.each([
    ['a version that was blocked', { blockedVersions: ['1.2.0'] }, /v1.2.0 was blocked/],
    ['another channel', { allowedChannels: ['beta'] }, /was on the channel stable/],
    ['a check that had said nothing', { complianceChecks: ['licences'] }, /check licences had not passed/],
    [
      'an environment where it was never',
      { testing: { environments: ['qa'], minimumSeconds: 0 } },
      /was not proven in qa/,
    ],
    [
      'a test that was too short',
      { testing: { environments: ['staging'], minimumSeconds: 3601 } },
      /was not proven in staging/,
    ],
    ['more in flight than may be', { parallel: 1 }, /2 were in flight/],
    [
      'approvals that were lacking',
      { approvals: { required: 2, approvers: null, role: 'admin', expiresInSeconds: 60 } },
      /1 of the 2 approvals/,
    ],
    [
      'an approval of somebody else',
      { approvals: { required: 1, approvers: ['eve'], role: 'approver', expiresInSeconds: 60 } },
      /0 of the 1 approvals/,
    ],
  ])('%s is found', async (_words, changes, expected) => {
    expect(await asked(changes)).toEqual([expect.stringMatching(expected)])
  })

  test('an approval as what its giver was not is found', async () => {
    const as = await told('ApprovalGiven', (data) => ({ ...data, role: 'approver' }))
    expect(as).toEqual([expect.stringMatching(/0 of the 1 approvals/)])
  })

  test('a check that had failed is found', async () => {
    const failed = await told('VerdictPosted', (data) => ({ ...data, passed: false }))
    expect(failed).toEqual([expect.stringMatching(/check scan had not passed/)])
  })

  test('a test that has not completed well, or was of another environment, is found', async () => {
    const partly = await told('UpgradeCompleted', () => ({ exceptions: true }))
    expect(partly).toEqual([expect.stringMatching(/was not proven in staging/)])
    const elsewhere = await told('ReleaseTested', (data) => ({ ...data, environment: 'qa' }))
    expect(elsewhere).toEqual([expect.stringMatching(/was not proven in staging/)])
  })

  test('a calendar that was closed is found', async () => {
    const closed = { start: '2026-01-01T00:00:00.000Z', end: '2026-02-02T00:00:00.000Z', name: 'Closed' }
    const definition = { kind: 'ranges', ranges: [closed] }
    expect(await told('CalendarDefined', () => ({ definition }))).toEqual([
      expect.stringMatching(/frozen them by the calendar year/),
    ])
  })

  test('a hand-over while the calendar of a policy was closed is found', async () => {
    const closed = { start: '2026-01-01T00:00:00.000Z', end: '2026-02-02T00:00:00.000Z', name: 'Closed' }
    const definition = { kind: 'ranges', ranges: [closed] }
    const found = await wordsOf('I2', valid, 'CalendarDefined', () => ({ definition }))
    expect(found).toEqual([
      expect.stringMatching(/was accepted though policy production had frozen it by the calendar year/),
      expect.stringMatching(/was accepted though policy production had frozen it by the calendar year/),
    ])
    expect(await wordsOf('I2', valid, '', (data) => data)).toEqual([])
  })

  test('an admission that knew no policy, long after there was one, is found', async () => {
    const forgotten = await told('TargetsAdmitted', ({ rulesVersion: _, ...data }) => data)
    expect(forgotten).toEqual([
      expect.stringMatching(/as of commit 0, where 1 had been there/),
      expect.stringMatching(/as of commit 0, where 1 had been there/),
    ])
  })
})
