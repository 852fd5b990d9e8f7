import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SignJWT, UnsecuredJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Agent, enrol, register } from './agent.ts'
import { Client, type Problem, person, tokenFor } from './client.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { commitsInLog } from './log-table.ts'
import { deployedPages, deployedRoutes } from './template.ts'

/** Whom each route lets in, written by hand: v viewer, o operator, a approver, A admin; everybody else is refused. */
const people: Readonly<Record<string, string>> = {
  'POST /api/upgrades/deploy': 'oA',
  'POST /api/upgrades/plan': 'voaA',
  'GET /api/upgrades': 'voaA',
  'GET /api/upgrades/{id}': 'voaA',
  'GET /api/upgrades/{id}/status': 'voaA',
  'GET /api/upgrades/{id}/logs': 'voaA',
  'GET /api/upgrades/{id}/events': 'voaA',
  'GET /api/upgrades/{id}/blast-radius': 'voaA',
  'GET /api/upgrades/{id}/evidence': 'voaA',
  'GET /api/upgrades/{id}/forecast': 'voaA',
  'POST /api/upgrades/{id}/replay': 'voaA',
  'POST /api/upgrades/{id}/measurements': 'oA',
  'POST /api/upgrades/{id}/continue': 'oaA',
  'POST /api/upgrades/{id}/approve': 'aA',
  'POST /api/upgrades/{id}/reject': 'aA',
  'POST /api/upgrades/{id}/pause': 'oaA',
  'POST /api/upgrades/{id}/resume': 'oA',
  'POST /api/upgrades/{id}/end-bake': 'oA',
  'POST /api/upgrades/{id}/abort': 'oaA',
  'POST /api/upgrades/{id}/rollback': 'oaA',
  'POST /api/upgrades/{id}/rollback/{customerId}': 'oaA',
  'POST /api/upgrades/{id}/retry-failed': 'oA',
  'POST /api/upgrades/{id}/targets/{targetId}/skip': 'oA',
  'POST /api/v1/targets': 'oA',
  'GET /api/v1/targets': 'voaA',
  'GET /api/v1/targets/{id}': 'voaA',
  'PATCH /api/v1/targets/{id}': 'oA',
  'PUT /api/v1/targets/{id}/licence': 'oA',
  'POST /api/v1/targets/{id}/pin': 'oA',
  'DELETE /api/v1/targets/{id}/pin': 'oA',
  'POST /api/v1/targets/{id}/retire': 'oA',
  'POST /api/v1/targets/{id}/enrolment': 'oA',
  'GET /api/v1/targets/{id}/explain': 'voaA',
  'POST /api/v1/releases': 'oA',
  'GET /api/v1/releases': 'voaA',
  'GET /api/v1/releases/{component}/{version}': 'voaA',
  'GET /api/v1/releases/{component}/{version}/manifest': 'voaA',
  'POST /api/v1/releases/{component}/{version}/promote': 'oA',
  'POST /api/v1/releases/{component}/{version}/block': 'oA',
  'POST /api/v1/releases/{component}/{version}/unblock': 'oA',
  'PUT /api/v1/components/{component}/licensing': 'A',
  'PUT /api/v1/licences/{licence}': 'oA',
  'GET /api/v1/licences': 'voaA',
  'GET /api/v1/licences/{licence}': 'voaA',
  'POST /api/v1/licences/{licence}/revoke': 'oA',
  'POST /api/v1/keys': 'A',
  'GET /api/v1/keys': 'voaA',
  'POST /api/v1/keys/{key}/revoke': 'A',
  'GET /api/v1/trust': 'voaA',
  'PUT /api/v1/trust': 'A',
  'POST /api/v1/releases/{component}/{version}/withdraw': 'oA',
  'POST /api/v1/releases/{component}/{version}/free': 'oA',
  'PUT /api/v1/components/{component}': 'oA',
  'GET /api/v1/components': 'voaA',
  'GET /api/v1/components/{component}': 'voaA',
  'PUT /api/v1/policies/{name}': 'A',
  'GET /api/v1/policies': 'voaA',
  'GET /api/v1/policies/{name}': 'voaA',
  'DELETE /api/v1/policies/{name}': 'A',
  'POST /api/v1/policies/try': 'voaA',
  'PUT /api/v1/destinations/{name}': 'A',
  'GET /api/v1/destinations': 'voaA',
  'GET /api/v1/destinations/{name}': 'voaA',
  'DELETE /api/v1/destinations/{name}': 'A',
  'POST /api/v1/destinations/{name}/test': 'oA',
  'GET /api/v1/destinations/{name}/undelivered': 'voaA',
  'POST /api/v1/destinations/{name}/undelivered/retry': 'oA',
  'GET /api/v1/notifications': 'voaA',
  'POST /api/v1/notifications/dismiss': 'voaA',
  'POST /api/v1/releases/{component}/{version}/verdicts': 'aA',
  'GET /api/v1/releases/{component}/{version}/verdicts': 'voaA',
  'GET /api/v1/approvals': 'voaA',
  'POST /api/v1/upgrade-profiles': 'oA',
  'GET /api/v1/upgrade-profiles': 'voaA',
  'GET /api/v1/upgrade-profiles/{id}': 'voaA',
  'PUT /api/v1/upgrade-profiles/{id}': 'oA',
  'DELETE /api/v1/upgrade-profiles/{id}': 'oA',
  'POST /api/v1/upgrade-profiles/{id}/assignments': 'oA',
  'GET /api/v1/upgrade-profiles/{id}/assignments/jobs/{jobId}': 'voaA',
  'POST /api/v1/upgrade-profiles/{id}/executions': 'oA',
  'GET /api/v1/upgrade-profiles/{id}/history': 'voaA',
  'PUT /api/v1/calendars/{name}': 'oA',
  'DELETE /api/v1/calendars/{name}': 'oA',
  'GET /api/v1/calendars': 'voaA',
  'GET /api/v1/calendars/{name}': 'voaA',
  'GET /api/v1/calendars/{name}/state': 'voaA',
  'GET /api/v1/targets/{id}/upgrade-status': 'voaA',
  'POST /api/v1/targets/{id}/start-upgrade': 'oA',
  'POST /api/v1/targets/{id}/acknowledge-alerts': 'oA',
  'GET /api/v1/targets/{id}/upgrade-logs': 'voaA',
  'GET /api/v1/targets/{id}/upgrade-metrics': 'voaA',
  'PUT /api/v1/procedures/{name}': 'oA',
  'GET /api/v1/procedures': 'voaA',
  'GET /api/v1/procedures/{name}': 'voaA',
  'POST /api/v1/procedures/{name}/try': 'voaA',
  'GET /api/v1/targets/{id}/steps': 'voaA',
  'POST /api/v1/targets/{id}/steps/{step}/acknowledge': 'oaA',
  'POST /api/v1/targets/{id}/steps/{step}/settle': 'oA',
  'POST /api/v1/rollouts': 'oA',
  'POST /api/v1/rollouts/plan': 'voaA',
  'GET /api/v1/rollouts': 'voaA',
  'GET /api/v1/rollouts/{id}': 'voaA',
  'GET /api/v1/rollouts/{id}/status': 'voaA',
  'GET /api/v1/rollouts/{id}/events': 'voaA',
  'GET /api/v1/rollouts/{id}/monitor': 'voaA',
  'GET /api/v1/rollouts/{id}/blast-radius': 'voaA',
  'GET /api/v1/rollouts/{id}/forecast': 'voaA',
  'GET /api/v1/rollouts/{id}/explain': 'voaA',
  'POST /api/v1/rollouts/{id}/approve': 'aA',
  'POST /api/v1/rollouts/{id}/reject': 'aA',
  'POST /api/v1/rollouts/{id}/pause': 'oaA',
  'POST /api/v1/rollouts/{id}/resume': 'oA',
  'POST /api/v1/rollouts/{id}/continue': 'oaA',
  'POST /api/v1/rollouts/{id}/abort': 'oaA',
  'POST /api/v1/rollouts/{id}/rollback': 'oaA',
  'POST /mcp': 'voaA',
  'GET /mcp': 'voaA',
  'DELETE /mcp': 'voaA',
  'GET /api/v1/stop': 'voaA',
  'POST /api/v1/stop': 'oA',
  'DELETE /api/v1/stop/{stopId}': 'oA',
  'GET /api/queue/stats': 'voaA',
  'GET /api/queue/jobs/{jobId}': 'voaA',
  'GET /api/v1/analytics': 'voaA',
  'GET /metrics': 'voaA',
}
/** Routes of agents: what an agent and an enrolment token are answered; people and strangers are refused. */
const agents: Readonly<Record<string, { readonly agent: number; readonly enrolment: number }>> = {
  'POST /api/v1/agents/enrol': { agent: 403, enrolment: 401 },
  'GET /api/v1/updates/check': { agent: 200, enrolment: 403 },
  'GET /api/v1/updates/manifest': { agent: 404, enrolment: 403 },
  'POST /api/v1/updates/commands': { agent: 409, enrolment: 403 },
  'POST /api/v1/updates/status': { agent: 409, enrolment: 403 },
}
const open = ['GET /health', 'GET /openapi.json', 'GET /.well-known/oauth-protected-resource/mcp']
/** What browsers load before anybody has signed in. */
const pages = ['GET /', 'GET /console', 'GET /console/{file+}', 'GET /reference']
/** For whoever got a message, and nobody else. */
const callbacks = 'POST /api/v1/callbacks'

