import { describe, expect, it } from 'vitest'
import { exitCodes } from '../../clients/cli/exit-codes.ts'
import { deployed, problem, upgrade } from './answers.ts'
import { commandAt, standIn } from './stand-in.ts'

const deploy = ['deploy', '--component', 'api', '--version', 'v1', '--strategy', 'all']

describe('a server that is none, or not ours', () => {
  it('that sends elsewhere is not followed: the token stays here', async () => {
    const other = await standIn(() => [200, { status: 'ok', version: '1' }])
    const api = await standIn((_, response) => {
      response.writeHead(307, { location: `${other.url}/api/upgrades` }).end()
      return undefined
    })
    const { code, out, err } = await commandAt(api, ['list'])
    expect([code, out]).toEqual([exitCodes.unknown, ''])
    expect(err).toMatch(
      /sends elsewhere \(307, .*\)\. Nothing was sent there\.\nNext: if that is where the API is, name it/,
    )
    expect(other.asked).toEqual([])
  })

  it('that answers without an end is left at ten megabytes', async () => {
    let sent = 0
    const api = await standIn((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) sent += 65_536
      }
      response.on('drain', more)
      more()
      return undefined
    })
    const { code, err } = await commandAt(api, ['list'])
    expect(code).toBe(exitCodes.unknown)
    expect(err).toMatch(/answered more than 10485760 bytes: that is no answer of Drydock/)
    expect(sent).toBeLessThan(40 * 1024 * 1024)
  })

  it.each([
    [
      '<html>Sign in</html>',
      'text/html',
      /answered no JSON \(text\/html\)\.\nNext: see whether that is the address/,
    ],
    ['{"upgrades":', 'application/json', /answered no JSON/],
    ['[]', 'application/json', /something that is not described \(listUpgrades: status 200|not described/],
    [
      '{"upgrades":[{"id":1}],"count":1,"nextCursor":null}',
      'application/json',
      /not described \(listUpgrades: upgrades\.0\./,
    ],
    ['null', 'application/json', /not described/],
  ])('that answers %j is told so, and nothing of it is shown', async (body, type, wrong) => {
    const api = await standIn((_, response) => {
      response.writeHead(200, { 'content-type': type }).end(body)
      return undefined
    })
    const { code, out, err } = await commandAt(api, ['list'])
    expect([code, out]).toEqual([exitCodes.unknown, ''])
    expect(err).toMatch(wrong)
    expect(err).not.toMatch(/ {4}at /)
  })

  it('that gives the same page for ever is left', async () => {
    const page = { upgrades: [], count: 0, nextCursor: 'again' }
    const api = await standIn(() => [200, page])
    expect((await commandAt(api, ['list', '--limit', '100000'])).code).toBe(exitCodes.done)
    expect(api.asked.length).toBe(2)
  })

  it('that is not there is named, with what to look at', async () => {
    const { code, err } = await commandAt({ url: 'http://127.0.0.1:1', asked: [] }, ['list'])
    expect(code).toBe(exitCodes.unknown)
    expect(err).toMatch(/http:\/\/127\.0\.0\.1:1 does not answer: .*\.\nNext: see whether it runs/)
  }, 20_000)

  it('that breaks off is asked again by the same key, and where nobody knows the key is said', async () => {
    const api = await standIn((_, response) => {
      response.destroy()
      return undefined
    })
    const { code, err } = await commandAt(api, deploy)
    expect(code).toBe(exitCodes.unknown)
    const keys = new Set(api.asked.map(({ headers }) => headers['idempotency-key']))
    expect([api.asked.length > 1, keys.size]).toEqual([true, 1])
    expect(err).toContain(`The same command with --idempotency-key ${[...keys][0]} does it once.`)
  }, 20_000)
})

describe('an answer that says later', () => {
  it('is waited for, and what was asked is done once by its key', async () => {
    let times = 0
    const api = await standIn((_, response) => {
      times += 1
      if (times > 1) return [202, deployed]
      response.setHeader('retry-after', '1')
      return [...problem(503, 'contention')]
    })
    expect((await commandAt(api, [...deploy, '--idempotency-key', 'release-12'])).code).toBe(exitCodes.done)
    expect(api.asked.map(({ headers }) => headers['idempotency-key'])).toEqual(['release-12', 'release-12'])
  })

  it('is no refusal when it stays so', async () => {
    const api = await standIn((_, response) => {
      response.setHeader('retry-after', '0.01')
      return [...problem(503, 'unavailable')]
    })
    const { code, err } = await commandAt(api, ['list'])
    expect([code, api.asked.length]).toEqual([exitCodes.unknown, 5])
    expect(err).toMatch(/answered 503: It is unavailable\.\nNext: try again later/)
  })
})

