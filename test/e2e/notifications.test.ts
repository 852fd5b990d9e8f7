import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { storeSecret } from '../../infra/local/secrets.ts'
import { type Client, person } from './client.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { eventually } from './patience.ts'

interface Call {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const key = `whsec_${randomBytes(32).toString('base64')}`
const signing = randomBytes(16).toString('hex')
const component = `told-${randomUUID().slice(0, 8)}`
const mailbox = `${component}@drydock.local`

let admin: Client
let operator: Client
let server: Server
/** Everything that came to the receivers, in order. */
const calls: Call[] = []
/** What a receiver answers, by the beginning of its path; 200 otherwise. */
const answers = new Map<string, number>()

const to = (place: string) => `${component}-${place}`
const at = (path: string) => `http://127.0.0.1:${runtimeOfFile().outboundPort}${path}`

/** A receiver of webhooks, Slack and a workflow of Teams, at paths of one server. */
beforeAll(async () => {
  const { data, outboundPort } = runtimeOfFile()
  storeSecret(data, 'drydock/notices', JSON.stringify({ key, bot: 'xoxb-1', signing, teams: at('/teams') }))
  admin = await person('admin-1', 'admin')
  operator = await person('operator-1', 'operator')
  server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    const path = request.url ?? ''
    const headers = request.headers as Record<string, string> // none of these comes twice
    calls.push({ path, headers, body })
    const status = [...answers].find(([start]) => path.startsWith(start))?.[1] ?? 200
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ ok: true, channel: 'C0DEPLOYS', ts: '17.000100' }))
  }).listen(outboundPort, '127.0.0.1')
  await once(server, 'listening')
  const define = async (place: string, body: object) => {
    const answer = await admin.send('PUT', `/api/v1/destinations/${to(place)}`, {
      body: { ...body, components: [component] },
    })
    expect([answer.status, answer.body]).toEqual([201, expect.anything()])
  }
  await define('hooks', { kind: 'webhook', url: at('/hook'), secrets: ['drydock/notices#key'] })
  await define('teams', { kind: 'teams', workflow: 'drydock/notices#teams' })
  await define('mail', { kind: 'email', from: 'drydock@drydock.local', to: [mailbox] })
  await define('slack', {
    ...{ kind: 'slack', channel: 'C0DEPLOYS', token: 'drydock/notices#bot' },
    ...{ signingSecret: 'drydock/notices#signing', apiUrl: at('/slack-api') },
    people: [
      { user: 'U0OPS', subject: 'operator-1', roles: ['approver'] },
      { user: 'U0BEN', subject: 'ben', roles: ['approver'] },
    ],
  })
  await operator.write('/api/v1/releases', {
    ...{ component, version: 'v2.0.0', digest: `sha256:${'cd'.repeat(32)}`, notes: 'Faster <b>search</b>' },
  })
  await operator.write('/api/v1/targets', {
    targets: [{ id: component, components: { [component]: 'v1.0.0' } }],
  })
})

afterAll(async () => {
  for (const place of ['hooks', 'teams', 'mail', 'slack'])
    await admin.send('DELETE', `/api/v1/destinations/${to(place)}?reason=over`)
  server.close()
})

const sentTo = (path: string) => calls.filter((call) => call.path.startsWith(path))
const lastOfSlack = () => JSON.parse(sentTo('/slack-api').at(-1)?.body ?? '{}')
const status = async (id: string) => (await operator.read<{ status: string }>(`/api/upgrades/${id}`)).status

async function deploy(): Promise<string> {
  const body = { component, version: 'v2.0.0', strategy: 'all', approvals: { required: 1 } }
  const { upgradeId } = (await operator.write<{ upgradeId: string }>('/api/upgrades/deploy', body)).body
  return upgradeId
}

/** Presses a button of the message that Slack was last sent, as Slack says it. */
async function press(user: string, action: 'approve' | 'reject'): Promise<number> {
  const elements = lastOfSlack().blocks.at(-1).elements as { action_id: string; value?: string }[]
  const { value } = elements.find((one) => one.action_id === action) ?? {}
  const payload = {
    ...{ type: 'block_actions', user: { id: user }, channel: { id: 'C0DEPLOYS' } },
    actions: [{ action_id: action, value }],
  }
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
  // By the clock of the runtime, which is ahead of this one's: a sample says what it shows.
  await operator.write(`/api/v1/destinations/${to('hooks')}/test`)
  const timestamp = sentTo('/hook').at(-1)?.headers['webhook-timestamp'] ?? ''
  const signature = createHmac('sha256', signing).update(`v0:${timestamp}:${body}`).digest('hex')
  const answer = await fetch(`${runtimeOfFile().url}/slack/${to('slack')}`, {
    ...{ method: 'POST', body },
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...{ 'x-slack-signature': `v0=${signature}`, 'x-slack-request-timestamp': timestamp },
    },
  })
  return answer.status
}

