import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { Manager, type ManagerPlay } from '../../examples/domain/manager.ts'
import type { OutboundCall, Sent } from '../../functions/outbound.ts'
import { viewer } from '../api/world.ts'
import { answered, cutOff, openProcedures } from './world.ts'

const shipped = readFileSync(
  new URL('../../examples/domain/procedures/domain-upgrade.yaml', import.meta.url),
  'utf8',
)
const id = 'cust_0001'
const path = (what: string) => `/api/v1/targets/${id}/${what}`

/** A domain, its manager, and the shipped procedure by which it is upgraded. */
async function openDomain(
  play: Partial<ManagerPlay> = {},
  before?: (call: OutboundCall) => Sent | undefined,
) {
  let manager: Manager | undefined
  const all = openProcedures(async (call) => {
    const first = before?.(call)
    if (first) return first
    const { pathname, search } = new URL(call.url)
    const given = { method: call.method, path: pathname + search, body: JSON.parse(call.body ?? 'null') }
    const answer = manager?.handle({ ...given, authorization: call.headers.authorization })
    if (answer === undefined || answer === 'reset') return cutOff
    const headers: Record<string, string> =
      answer.retryAfter === undefined ? {} : { 'retry-after': String(answer.retryAfter) }
    return answered(answer.body as object, answer.status, headers)
  })
  const { world } = all
  manager = new Manager({
    now: () => world.services.now(),
    ...{ domain: { id: 'domain-1', version: 'v1.1.0' }, releases: ['v1.2.0'], password: 'swordfish' },
    takes: { download: 60_000, precheck: 40_000, upgrade: 120_000 },
    ...{ tokensHoldFor: 90_000, ...play },
  })
  all.secrets.set('drydock/domain-manager#password', 'swordfish')
  await world.fleet(1)
  const tags = { manager: 'http://manager.example', domain: 'domain-1', procedure: 'domain-upgrade' }
  await world.call('PATCH', `/api/v1/targets/${id}`, { body: { tags } })
  const headers = { 'content-type': 'application/yaml' }
  const stored = await world.call('PUT', '/api/v1/procedures/domain-upgrade', { raw: shipped, headers })
  if (stored.status !== 200) throw new Error(JSON.stringify(stored.body))
  const read = async (what: string) => (await world.call('GET', path(what), { as: viewer })).body
  const start = (body: object = {}) => world.call('POST', path('start-upgrade'), { body })
  const seen: string[] = []
  const look = async () => {
    const { state } = await read('upgrade-status')
    if (seen.at(-1) !== state) seen.push(state)
    return state as string
  }
  /** Lets it go on until it is at one of these. */
  const until = (...states: string[]) =>
    all.until(async () => {
      for (const upgrade of upgrades) await world.advance(upgrade)
      return states.includes(await look())
    }, 100_000)
  const upgrades = new Set<string>()
  return {
    ...{ all, world, manager, read, look, seen, until, upgrades },
    /** Starts it, and lets the attempt be assigned. */
    async start(body: object = {}) {
      const reply = await start(body)
      if (reply.body.upgradeId) {
        upgrades.add(reply.body.upgradeId)
        await world.advance(reply.body.upgradeId)
      }
      return reply
    },
    acknowledge: (body: object = {}, more: object = {}) =>
      world.call('POST', path('acknowledge-alerts'), { body, ...more }),
  }
}

const over = ['upgrade_completed', 'upgrade_failed', 'precheck_failed'] as const