describe('a refusal', () => {
  it('says the place, what would be right, and the next command', async () => {
    const errors = [
      { field: 'canaryPercent', value: 0, expected: 'more than 0' },
      { field: 'phases.0.component', value: 1, expected: 'a name', line: 3, column: 7 },
    ]
    const api = await standIn(() => [...problem(400, 'validation-failed', { errors })])
    const { code, err } = await commandAt(api, deploy)
    expect(code).toBe(exitCodes.refused)
    expect(err).toContain('Refused: It is validation-failed.\n  --canary-percent: more than 0\n')
    expect(err).toContain('  phases.0.component (line 3, column 7): a name\n')
  })

  it.each([
    [403, 'self-approval', /Somebody else has to do it/],
    [422, 'release-not-registered', /drydock releases list/],
    [401, 'unauthenticated', /drydock login/],
  ])('%i %s leads on', async (status, code, next) => {
    const api = await standIn(() => [...problem(status, code)])
    expect((await commandAt(api, deploy)).err).toMatch(next)
  })

  it('of the gateway, which has words of its own, is understood', async () => {
    const api = await standIn(() => [401, { message: 'Unauthorized' }])
    const { code, err } = await commandAt(api, deploy)
    expect(code).toBe(exitCodes.refused)
    expect(err).toMatch(/^Refused: the token is not valid there\.\nNext: Sign in again/)
  })

  it('is the problem document where JSON is wanted', async () => {
    const api = await standIn(() => [...problem(409, 'conflict')])
    const { code, out } = await commandAt(api, [...deploy, '--json'])
    expect(code).toBe(exitCodes.refused)
    expect(JSON.parse(out)).toMatchObject({ status: 409, code: 'conflict' })
  })
})

describe('text of users and servers', () => {
  const hostile = 'v1\u001b[2J\u001b]0;owned\u0007\r\n\u009b31m\u202eevil\u2028\ufeff\u200b'
  const shown = 'v1\\x1b[2J\\x1b]0;owned\\x07\\x0d\\x0a\\x9b31m\\u202eevil\\u2028\\ufeff\\u200b'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const obeyed = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\ufeff]/

  it('is shown by a terminal, and never obeyed', async () => {
    const failure = { code: 'X', detail: hostile }
    const api = await standIn(() => [200, upgrade({ component: hostile, failure, status: hostile })])
    const { out } = await commandAt(api, ['status', 'up-1'])
    expect(out.replaceAll(/\s+/g, ' ')).toContain(`${shown} v1.2.0: ${shown}, 5 of 50`)
    expect(out).not.toMatch(obeyed)
  })

  it('of a target that has failed forges no line', async () => {
    const row = {
      ...{
        id: 'a',
        customer_id: 'c',
        component: 'api',
        from_version: '1',
        to_version: '2',
        status: 'failed',
      },
      ...{ started_at: null, completed_at: null, error: hostile, output: `one\ntwo${hostile}` },
    }
    const api = await standIn(() => [200, { upgradeId: 'up-1', count: 1, nextCursor: null, logs: [row] }])
    for (const words of [
      ['logs', 'up-1'],
      ['logs', 'up-1', '--output'],
    ])
      expect((await commandAt(api, words)).out).not.toMatch(obeyed)
  })

  it('of a refusal is shown, too', async () => {
    const errors = [{ field: hostile, value: 0, expected: hostile }]
    const api = await standIn(() => [...problem(400, 'validation-failed', { detail: hostile, errors })])
    const { err } = await commandAt(api, deploy)
    expect(err).toContain(shown)
    expect(err).not.toMatch(obeyed)
  })

  it('that a script hands on as a word is not obeyed where it is wrong', async () => {
    for (const words of [
      [hostile],
      ['watch', 'x', '--until', hostile],
      ['deploy', '--batch-size', hostile],
    ]) {
      const { err } = await commandAt({ url: 'http://127.0.0.1:1', asked: [] }, words)
      expect([err.includes('\\x1b[2J'), obeyed.test(err)]).toEqual([true, false])
    }
  })

  it('means the same as JSON, and is not obeyed there either', async () => {
    const answer = upgrade({ component: hostile })
    const api = await standIn(() => [200, answer])
    const { out } = await commandAt(api, ['status', 'up-1', '--json'])
    expect(out).not.toMatch(obeyed)
    expect(JSON.parse(out)).toEqual({ standing: 'runs', ...answer })
  })

  it('has no colour but on a terminal, and there not where NO_COLOR is set', async () => {
    const api = await standIn(() => [200, upgrade({ status: 'completed' })])
    const out = async (terminal: object) => (await commandAt(api, ['status', 'up-1'], terminal)).out
    expect(await out({})).not.toContain('\u001b')
    expect(await out({ isTTY: true, env: { NO_COLOR: '1' } })).not.toContain('\u001b')
    expect(await out({ isTTY: true })).toContain('\u001b[32m')
  })
})
