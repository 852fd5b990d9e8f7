import { describe, expect, it } from 'vitest'
import { openProfileWorld, sunday } from '../reactor/profile-world.ts'
import { platform, started as startedRollout, twoPhases } from './rollout-world.ts'
import { type Caller, deployed, openWorld, report, type World } from './world.ts'

const admin: Caller = { user: 'admin-1', roles: ['admin'] }
const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }

const define = (world: World, name: string, body: object) =>
  world.call('PUT', `/api/v1/policies/${name}`, { as: admin, body })

const withdraw = (world: World, name: string) =>
  world.call('DELETE', `/api/v1/policies/${name}`, { as: admin, query: { reason: 'not needed any more' } })

const deploy = (world: World, body: object = {}) =>
  world.call('POST', '/api/upgrades/deploy', { body: { ...all, ...body } })

const plan = (world: World, body: object = {}) =>
  world.call('POST', '/api/upgrades/plan', { body: { ...all, ...body } })

async function openFleet(count = 3): Promise<World> {
  const world = openWorld()
  await world.fleet(count)
  return world
}

describe('M15: a policy', () => {
  it('is defined under its name by an administrator, read, changed and taken out of service', async () => {
    const world = openWorld()
    const body = { selector: { components: ['api'] }, blockedVersions: ['1.2.0'] }
    const first = await define(world, 'production', body)
    expect([first.status, first.body]).toMatchObject([
      201,
      { name: 'production', revision: 1, definedBy: 'admin-1', withdrawn: null },
    ])
    expect((await define(world, 'production', body)).body.revision).toBe(1)
    const second = await define(world, 'production', { ...body, blockedVersions: [] })
    expect([second.status, second.body.revision]).toEqual([200, 2])
    const read = await world.call('GET', '/api/v1/policies/production')
    expect(read.body.document.selector.components).toEqual(['api'])
    const gone = await withdraw(world, 'production')
    expect(gone.body.withdrawn).toMatchObject({ reason: 'not needed any more', by: 'admin-1' })
    const list = await world.call('GET', '/api/v1/policies')
    expect([list.body.count, list.body.policies[0].name]).toEqual([1, 'production'])
    expect((await withdraw(world, 'nowhere')).body.code).toBe('policy-not-found')
    expect((await world.call('GET', '/api/v1/policies/nowhere')).body.code).toBe('policy-not-found')
  })
})

describe("M15: the seed's own policy", () => {
  const seeds = {
    approvalRequired: true,
    approvers: ['admin@company.com', 'ops-team@company.com'],
    testingRequired: true,
    testEnvironments: ['staging', 'qa'],
    minimumTestDuration: '48h',
    blockedVersions: [],
    allowedChannels: ['stable', 'custom'],
    complianceChecks: ['security-scan', 'license-validation', 'dependency-audit'],
  }
  it('is taken as it is, and told in the same words, which define it again', async () => {
    const world = openWorld()
    const { status, body } = await define(world, 'enterprise', seeds)
    expect([status, body.document]).toMatchObject([201, { ...seeds, minimumTestDuration: '2d' }])
    const again = await define(world, 'enterprise', body.document)
    expect([again.status, again.body.revision]).toEqual([200, 1])
  })
  it.each([
    ['approvers without approvalRequired', { approvers: ['eve'] }, 'approvalRequired'],
    ['a role without approvalRequired', { approverRole: 'admin' }, 'approvalRequired'],
    ['tests without environments', { testingRequired: true }, 'testEnvironments'],
    ['environments without testingRequired', { testEnvironments: ['qa'] }, 'testingRequired'],
    ['a duration that is none', { minimumTestDuration: 'soon' }, 'minimumTestDuration'],
    ['a field that there is not', { minimumTestTime: '1h' }, 'minimumTestTime'],
    ['a policy within the policy', { selector: { environment: 'qa' } }, 'selector.environment'],
  ])('is refused with its place where it has %s, and leaves nothing', async (_words, changes, field) => {
    const world = openWorld()
    const { status, body } = await define(world, 'enterprise', changes)
    expect([status, body.errors[0].field]).toEqual([400, field])
    expect(world.log.records).toEqual([])
  })
})