describe('V1-V6: a domain is upgraded by the shipped procedure', () => {
  it('through its states, and its alerts wait for a person', async () => {
    let looks = 0
    const domain = await openDomain({ alerts: 1, failingDownloads: 2 }, ({ url }) =>
      url.endsWith('/health') && looks++ === 0 ? answered({ status: 'STARTING' }) : undefined,
    )
    const { manager, read, until, seen, all } = domain
    expect(await domain.look()).toBe('waiting_for_initiation')
    expect(await read('upgrade-logs')).toBe('## No Messages\nNo upgrade activity at this time.')
    const started = await domain.start()
    expect([started.status, started.body]).toMatchObject([
      202,
      { message: 'Starting upgrade process...', component: 'api', version: 'v1.2.0' },
    ])
    await until('waiting_for_acknowledgment')
    await all.pass(5000)
    const waiting = await read('upgrade-status')
    expect(waiting).toMatchObject({ state: 'waiting_for_acknowledgment', held: { why: 'acknowledgement' } })
    expect(manager.begun).not.toContain('acknowledge')
    expect((await domain.acknowledge({}, { as: { user: 'second', roles: ['operator'] } })).status).toBe(200)
    expect(await domain.look()).toBe('upgrade_in_progress')
    await until(...over)
    expect(seen).toEqual([
      ...['waiting_for_initiation', 'targeting_new_vcf_version', 'downloading_bundle', 'precheck_running'],
      ...['upgrade_in_progress', 'waiting_for_acknowledgment', 'upgrade_in_progress', 'upgrade_completed'],
    ])
    // Two downloads have failed, and the third has not.
    const download = ['download', 'download', 'download']
    expect(manager.begun).toEqual([...download, 'precheck', 'upgrade', 'acknowledge'])
    expect(manager.version).toBe('v1.2.0')
    const logs = await read('upgrade-logs')
    for (const text of [
      'Starting upgrade process for domain cust_0001',
      'Successfully targeted version v1.2.0 for upgrade',
      'Status: **waiting_for_acknowledgment**',
      'Host esxi-2 has left the cluster',
      'done by second: acknowledged',
      'Upgrade completed successfully',
    ])
      expect(logs).toContain(text)
    const { body } = await all.world.call('GET', path('steps'))
    expect(body.steps.find(({ step }: { step: string }) => step === 'alerts')).toMatchObject({ by: 'second' })
    expect(await all.audited()).toEqual([])
  })

  it('without alerts nobody is asked', async () => {
    const domain = await openDomain()
    await domain.start()
    await domain.until(...over)
    expect(domain.seen.at(-1)).toBe('upgrade_completed')
    expect(domain.seen).not.toContain('waiting_for_acknowledgment')
    expect(await domain.all.steps(id)).toContain('alerts skipped')
  })

  it('two alerts wait twice', async () => {
    const domain = await openDomain({ alerts: 2 })
    await domain.start()
    for (const _ of [1, 2]) {
      await domain.until('waiting_for_acknowledgment')
      await domain.acknowledge()
    }
    await domain.until(...over)
    expect(domain.seen.at(-1)).toBe('upgrade_completed')
    expect(domain.manager.begun.filter((what) => what === 'acknowledge').length).toBe(2)
  })

  it('V4: a precheck that fails stops it, with its details', async () => {
    const domain = await openDomain({ failingPrecheck: true })
    await domain.start()
    await domain.until(...over)
    const status = await domain.read('upgrade-status')
    expect(status).toMatchObject({ state: 'precheck_failed', code: 'ENDED_BADLY', step: 'prechecked' })
    expect(status.details).toContain('Datastore has 3 % of its space left')
    expect(await domain.read('upgrade-logs')).toContain('Datastore has 3 % of its space left')
    expect(domain.manager.begun).toEqual(['download', 'precheck'])
    const target = await domain.world.call('GET', `/api/v1/targets/${id}`)
    expect(target.body.components).toEqual({ api: 'v1.1.0' })
    // What was wrong is mended: it starts anew.
    expect((await domain.start()).status).toBe(202)
    expect(await domain.look()).toBe('targeting_new_vcf_version')
  })

  it('V4: a download that fails four times, or an upgrade that does, fails it', async () => {
    for (const play of [{ failingDownloads: 4 }, { failingUpgrade: true }]) {
      const domain = await openDomain(play)
      await domain.start()
      await domain.until(...over)
      expect(domain.seen.at(-1)).toBe('upgrade_failed')
      expect(domain.manager.begun.includes('upgrade')).toBe('failingUpgrade' in play)
      expect(domain.manager.begun.filter((what) => what === 'download').length).toBe(
        'failingUpgrade' in play ? 1 : 4,
      )
      expect(await domain.all.audited()).toEqual([])
    }
  })

  it('a rollback is honest about what the manager does not take back', async () => {
    const domain = await openDomain()
    const started = await domain.start()
    await domain.until(...over)
    await domain.all.over(started.body.upgradeId)
    const url = `/api/upgrades/${started.body.upgradeId}/rollback`
    const back = await domain.world.call('POST', url, { body: { reason: 'slow' } })
    await domain.all.over(back.body.upgradeId)
    expect(await domain.look()).toBe('upgrade_failed')
    const target = await domain.world.call('GET', `/api/v1/targets/${id}`)
    expect(target.body.components).toEqual({ api: 'v1.2.0' })
  })
})

