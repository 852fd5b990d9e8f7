import { describe, expect, it } from 'vitest'
import { routes } from '../../contracts/routes.ts'
import { rolesOf } from '../../functions/api/http/access.ts'
import { type Caller, openWorld, tokenOf } from './world.ts'

/**
 * Who may do what, written by hand and apart from the code's own table (S3): v viewer, o operator, a approver, A admin,
 * g agent, e enrolment token, c who was given a capability, - without a token, n a person without a role, x one with roles that are none, w an odd authorizer.
 */
const matrix: readonly (readonly [method: string, path: string, who: string])[] = [
  ['POST', '/api/upgrades/deploy', 'oA'],
  ['POST', '/api/upgrades/plan', 'voaA'],
  ['GET', '/api/upgrades', 'voaA'],
  ['GET', '/api/upgrades/u', 'voaA'],
  ['GET', '/api/upgrades/u/status', 'voaA'],
  ['GET', '/api/upgrades/u/logs', 'voaA'],
  ['GET', '/api/upgrades/u/events', 'voaA'],
  ['GET', '/api/upgrades/u/blast-radius', 'voaA'],
  ['GET', '/api/upgrades/u/evidence', 'voaA'],
  ['GET', '/api/upgrades/u/forecast', 'voaA'],
  ['POST', '/api/upgrades/u/replay', 'voaA'],
  ['POST', '/api/upgrades/u/measurements', 'oA'],
  ['POST', '/api/upgrades/u/continue', 'oaA'],
  ['POST', '/api/upgrades/u/approve', 'aA'],
  ['POST', '/api/upgrades/u/reject', 'aA'],
  ['POST', '/api/upgrades/u/pause', 'oaA'],
  ['POST', '/api/upgrades/u/resume', 'oA'],
  ['POST', '/api/upgrades/u/end-bake', 'oA'],
  ['POST', '/api/upgrades/u/abort', 'oaA'],
  ['POST', '/api/upgrades/u/rollback', 'oaA'],
  ['POST', '/api/upgrades/u/rollback/c', 'oaA'],
  ['POST', '/api/upgrades/u/retry-failed', 'oA'],
  ['POST', '/api/upgrades/u/targets/t/skip', 'oA'],
  ['GET', '/api/v1/targets/t/upgrade-status', 'voaA'],
  ['POST', '/api/v1/targets/t/start-upgrade', 'oA'],
  ['POST', '/api/v1/targets/t/acknowledge-alerts', 'oA'],
  ['GET', '/api/v1/targets/t/upgrade-logs', 'voaA'],
  ['GET', '/api/v1/targets/t/upgrade-metrics', 'voaA'],
  ['POST', '/api/v1/rollouts', 'oA'],
  ['POST', '/api/v1/rollouts/plan', 'voaA'],
  ['GET', '/api/v1/rollouts', 'voaA'],
  ['GET', '/api/v1/rollouts/r', 'voaA'],
  ['GET', '/api/v1/rollouts/r/status', 'voaA'],
  ['GET', '/api/v1/rollouts/r/events', 'voaA'],
  ['GET', '/api/v1/rollouts/r/monitor', 'voaA'],
  ['GET', '/api/v1/rollouts/r/blast-radius', 'voaA'],
  ['GET', '/api/v1/rollouts/r/forecast', 'voaA'],
  ['GET', '/api/v1/rollouts/r/explain', 'voaA'],
  ['POST', '/api/v1/rollouts/r/approve', 'aA'],
  ['POST', '/api/v1/rollouts/r/reject', 'aA'],
  ['POST', '/api/v1/rollouts/r/pause', 'oaA'],
  ['POST', '/api/v1/rollouts/r/resume', 'oA'],
  ['POST', '/api/v1/rollouts/r/continue', 'oaA'],
  ['POST', '/api/v1/rollouts/r/abort', 'oaA'],
  ['POST', '/api/v1/rollouts/r/rollback', 'oaA'],
  ['PUT', '/api/v1/procedures/p', 'oA'],
  ['GET', '/api/v1/procedures', 'voaA'],
  ['GET', '/api/v1/procedures/p', 'voaA'],
  ['POST', '/api/v1/procedures/p/try', 'voaA'],
  ['GET', '/api/v1/targets/t/steps', 'voaA'],
  ['POST', '/api/v1/targets/t/steps/s/acknowledge', 'oaA'],
  ['POST', '/api/v1/targets/t/steps/s/settle', 'oA'],
  ['POST', '/api/v1/callbacks', 'c'],
  ['POST', '/api/v1/targets', 'oA'],
  ['GET', '/api/v1/targets', 'voaA'],
  ['GET', '/api/v1/targets/t', 'voaA'],
  ['PATCH', '/api/v1/targets/t', 'oA'],
  ['PUT', '/api/v1/targets/t/licence', 'oA'],
  ['POST', '/api/v1/targets/t/pin', 'oA'],
  ['DELETE', '/api/v1/targets/t/pin', 'oA'],
  ['POST', '/api/v1/targets/t/retire', 'oA'],
  ['POST', '/api/v1/targets/t/enrolment', 'oA'],
  ['GET', '/api/v1/targets/t/explain', 'voaA'],
  ['POST', '/api/v1/releases', 'oA'],
  ['GET', '/api/v1/releases', 'voaA'],
  ['GET', '/api/v1/releases/api/v1', 'voaA'],
  ['GET', '/api/v1/releases/api/v1/manifest', 'voaA'],
  ['POST', '/api/v1/releases/api/v1/promote', 'oA'],
  ['POST', '/api/v1/releases/api/v1/block', 'oA'],
  ['POST', '/api/v1/releases/api/v1/unblock', 'oA'],
  ['POST', '/api/v1/releases/api/v1/withdraw', 'oA'],
  ['POST', '/api/v1/releases/api/v1/free', 'oA'],
  ['PUT', '/api/v1/components/api', 'oA'],
  ['GET', '/api/v1/components', 'voaA'],
  ['GET', '/api/v1/components/api', 'voaA'],
  ['PUT', '/api/v1/components/c/licensing', 'A'],
  ['PUT', '/api/v1/licences/l', 'oA'],
  ['GET', '/api/v1/licences', 'voaA'],
  ['GET', '/api/v1/licences/l', 'voaA'],
  ['POST', '/api/v1/licences/l/revoke', 'oA'],
  ['POST', '/api/v1/keys', 'A'],
  ['GET', '/api/v1/keys', 'voaA'],
  ['POST', '/api/v1/keys/k/revoke', 'A'],
  ['GET', '/api/v1/trust', 'voaA'],
  ['PUT', '/api/v1/trust', 'A'],
  ['PUT', '/api/v1/policies/production', 'A'],
  ['GET', '/api/v1/policies', 'voaA'],
  ['GET', '/api/v1/policies/production', 'voaA'],
  ['DELETE', '/api/v1/policies/production', 'A'],
  ['POST', '/api/v1/policies/try', 'voaA'],
  ['POST', '/api/v1/releases/api/v1/verdicts', 'aA'],
  ['GET', '/api/v1/releases/api/v1/verdicts', 'voaA'],
  ['PUT', '/api/v1/destinations/d', 'A'],
  ['GET', '/api/v1/destinations', 'voaA'],
  ['GET', '/api/v1/destinations/d', 'voaA'],
  ['DELETE', '/api/v1/destinations/d', 'A'],
  ['POST', '/api/v1/destinations/d/test', 'oA'],
  ['GET', '/api/v1/destinations/d/undelivered', 'voaA'],
  ['POST', '/api/v1/destinations/d/undelivered/retry', 'oA'],
  ['GET', '/api/v1/notifications', 'voaA'],
  ['POST', '/api/v1/notifications/dismiss', 'voaA'],
  ['GET', '/api/v1/approvals', 'voaA'],
  ['GET', '/api/v1/stop', 'voaA'],
  ['POST', '/api/v1/stop', 'oA'],
  ['DELETE', '/api/v1/stop/stop-1', 'oA'],
  ['GET', '/api/queue/stats', 'voaA'],
  ['GET', '/api/queue/jobs/u-1', 'voaA'],
  ['GET', '/api/v1/analytics', 'voaA'],
  ['GET', '/metrics', 'voaA'],
  ['POST', '/api/v1/upgrade-profiles', 'oA'],
  ['GET', '/api/v1/upgrade-profiles', 'voaA'],
  ['GET', '/api/v1/upgrade-profiles/p', 'voaA'],
  ['PUT', '/api/v1/upgrade-profiles/p', 'oA'],
  ['DELETE', '/api/v1/upgrade-profiles/p', 'oA'],
  ['POST', '/api/v1/upgrade-profiles/p/assignments', 'oA'],
  ['GET', '/api/v1/upgrade-profiles/p/assignments/jobs/j', 'voaA'],
  ['POST', '/api/v1/upgrade-profiles/p/executions', 'oA'],
  ['GET', '/api/v1/upgrade-profiles/p/history', 'voaA'],
  ['PUT', '/api/v1/calendars/c', 'oA'],
  ['DELETE', '/api/v1/calendars/c', 'oA'],
  ['GET', '/api/v1/calendars', 'voaA'],
  ['GET', '/api/v1/calendars/c', 'voaA'],
  ['GET', '/api/v1/calendars/c/state', 'voaA'],
  ['POST', '/api/v1/agents/enrol', 'ge'],
  ['GET', '/api/v1/updates/check', 'ge'],
  ['GET', '/api/v1/updates/manifest', 'ge'],
  ['POST', '/api/v1/updates/commands', 'ge'],
  ['POST', '/api/v1/updates/status', 'ge'],
  ['POST', '/mcp', 'voaA'],
  ['GET', '/mcp', 'voaA'],
  ['DELETE', '/mcp', 'voaA'],
  ['GET', '/health', '-voaAgecnxw'],
  ['GET', '/openapi.json', '-voaAgecnxw'],
  ['GET', '/.well-known/oauth-protected-resource/mcp', '-voaAgecnxw'],
]

