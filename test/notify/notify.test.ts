import { Webhook } from 'standardwebhooks'
import { beforeEach, describe, expect, it } from 'vitest'
import { PassingError } from '../../functions/errors.ts'
import { openNotify } from '../../functions/notify/notify.ts'
import { canary, deployed, openWorld, report, type World } from '../api/world.ts'
import { answered, leavingFor, secretValues } from './leaving.ts'

let world: World
let leaving: ReturnType<typeof leavingFor>
let told: number
let notify: (event: unknown) => Promise<void>

class Unanswered extends PassingError {}

/** What people do who may do everything. */
const admin = { as: { user: 'root', roles: ['admin'] } } as const
const approver = { user: 'ben', roles: ['approver'] } as const

beforeEach(() => {
  world = openWorld()
  leaving = leavingFor(world.services.now)
  told = 0
  notify = openNotify({ ...world.services, ...leaving })
})

/** Returns the first event of a type that the bus was told of. */
const eventOf = (type: string) =>
  world.services.onBus.find((detail) => 'type' in detail && detail.type === type)

/** Hands on what the bus was told since, as a rule does; without anything new, the clock calls. */
async function hear({ twice = false } = {}): Promise<void> {
  await world.settle()
  const events = world.services.onBus.slice(told)
  told = world.services.onBus.length
  for (const detail of twice ? [...events, ...events] : events) await notify({ 'detail-type': 'any', detail })
}
const minutePasses = async () => {
  world.pass(60)
  await notify({ time: 'now' })
}

const define = (name: string, body: object) =>
  world.call('PUT', `/api/v1/destinations/${name}`, { ...admin, body })
const webhook = { kind: 'webhook', url: 'https://hooks.example/drydock', secrets: ['drydock/key'] }
const slack = {
  ...{ kind: 'slack', channel: 'C0DEPLOYS', token: 'drydock/bot', signingSecret: 'drydock/signing' },
  ...{ apiUrl: 'https://slack.example/api' },
  people: [{ user: 'U0BEN', subject: 'ben', roles: ['approver'] }],
}
const bodies = () => leaving.calls.map(({ body }) => JSON.parse(body))
const typesTold = () => bodies().map(({ type }) => type)
const takesAll = () => {
  leaving.behaviour.answer = () => answered(200, { ok: true, channel: 'C0DEPLOYS', ts: '17.000100' })
}
const methods = () => leaving.calls.map(({ url }) => url.split('/').at(-1))