describe('V7: the manager', () => {
  it('that turns away, cuts off and forgets its tokens is asked no more than once for the same', async () => {
    for (let first = 3; first < 40; first += 2) {
      const trouble = Object.fromEntries(
        [0, 11, 23].map((after, place) => [
          first + after,
          (['reset-after', 'too-many', 'reset-before'] as const)[(place + first) % 3] ?? 'too-many',
        ]),
      )
      const domain = await openDomain({ trouble, alerts: 1, tokensHoldFor: 45_000 })
      await domain.start()
      await domain.until('waiting_for_acknowledgment', ...over)
      await domain.acknowledge()
      await domain.until(...over)
      expect([first, domain.seen.at(-1)]).toEqual([first, 'upgrade_completed'])
      expect([first, domain.manager.begun]).toEqual([
        first,
        ['download', 'precheck', 'upgrade', 'acknowledge'],
      ])
      expect(domain.manager.troubled.token).toBeGreaterThan(0)
    }
  })

  it('V10: that is down, or refuses the password, is touched by nothing', async () => {
    const down = await openDomain({}, ({ url }) =>
      url.endsWith('/health') ? answered({ status: 'DOWN' }) : undefined,
    )
    const locked = await openDomain({ password: 'another' })
    for (const domain of [down, locked]) {
      await domain.start()
      await domain.until(...over)
      expect(domain.seen.at(-1)).toBe('upgrade_failed')
      expect([domain.manager.targeted, domain.manager.begun]).toEqual([null, []])
      expect(await domain.all.steps(id)).toEqual(['manager failed'])
    }
  })
})

describe('V2: start-upgrade', () => {
  it('says so where nothing is newer, or what is newer was withdrawn', async () => {
    const domain = await openDomain()
    const { world } = domain
    await domain.start()
    await domain.until(...over)
    const again = await domain.start()
    expect([again.status, again.body]).toEqual([
      200,
      {
        ...{ targetId: id, message: 'No updates available for this domain' },
        ...{ component: 'api', version: 'v1.2.0' },
      },
    ])
    expect((await domain.start({ version: 'v9.9.9' })).body.code).toBe('release-not-registered')
    const release = { component: 'api', version: 'v1.3.0', digest: `sha256:${'cd'.repeat(32)}` }
    await world.call('POST', '/api/v1/releases', { body: release })
    await world.call('POST', '/api/v1/releases/api/v1.3.0/withdraw', { body: { reason: 'broken' } })
    expect((await domain.start()).body.message).toBe('No updates available for this domain')
  })

  it('is the same upgrade while one is under way, however often and by whomever it is asked for', async () => {
    const domain = await openDomain()
    const { world } = domain
    const replies = await Promise.all([1, 2, 3].map(() => world.call('POST', path('start-upgrade'))))
    const [first] = replies.map(({ body }) => body.upgradeId as string)
    expect(new Set(replies.map(({ body }) => body.upgradeId)).size).toBe(1)
    await world.advance(first ?? '')
    const later = await domain.start()
    expect([later.status, later.body.upgradeId, later.body.message]).toEqual([
      ...[202, first, 'Starting upgrade process...'],
    ])
    expect((await world.call('GET', '/api/upgrades')).body.count).toBe(1)
  })

  it('answers the repeat of a request whose answer was lost as before, after its end too', async () => {
    const domain = await openDomain({ failingPrecheck: true })
    const headers = { 'idempotency-key': 'once' }
    const first = await domain.world.call('POST', path('start-upgrade'), { headers })
    domain.upgrades.add(first.body.upgradeId)
    await domain.until(...over)
    const again = await domain.world.call('POST', path('start-upgrade'), { headers })
    expect(again.body.upgradeId).toBe(first.body.upgradeId)
    expect((await domain.world.call('GET', '/api/upgrades')).body.count).toBe(1)
  })

  it('begins another where one was aborted before it came to the target', async () => {
    const domain = await openDomain()
    const { world } = domain
    const first = await world.call('POST', path('start-upgrade'))
    const abort = `/api/upgrades/${first.body.upgradeId}/abort`
    await world.call('POST', abort, { body: { reason: 'not now' } })
    await world.advance(first.body.upgradeId)
    const second = await domain.start()
    expect([second.status, second.body.upgradeId === first.body.upgradeId]).toEqual([202, false])
    await domain.until(...over)
    expect(domain.seen.at(-1)).toBe('upgrade_completed')
  })

  it('refuses what nobody can know, with its place', async () => {
    const domain = await openDomain()
    const { world } = domain
    const components = { api: 'v1.1.0', web: 'v1.0.0' }
    await world.call('POST', '/api/v1/targets', { body: { id: 'both', components } })
    await world.call('POST', '/api/v1/targets', { body: { id: 'none' } })
    const tags = { procedure: 'Never stored!' }
    await world.call('POST', '/api/v1/targets', { body: { id: 'odd', components: { api: 'v1.1.0' }, tags } })
    const startOf = async (target: string, body: object = {}) => {
      const reply = await world.call('POST', `/api/v1/targets/${target}/start-upgrade`, { body })
      return [reply.status, reply.body.code, reply.body.errors?.[0]?.field]
    }
    const commits = world.log.records.length
    expect(await startOf('nobody')).toEqual([404, 'target-not-found', undefined])
    expect(await startOf('both')).toEqual([400, 'validation-failed', 'component'])
    expect(await startOf('none')).toEqual([400, 'validation-failed', 'component'])
    expect(await startOf(id, { component: 'web' })).toEqual([400, 'validation-failed', 'component'])
    expect(await startOf('odd')).toEqual([422, 'procedure-not-registered', 'procedure'])
    expect(world.log.records.length).toBe(commits)
    expect((await startOf('both', { component: 'api' }))[0]).toBe(202)
  })
})