const prefix = `access-${randomBytes(4).toString('hex')}`
const callers: Record<string, Client> = {}
let agent: Agent
let other: Agent
let gateway: Agent
let member: Agent
let retired: Agent
let usedToken = ''

beforeAll(async () => {
  for (const [name, role] of [
    ['v', 'viewer'],
    ['o', 'operator'],
    ['a', 'approver'],
    ['A', 'admin'],
  ] as const)
    callers[name] = await person(`${role}-access`, role)
  const operator = await person('operator-1', 'operator')
  const component = prefix
  const own = ['own', 'other', 'gateway', 'retired'].map((name) => `${prefix}-${name}`)
  const first = await register(operator, component, own)
  const [ofMember] = await register(operator, component, [`${prefix}-member`], {
    gateway: `${prefix}-gateway`,
  })
  const made = await Promise.all(
    [...first, ofMember].map((one) => enrol(one?.id ?? '', one?.enrolmentToken ?? '')),
  )
  const [a, b, c, d, e] = made
  if (!a || !b || !c || !d || !e) throw new Error('Five targets were registered.')
  ;[agent, other, gateway, retired, member] = [a, b, c, d, e]
  usedToken = first[0]?.enrolmentToken ?? ''
  await operator.write(`/api/v1/targets/${retired.id}/retire`, { reason: 'scrapped' })
  Object.assign(callers, {
    '-': new Client(null),
    n: await person('nobody'),
    x: await person('impostor', 'Admin', 'superuser', 'agent'),
    g: agent.client,
    e: new Client(usedToken),
  })
})

