import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exitCodes } from '../../clients/cli/exit-codes.ts'
import { roles } from '../../contracts/routes.ts'
import { openIssuer } from '../../infra/local/http/issuer.ts'
import { command, commandAt, standIn } from './stand-in.ts'

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'drydock-cli-'))
})
afterEach(() => rmSync(data, { recursive: true }))

const clockAt = (instant: number) => ({
  speed: 1,
  now: () => instant,
  at: () => {
    throw new Error('Nothing waits.')
  },
})

/** Calls as somebody of a data directory, and returns what the issuer of the runtime reads in the token, at an instant of its clock. */
async function claimsOf(
  words: readonly string[],
  clock: () => number,
  env: Readonly<Record<string, string>> = {},
) {
  const issuer = await openIssuer(data, clockAt(clock()))
  const api = await standIn(() => [200, { upgrades: [], count: 0, nextCursor: null }])
  const { code } = await commandAt(api, ['list', ...words], { env: { DRYDOCK_TOKEN: '', ...env } })
  expect(code).toBe(exitCodes.done)
  const token = api.asked[0]?.headers.authorization?.replace('Bearer ', '') ?? ''
  // The token is read after it was made, however long that took.
  const instant = clock()
  const { issuerUrl, audience } = issuer
  const checked = { issuer: issuerUrl, audience, currentDate: new Date(instant), algorithms: ['RS256'] }
  const { payload } = await jwtVerify(token, createLocalJWKSet(issuer.jwks()), checked)
  expect(payload.iat).toBeLessThanOrEqual(instant / 1000)
  return payload
}

describe('a token by a data directory', () => {
  it('is one of its issuer, for who is named, with the roles that are named or all', async () => {
    expect(await claimsOf(['--data', data, '--as', 'ann', '--role', 'viewer'], Date.now)).toMatchObject({
      sub: 'ann',
      roles: ['viewer'],
    })
    expect(await claimsOf([], Date.now, { DRYDOCK_DATA: data, DRYDOCK_AS: 'bob' })).toMatchObject({
      sub: 'bob',
      roles,
    })
  })

  it('holds by a clock that is ahead of the wall', async () => {
    const ahead = Date.now() + 40 * 24 * 3_600_000
    writeFileSync(join(data, 'clock.json'), JSON.stringify({ instant: ahead + 1000 }))
    await claimsOf(['--data', data], () => ahead)
    await claimsOf(['--data', data], () => ahead + 3_600_000)
  })

  it('goes before the token of the environment where the directory is named, and after one that is', async () => {
    const api = await standIn(() => [200, { upgrades: [], count: 0, nextCursor: null }])
    await openIssuer(data, clockAt(Date.now()))
    await commandAt(api, ['list', '--data', data])
    await commandAt(api, ['list', '--data', data, '--token', 'named'])
    await commandAt(api, ['list'], { env: { DRYDOCK_DATA: data } })
    const sent = api.asked.map(({ headers }) => headers.authorization?.slice(0, 13))
    expect(sent).toEqual(['Bearer eyJhbG', 'Bearer named', 'Bearer token-'])
  })

  it.each([
    ['no issuer', () => undefined, /has no issuer: .*\nNext: npm start -- --data/],
    ['another file', () => writeFileSync(join(data, 'issuer.json'), '{}'), /is no issuer/],
    ['no JSON', () => writeFileSync(join(data, 'issuer.json'), '{'), /cannot be read/],
  ])('is none where there is %s', async (_, prepare, wrong) => {
    prepare()
    const { code, err } = await command(['list', '--data', data, '--url', 'http://127.0.0.1:1'])
    expect(code).toBe(exitCodes.usage)
    expect(err).toMatch(wrong)
  })
})