describe('a blocked version', () => {
  it('is planned for nobody whom the policy binds, and the refusal says whose rule it is', async () => {
    const world = await openFleet()
    await define(world, 'no-more', { blockedVersions: ['1.2.0'] })
    for (const reply of [await plan(world), await deploy(world)]) {
      expect([reply.status, reply.body.code]).toEqual([422, 'policy-unmet'])
      expect(reply.body.errors).toEqual([
        {
          field: 'policies.no-more',
          value: 'version-blocked',
          expected: expect.stringContaining('another version'),
        },
      ])
    }
    await withdraw(world, 'no-more')
    expect((await deploy(world)).status).toBe(202)
  })

  it('that was planned before is handed to nobody, and goes on when it is blocked no more', async () => {
    const world = await openFleet()
    const id = await deployed(world, all)
    await define(world, 'no-more', { blockedVersions: ['1.2.0'] })
    await world.settle()
    const held = await world.call('GET', `/api/upgrades/${id}/status`)
    expect(held.body.holds).toMatchObject([{ code: 'POLICY' }])
    expect(await report(world)).toEqual([])
    await withdraw(world, 'no-more')
    await world.settle()
    expect((await report(world)).length).toBeGreaterThan(0)
  })

  it('binds no upgrade that its selector leaves out', async () => {
    const world = await openFleet()
    await define(world, 'eu', { selector: { regions: ['eu'] }, blockedVersions: ['1.2.0'] })
    expect((await plan(world)).body.code).toBe('policy-unmet')
    expect((await plan(world, { targets: { regions: ['us'] } })).body.code).toBe('nothing-to-upgrade')
  })
})

