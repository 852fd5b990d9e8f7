import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { decodeJwt, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openIssuer } from '../../../infra/local/http/issuer.ts'
import { movableClock } from '../schedules/movable-clock.ts'
import { openGateway, type SeenEvent } from './gateway.ts'

async function gateway(...parameters: Parameters<typeof openGateway>) {
  const opened = await openGateway(...parameters)
  onTestFinished(() => opened.close())
  const call = (authorization?: string, path = '/a') =>
    fetch(opened.url + path, { headers: authorization === undefined ? {} : { authorization } })
  return { ...opened, call }
}

const person = { user: 'operator-1', roles: ['operator', 'approver'] }

describe('the JWT authorizer', () => {
  it('passes claims to functions as texts', async () => {
    const { call, issuer, events } = await gateway({ 'GET /a': 'JWT' })
    const token = await issuer.token({ ...person, claims: { admin: true, address: { city: 'Berlin' } } })
    expect((await call(`Bearer ${token}`)).status).toBe(200)
    expect((await call(token)).status).toBe(200)
    const now = Date.parse('2026-03-02T10:00:00Z') / 1000
    expect(events[0]?.requestContext.authorizer).toEqual({
      jwt: {
        claims: {
          iss: issuer.issuerUrl,
          aud: issuer.audience,
          sub: 'operator-1',
          roles: '[operator approver]',
          iat: String(now),
          exp: String(now + 12 * 3600),
          jti: expect.any(String),
          admin: 'true',
          address: '{"city":"Berlin"}',
        },
        scopes: null,
      },
    })
  })

  it.each([
    ['another issuer', { iss: 'https://elsewhere' }, 401],
    ['another audience', { aud: 'else' }, 401],
    ['one of several audiences', { aud: ['else', 'drydock'] }, 200],
    ['client_id without an audience', { aud: undefined, client_id: 'drydock' }, 200],
    ['client_id beside a wrong audience', { aud: 'else', client_id: 'drydock' }, 401],
    ['no audience at all', { aud: undefined }, 401],
    ['no expiry', { exp: undefined }, 401],
    ['an expiry now', { exp: Date.parse('2026-03-02T10:00:00Z') / 1000 }, 401],
    ['a start in the future', { nbf: Date.parse('2026-03-02T10:00:01Z') / 1000 }, 401],
    ['a start now', { nbf: Date.parse('2026-03-02T10:00:00Z') / 1000 }, 200],
    ['an issue in the future', { iat: Date.parse('2026-03-02T10:00:01Z') / 1000 }, 401],
  ])('judges %s', async (_what, claims, status) => {
    const { call, issuer, events } = await gateway({ 'GET /a': 'JWT' })
    const response = await call(`Bearer ${await issuer.token({ ...person, claims })}`)
    expect(response.status).toBe(status)
    expect(events).toHaveLength(status === 200 ? 1 : 0)
  })

  it('refuses an expired token that it has accepted before', async () => {
    const { call, issuer, clock } = await gateway({ 'GET /a': 'JWT' })
    const token = await issuer.token({ ...person, ttlSeconds: 60 })
    expect((await call(token)).status).toBe(200)
    await clock.advance(60_000)
    expect((await call(token)).status).toBe(401)
  })

  it('refuses nothing, nonsense, no signature, foreign keys and secrets made of the public key', async () => {
    const { call, issuer, events } = await gateway({ 'GET /a': 'JWT' })
    const good = await issuer.token(person)
    const claims = decodeJwt(good)
    const { kid, n } = issuer.jwks().keys[0] ?? {}
    const foreign = await generateKeyPair('RS256')
    const sign = (header: { alg: string; kid?: string }, key: Parameters<SignJWT['sign']>[0]) =>
      new SignJWT(claims).setProtectedHeader(header).sign(key)
    const [head = '', , signature = ''] = good.split('.')
    const raised = btoa(JSON.stringify({ ...claims, roles: ['admin'] })).replace(/=+$/, '')
    const tokens = [
      undefined,
      'Bearer',
      'Bearer nonsense',
      new UnsecuredJWT(claims).encode(),
      await sign({ alg: 'RS256', kid: String(kid) }, foreign.privateKey),
      await sign({ alg: 'RS256', kid: 'unknown' }, foreign.privateKey),
      await sign({ alg: 'HS256', kid: String(kid) }, new TextEncoder().encode(String(n))),
      `${head}.${raised}.${signature}`,
      good.slice(0, -4),
    ]
    for (const token of tokens) {
      const response = await call(token)
      expect([token, response.status, await response.json()]).toEqual([
        token,
        401,
        { message: 'Unauthorized' },
      ])
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    }
    expect(events).toEqual([])
  })

  it('asks for one of the scopes of a route', async () => {
    const { call, issuer } = await gateway(
      { 'GET /a': 'JWT' },
      {
        change(template) {
          const route = template.routes.Route0
          if (route === undefined) throw new Error('the test template has no route')
          return { ...template, routes: { Route0: { ...route, AuthorizationScopes: ['read', 'write'] } } }
        },
      },
    )
    const withScope = (scope: string) => issuer.token({ ...person, claims: { scope } })
    expect((await call(await withScope('other write'))).status).toBe(200)
    const refused = await call(await withScope('other'))
    expect([refused.status, await refused.json()]).toEqual([403, { message: 'Forbidden' }])
  })

  it('refuses a template that trusts an issuer which does not exist here', async () => {
    const opening = openGateway(
      { 'GET /a': 'JWT' },
      {
        change(template) {
          const JwtConfiguration = { Issuer: 'https://cognito', Audience: ['x'] }
          const People = {
            AuthorizerType: 'JWT',
            IdentitySource: ['$request.header.Authorization'],
            JwtConfiguration,
          } as const
          return { ...template, authorizers: { People } }
        },
      },
    )
    await expect(opening).rejects.toThrow('https://cognito')
  })
})