it('N8: an upgrade that waits is approved by a button, by somebody else than who asked', async () => {
  const id = await deploy()
  await eventually(
    async () => lastOfSlack(),
    ({ text }) => expect(text).toContain('Waits for approval'),
  )
  expect(await press('U0OPS', 'approve')).toBe(200)
  const refused = sentTo('/slack-api/chat.postEphemeral').at(-1)
  expect(JSON.parse(refused?.body ?? '')).toMatchObject({
    ...{ channel: 'C0DEPLOYS', user: 'U0OPS' },
    text: expect.stringContaining('asked for this upgrade'),
  })
  expect(await status(id)).toBe('pending_approval')
  calls.splice(calls.indexOf(refused as Call), 1)

  expect(await press('U0BEN', 'approve')).toBe(200)
  await eventually(
    async () => lastOfSlack(),
    ({ text }) => expect(text).toContain('Approved by ben'),
  )
  expect(JSON.stringify(lastOfSlack())).not.toContain('"action_id":"approve"')
  expect(await status(id)).not.toBe('pending_approval')
  expect(sentTo('/slack-api/chat.postMessage').filter(({ body }) => body.includes(id))).toHaveLength(1)
})

it('programs get events that the library of the other side takes, and people what matters', async () => {
  const hooks = () => sentTo('/hook').map(({ body }) => JSON.parse(body).type)
  await eventually(
    async () => hooks(),
    (types) => {
      expect(types).toContain('ReleaseRegistered')
      expect(types).toContain('ApprovalGiven')
      expect(types).toContain('WaveStarted')
    },
  )
  for (const { headers, body } of sentTo('/hook')) {
    const { 'webhook-id': id = '', 'webhook-timestamp': seconds = '', 'webhook-signature': given } = headers
    expect(given).toBe(new Webhook(key).sign(id, new Date(Number(seconds) * 1000), body))
  }
  const cards = sentTo('/teams').map(({ body }) => JSON.parse(body).attachments[0].content)
  expect(JSON.stringify(cards)).toContain('It waits for approval')
  const mails = readFileSync(join(runtimeOfFile().data, 'mail.jsonl'), 'utf8')
  const mine = mails
    .split('\n')
    .filter((line) => line.includes(mailbox))
    .map((line) => JSON.parse(line))
  expect(mine.map(({ subject }) => subject)).toContain(
    `Upgrade of ${component} to v2.0.0: It waits for approval.`,
  )
  expect(mine[0].html).toContain('<li>Faster &lt;b&gt;search&lt;/b&gt;</li>')
  const { notifications } = await operator.read<{ notifications: { title: string }[] }>(
    '/api/v1/notifications',
  )
  expect(notifications.map(({ title }) => title)).toContain(`Upgrade of ${component} to v2.0.0`)
})

it('a receiver that is down misses nothing: what failed comes by the clock, with the same id', async () => {
  answers.set('/hook', 503)
  const id = await deploy()
  await eventually(
    async () => sentTo('/hook').find(({ body }) => body.includes(id)),
    (call) => expect(call).toBeDefined(),
  )
  const before = sentTo('/hook').filter(({ body }) => body.includes(id))
  answers.delete('/hook')
  await eventually(
    async () =>
      sentTo('/hook')
        .slice(before.length)
        .filter(({ body }) => body.includes(id)),
    (again) => {
      const ids = new Set(again.map(({ headers }) => headers['webhook-id']))
      for (const { headers } of before) expect(ids).toContain(headers['webhook-id'])
    },
  )
  await press('U0BEN', 'reject')
})

it('a destination is tried from the API, and what it refuses for good is listed', async () => {
  const test = () =>
    operator.write<{ delivered: boolean; why: string | null }>(`/api/v1/destinations/${to('hooks')}/test`)
  expect((await test()).body).toEqual({ delivered: true, why: null })
  answers.set('/hook', 410)
  expect((await test()).body).toEqual({ delivered: false, why: 'It was answered with 410.' })
  await deploy()
  await eventually(
    () => operator.read<{ messages: { why: string }[] }>(`/api/v1/destinations/${to('hooks')}/undelivered`),
    ({ messages }) => expect(messages.map(({ why }) => why)).toContain('It was answered with 410.'),
  )
  answers.delete('/hook')
})