describe('approvals that a policy asks for', () => {
  const approve =
    (world: World, id: string, user: string, role = 'approver') =>
    async () => {
      const planHash = (await world.upgrade(id)).plan?.planHash
      return world.call('POST', `/api/upgrades/${id}/approve`, {
        as: { user, roles: [role] },
        body: { planHash },
      })
    }
  const statusOf = async (world: World, id: string) => (await world.upgrade(id)).status

  it('are waited for beside those of the request, and each is met by those whom it means', async () => {
    const world = await openFleet()
    await define(world, 'security', { approvalRequired: true, approvers: ['eve', 'sam'] })
    await define(world, 'two-admins', { approvalRequired: true, requiredApprovals: 2, approverRole: 'admin' })
    const dry = await plan(world)
    expect(dry.body.approvals).toEqual({
      required: 2,
      reason: 'Policy security asks for 1. Policy two-admins asks for 2.',
    })
    const asked = await deploy(world, { approvals: { required: 1, approvers: ['bob', 'root-1'] } })
    expect(asked.body.message).toContain('waits for 2 approvals')
    const id = asked.body.upgradeId
    await world.advance(id)
    expect(await statusOf(world, id)).toBe('pending_approval')
    expect((await approve(world, id, 'operator-1', 'admin')()).body.code).toBe('self-approval')
    expect((await approve(world, id, 'mallory')()).body.code).toBe('not-an-approver')
    const first = await approve(world, id, 'root-1', 'admin')()
    expect(first.body.message).toBe(
      'Approved: 1 of 1, 0 of 1 for policy security, 1 of 2 for policy two-admins',
    )
    const again = await approve(world, id, 'root-1', 'admin')()
    expect(again.body.message).toBe(first.body.message)
    expect((await approve(world, id, 'eve')()).status).toBe(200)
    expect(await statusOf(world, id)).toBe('pending_approval')
    // All that is lacking is an administrator: no other approval counts for anything.
    expect((await approve(world, id, 'sam')()).body.code).toBe('not-an-approver')
    expect((await approve(world, id, 'root-2', 'admin')()).status).toBe(200)
    await world.advance(id)
    expect(await statusOf(world, id)).toBe('running')
  })

  it('are asked for anew by what is in force when it would begin, and those that there are count', async () => {
    const world = await openFleet()
    const asked = await deploy(world, { approvals: { required: 1 } })
    const id = asked.body.upgradeId
    await world.advance(id)
    await define(world, 'security', { approvalRequired: true, approvers: ['eve'] })
    await approve(world, id, 'bob')()
    await world.advance(id)
    expect(await statusOf(world, id)).toBe('pending_approval')
    await define(world, 'security', { approvalRequired: true, approvers: ['bob'] })
    await world.advance(id)
    expect(await statusOf(world, id)).toBe('running')
  })

  it('bind what is defined a moment before it begins, and no more what has begun', async () => {
    const world = await openFleet()
    const { body } = await deploy(world)
    await define(world, 'security', { approvalRequired: true, approvers: ['eve'] })
    await world.advance(body.upgradeId)
    expect(await statusOf(world, body.upgradeId)).toBe('pending_approval')
    await withdraw(world, 'security')
    await world.advance(body.upgradeId)
    expect(await statusOf(world, body.upgradeId)).toBe('running')
    await define(world, 'security', { approvalRequired: true, approvers: ['eve'] })
    await world.settle()
    expect((await report(world)).length).toBe(3)
  })

  it('that nobody could give are refused when they are asked for', async () => {
    const world = await openFleet()
    await define(world, 'alone', { approvalRequired: true, approvers: ['operator-1'] })
    const { status, body } = await deploy(world)
    expect([status, body.code, body.errors[0].field]).toEqual([422, 'policy-unmet', 'policies.alone'])
    const never = { approvalRequired: true, requiredApprovals: 2, approvers: ['eve', 'eve'] }
    expect((await define(world, 'never', never)).body.errors[0].field).toBe('approvers')
  })

  it('stand in the inbox for whoever may give them', async () => {
    const world = await openFleet()
    await define(world, 'two-admins', { approvalRequired: true, requiredApprovals: 2, approverRole: 'admin' })
    await deployed(world)
    const inboxOf = async (user: string, role: string) =>
      (await world.call('GET', '/api/v1/approvals', { as: { user, roles: [role] } })).body.approvals[0]
    expect(await inboxOf('root-1', 'admin')).toMatchObject({ needed: 2, given: 0, youMay: true })
    expect(await inboxOf('bob', 'approver')).toMatchObject({ youMay: false, may: { roles: ['admin'] } })
  })

  it('are offered to nobody whose word would count for none of them', async () => {
    const world = await openFleet()
    await define(world, 'an-admin', { approvalRequired: true, approverRole: 'admin' })
    const id = await deployed(world, { ...all, approvals: { required: 1, approvers: ['bob'] } })
    const may = async (user: string, role: string) => {
      const { body } = await world.call('GET', '/api/v1/approvals', { as: { user, roles: [role] } })
      return body.approvals[0].youMay
    }
    expect((await approve(world, id, 'alice')()).body.code).toBe('not-an-approver')
    expect(await may('alice', 'approver')).toBe(false)
    expect([await may('bob', 'approver'), await may('root-1', 'admin')]).toEqual([true, true])
    expect((await approve(world, id, 'bob')()).status).toBe(200)
    // For what is lacking now.
    expect([await may('bob', 'approver'), await may('root-1', 'admin')]).toEqual([false, true])
  })

  it('lapse when the time of the policy is over', async () => {
    const world = await openFleet()
    await define(world, 'security', { approvalRequired: true, approvalExpiresInSeconds: 3600 })
    const id = await deployed(world, all)
    world.pass(3601)
    await world.advance(id)
    expect(await statusOf(world, id)).toBe('expired')
  })

  it('are not waited for by what takes back, or tries again what was approved', async () => {
    const world = await openFleet()
    const failures = { failureThreshold: { percent: 100 } }
    const id = await deployed(world, { ...all, ...failures })
    await report(world, (target) => (target === 'cust_0001' ? 'failed' : 'completed'))
    await world.advance(id)
    await define(world, 'security', { approvalRequired: true, blockedVersions: ['v1.2.0'] })
    const refused = await world.call('POST', `/api/upgrades/${id}/retry-failed`)
    expect(refused.body).toMatchObject({ code: 'policy-unmet', errors: [{ value: 'version-blocked' }] })
    await define(world, 'security', { approvalRequired: true, blockedVersions: ['1.1.0'] })
    const again = await world.call('POST', `/api/upgrades/${id}/retry-failed`)
    await world.advance(again.body.upgradeId)
    expect(await report(world)).toEqual(['cust_0001'])
    await world.advance(again.body.upgradeId)
    const back = await world.call('POST', `/api/upgrades/${id}/rollback`)
    await world.advance(back.body.upgradeId)
    expect((await report(world)).length).toBe(3)
  })
})