const callers: Readonly<Record<string, Caller>> = {
  '-': null,
  v: { user: 'v', roles: ['viewer'] },
  o: { user: 'o', roles: ['operator'] },
  a: { user: 'a', roles: ['approver'] },
  A: { user: 'A', roles: ['admin'] },
  n: { user: 'n', roles: [] },
  x: { user: 'x', roles: ['superuser', 'Admin', 'administrator', 'Billing admin', 'admin,operator'] },
  g: { lambda: { kind: 'agent', target: 'known', tokenHash: 'aa' } },
  e: { lambda: { kind: 'enrolment', target: 'known', tokenHash: 'aa' } },
  c: { capability: `drydock-callback.${'A'.repeat(43)}` },
  // What an authorizer of ours never answers.
  w: { lambda: { kind: 'person', target: 'known', tokenHash: 'aa' } },
}

describe('the access matrix', () => {
  it('has a line for every route', () => {
    expect(matrix.length).toBe(routes.length)
  })

  it.each(matrix)('%s %s is for %s alone', async (method, path, who) => {
    const world = openWorld()
    await world.call('POST', '/api/v1/targets', { body: { id: 'known' } })
    await world.settle()
    const before = world.log.records.length
    for (const [name, as] of Object.entries(callers)) {
      const reply = await world.call(method, path, { as, raw: '{"no":"such field"}' })
      const refused = reply.status === 401 || reply.status === 403
      // The body is good for nothing, so whoever is let in gets no further than that: only access is tried here.
      expect([name, !refused]).toEqual([name, who.includes(name)])
      const codes = path.endsWith('/callbacks') ? ['callback-refused'] : ['unauthenticated', 'forbidden']
      if (refused) expect(codes).toContain(reply.body.code)
    }
    expect(world.log.records.length).toBe(before)
  })

  it('tells agents and enrolment tokens apart behind the authorizer', async () => {
    const world = openWorld()
    await world.call('POST', '/api/v1/targets', { body: { id: 'known' } })
    const report = { version: 'v1', status: 'in-progress', timestamp: '2026-01-01T00:00:00Z' }
    const enrolled: Caller = { lambda: { kind: 'agent', target: 'known', tokenHash: '' } }
    const status = async (caller: string, method: string, path: string, body?: object) =>
      (await world.call(method, path, { as: caller === 'g' ? enrolled : (callers[caller] ?? null), body }))
        .status
    expect(await status('e', 'GET', '/api/v1/updates/check')).toBe(403)
    expect(await status('e', 'POST', '/api/v1/updates/status', report)).toBe(403)
    expect(await status('g', 'POST', '/api/v1/agents/enrol', { key: 'A'.repeat(43) })).toBe(403)
    expect(await status('g', 'GET', '/api/v1/updates/check')).toBe(200)
  })
})