describe('a webhook', () => {
  it('gets each event once, signed so that the library of the other side takes it', async () => {
    expect((await define('hooks', webhook)).status).toBe(201)
    await world.fleet(10)
    await deployed(world)
    await hear({ twice: true })
    expect(typesTold()).toEqual(['ReleaseRegistered', 'UpgradeRequested', 'UpgradePlanned', 'WaveStarted'])
    const [call] = leaving.calls
    const headers = { ...call?.headers }
    // The library compares with its own clock.
    const at = new Date(Number(headers['webhook-timestamp']) * 1000)
    const right = new Webhook(secretValues['drydock/key'] ?? '').sign(
      headers['webhook-id'] ?? '',
      at,
      call?.body ?? '',
    )
    expect(headers['webhook-signature']).toBe(right)
    expect(JSON.parse(call?.body ?? '')).toMatchObject({
      type: 'ReleaseRegistered',
      data: { type: 'ReleaseRegistered', links: { self: '/api/v1/releases/api/1.2.0' } },
    })
  })

  it('is told that a secret which it names cannot be read, and defined all the same', async () => {
    const { status, body } = await define('later', { ...webhook, secrets: ['drydock/key', 'drydock/none'] })
    expect([status, body.warnings]).toEqual([201, [{ field: 'secrets.1', detail: expect.any(String) }]])
    expect((await define('later', webhook)).body.warnings).toEqual([])
  })

  it('gets CloudEvents where it asks for them, signed by the next secret as well', async () => {
    await define('hooks', { ...webhook, format: 'cloudevents', secrets: ['drydock/key', 'drydock/next-key'] })
    await world.fleet(1)
    await hear()
    const [call] = leaving.calls
    expect(call?.headers['content-type']).toBe('application/cloudevents+json')
    expect(call?.headers['webhook-signature']?.split(' ')).toHaveLength(2)
    expect(JSON.parse(call?.body ?? '')).toMatchObject({
      ...{ specversion: '1.0', source: 'https://drydock.example', type: 'drydock.ReleaseRegistered' },
      ...{ subject: 'release#api@1.2.0', datacontenttype: 'application/json' },
    })
  })

  it('that is down for an hour misses nothing, and gets each message with the same id', async () => {
    await define('hooks', webhook)
    leaving.behaviour.answer = () => answered(503)
    await world.fleet(10)
    await deployed(world)
    await hear()
    for (let minutes = 0; minutes < 60; minutes++) await minutePasses()
    const tried = leaving.calls.splice(0)
    // Not every minute: it is left alone for longer and longer.
    expect(tried.length).toBeLessThan(40)
    leaving.behaviour.answer = () => answered(204)
    for (let minutes = 0; minutes < 31; minutes++) await minutePasses()
    expect(typesTold().sort()).toEqual([
      'ReleaseRegistered',
      'UpgradePlanned',
      'UpgradeRequested',
      'WaveStarted',
    ])
    const ids = (calls: typeof tried) => new Set(calls.map(({ headers }) => headers['webhook-id']))
    expect(ids(leaving.calls)).toEqual(ids(tried))
  })

  it('that says when to come again is left alone until then', async () => {
    await define('hooks', webhook)
    leaving.behaviour.answer = () => answered(429, {}, { 'retry-after': '600' })
    await world.fleet(1)
    await hear()
    for (let minutes = 0; minutes < 9; minutes++) await minutePasses()
    expect(leaving.calls).toHaveLength(1)
    await minutePasses()
    expect(leaving.calls).toHaveLength(2)
  })

  it('that never takes a message is given up on it: it is listed with why, and may be sent again', async () => {
    await define('hooks', webhook)
    leaving.behaviour.answer = () => answered(404)
    await world.fleet(1)
    await hear()
    const listed = () => world.call('GET', '/api/v1/destinations/hooks/undelivered', admin)
    expect((await listed()).body).toMatchObject({
      ...{ count: 1, more: false },
      messages: [{ type: 'ReleaseRegistered', tries: 1, why: 'It was answered with 404.' }],
    })
    leaving.behaviour.answer = () => answered(200)
    const again = await world.call('POST', '/api/v1/destinations/hooks/undelivered/retry', admin)
    expect(again.body).toEqual({ retried: 1, more: false })
    await minutePasses()
    expect(leaving.calls).toHaveLength(2)
    expect((await listed()).body.count).toBe(0)
  })

  it('is given up on a message after a day, and not before', async () => {
    await define('hooks', webhook)
    leaving.behaviour.answer = () => ({ kind: 'not-sent', why: 'hooks.example could not be reached.' })
    await world.fleet(1)
    await hear()
    const count = async () => (await world.services.messages.undelivered('hooks@1', 10)).messages.length
    for (let minutes = 0; minutes < 23 * 60; minutes++) await minutePasses()
    expect(await count()).toBe(0)
    for (let minutes = 0; minutes < 120; minutes++) await minutePasses()
    expect(await count()).toBe(1)
  })

  it('is told of nothing that its filters leave out', async () => {
    await define('hooks', { ...webhook, events: ['WaveStarted'] })
    await define('others', { ...webhook, components: ['billing'] })
    await define('urgent', { ...webhook, severity: 'critical' })
    await world.fleet(10)
    await deployed(world)
    await hear()
    expect(typesTold()).toEqual(['WaveStarted'])
  })

  it('that was removed and is defined anew gets nothing of what was on its way to the other', async () => {
    await define('hooks', webhook)
    leaving.behaviour.answer = () => answered(503)
    await world.fleet(1)
    await hear()
    await world.call('DELETE', '/api/v1/destinations/hooks', { ...admin, query: { reason: 'moved' } })
    expect((await define('hooks', { ...webhook, url: 'https://hooks.example/other' })).status).toBe(201)
    leaving.behaviour.answer = () => answered(200)
    await minutePasses()
    expect(leaving.calls.map(({ url }) => url)).toEqual(['https://hooks.example/drydock'])
  })

  it('whose address is mended gets there what was on its way', async () => {
    await define('hooks', { ...webhook, url: 'https://hooks.example/wrong' })
    leaving.behaviour.answer = ({ url }) => answered(url.endsWith('wrong') ? 503 : 200)
    await world.fleet(1)
    await hear()
    expect((await define('hooks', webhook)).status).toBe(200)
    await minutePasses()
    expect(leaving.calls.map(({ url }) => url.split('/').at(-1))).toEqual(['wrong', 'drydock'])
  })

  it('does not get there, and is said to, where our own services do not answer for a day', async () => {
    await define('hooks', webhook)
    notify = openNotify({
      ...{ ...world.services, ...leaving },
      secrets: {
        async read() {
          throw new Unanswered('Secrets Manager answered 500.')
        },
      },
    })
    await world.fleet(1)
    await hear()
    for (let minutes = 0; minutes < 25 * 60; minutes++) await minutePasses()
    expect((await world.services.messages.undelivered('hooks@1', 10)).messages).toMatchObject([
      { why: 'Secrets Manager answered 500.' },
    ])
  })

  it('that keeps us waiting is left alone by what comes meanwhile', async () => {
    await define('hooks', webhook)
    leaving.behaviour.answer = () => answered(429, {}, { 'retry-after': '600' })
    await world.fleet(10)
    await deployed(world)
    await hear()
    expect(leaving.calls).toHaveLength(1)
  })

  it('keeps its quiet hours when it is tried again', async () => {
    const quietHours = { from: '10:01', to: '12:00', timezone: 'UTC' }
    await define('hooks', { ...webhook, quietHours })
    leaving.behaviour.answer = () => answered(503)
    await world.fleet(1)
    await hear()
    leaving.behaviour.answer = () => answered(200)
    for (let minutes = 0; minutes < 119; minutes++) await minutePasses()
    expect(leaving.calls).toHaveLength(1)
    for (let minutes = 0; minutes < 32; minutes++) await minutePasses()
    expect(leaving.calls).toHaveLength(2)
  })

  it('that is removed gets nothing any more, not even what is on its way', async () => {
    await define('hooks', webhook)
    leaving.behaviour.answer = () => answered(503)
    await world.fleet(1)
    await hear()
    await world.call('DELETE', '/api/v1/destinations/hooks', { ...admin, query: { reason: 'moved' } })
    await minutePasses()
    expect(leaving.calls).toHaveLength(1)
  })
})

