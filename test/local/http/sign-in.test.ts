import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openIssuer } from '../../../infra/local/http/issuer.ts'
import { openSignIn, type SignIn } from '../../../infra/local/http/sign-in.ts'

const console = 'http://127.0.0.1:3100/console'
const verifier = 'v'.repeat(43)
const challenge = createHash('sha256').update(verifier).digest('base64url')
const asked = {
  ...{ response_type: 'code', client_id: 'drydock-console', redirect_uri: console, scope: 'openid' },
  ...{
    state: 's'.repeat(43),
    nonce: 'n'.repeat(43),
    code_challenge: challenge,
    code_challenge_method: 'S256',
  },
}

let directory: string
let signIn: SignIn
let authorize: string
let token: string
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'drydock-sign-in-'))
  const clock = { speed: 1, now: () => Date.now(), at: () => () => {} }
  const issuer = await openIssuer(directory, clock)
  signIn = await openSignIn({ issuer, consoles: () => [console] })
  authorize = signIn.parameters.ConsoleSignInUrl ?? ''
  token = signIn.parameters.ConsoleTokenUrl ?? ''
})
afterAll(async () => {
  await signIn.close()
  rmSync(directory, { recursive: true })
})

const show = (changes: object = {}) =>
  fetch(`${authorize}?${new URLSearchParams({ ...asked, ...changes })}`, { redirect: 'manual' })
const ticketOf = async (answer: Response) =>
  /name="ticket" value="([\w-]+)"/.exec(await answer.text())?.[1] ?? ''
const choose = (ticket: string, more: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  fetch(authorize, {
    ...{ method: 'POST', redirect: 'manual', headers },
    body: new URLSearchParams({ ticket, user: 'operator-1', role: 'operator', ...more }),
  })
const codeOf = (answer: Response) =>
  new URL(answer.headers.get('location') ?? 'x:').searchParams.get('code') ?? ''
const aCode = async () => codeOf(await choose(await ticketOf(await show())))
const exchange = (code: string, more: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  fetch(token, {
    ...{ method: 'POST', headers },
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', code, redirect_uri: console, client_id: 'drydock-console' },
      code_verifier: verifier,
      ...more,
    }),
  })

describe('who signs in on one machine', () => {
  it('chooses who they are, and gets a token for what they chose', async () => {
    const answer = await choose(await ticketOf(await show()), { user: 'jane@example.com', role: 'approver' })
    expect(answer.status).toBe(303)
    const back = new URL(answer.headers.get('location') ?? '')
    expect([`${back.origin}${back.pathname}`, back.searchParams.get('state')]).toEqual([console, asked.state])
    const tokens = (await (await exchange(codeOf(answer))).json()) as Record<string, string>
    expect(decodeJwt(tokens.access_token ?? '')).toMatchObject({
      sub: 'jane@example.com',
      roles: ['approver'],
      aud: 'drydock',
    })
    expect(decodeJwt(tokens.id_token ?? '')).toMatchObject({ nonce: asked.nonce, aud: 'drydock-console' })
  })

  it.each([
    ['an address elsewhere', { redirect_uri: 'https://evil.example/console' }],
    ['an address that begins alike', { redirect_uri: `${console}.evil.example/` }],
    ['a page beside the console', { redirect_uri: 'http://127.0.0.1:3100/console/x' }],
    ['the console with more behind it', { redirect_uri: `${console}?next=https://evil.example` }],
    ['no address', { redirect_uri: '' }],
    ['another client', { client_id: 'somebody' }],
    ['a token in the address', { response_type: 'token' }],
    ['no challenge', { code_challenge: '' }],
    ['a challenge in the clear', { code_challenge_method: 'plain' }],
    ['no state', { state: '' }],
    ['no nonce', { nonce: '' }],
    ['a state that is markup', { state: '"><script>alert(1)</script>' }],
  ])('is sent nowhere with %s', async (_, changes) => {
    const answer = await show(changes)
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
    expect(await answer.text()).not.toMatch(/evil|ticket|<script/)
  })

  it('sees pages that nobody frames, and that load and run nothing', async () => {
    const { headers } = await show()
    expect(headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'self'; form-action 'self' http://127.0.0.1:3100; base-uri 'none'; frame-ancestors 'none'`,
    )
    expect([headers.get('x-frame-options'), headers.get('cache-control')]).toEqual(['DENY', 'no-store'])
  })

  it('does so once a page: a form that comes twice, or from elsewhere, gives no code', async () => {
    const ticket = await ticketOf(await show())
    expect((await choose(ticket, {}, { origin: 'https://evil.example' })).status).toBe(400)
    expect((await choose(ticket)).status).toBe(303)
    expect((await choose(ticket)).status).toBe(400)
    expect((await choose('guessed')).status).toBe(400)
  })

  it.each([{ user: '' }, { user: '<b>x</b>' }, { role: 'owner' }])('is asked again with %j', async (more) => {
    const answer = await choose(await ticketOf(await show()), more)
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null])
  })

  it('is nobody by a name that leads to this machine', async () => {
    const { port } = new URL(authorize)
    const status = await new Promise((resolve, reject) => {
      const path = `/authorize?${new URLSearchParams(asked)}`
      const sent = request(
        { port, path, host: '127.0.0.1', headers: { host: `evil.example:${port}` } },
        (answer) => {
          answer.resume()
          resolve(answer.statusCode)
        },
      )
      sent.on('error', reject).end()
    })
    expect(status).toBe(400)
  })
})

describe('a code', () => {
  it('is taken once', async () => {
    const code = await aCode()
    expect((await exchange(code)).status).toBe(200)
    expect((await exchange(code)).status).toBe(400)
  })

  it.each([
    ['another verifier', { code_verifier: 'w'.repeat(43) }],
    ['no verifier', { code_verifier: '' }],
    ['another address', { redirect_uri: 'http://127.0.0.1:3100/' }],
  ])('is spent by %s, and gives nothing', async (_, more) => {
    const code = await aCode()
    const refused = await exchange(code, more)
    expect([refused.status, await refused.json()]).toEqual([400, { error: 'invalid_grant' }])
    expect((await exchange(code)).status).toBe(400)
  })

  it('is exchanged by the console alone, whose origin may read the answer', async () => {
    const elsewhere = await exchange(await aCode(), {}, { origin: 'https://evil.example' })
    expect([elsewhere.status, elsewhere.headers.get('access-control-allow-origin')]).toEqual([400, null])
    const own = await exchange(await aCode(), {}, { origin: 'http://127.0.0.1:3100' })
    expect([own.status, own.headers.get('access-control-allow-origin')]).toEqual([
      200,
      'http://127.0.0.1:3100',
    ])
  })
})
