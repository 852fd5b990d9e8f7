import { createHmac } from 'node:crypto'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { beforeEach, describe, expect, it } from 'vitest'
import { allowances } from '../../functions/api/http/allowances.ts'
import { slackEndpoint } from '../../functions/api/slack.ts'
import { canary, deployed, openWorld, type World } from '../api/world.ts'
import { answered, leavingFor, secretValues } from './leaving.ts'

let world: World
let leaving: ReturnType<typeof leavingFor>
let id: string
let planHash: string

const admin = { as: { user: 'root', roles: ['admin'] } } as const
const slack = {
  ...{ kind: 'slack', channel: 'C0DEPLOYS', token: 'drydock/bot', signingSecret: 'drydock/signing' },
  people: [
    { user: 'U0BEN', subject: 'ben', roles: ['approver'] },
    // Who asked for the upgrade.
    { user: 'U0OPS', subject: 'operator-1', roles: ['approver'] },
  ],
  apiUrl: 'https://slack.example/api',
}

beforeEach(async () => {
  world = openWorld()
  leaving = leavingFor(world.services.now)
  leaving.behaviour.answer = () => answered(200, { ok: true })
  await world.call('PUT', '/api/v1/destinations/deploys', { ...admin, body: slack })
  await world.fleet(10)
  id = await deployed(world, { ...canary, approvals: { required: 1 } })
  planHash = (await world.call('GET', `/api/upgrades/${id}`)).body.planHash
})

interface Press {
  readonly user?: string
  readonly action?: string
  readonly value?: object
  readonly destination?: string
  readonly secret?: string
  readonly late?: number
  /** What becomes of the body after it was signed. */
  readonly changed?: (body: string) => string
}

/** Returns what the gateway hands on of a request that Slack sends. */
function eventOf(
  body: string,
  { destination = 'deploys', signature = '', timestamp = '' },
): APIGatewayProxyEventV2 {
  return {
    ...{ rawPath: `/slack/${destination}`, pathParameters: { destination }, body },
    headers: { 'x-slack-signature': `v0=${signature}`, 'x-slack-request-timestamp': timestamp },
    isBase64Encoded: false,
    requestContext: { requestId: 'request-9', http: { sourceIp: '192.0.2.7' } },
  } as unknown as APIGatewayProxyEventV2 // the parts of a gateway's event that the handler reads
}

/** Sends what Slack sends when somebody presses a button. */
async function press({
  user = 'U0BEN',
  action = 'approve',
  value = { kind: 'upgrade', id, planHash, window: null },
  destination = 'deploys',
  secret = secretValues['drydock/signing'] ?? '',
  late = 0,
  changed = (body) => body,
}: Press = {}) {
  const payload = {
    ...{ type: 'block_actions', user: { id: user, name: 'somebody' }, channel: { id: 'C0DEPLOYS' } },
    actions: [{ type: 'button', action_id: action, value: JSON.stringify(value) }],
  }
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
  const timestamp = String(Math.floor(world.services.now() / 1000) - late)
  const signature = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')
  const event = eventOf(changed(body), { destination, signature, timestamp })
  const { statusCode } = await slackEndpoint({ ...world.services, ...leaving })(event)
  return statusCode
}

const status = async () => (await world.call('GET', `/api/upgrades/${id}`)).body.status
const approvals = async () =>
  (await world.call('GET', `/api/upgrades/${id}/events`)).body.events.filter(
    ({ type }: { type: string }) => type === 'ApprovalGiven',
  )
/** What people were told in the channel, each alone. */
const said = () =>
  leaving.calls.map(({ url, body }) => {
    expect(url).toBe('https://slack.example/api/chat.postEphemeral')
    return JSON.parse(body)
  })