describe('Slack', () => {
  const texts = () => bodies().map(({ text }) => text)
  const awaiting = async () => {
    await world.fleet(10)
    return deployed(world, { ...canary, approvals: { required: 1 } })
  }

  it('has one message an upgrade, which is edited as it goes and says how it ended', async () => {
    takesAll()
    await define('deploys', slack)
    await world.fleet(10)
    const id = await deployed(world, { ...canary, strategy: 'all', canaryPercent: undefined })
    await hear()
    await report(world)
    await world.advance(id)
    await hear()
    const upgrades = leaving.calls.filter(({ body }) => body.includes('Upgrade of api'))
    expect(upgrades.map(({ url }) => url.split('/').at(-1))).toEqual([
      'chat.postMessage',
      ...upgrades.slice(1).map(() => 'chat.update'),
    ])
    expect(texts().at(-1)).toMatch(/Upgrade of api to v1\.2\.0: Is complete\./)
    const last = bodies().at(-1)
    expect([last.channel, last.ts]).toEqual(['C0DEPLOYS', '17.000100'])
    expect(JSON.stringify(last.blocks)).toContain('10 of 10 succeeded')
  })

  it('has one message of ten thousand targets that fail', async () => {
    takesAll()
    await define('deploys', slack)
    await world.fleet(100)
    const id = await deployed(world, { ...canary, strategy: 'all', canaryPercent: undefined })
    await hear()
    await report(world, () => 'failed')
    await world.advance(id)
    await hear()
    await minutePasses()
    const posted = methods().filter((method) => method === 'chat.postMessage')
    // One of the release, and one of the upgrade.
    expect(posted).toHaveLength(2)
    expect(leaving.calls.length).toBeLessThan(8)
  })

  it('asks for an approval by buttons, and takes them away when it was given elsewhere', async () => {
    takesAll()
    await define('deploys', slack)
    const id = await awaiting()
    await hear()
    const asking = JSON.stringify(bodies().at(-1))
    expect(asking).toContain('Waits for approval')
    expect(asking).toContain('"action_id":"approve"')
    const { planHash } = (await world.call('GET', `/api/upgrades/${id}`)).body
    await world.call('POST', `/api/upgrades/${id}/approve`, { as: approver, body: { planHash } })
    await hear()
    expect(bodies().at(-1).text).toContain('Approved by ben')
    expect(JSON.stringify(bodies().at(-1))).not.toContain('"action_id":"approve"')
  })

  it('takes the buttons away from what was rejected', async () => {
    takesAll()
    await define('deploys', slack)
    const id = await awaiting()
    await hear()
    await world.call('POST', `/api/upgrades/${id}/reject`, { as: approver, body: { reason: 'not today' } })
    await hear()
    expect(bodies().at(-1).text).toContain('Was rejected')
    expect(JSON.stringify(bodies().at(-1))).not.toContain('"action_id":"approve"')
  })

  it('that limits us is left alone as long as it says, and then shows how things stand', async () => {
    await define('deploys', slack)
    leaving.behaviour.answer = () =>
      answered(429, { ok: false, error: 'ratelimited' }, { 'retry-after': '120' })
    await awaiting()
    await hear()
    const tried = leaving.calls.length
    await minutePasses()
    expect(leaving.calls).toHaveLength(tried)
    takesAll()
    await minutePasses()
    await minutePasses()
    expect(texts()).toContainEqual(expect.stringContaining('Waits for approval'))
  })

  it('gets a new message where the old one is gone', async () => {
    takesAll()
    await define('deploys', slack)
    const id = await awaiting()
    await hear()
    leaving.behaviour.answer = ({ url }) =>
      url.endsWith('chat.update')
        ? answered(200, { ok: false, error: 'message_not_found' })
        : answered(200, { ok: true, channel: 'C0DEPLOYS', ts: '18.000100' })
    await world.call('POST', `/api/upgrades/${id}/reject`, { as: approver, body: { reason: 'not today' } })
    await hear()
    expect(methods().slice(-2)).toEqual(['chat.update', 'chat.postMessage'])
  })

  it('that refuses the token says so among what did not get there', async () => {
    await define('deploys', slack)
    leaving.behaviour.answer = () => answered(200, { ok: false, error: 'invalid_auth' })
    await world.fleet(1)
    await hear()
    const { body } = await world.call('GET', '/api/v1/destinations/deploys/undelivered', admin)
    expect(body.messages[0].why).toBe('Slack refused it: invalid_auth.')
    expect(JSON.stringify(body)).not.toContain('xoxb')
  })

  it('says what waits for somebody to continue', async () => {
    takesAll()
    await define('deploys', { ...slack, severity: 'warning' })
    await world.fleet(10)
    const id = await deployed(world)
    await report(world)
    await world.advance(id)
    await hear()
    expect(texts().at(-1)).toContain('It waits for a person to continue.')
  })

  it('tells what is critical in the quiet hours, whichever event of a commit comes first', async () => {
    takesAll()
    const quietHours = { from: '09:00', to: '23:00', timezone: 'UTC' }
    await define('deploys', { ...slack, severity: 'critical', quietHours })
    await world.fleet(10)
    const id = await deployed(world, { ...canary, strategy: 'all', canaryPercent: undefined })
    await report(world, () => 'failed')
    await world.advance(id)
    world.services.onBus.reverse()
    await hear()
    expect(texts()).toEqual([expect.stringContaining('Is paused')])
  })

  it('is kept up to date where it follows some of the events', async () => {
    takesAll()
    await define('deploys', { ...slack, events: ['UpgradePlanned'] })
    const id = await awaiting()
    await hear()
    expect(leaving.calls).toHaveLength(1)
    await world.call('POST', `/api/upgrades/${id}/reject`, { as: approver, body: { reason: 'not today' } })
    await hear()
    expect(bodies().at(-1).text).toContain('Was rejected')
  })

  it('has a new message in a new channel', async () => {
    takesAll()
    await define('deploys', slack)
    const id = await awaiting()
    await hear()
    await define('deploys', { ...slack, channel: 'C0OTHER' })
    await world.call('POST', `/api/upgrades/${id}/reject`, { as: approver, body: { reason: 'not today' } })
    await hear()
    expect(methods().at(-1)).toBe('chat.postMessage')
    expect(bodies().at(-1).channel).toBe('C0OTHER')
  })

  it('is asked again where something else has answered in its place', async () => {
    await define('deploys', slack)
    leaving.behaviour.answer = () => ({ ...answered(200), body: '<html>Proxy busy</html>' }) as never
    await awaiting()
    await hear()
    takesAll()
    await minutePasses()
    expect(texts()).toContainEqual(expect.stringContaining('Waits for approval'))
  })

  it('is told of trouble only where it asks for that, and then how it went on', async () => {
    takesAll()
    await define('deploys', { ...slack, severity: 'warning' })
    await world.fleet(10)
    const id = await deployed(world, { ...canary, strategy: 'all', canaryPercent: undefined })
    await hear()
    expect(leaving.calls).toEqual([])
    await world.call('POST', `/api/upgrades/${id}/pause`, { body: { reason: 'look first' } })
    await hear()
    expect(texts()).toEqual([expect.stringContaining('Is paused')])
    await world.call('POST', `/api/upgrades/${id}/resume`, { body: {} })
    await hear()
    expect(texts().at(-1)).toContain('Is running')
  })
})