test('V6: messages are bounded, and what others say in them draws and links nothing', async () => {
  let tired = true
  const domain = await openDomain({ alerts: 1 }, ({ url, method }) =>
    tired && method === 'GET' && /upgrades\/[0-9a-f-]{36}$/.test(url)
      ? answered('`</code><script>[x](javascript:1)', 429, { 'retry-after': '60' })
      : undefined,
  )
  await domain.start()
  await domain.until('upgrade_in_progress')
  await domain.all.pass(20_000)
  tired = false
  await domain.until('waiting_for_acknowledgment')
  await domain.acknowledge({ comment: '[here](javascript:1) <b>*now*</b>' })
  const logs: string = await domain.read('upgrade-logs')
  const lines = logs.split('\n')
  expect(lines.length).toBeLessThan(210)
  expect(lines[2]).toContain('Starting upgrade process')
  expect(lines[3]).toMatch(/^- … \d{3} messages are left out here$/)
  expect(logs).toContain(String.raw`\[here\](javascript:1) \<b\>\*now\*\</b\>`)
  expect(logs).toContain("ASKED_TO_WAIT: `Answered 429: '</code><script>[x](javascript:1)`")
  const reply = await domain.world.call('GET', path('upgrade-logs'))
  expect(reply.headers['content-type']).toBe('text/markdown; charset=utf-8')
})

test('V1: what has no procedure is told from its attempt', async () => {
  const domain = await openDomain()
  const { world } = domain
  await world.call('PATCH', `/api/v1/targets/${id}`, { body: { tags: { domain: 'domain-1' } } })
  await domain.start()
  expect(await domain.look()).toBe('targeting_new_vcf_version')
  const as = { lambda: { kind: 'agent', target: id, tokenHash: '' } }
  const told = { version: 'v1.2.0', timestamp: '2026-01-05T10:00:00Z' }
  const say = (status: string) =>
    world.call('POST', '/api/v1/updates/status', { as, body: { ...told, status, code: 'X', details: 'Y' } })
  await say('in-progress')
  expect(await domain.look()).toBe('upgrade_in_progress')
  await say('failed')
  expect(await domain.look()).toBe('upgrade_failed')
  const logs = await domain.read('upgrade-logs')
  expect(logs).toContain('Upgrade ended as failed, X: `Y`')
})

test('V5: alerts that do not wait cannot be acknowledged, and a repeat is answered as before', async () => {
  const domain = await openDomain({ alerts: 1 })
  expect((await domain.acknowledge()).body.code).toBe('step-not-held')
  await domain.start()
  await domain.until('waiting_for_acknowledgment')
  const other = '11111111-1111-4111-8111-111111111111'
  expect((await domain.acknowledge({ attempt: other })).body.code).toBe('step-not-held')
  const headers = { 'idempotency-key': 'mine' }
  expect((await domain.acknowledge({}, { headers })).status).toBe(200)
  expect((await domain.acknowledge({}, { headers })).status).toBe(200)
  expect((await domain.acknowledge()).body.code).toBe('step-not-held')
  await domain.until(...over)
  expect((await domain.acknowledge({}, { headers })).status).toBe(200)
  expect(domain.manager.begun.filter((what) => what === 'acknowledge').length).toBe(1)
})

test('V8: durations, rates, alerts and components are counted from the log', async () => {
  const domain = await openDomain({ alerts: 1 })
  const none = await domain.read('upgrade-metrics')
  expect(none).toMatchObject({ attempts: 0, successRate: null, averageSeconds: null, components: [] })
  await domain.start()
  await domain.until('waiting_for_acknowledgment')
  await domain.all.pass(600)
  await domain.acknowledge()
  await domain.until(...over)
  const one = await domain.read('upgrade-metrics')
  expect(one).toMatchObject({
    ...{ attempts: 1, succeeded: 1, failed: 0, successRate: 100, failureRate: 0 },
    ...{ alerts: 1, alertFrequency: 1, rollbacks: 0 },
  })
  expect(one.averageSeconds).toBeGreaterThanOrEqual(820)
  expect(one.components).toMatchObject([
    { component: 'api', attempts: 1, averageSeconds: one.averageSeconds },
  ])
})