const split = (routeKey: string) => {
  const [method = '', path = ''] = routeKey.split(' ')
  return { method, path: path.replace('{jobId}', 'some-1').replaceAll(/\{\w+\}/g, 'some') }
}
/** Good for nothing, so that whoever is let in gets no further than that. */
const junk = { body: { no: 'such field' } }

describe('who may call what (S1, S3)', () => {
  it('has a line for every route that the template deploys', () => {
    expect([...Object.keys(people), ...Object.keys(agents), ...open, callbacks].sort()).toEqual(
      deployedRoutes(),
    )
  })

  it.each(Object.entries(people))('S3 %s lets in %s alone', async (routeKey, who) => {
    const { method, path } = split(routeKey)
    const before = await commitsInLog()
    const answers = await Promise.all(
      Object.entries(callers).map(async ([name, client]) => {
        const { status } = await client.send(method, path, method === 'GET' ? {} : junk)
        return [name, status] as const
      }),
    )
    for (const [name, status] of answers) {
      const letIn = status !== 401 && status !== 403
      expect([name, status, letIn]).toEqual([name, status, who.includes(name)])
      // Without a token of a person the gateway itself refuses; with one, the role is what is missing.
      if (!letIn) expect([name, status]).toEqual([name, '-ge'.includes(name) ? 401 : 403])
    }
    expect(await commitsInLog()).toBe(before)
  })

  it.each(Object.entries(agents))('S3 %s is for agents', async (routeKey, { agent: asAgent, enrolment }) => {
    const { method, path } = split(routeKey)
    const bodies: Readonly<Record<string, object>> = {
      '/api/v1/agents/enrol': { key: randomBytes(32).toString('base64url') },
      '/api/v1/updates/commands': { id: 'no-such', status: 'done' },
      '/api/v1/updates/status': { version: 'v1', status: 'in-progress', timestamp: '2026-01-01T00:00:00Z' },
    }
    const before = await commitsInLog()
    for (const [name, client] of Object.entries(callers)) {
      const { status } = await client.send(method, path, bodies[path] ? { body: bodies[path] } : {})
      const expected = name === 'g' ? asAgent : name === 'e' ? enrolment : name === '-' ? 401 : 403
      expect([name, status]).toEqual([name, expected])
    }
    expect(await commitsInLog()).toBe(before)
  })

  it('S3 POST /api/v1/callbacks is for who was given a capability', async () => {
    const { method, path } = split(callbacks)
    const guessed = new Client(`drydock-callback.${randomBytes(32).toString('base64url')}`)
    const before = await commitsInLog()
    for (const client of [...Object.values(callers), guessed]) {
      const { status, body } = await client.send<Problem>(method, path, { body: { status: 'done' } })
      expect([status, body.code]).toEqual([401, 'callback-refused'])
    }
    expect(await commitsInLog()).toBe(before)
  })

  it('S1 loads pages for anybody: files that are the same for all, and hold no data', async () => {
    expect(deployedPages()).toEqual([...pages].sort())
    const { url } = runtimeOfFile()
    for (const path of ['/console', '/reference', '/console/config.json', '/console/machines/upgrade.json']) {
      const load = async (headers: Readonly<Record<string, string>>) =>
        (await fetch(`${url}${path}`, { headers })).text()
      const forged = { authorization: 'Bearer nobody' }
      expect([path, await load(forged)]).toEqual([path, await load({})])
    }
  })

  it.each(open)('S1 %s is open, and says nothing that is not', async (routeKey) => {
    const { method, path } = split(routeKey)
    expect((await new Client(null).send(method, path)).status).toBe(200)
  })
})