describe('people', () => {
  it('are mailed what matters, with what the maker says of the release', async () => {
    await define('ops', { kind: 'email', from: 'drydock@example.com', to: ['ops@example.com'] })
    await world.call('POST', '/api/v1/releases', {
      body: {
        ...{ component: 'api', version: 'v1.2.0', digest: `sha256:${'ab'.repeat(32)}` },
        notes: 'No more <b>crashes</b>',
      },
    })
    await world.fleet(10)
    await deployed(world, { ...canary, approvals: { required: 1 } })
    await hear({ twice: true })
    expect(leaving.emails).toHaveLength(1)
    const [email] = leaving.emails
    expect(email).toMatchObject({
      ...{ from: 'drydock@example.com', to: ['ops@example.com'] },
      subject: 'Upgrade of api to v1.2.0: It waits for approval.',
    })
    expect(email?.text).toContain('- No more <b>crashes</b>')
    expect(email?.html).toContain('<li>No more &lt;b&gt;crashes&lt;/b&gt;</li>')
  })

  it('are mailed once where a request and a policy ask, and not at all where that was answered', async () => {
    const quietHours = { from: '10:30', to: '12:00', timezone: 'UTC' }
    await define('ops', { kind: 'email', from: 'drydock@example.com', to: ['ops@example.com'], quietHours })
    const policy = { selector: { components: ['api'] }, approvalRequired: true }
    await world.call('PUT', '/api/v1/policies/production', { ...admin, body: policy })
    await world.fleet(10)
    const asking = { ...canary, approvals: { required: 1 } }
    const id = await deployed(world, asking)
    await hear()
    expect(leaving.emails).toHaveLength(1)
    await world.call('POST', `/api/upgrades/${id}/abort`, { body: { reason: 'again' } })
    await hear()
    leaving.emails.splice(0)
    world.pass(3000)
    const next = await deployed(world, asking)
    await hear()
    await world.call('POST', `/api/upgrades/${next}/reject`, { as: approver, body: { reason: 'not today' } })
    await hear()
    for (let minutes = 0; minutes < 75; minutes++) await minutePasses()
    expect(leaving.emails.map(({ subject }) => subject)).toEqual([expect.stringContaining('ben rejected it')])
    expect((await world.services.messages.undelivered('ops@1', 10)).messages).toEqual([])
  })

  it('are told once an hour of targets that fail one by one', async () => {
    await define('ops', { kind: 'email', from: 'drydock@example.com', to: ['ops@example.com'] })
    await world.fleet(20)
    const id = await deployed(world, { ...canary, strategy: 'all', canaryPercent: undefined })
    await hear()
    for (let number = 0; number < 20; number++) {
      const detail = {
        ...{ id: `target#t${number}@9.0`, type: 'AttemptRegressed', stream: `target#t${number}`, commit: 9 },
        ...{
          occurredAt: '2026-01-05T10:00:00.000Z',
          actor: 'drydock',
          correlation: 'c',
          targetId: `t${number}`,
        },
        links: { self: `/api/v1/targets/t${number}` },
        data: {
          upgradeId: id,
          attemptId: 'a',
          component: 'api',
          outcome: 'failed',
          code: null,
          version: 'v1',
        },
      }
      await notify({ detail })
    }
    expect(leaving.emails).toHaveLength(1)
    const { notifications } = (await world.call('GET', '/api/v1/notifications', admin)).body
    expect(notifications.filter(({ title }: { title: string }) => title.startsWith('Target'))).toHaveLength(1)
  })

  it('are mailed later what SES does not take now', async () => {
    await define('ops', { kind: 'email', from: 'drydock@example.com', to: ['ops@example.com'] })
    leaving.behaviour.refuseMail = {
      why: 'SES answered with 429: Maximum sending rate exceeded.',
      passing: true,
    }
    await world.fleet(10)
    await deployed(world, { ...canary, approvals: { required: 1 } })
    await hear()
    leaving.behaviour.refuseMail = undefined
    await minutePasses()
    expect(leaving.emails).toHaveLength(1)
  })

  it('see a card in Teams, posted to a workflow whose address is a secret', async () => {
    await define('teams', { kind: 'teams', workflow: 'drydock/workflow' })
    await world.fleet(10)
    await deployed(world, { ...canary, approvals: { required: 1 } })
    await hear()
    expect(leaving.calls.map(({ url }) => url)).toEqual(['https://teams.example/workflows/1'])
    expect(bodies()[0].attachments[0].content).toMatchObject({ type: 'AdaptiveCard', version: '1.5' })
  })

  it('find what happened in the API for seven days, and put it away each for themselves (M12)', async () => {
    await world.fleet(10)
    await deployed(world, { ...canary, approvals: { required: 1 } })
    await hear({ twice: true })
    const list = (as: { readonly user: string; readonly roles: readonly ['viewer'] }) =>
      world.call('GET', '/api/v1/notifications', { as })
    const [ada, ben] = [
      { user: 'ada', roles: ['viewer'] as const },
      { user: 'ben', roles: ['viewer'] as const },
    ]
    const { notifications } = (await list(ada)).body
    expect(notifications).toHaveLength(2)
    const [newest, oldest] = notifications
    expect(oldest).toMatchObject({ version: 'v1.2.0', title: 'Release api v1.2.0', about: null })
    expect(newest).toMatchObject({
      ...{ type: 'warning', version: 'v1.2.0', title: 'Upgrade of api to v1.2.0' },
      description: 'It waits for approval.',
      expiresAt: '2026-01-12T10:00:00.000Z',
    })
    expect(newest.actions.map(({ action }: { action: string }) => action)).toEqual([
      'approve',
      'learn-more',
      'dismiss',
    ])
    expect(newest.about).toMatchObject({ kind: 'upgrade', status: 'pending_approval', isOver: false })
    const upgrade = `/api/upgrades/${newest.about.id}`
    await world.call('POST', `${upgrade}/reject`, { as: approver, body: { reason: 'not now' } })
    const [decided] = (await list(ada)).body.notifications
    expect(decided.about).toMatchObject({ status: 'rejected', isOver: true })
    expect(decided.actions.map(({ action }: { action: string }) => action)).toEqual(['learn-more', 'dismiss'])
    await world.call('POST', '/api/v1/notifications/dismiss', { as: ada, body: { id: newest.id } })
    expect((await list(ada)).body.count).toBe(1)
    expect((await list(ben)).body.count).toBe(2)
    world.pass(7 * 86_400)
    expect((await list(ben)).body.count).toBe(0)
  })
})