const approver: Caller = { user: 'approver-1', roles: ['approver'] }
const tryOut = (world: World, body: object = {}) =>
  world.call('POST', '/api/v1/policies/try', { body: { ...all, ...body } })
const codesOf = (body: { unmet: readonly { code: string }[] }) => body.unmet.map(({ code }) => code)

describe('a release of another channel', () => {
  it('is planned for nobody, until it is promoted to one that is allowed', async () => {
    const world = await openFleet()
    await define(world, 'beta-only', { allowedChannels: ['beta'] })
    const { status, body } = await deploy(world)
    expect([status, body.code, body.errors[0].value]).toEqual([422, 'policy-unmet', 'channel-not-allowed'])
    const promotion = { channel: 'beta', reason: 'tried enough' }
    await world.call('POST', '/api/v1/releases/api/v1.2.0/promote', { body: promotion })
    expect((await deploy(world)).status).toBe(202)
  })
})

describe('a compliance check', () => {
  const post = (world: World, verdict: string, as: Caller = approver) =>
    world.call('POST', '/api/v1/releases/api/v1.2.0/verdicts', {
      as,
      body: { check: 'scan', verdict, evidence: { url: 'https://ci.example.com/1' } },
    })

  it('has to have passed, by the word of an approver and with its evidence; its last word counts', async () => {
    const world = await openFleet()
    await define(world, 'compliant', { complianceChecks: ['scan'] })
    expect((await deploy(world)).body.errors[0].value).toBe('check-missing')
    await post(world, 'failed')
    expect((await deploy(world)).body.errors[0].value).toBe('check-failed')
    const { body } = await post(world, 'passed')
    expect(body.verdicts).toMatchObject([
      {
        check: 'scan',
        verdict: 'passed',
        postedBy: 'approver-1',
        evidence: { url: 'https://ci.example.com/1' },
      },
    ])
    const before = world.log.records.length
    expect((await post(world, 'passed')).status).toBe(200)
    expect(world.log.records.length).toBe(before)
    expect((await deploy(world)).status).toBe(202)
    expect((await world.call('GET', '/api/v1/releases/api/v1.2.0/verdicts')).body.verdicts.length).toBe(1)
  })

  it('that fails a release in the middle of it holds what is under way, until it passes again', async () => {
    const world = await openFleet()
    await define(world, 'compliant', { complianceChecks: ['scan'] })
    await post(world, 'passed')
    const id = await deployed(world, all)
    await post(world, 'failed')
    await world.settle()
    expect((await world.upgrade(id)).holds).toMatchObject([{ code: 'POLICY' }])
    expect(await report(world)).toEqual([])
    await post(world, 'passed')
    await world.settle()
    expect((await report(world)).length).toBe(3)
  })

  it('is refused without evidence, and of what is not registered', async () => {
    const world = await openFleet()
    const path = '/api/v1/releases/api/v1.2.0/verdicts'
    const body = { check: 'scan', verdict: 'passed' }
    expect((await world.call('POST', path, { as: approver, body })).body.errors[0].field).toBe('evidence')
    const evidence = { url: 'http://ci.example.com/1' }
    const plain = await world.call('POST', path, { as: approver, body: { ...body, evidence } })
    expect(plain.body.errors[0].field).toBe('evidence.url')
    const elsewhere = await world.call('POST', '/api/v1/releases/api/v9/verdicts', {
      as: approver,
      body: { ...body, evidence: { url: 'https://ci.example.com/1' } },
    })
    expect(elsewhere.body.code).toBe('release-not-found')
  })
})

