import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exitCodes } from '../../clients/cli/exit-codes.ts'
import { type Asked, commandAt, type StandIn, standIn } from './stand-in.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'drydock-cli-'))
})
afterEach(() => rmSync(home, { recursive: true }))
const terminal = () => ({ env: { XDG_CONFIG_HOME: home, DRYDOCK_TOKEN: '' } })
const kept = () => join(home, 'drydock', 'logins.json')

type Token = readonly [status: number, body: object]

/** An issuer that answers the questions for a token one after the other; `changes` are made to what it says of itself. */
async function issuing(tokens: Token[], changes: (self: string) => object = () => ({})): Promise<StandIn> {
  const issuer: StandIn = await standIn(({ path }) => {
    const self = issuer.url
    if (path === '/.well-known/openid-configuration')
      return [
        200,
        {
          ...{ issuer: self, token_endpoint: `${self}/token` },
          ...{ device_authorization_endpoint: `${self}/device`, ...changes(self) },
        },
      ]
    if (path === '/device')
      return [
        200,
        {
          ...{ device_code: 'device-1', user_code: 'WDJB-MJHT', expires_in: 60, interval: 1 },
          verification_uri: `${self}/activate`,
        },
      ]
    return [...((tokens.length > 1 ? tokens.shift() : tokens[0]) ?? [500, {}])]
  })
  return issuer
}

const pending: Token = [400, { error: 'authorization_pending' }]
const given = (token: string, more: object = {}): Token => [
  200,
  { access_token: token, expires_in: 3600, ...more },
]
const words = ({ url }: StandIn) => ['login', '--issuer', url, '--client-id', 'drydock-cli']
const form = (asked: Asked | undefined) => Object.fromEntries(new URLSearchParams(String(asked?.body)))

describe('login', () => {
  it('shows what to open, waits, and keeps the token where only its owner reads it, for that API alone', async () => {
    const api = await standIn(() => [200, { upgrades: [], count: 0, nextCursor: null }])
    const issuer = await issuing([pending, given('token-1')])
    const { code, out } = await commandAt(api, words(issuer), terminal())
    expect(code).toBe(exitCodes.done)
    expect(out).toContain(`Open ${issuer.url}/activate\nand see that it shows the code WDJB-MJHT.\n`)
    expect(out).not.toContain('token-1')
    expect(form(issuer.asked.at(-1))).toEqual({
      ...{ client_id: 'drydock-cli', device_code: 'device-1' },
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    })
    expect([statSync(kept()).mode & 0o777, statSync(join(home, 'drydock')).mode & 0o777]).toEqual([
      0o600, 0o700,
    ])
    expect((await commandAt(api, ['list'], terminal())).code).toBe(exitCodes.done)
    expect(api.asked.at(-1)?.headers.authorization).toBe('Bearer token-1')
    const other = await standIn(() => [200, {}])
    const { code: elsewhere, err } = await commandAt(other, ['list'], terminal())
    expect([elsewhere, other.asked]).toEqual([exitCodes.usage, []])
    expect(err).toMatch(/^Nobody is signed in at .*\nNext: drydock login/)
  })

  it('renews what is at its end, and keeps what renews it', async () => {
    const api = await standIn(() => [200, { upgrades: [], count: 0, nextCursor: null }])
    const issuer = await issuing([
      given('token-1', { expires_in: 10, refresh_token: 'refresh-1' }),
      given('token-2'),
    ])
    await commandAt(api, words(issuer), terminal())
    await commandAt(api, ['list'], terminal())
    expect(form(issuer.asked.at(-1))).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'refresh-1',
    })
    await commandAt(api, ['list'], terminal())
    expect(api.asked.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer token-2',
      'Bearer token-2',
    ])
    expect(readFileSync(kept(), 'utf8')).toContain('refresh-1')
  })

  it('is forgotten by logout', async () => {
    const api = await standIn(() => [200, {}])
    await commandAt(api, words(await issuing([given('token-1')])), terminal())
    await commandAt(api, ['logout'], terminal())
    expect(readFileSync(kept(), 'utf8')).toBe('{}\n')
    expect((await commandAt(api, ['list'], terminal())).code).toBe(exitCodes.usage)
  })

  it('that others could have read is not used', async () => {
    const api = await standIn(() => [200, {}])
    await commandAt(api, words(await issuing([given('token-1')])), terminal())
    chmodSync(kept(), 0o644)
    const { code, err } = await commandAt(api, ['list'], terminal())
    expect([code, api.asked]).toEqual([exitCodes.usage, []])
    expect(err).toMatch(/can be read by others: treat its tokens as known to them/)
  })

  it.each<[string, Token]>([
    ['access_denied', [400, { error: 'access_denied' }]],
    ['expired_token', [400, { error: 'expired_token' }]],
    ['another', [500, {}]],
  ])('that is refused by %s keeps nothing', async (_, answer) => {
    const api = await standIn(() => [200, {}])
    const { code, err } = await commandAt(api, words(await issuing([answer])), terminal())
    expect(code).toBe(exitCodes.refused)
    expect(err).toMatch(/refuses: /)
    expect(() => readFileSync(kept())).toThrow()
  })

  it.each<[string, (self: string) => object]>([
    ['is another than it was asked as', () => ({ issuer: 'https://other.example' })],
    ['sends the code over a way that others read', () => ({ token_endpoint: 'http://other.example/token' })],
    ['does not know the flow', () => ({ device_authorization_endpoint: undefined })],
  ])('at an issuer that %s sends no code', async (_, changes) => {
    const api = await standIn(() => [200, {}])
    const issuer = await issuing([given('token-1')], changes)
    expect((await commandAt(api, words(issuer), terminal())).code).toBe(exitCodes.unknown)
    expect(issuer.asked.map(({ path }) => path)).toEqual(['/.well-known/openid-configuration'])
  })

  it('is not sent elsewhere', async () => {
    const api = await standIn(() => [200, {}])
    const other = await standIn(() => [200, {}])
    const issuer = await standIn((_, response) => {
      response.writeHead(302, { location: other.url }).end()
      return undefined
    })
    const { code } = await commandAt(api, words(issuer), terminal())
    expect([code, other.asked]).toEqual([exitCodes.unknown, []])
  })
})