describe('the role claim', () => {
  it.each([
    [
      ['viewer', 'operator'],
      ['viewer', 'operator'],
    ],
    ['operator', ['operator']],
    [['admin', 'root'], ['admin']],
    [['Billing admin', 'admins', 'Admin'], []],
    ['operator,admin', []],
    ['[viewer operator]', []],
    ['["approver"]', []],
    [{ admin: true }, []],
    [[['admin']], []],
    [true, []],
    [undefined, []],
  ])('reads %j as %j', (claim, expected) => {
    expect([...rolesOf(claim)].sort()).toEqual([...expected].sort())
  })

  it('is that of the token which the gateway has verified, and grants nothing where that is of somebody else', async () => {
    const world = openWorld()
    const as = { user: 'v', roles: ['viewer'] }
    const stop = (authorization: string) =>
      world.call('POST', '/api/v1/stop', { as, headers: { authorization }, body: { reason: 'x' } })
    const admin = { 'cognito:groups': ['admin'] }
    expect((await stop(tokenOf({ sub: 'v', ...admin }))).status).toBe(200)
    for (const odd of [
      tokenOf({ sub: 'x', ...admin }),
      tokenOf(['v', admin]),
      'Bearer e30',
      'Bearer e30.!.',
      '',
    ])
      expect((await stop(odd)).status).toBe(403)
  })
})