describe('one of many', () => {
  it('whose upgrade cannot be read for now keeps no other message from being sent, and is named', async () => {
    await define('hooks', webhook)
    leaving.behaviour.answer = () => answered(200, {})
    await world.fleet(1)
    await world.settle()
    const registered = eventOf('ReleaseRegistered')
    if (!registered) throw new Error('Nothing was registered.')
    const due = world.services.now()
    const away = { ...registered, stream: 'upgrade#away', id: 'upgrade#away@1.0' }
    for (const [about, detail] of Object.entries({ away, registered })) {
      const message = { commit: 1, rank: 0, event: JSON.stringify(detail), due }
      await world.services.messages.add({ destination: 'hooks@1', about }, message)
    }
    world.unreadable.add('upgrade#away')
    await expect(minutePasses()).rejects.toThrow('1 failed: hooks@1/away. The first: InternalServerError')
    expect(typesTold()).toEqual(['ReleaseRegistered'])
  })

  it('that cannot be told keeps no other destination from being told', async () => {
    await define('down', webhook)
    await define('hooks', { ...webhook, url: 'https://hooks.example/other' })
    leaving.behaviour.answer = () => answered(200, {})
    const { messages } = world.services
    const failing: typeof messages = {
      ...messages,
      async add(key, message) {
        if (key.destination === 'down@1') throw new Unanswered('The table is busy.')
        await messages.add(key, message)
      },
    }
    notify = openNotify({ ...world.services, ...leaving, messages: failing })
    await world.fleet(1)
    await world.settle()
    const detail = eventOf('ReleaseRegistered')
    await expect(notify({ 'detail-type': 'any', detail })).rejects.toThrow('1 failed: down.')
    expect(leaving.calls.map(({ url }) => url)).toEqual(['https://hooks.example/other'])
  })
})