describe('a release that has to be tested before', () => {
  const staging = { targets: { tags: { environment: 'staging' } } }
  const production = { targets: { tags: { environment: 'production' } } }
  const day = 86_400

  async function openEnvironments(): Promise<World> {
    const world = openWorld()
    await world.fleet(0)
    const targets = ['staging', 'production'].flatMap((environment) =>
      [1, 2].map((place) => ({
        id: `${environment}-${place}`,
        components: { api: 'v1.1.0' },
        tags: { environment },
      })),
    )
    await world.call('POST', '/api/v1/targets', { body: { targets } })
    const testing = { testingRequired: true, testEnvironments: ['staging'], minimumTestDuration: '48h' }
    await define(world, 'proven', { selector: { environments: ['production'] }, ...testing })
    return world
  }

  it('is, by an upgrade of the environment that has completed so long ago', async () => {
    const world = await openEnvironments()
    expect(codesOf((await tryOut(world, production)).body)).toEqual(['not-tested'])
    // Whoever does not say where he goes may go to production.
    expect((await plan(world)).body.code).toBe('policy-unmet')
    const id = await deployed(world, { ...all, ...staging })
    await report(world)
    await world.advance(id)
    const { body } = await tryOut(world, production)
    expect(body.unmet).toMatchObject([{ code: 'not-tested', from: '2026-01-07T10:00:00.000Z' }])
    expect((await deploy(world, production)).body.code).toBe('policy-unmet')
    world.pass(2 * day)
    expect((await tryOut(world, production)).body).toMatchObject({ met: true, unmet: [] })
    expect((await deploy(world, production)).status).toBe(202)
  })

  it('is not by what failed in part, nor by what was taken back since, even where the next was planned before', async () => {
    const world = await openEnvironments()
    const partly = await deployed(world, { ...all, ...staging, failureThreshold: { percent: 100 } })
    await report(world, (target) => (target === 'staging-1' ? 'failed' : 'completed'))
    await world.advance(partly)
    world.pass(2 * day)
    expect(codesOf((await tryOut(world, production)).body)).toEqual(['not-tested'])
    const rest = await deployed(world, { ...all, ...staging })
    await report(world)
    await world.advance(rest)
    world.pass(2 * day)
    const asked = await deploy(world, { ...production, approvals: { required: 1 } })
    expect(asked.status).toBe(202)
    const id = asked.body.upgradeId
    await world.call('POST', `/api/upgrades/${rest}/rollback`)
    const planHash = (await world.upgrade(id)).plan?.planHash
    await world.call('POST', `/api/upgrades/${id}/approve`, { as: approver, body: { planHash } })
    await world.advance(id)
    expect(await world.upgrade(id)).toMatchObject({ status: 'scheduled', holds: [{ code: 'POLICY' }] })
  })

  it('waits by itself for the time to be over, where it was planned before the policy was there', async () => {
    const world = await openEnvironments()
    await withdraw(world, 'proven')
    const test = await deployed(world, { ...all, ...staging })
    await report(world)
    await world.advance(test)
    const asked = await deploy(world, { ...production, approvals: { required: 1 } })
    const id = asked.body.upgradeId
    const testing = { testingRequired: true, testEnvironments: ['staging'], minimumTestDuration: '1h' }
    await define(world, 'proven', testing)
    const planHash = (await world.upgrade(id)).plan?.planHash
    await world.call('POST', `/api/upgrades/${id}/approve`, { as: approver, body: { planHash } })
    await world.advance(id)
    const { holds, wakeUp } = await world.upgrade(id)
    expect([holds, wakeUp]).toMatchObject([
      [{ code: 'POLICY', until: '2026-01-05T11:00:00.000Z' }],
      '2026-01-05T11:00:00.000Z',
    ])
    world.pass(3600)
    await world.advance(id)
    expect((await report(world)).length).toBe(2)
  })
})