describe('N8: somebody who presses a button', () => {
  it('approves as whom an administrator says they are, as if they had called the API', async () => {
    expect(await press()).toBe(200)
    expect(await status()).not.toBe('pending_approval')
    expect(await approvals()).toEqual([
      expect.objectContaining({
        actor: 'ben',
        data: expect.objectContaining({ by: 'ben', planHash, comment: 'In Slack, as U0BEN' }),
      }),
    ])
    expect(leaving.calls).toEqual([])
  })

  it('twice has approved once, and is told nothing', async () => {
    await press()
    expect(await press()).toBe(200)
    expect(await approvals()).toHaveLength(1)
    expect(leaving.calls).toEqual([])
  })

  it('rejects', async () => {
    expect(await press({ action: 'reject' })).toBe(200)
    expect(await status()).toBe('rejected')
  })

  it.each([
    ['who asked for it', { user: 'U0OPS' }, /asked for this upgrade/],
    ['who asked for it, rejecting', { user: 'U0OPS', action: 'reject' }, /asked for this upgrade/],
    ['whom nobody has named', { user: 'U0EVE' }, /Nobody here is the Slack user U0EVE/],
  ])('is told in the channel why nothing was changed: %s', async (_, pressed, why) => {
    expect(await press(pressed)).toBe(200)
    expect(said()).toEqual([
      expect.objectContaining({ channel: 'C0DEPLOYS', user: pressed.user, text: expect.stringMatching(why) }),
    ])
    expect(await status()).toBe('pending_approval')
    expect(await approvals()).toEqual([])
  })

  it('is told so where the plan is another by now, or nothing is asked any more', async () => {
    await press({ value: { kind: 'upgrade', id, planHash: 'f'.repeat(64), window: null } })
    expect(said()[0].text).toMatch(/The plan is .*look at it before you decide/)
    await press({ action: 'reject' })
    await press()
    expect(said()[1].text).toMatch(/waits for no approval: it is rejected/)
    await press({ value: { kind: 'upgrade', id: 'no-such', planHash, window: null } })
    expect(said()[2].text).toMatch(/There is no such upgrade/)
  })

  it('rejects no other plan than the one that the button names', async () => {
    const value = { kind: 'upgrade', id, planHash: 'f'.repeat(64), window: null }
    await press({ action: 'reject', value })
    expect(said()[0].text).toMatch(/The plan is .*look at it before you decide/)
    expect(await status()).toBe('pending_approval')
  })

  it('is told names of others as plain text', async () => {
    const approvals = { required: 1, approvers: ['<!channel>'] }
    id = await deployed(world, { ...canary, targets: { ids: ['cust_0001'] }, approvals })
    planHash = (await world.call('GET', `/api/upgrades/${id}`)).body.planHash
    await press()
    expect(said()[0].text).toContain('&lt;!channel&gt;')
  })

  it('follows a link, and nothing is decided', async () => {
    expect(await press({ action: 'open', value: {} })).toBe(200)
    expect(leaving.calls).toEqual([])
    expect(await status()).toBe('pending_approval')
  })
})

describe('S23: what Slack did not sign', () => {
  it.each([
    ['another secret', { secret: 'guessed' }, 401],
    ['a replay', { late: 301 }, 401],
    ['a body that was changed', { changed: (body: string) => `${body}&x=1` }, 401],
    [
      'a body that was read and written anew',
      { changed: (body: string) => body.replaceAll('+', '%20').replaceAll('%3A', ':') },
      401,
    ],
    ['no body', { changed: () => '' }, 401],
    ['a place that is none', { destination: 'nowhere' }, 404],
    ['too much', { changed: (body: string) => body.padEnd(300_000, '&') }, 413],
  ])('is refused, and nothing is changed: %s', async (_, pressed, code) => {
    expect(await press(pressed)).toBe(code)
    expect(await status()).toBe('pending_approval')
    expect(leaving.calls).toEqual([])
  })

  it('costs no read where it could not be from Slack, and is turned away where it comes without end', async () => {
    let reads = 0
    const counting = {
      ...world.log,
      load: (...asked: Parameters<typeof world.log.load>) => {
        reads++
        return world.log.load(...asked)
      },
    } as typeof world.log // the same log, but for the count
    const endpoint = slackEndpoint({ ...world.services, ...leaving, log: counting, allowances })
    const seconds = Math.floor(world.services.now() / 1000)
    const codeOf = async (proof: object) => (await endpoint(eventOf('payload={}', proof))).statusCode
    expect(await codeOf({})).toBe(401)
    expect(await codeOf({ signature: 'ab'.repeat(32), timestamp: String(seconds - 301) })).toBe(401)
    expect(await codeOf({ signature: 'ab', timestamp: String(seconds) })).toBe(401)
    expect(reads).toBe(0)
    const forged = { signature: 'ab'.repeat(32), timestamp: String(seconds) }
    const codes = new Set<number | undefined>()
    for (let count = 0; count < 200; count++) codes.add(await codeOf(forged))
    expect([...codes]).toEqual([401, 429])
    expect(reads).toBeLessThan(150)
  })

  it('is refused where a destination has no buttons', async () => {
    const body = { ...slack, signingSecret: null }
    await world.call('PUT', '/api/v1/destinations/deploys', { ...admin, body })
    expect(await press()).toBe(404)
  })
})