describe('the Lambda authorizer', () => {
  it('asks the function and passes its context on', async () => {
    const asked: SeenEvent[] = []
    const authorize = (event: SeenEvent) => {
      asked.push(event)
      return { isAuthorized: event.headers.authorization === 'key', context: { target: 't1', many: [1] } }
    }
    const { call, events } = await gateway({ 'GET /a': 'CUSTOM' }, { authorize })
    expect((await call('key')).status).toBe(200)
    expect(events[0]?.requestContext.authorizer).toEqual({ lambda: { target: 't1', many: [1] } })
    expect(asked[0]).toMatchObject({
      version: '2.0',
      type: 'REQUEST',
      routeArn: 'arn:aws:execute-api:us-east-1:000000000000:local/$default/GET/a',
      identitySource: ['key'],
      routeKey: 'GET /a',
      rawPath: '/a',
    })
    const refused = await call('other')
    expect([refused.status, await refused.json()]).toEqual([403, { message: 'Forbidden' }])
  })

  it('remembers answers by identity, over all routes, until they are too old', async () => {
    const asked: string[] = []
    const authorize = (event: SeenEvent) => {
      asked.push(event.headers.authorization ?? '')
      return { isAuthorized: event.headers.authorization !== 'bad' }
    }
    const { call, clock } = await gateway({ 'GET /a': 'CUSTOM', 'GET /b': 'CUSTOM' }, { authorize })
    for (const key of ['one', 'one', 'two', 'bad', 'bad']) await call(key)
    await call('one', '/b')
    expect(asked).toEqual(['one', 'two', 'bad'])
    await clock.advance(299_999)
    await call('one')
    expect(asked).toHaveLength(3)
    await clock.advance(1)
    await call('one')
    expect(asked).toHaveLength(4)
  })

  it('answers 401 without asking when the identity is missing', async () => {
    let asked = 0
    const { call } = await gateway(
      { 'GET /a': 'CUSTOM' },
      { authorize: () => ({ isAuthorized: ++asked > 0 }) },
    )
    expect((await call()).status).toBe(401)
    expect(asked).toBe(0)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    ['answers nothing', () => undefined],
    ['answers a text', () => ({ isAuthorized: 'true' })],
    ['answers a policy', () => ({ policyDocument: {} })],
  ])('answers 500 when the function %s, and asks again next time', async (_what, answer) => {
    let asked = 0
    const authorize = () => {
      asked++
      return answer()
    }
    const { call, events } = await gateway({ 'GET /a': 'CUSTOM' }, { authorize })
    expect([(await call('key')).status, (await call('key')).status]).toEqual([500, 500])
    expect([asked, events.length]).toEqual([2, 0])
  })
})

describe('the issuer', () => {
  function scratch(): string {
    const directory = mkdtempSync(join(tmpdir(), 'issuer-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    return directory
  }

  it('keeps its key for its owner only, and publishes no private part', async () => {
    const directory = scratch()
    const issuer = await openIssuer(directory, movableClock())
    expect(statSync(join(directory, 'issuer.json')).mode & 0o777).toBe(0o600)
    expect(Object.keys(issuer.jwks().keys[0] ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
    expect((await openIssuer(directory, movableClock())).jwks()).toEqual(issuer.jwks())
  })

  it('has one key when two processes open it at once', async () => {
    const directory = scratch()
    const issuers = await Promise.all([1, 2, 3].map(() => openIssuer(directory, movableClock())))
    expect(new Set(issuers.map((issuer) => JSON.stringify(issuer.jwks()))).size).toBe(1)
  })

  const run = promisify(execFile)
  const command = (...parameters: string[]) => run(process.execPath, ['infra/local/token.ts', ...parameters])

  it('gives tokens to the token command of another process', async () => {
    const directory = scratch()
    await openIssuer(directory, movableClock())
    const { stdout } = await command(
      '--data',
      directory,
      '--user',
      'ann',
      '--role',
      'operator',
      '--role',
      'approver',
    )
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    expect(decodeJwt(stdout.trim())).toMatchObject({ sub: 'ann', roles: ['operator', 'approver'] })
  })

  it('dates a token for a clock that runs ahead of the wall', async () => {
    const directory = scratch()
    await openIssuer(directory, movableClock())
    const ahead = Date.now() + 30 * 86_400_000
    writeFileSync(join(directory, 'clock.json'), JSON.stringify({ instant: ahead }))
    const { stdout } = await command('--data', directory, '--user', 'ann', '--role', 'viewer', '--ttl', '60')
    const { iat, exp } = decodeJwt(stdout.trim())
    expect(exp).toBe(Math.floor(ahead / 1000) + 60)
    expect(iat).toBeLessThanOrEqual(Date.now() / 1000)
  })

  it('says what to do when there is none yet', async () => {
    const directory = scratch()
    await expect(command('--data', directory, '--user', 'ann', '--role', 'viewer')).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(`start the runtime once with npm start -- --data ${directory}`),
    })
    await expect(command('--data', directory)).rejects.toMatchObject({
      stderr: expect.stringContaining('Whose token?'),
    })
  })
})