describe('a freeze of a policy', () => {
  const freeze = {
    kind: 'ranges',
    ranges: [{ start: '2026-01-05T11:00:00Z', end: '2026-01-06T11:00:00Z', name: 'year end' }],
  }
  it('holds whatever is under way while its calendar is closed, and says whose it is', async () => {
    const world = await openFleet()
    await world.call('PUT', '/api/v1/calendars/books', { body: freeze })
    expect((await define(world, 'books', { freezes: ['nowhere'] })).body.code).toBe('calendar-not-defined')
    await define(world, 'books', { freezes: ['books'] })
    expect((await world.call('DELETE', '/api/v1/calendars/books')).body.code).toBe('calendar-in-use')
    world.pass(3600)
    expect((await tryOut(world)).body.frozen).toEqual({
      why: 'year end (books), by policy books',
      until: '2026-01-06T11:00:00.000Z',
    })
    const id = await deployed(world, all)
    expect((await world.upgrade(id)).holds).toMatchObject([
      { code: 'WINDOW_CLOSED', ref: 'year end (books), by policy books' },
    ])
    expect(await report(world)).toEqual([])
    world.pass(86_400)
    await world.advance(id)
    expect((await report(world)).length).toBe(3)
  })
  it.each([
    ['binds', undefined, [409, 'closed-by-now']],
    ['means others than', { environments: ['staging'] }, [200, undefined]],
  ])(
    'begins nothing from its acknowledgement on, however late anybody hears of it, where it %s the upgrade',
    async (_, selector, expected) => {
      const world = openWorld()
      await world.fleet(0)
      const target = { id: 't1', components: { api: 'v1.1.0' }, tags: { environment: 'production' } }
      await world.call('POST', '/api/v1/targets', { body: { targets: [target] } })
      await deployed(world, { ...all, targets: { tags: { environment: 'production' } } })
      const now = { start: '2026-01-05T09:00:00Z', end: '2026-01-06T11:00:00Z', name: 'year end' }
      const as = { lambda: { kind: 'agent', target: 't1', tokenHash: '' } }
      const told = { version: 'v1.2.0', status: 'in-progress', timestamp: now.start }
      await world.call('PUT', '/api/v1/calendars/books', {
        ...{ body: { kind: 'ranges', ranges: [now] }, early: true },
      })
      const body = { freezes: ['books'], ...(selector && { selector }) }
      await world.call('PUT', '/api/v1/policies/books', { as: admin, body, early: true })
      const begun = await world.call('POST', '/api/v1/updates/status', { as, body: told, early: true })
      expect([begun.status, begun.body.code]).toEqual(expected)
    },
  )
  it('refuses what cannot fit into its window beside it', async () => {
    const world = await openFleet()
    await world.call('PUT', '/api/v1/calendars/books', { body: freeze })
    await define(world, 'books', { freezes: ['books'] })
    const window = { start: '2026-01-05T12:00:00Z', end: '2026-01-05T18:00:00Z' }
    expect((await deploy(world, { window })).status).toBe(422)
    await withdraw(world, 'books')
    expect((await deploy(world, { window })).status).toBe(202)
  })
})

describe('how many are in flight at once', () => {
  it('is the smaller number of the request and of each policy', async () => {
    const world = await openFleet(5)
    await define(world, 'gently', { parallel: 2 })
    await define(world, 'less-gently', { parallel: 3 })
    const id = await deployed(world, all)
    expect((await world.upgrade(id)).counts.inFlight).toBe(2)
  })
})

describe('trying policies', () => {
  it('tells of every rule that is not met and asks nobody, and leaves nothing behind', async () => {
    const world = await openFleet()
    await define(world, 'strict', {
      ...{ blockedVersions: ['1.2.0'], allowedChannels: ['beta'], complianceChecks: ['scan'] },
      ...{ testingRequired: true, testEnvironments: ['staging'], parallel: 2 },
      ...{ approvalRequired: true, approvers: ['operator-1'] },
    })
    const before = world.log.records.length
    const { status, body } = await tryOut(world)
    const codes = [
      'version-blocked',
      'channel-not-allowed',
      'not-tested',
      'check-missing',
      'approvers-missing',
    ]
    expect([status, codesOf(body)]).toEqual([200, codes])
    expect(body).toMatchObject({ met: false, version: 'v1.2.0', planHash: null, parallel: 2 })
    expect(body.policies).toEqual([{ name: 'strict', revision: 1 }])
    expect(body.unmet.every(({ satisfiedBy }: { satisfiedBy: string }) => satisfiedBy.length > 10)).toBe(true)
    expect(world.log.records.length).toBe(before)
  })
  it('answers with the hash of the plan that a deploy would have', async () => {
    const world = await openFleet()
    await define(world, 'gently', { parallel: 2 })
    const [tried, dry] = [await tryOut(world), await plan(world)]
    expect(tried.body).toMatchObject({ met: true, planHash: dry.body.planHash })
    await define(world, 'gently', { parallel: 3 })
    expect((await plan(world)).body.planHash).not.toBe(dry.body.planHash)
  })
  it('is refused by what would refuse the deploy anyway', async () => {
    const world = await openFleet()
    expect((await tryOut(world, { version: 'v9' })).body.code).toBe('release-not-registered')
    expect((await tryOut(world, { targets: { ids: ['nobody'] } })).body.code).toBe('targets-not-registered')
  })
})