describe('a message that fails by what it is', () => {
  it('is given up in the end, and keeps no other from being sent', async () => {
    await define('hooks', webhook)
    leaving.behaviour.answer = () => answered(200, {})
    const detail = { type: 'OfTheFuture', stream: 'upgrade#a', id: 'upgrade#a@1.0', commit: 1 }
    const key = { destination: 'hooks@1', about: 'of-the-future' }
    const message = { commit: 1, rank: 0, event: JSON.stringify(detail), due: world.services.now() }
    await world.services.messages.add(key, message)
    await world.fleet(1)
    await hear()
    await minutePasses()
    expect(typesTold()).toContain('ReleaseRegistered')
    for (let hours = 0; hours < 26; hours++) {
      world.pass(3600)
      await notify({ time: 'now' })
    }
    const { body } = await world.call('GET', '/api/v1/destinations/hooks/undelivered', admin)
    expect(body).toMatchObject({ count: 1 })
    expect(body.messages).toHaveLength(1)
    expect(body.messages[0]).toMatchObject({ type: 'OfTheFuture', why: expect.stringContaining('TypeError') })
  })
})

describe('a destination', () => {
  it.each([
    ['url', { ...webhook, url: 'https://intranet.local/hook' }],
    ['events.0', { ...webhook, events: ['UpgradeForgotten'] }],
    ['apiUrl', { ...slack, apiUrl: 'https://127.0.0.1/api' }],
    ['people.1.user', { ...slack, people: [slack.people[0], slack.people[0]] }],
    // Nobody acts under the name of the system, or of a machine, because an administrator says so.
    ['people.0.subject', { ...slack, people: [{ user: 'U0BEN', subject: 'drydock', roles: ['approver'] }] }],
    ['people.0.subject', { ...slack, people: [{ user: 'U0BEN', subject: 'Target:a', roles: ['approver'] }] }],
    [
      'quietHours.timezone',
      { ...webhook, quietHours: { from: '22:00', to: '07:00', timezone: 'Mars/Base' } },
    ],
    ['to.0', { kind: 'email', from: 'drydock@example.com', to: ['ops@example.com\nBcc: x@example.com'] }],
    ['secrets', { ...webhook, secrets: [] }],
    // Secrets themselves: they would be read by everybody.
    ['secrets.0', { ...webhook, secrets: [`whsec_${'ab/c'.repeat(8)}`] }],
    ['token', { ...slack, token: 'xoxb-1234/5678' }],
    ['signingSecret', { ...slack, signingSecret: '8f742231b10e8888abcd99yyyzzz85a5' }],
    ['workflow', { kind: 'teams', workflow: 'https://teams.example/workflows/1' }],
  ])('is refused with the place of what is wrong: %s', async (field, body) => {
    const refused = await define('wrong', body)
    expect(refused.status).toBe(400)
    expect(refused.body.errors.map((one: { field: string }) => one.field)).toContain(field)
    expect((await world.call('GET', '/api/v1/destinations', admin)).body.count).toBe(0)
  })

  it('is tried by a sample, whose end is said', async () => {
    await define('hooks', webhook)
    const test = () => world.call('POST', '/api/v1/destinations/hooks/test')
    expect((await test()).body).toEqual({ delivered: true, why: null })
    world.services.behaviour.answer = () => answered(500)
    expect((await test()).body).toEqual({ delivered: false, why: 'It was answered with 500.' })
  })

  it.each(['constructor', 'toString', 'hasOwnProperty'])('may be called %s', async (name) => {
    const first = await define(name, webhook)
    expect([first.status, first.body.revision]).toEqual([201, 1])
    expect((await define(name, webhook)).status).toBe(200)
  })

  it('is the business of administrators', async () => {
    const body = webhook
    expect((await world.call('PUT', '/api/v1/destinations/hooks', { body })).status).toBe(403)
  })
})