describe('forged tokens (S1)', () => {
  const forged: Record<string, string> = {}

  beforeAll(async () => {
    const { issuerUrl, audience, privateKey } = JSON.parse(
      readFileSync(join(runtimeOfFile().data, 'issuer.json'), 'utf8'),
    ) as { issuerUrl: string; audience: string; privateKey: { kid: string; n: string } } // as the issuer writes it
    const roles = ['admin']
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: issuerUrl, aud: audience, sub: 'operator-1', roles, iat: now, exp: now + 3600 }
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const header = { alg: 'RS256', kid: privateKey.kid, typ: 'JWT' }
    const good = await tokenFor('operator-1', ['viewer'])
    const [head, , signature] = good.split('.')
    const raised = Buffer.from(JSON.stringify(claims)).toString('base64url')
    Object.assign(forged, {
      'another key under the same name': await new SignJWT(claims).setProtectedHeader(header).sign(stranger),
      'another key under another name': await new SignJWT(claims)
        .setProtectedHeader({ ...header, kid: 'mine' })
        .sign(stranger),
      'alg none': new UnsecuredJWT(claims).encode(),
      'the public key as an HMAC secret': await new SignJWT(claims)
        .setProtectedHeader({ ...header, alg: 'HS256' })
        .sign(Buffer.from(privateKey.n)),
      'claims changed after signing': [head, raised, signature].join('.'),
      'no signature': [head, raised, ''].join('.'),
      expired: await tokenFor('operator-1', roles, { exp: now - 1 }),
      'not valid yet': await tokenFor('operator-1', roles, { nbf: now + 10 * 24 * 3600 }),
      'another issuer': await tokenFor('operator-1', roles, { iss: 'https://issuer.example' }),
      'another audience': await tokenFor('operator-1', roles, { aud: 'else' }),
      'no JWT': 'admin',
    })
  })

  it.each([...Object.keys(people), ...Object.keys(agents)])('S1 %s refuses them all', async (routeKey) => {
    const { method, path } = split(routeKey)
    const ofAgents = routeKey in agents
    for (const [how, token] of Object.entries(forged)) {
      const { status } = await new Client(token).send(method, path, method === 'GET' ? {} : junk)
      // A JWT authorizer answers 401, a Lambda authorizer that says no 403 (AWS).
      expect([how, status]).toEqual([how, ofAgents ? 403 : 401])
    }
  })

  it('S1 refuses credentials of agents that are nearly right', async () => {
    const secret = randomBytes(32).toString('base64url')
    for (const credential of [
      `drydock-agent.${agent.id}.${secret}`,
      `drydock-agent.no-such-target.${secret}`,
      `drydock-agent.${agent.id}`,
      usedToken.replace('drydock-enrol', 'drydock-agent'),
      `drydock-root.${agent.id}.${secret}`,
    ])
      expect([credential, (await new Client(credential).get('/api/v1/updates/check')).status]).toEqual([
        credential,
        403,
      ])
  })

  it('S1 an enrolment token that was used enrols nobody else', async () => {
    const key = randomBytes(32).toString('base64url')
    const { status, body } = await new Client(usedToken).post<Problem>('/api/v1/agents/enrol', { key })
    expect([status, body.code]).toEqual([401, 'enrolment-used'])
    expect((await agent.check()).updateAvailable).toBe(false)
  })
})