describe('policies and rollouts', () => {
  it('refuse a phase that does not meet them, with its place', async () => {
    const world = await platform()
    await define(world, 'no-more', { selector: { components: ['db'] }, blockedVersions: ['2.0.0'] })
    const { status, body } = await world.call('POST', '/api/v1/rollouts', { body: twoPhases })
    expect([status, body.code]).toEqual([422, 'policy-unmet'])
    expect(body.errors[0].field).toMatch(/^phases\.\d\.policies\.no-more$/)
  })

  it('ask for the approval of each phase that they bind, beside that of the rollout', async () => {
    const world = await platform()
    await define(world, 'data', {
      selector: { components: ['db'] },
      approvalRequired: true,
      approvers: ['eve'],
    })
    const id = await startedRollout(world)
    await world.advanceRollout(id)
    const inbox = await world.call('GET', '/api/v1/approvals', { as: { user: 'eve', roles: ['approver'] } })
    const [entry] = inbox.body.approvals
    expect(entry).toMatchObject({ kind: 'upgrade', rolloutId: id, component: 'db', youMay: true })
    const as = { user: 'eve', roles: ['approver'] }
    const body = { planHash: entry.planHash }
    expect((await world.call('POST', `/api/upgrades/${entry.upgradeId}/approve`, { as, body })).status).toBe(
      200,
    )
    await world.advanceRollout(id)
    expect(await world.upgrade(entry.upgradeId)).toMatchObject({ status: 'running' })
  })
})

describe('policies and profiles', () => {
  it('let a window start nothing that they forbid, which its execution says', async () => {
    const profiles = await openProfileWorld()
    const { world } = profiles
    await define(world, 'no-more', { blockedVersions: ['1.2.0'] })
    const id = await profiles.created()
    profiles.at(sunday)
    await profiles.fire(id, sunday)
    const { body } = await world.call('GET', '/api/upgrades')
    await world.advance(body.upgrades[0].upgradeId)
    await world.settle()
    expect(await world.upgrade(body.upgrades[0].upgradeId)).toMatchObject({
      status: 'failed',
      failure: { code: 'policy-unmet' },
    })
    const history = await world.call('GET', `/api/v1/upgrade-profiles/${id}/history`)
    expect(history.body.executions[0]).toMatchObject({ status: 'failed' })
  })

  it('ask for approvals of its upgrades, of none of those who have edited it', async () => {
    const profiles = await openProfileWorld()
    const { world } = profiles
    await define(world, 'security', { approvalRequired: true, approvers: ['operator-1', 'eve'] })
    const id = await profiles.created()
    profiles.at(sunday)
    await profiles.fire(id, sunday)
    const { body } = await world.call('GET', '/api/upgrades')
    const { upgradeId } = body.upgrades[0]
    await world.advance(upgradeId)
    const { status, plan: planned } = await world.upgrade(upgradeId)
    expect(status).toBe('pending_approval')
    const { window } = await world.upgrade(upgradeId)
    const approve = (user: string) =>
      world.call('POST', `/api/upgrades/${upgradeId}/approve`, {
        as: { user, roles: ['approver'] },
        body: { planHash: planned?.planHash, window },
      })
    expect((await approve('operator-1')).body.code).toBe('self-approval')
    expect((await approve('eve')).status).toBe(200)
    await world.advance(upgradeId)
    expect((await report(world)).length).toBe(3)
  })
})