describe('an agent reaches its own target and no other (S2, S25)', () => {
  const reports = (target: string) => ({
    ...{ target, version: 'v1', status: 'in-progress', timestamp: '2026-01-01T00:00:00Z' },
  })

  it('S25 own target, another, a member of its gateway, a member of another gateway, a retired one', async () => {
    const before = await commitsInLog()
    // Who asks, for whom, and whether the target is there for that caller.
    const matrix: readonly (readonly [Agent, string, boolean])[] = [
      [agent, agent.id, true],
      [agent, other.id, false],
      [agent, gateway.id, false],
      [agent, member.id, false],
      [agent, retired.id, false],
      [agent, 'no-such-target', false],
      [gateway, gateway.id, true],
      [gateway, member.id, true],
      [gateway, agent.id, false],
      [member, member.id, true],
      [member, gateway.id, false],
    ]
    for (const [caller, target, there] of matrix) {
      const label = `${caller.id} for ${target}`
      const check = await caller.client.get<Problem>(`/api/v1/updates/check?target=${target}`)
      expect([label, check.status]).toEqual([label, there ? 200 : 404])
      const report = await caller.client.post<Problem>('/api/v1/updates/status', reports(target))
      // Nothing is offered, so that there is nothing to accept either.
      expect([label, report.status]).toEqual([label, there ? 409 : 404])
      if (!there)
        expect([check.body.code, report.body.code]).toEqual(['target-not-found', 'target-not-found'])
      const many = await caller.client.post<{ readonly results: readonly { readonly error: Problem }[] }>(
        '/api/v1/updates/status',
        { reports: [reports(target)] },
      )
      expect([label, many.body.results[0]?.error.code === 'target-not-found']).toEqual([label, !there])
    }
    expect(await commitsInLog()).toBe(before)
  })

  it('S25 a target that was retired is refused with the credential it had', async () => {
    const before = await commitsInLog()
    expect((await retired.client.get('/api/v1/updates/check')).status).toBe(403)
    expect((await retired.client.post('/api/v1/updates/status', reports(retired.id))).status).toBe(403)
    expect(await commitsInLog()).toBe(before)
  })

  it('S2 nothing that a person sends says who it is', async () => {
    const viewer = callers.v
    const before = await commitsInLog()
    for (const headers of [
      { 'x-forwarded-user': 'admin', 'x-amzn-oidc-identity': 'admin' },
      { 'x-roles': 'admin', roles: '[admin]' },
      { cookie: 'roles=admin' },
    ]) {
      const answer = await viewer?.post<Problem>('/api/v1/stop', { reason: 'mine' }, headers)
      expect([answer?.status, answer?.body.code]).toEqual([403, 'forbidden'])
    }
    expect(await commitsInLog()).toBe(before)
  })
})
