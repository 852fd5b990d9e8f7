import { describe, expect, it } from 'vitest'
import type { AnswerOf } from '../../contracts/bodies.ts'
import { planHash, problem, rollout, upgrade, waitingFor } from './answers.ts'
import { commandAt, standIn } from './stand-in.ts'

type Upgrade = AnswerOf<'getUpgrade'>

/** An upgrade as lists have it. */
const inList = (run: Upgrade) => ({
  ...{ ...run, takenBackBy: null },
  approvals: { needed: 0, given: 0, withinSeconds: 60 },
})

const leftOut = { pinned: 1, not_entitled: 2 }
const plan: NonNullable<Upgrade['plan']> = {
  ...{ planHash, version: 'v1.2.0', digest: null, members: 50, waves: [5, 45], leftOut },
  ...{ droppedWaves: [], droppedGroups: [], rolling: null, spacingSeconds: null, exposure: null },
  expectedAttempt: { seconds: 300, source: 'default', attempts: null },
  ...{ policyVersion: 1, releaseVersion: 1 },
}
const held: Upgrade['againstRelease'][number] = {
  code: 'held_back',
  detail: 'api v1.2.0 is held back since Monday (it loses orders).',
  unblock: 'Somebody frees it, with a reason.',
}
const waits = upgrade({ status: 'pending_approval', plan, againstRelease: [held] })

const waiting = waitingFor({ leftOutCounts: leftOut, againstRelease: [held] })

describe('who is left out, and that a release is held back, is said', () => {
  it.each([
    [['status', 'up-1'], {}],
    [['explain', 'up-1'], {}],
    [['approve', 'up-1'], { isTTY: true, typed: 'n\n', columns: 200 }],
    [['approvals'], {}],
  ] as const)('by %j', async (words, terminal) => {
    const api = await standIn(({ path }) => {
      if (path.endsWith('/approvals')) return [200, { approvals: [waiting], count: 1, nextCursor: null }]
      if (path.endsWith('/events'))
        return [200, { upgradeId: 'up-1', count: 0, nextCursor: null, events: [] }]
      return [200, waits]
    })
    const { out } = await commandAt(api, words, terminal)
    const text = out.replaceAll(/\s+/g, ' ')
    expect(text).toContain('1 pinned')
    expect(text).toContain('2 without a licence for the release')
    expect(text).toContain('held back since Monday')
    expect(text).toContain('drydock releases free api v1.2.0 --reason')
    // One is one.
    expect(text).not.toMatch(/\b1 (targets|approvals|waves)\b/)
  })

  it('by the inbox, of a rollout after which phases it waits, and by which command it goes on', async () => {
    const continued = {
      ...{ ...waiting, kind: 'rollout', upgradeId: null, rolloutId: 'ro-1', name: 'Two nodes' },
      ...{ component: null, version: null, waitsFor: 'continue', phases: ['ring'], needed: 0 },
      ...{ leftOutCounts: null, againstRelease: [] },
    }
    const api = await standIn(() => [200, { approvals: [continued], count: 1, nextCursor: null }])
    const { out } = await commandAt(api, ['approvals'])
    expect(out).toContain('ring')
    expect(out).toContain('drydock continue ro-1 --after "ring" --reason "…"')
  })

  it('by lists, of what is taken back, by which run and how far that is', async () => {
    const takenBackBy = { upgradeId: 'up-2', status: 'completed' }
    const back = { rolloutId: 'ro-2', phases: 1, status: 'in_progress' }
    const api = await standIn(({ path }) =>
      path.includes('rollouts')
        ? [200, { rollouts: [{ ...rollout(), takenBackBy: back }], count: 1, nextCursor: null }]
        : [
            200,
            {
              upgrades: [{ ...inList(upgrade({ status: 'completed' })), takenBackBy }],
              count: 1,
              nextCursor: null,
            },
          ],
    )
    const said = async (words: readonly string[]) =>
      (await commandAt(api, words, { columns: 200 })).out.replaceAll(/\s+/g, ' ')
    expect(await said(['list'])).toContain('completed, taken back by up-2')
    expect(await said(['rollouts', 'list'])).toContain('1 of 2 phases being taken back by ro-2')
  })

  it.each(['status', 'explain', 'watch'])('what targets have failed with is said by %s', async (word) => {
    const said = 'GET /healthz answered 503'
    const failures = [
      { code: 'HEALTH_CHECK_FAILED', count: 3, targetId: 'cust_0004', said },
      { code: 'NOT_ACCEPTED', count: 1, targetId: 'cust_0009', said: null },
    ]
    const run = upgrade({
      status: 'completed_with_exceptions',
      failures,
      completedAt: '2026-11-28T02:00:00Z',
    })
    const api = await standIn(({ path }) =>
      path.endsWith('/events')
        ? [200, { upgradeId: 'up-1', count: 0, nextCursor: null, events: [] }]
        : [200, run],
    )
    const { out } = await commandAt(api, [word, 'up-1'], { columns: 200 })
    expect(out).toContain('failed   3 with HEALTH_CHECK_FAILED, last cust_0004: GET /healthz answered 503')
    expect(out).toContain('failed   1 with NOT_ACCEPTED (cust_0009)')
  })

  it('by a plan, with names and what they do not meet', async () => {
    const detail = 'database is PostgreSQL 14, and the release asks for 15'
    const planned: AnswerOf<'planUpgrade'> = {
      ...{ planHash, version: 'v1.2.0', digest: null, procedure: null, total: 1 },
      ...{ waves: [], canary: null, droppedWaves: [], droppedGroups: [], members: [] },
      leftOut: [
        ...['a', 'b', 'c', 'd', 'e', 'f'].map((targetId) => ({ targetId, reason: 'pinned' })),
        { targetId: 'cust_0009', reason: 'incompatible', detail },
      ],
      leftOutCounts: { pinned: 7, incompatible: 1 },
      withoutAgent: 2,
      ...{ warnings: [], overlaps: [], approvals: { required: 0, reason: null }, window: null },
      expectedAttempt: { seconds: 300, source: 'default', attempts: null },
      expectedFinish: 'soon',
      forecast: { ends: null, seconds: null, waitsFor: [], basis: { durations: 0, upgrades: 0 } },
      truncated: false,
    }
    const api = await standIn(() => [200, planned])
    const words = ['plan', '--component', 'api', '--version', 'v1.2.0', '--strategy', 'all']
    const { out } = await commandAt(api, words)
    const text = out.replaceAll(/\s+/g, ' ')
    expect(text).toContain('7 pinned: a, b, c, d, e, and 2 more')
    expect(text).toContain(`1 unfit for the release: cust_0009 (${detail})`)
    expect(text).toContain('1 target in 0 waves')
  })
})

describe('how far a run is', () => {
  const failed = { completed: 3, failed: 5, rolledBack: 4, unreachable: 1, skipped: 2, total: 50 }
  const run = upgrade({ status: 'completed_with_exceptions', ...failed })

  it('is the same by status and in the list: who has it, and how the others ended', async () => {
    const api = await standIn(({ path }) =>
      path === '/api/upgrades' ? [200, { upgrades: [inList(run)], count: 1, nextCursor: null }] : [200, run],
    )
    const { out } = await commandAt(api, ['status', 'up-1'])
    expect(out.replaceAll(/\s+/g, ' ')).toContain(
      'api v1.2.0: completed_with_exceptions, 3 of 50 done, 5 failed (4 took it back by themselves), 1 unreachable, 2 left out',
    )
    expect((await commandAt(api, ['list'])).out).toContain('3 of 50')
  })

  it('is not all that is said of one that was taken back', async () => {
    const whole = { upgradeId: 'back-1', kind: 'rollback', targetId: null, at: 'then' }
    const api = await standIn(({ path }) =>
      path === '/api/upgrades/back-1/status'
        ? [200, upgrade({ status: 'completed' })]
        : [200, upgrade({ status: 'completed', completed: 50, children: [whole] })],
    )
    const { code, out } = await commandAt(api, ['status', 'up-1'])
    expect([code, out]).toEqual([5, expect.stringContaining('completed, and taken back, 50 of 50 done')])
  })
})

describe('a refusal speaks of the command line', () => {
  it('and says once what policies find, with the command that is asked for', async () => {
    const missing = 'a verdict of licence-scan that it has passed: POST /api/v1/releases/api/v1.2.0/verdicts'
    const long = 'an upgrade of targets.tags.environment staging that completes for 7200 s'
    const detail = `2 rules are not met: the check licence-scan has said nothing (policy p; would be right: ${missing}); not proven for 7200 s (policy q; would be right: ${long})`
    const field = { field: 'policies.p', value: 'check-missing' }
    const errors = [
      { ...field, expected: missing },
      { ...field, field: 'policies.q', expected: long },
      { ...field, field: 'policies.r', expected: 'another version' },
    ]
    const api = await standIn(() => [...problem(422, 'policy-unmet', { detail, errors })])
    const words = ['plan', '--component', 'api', '--version', 'v9', '--strategy', 'all']
    const { err } = await commandAt(api, words, { columns: 900 })
    expect(err).not.toMatch(/POST|7200/)
    expect(err.split('drydock verdicts post api v1.2.0 licence-scan passed --evidence URL')).toHaveLength(2)
    expect(err).toContain('not proven for 2 hours')
    expect(err.split('--tag environment=staging that completes for 2 hours')).toHaveLength(2)
    // What the sentence had no room for is said by its place.
    expect(err).toContain('policies.r: another version')
  })

  const seen = [
    { field: 'acknowledge.failed', value: '', expected: '3' },
    { field: 'acknowledge.unreachable', value: '', expected: '1' },
  ]
  it.each<[string, readonly string[], string, object, string, string]>([
    [
      'with the id and counts that the next command needs',
      ['resume', 'up-1'],
      'not-acknowledged',
      {
        detail:
          '3 failed and 1 are unreachable: look at them, then resume with {"acknowledge":{"failed":3,"unreachable":1}}.',
        errors: seen,
      },
      'Refused: 3 failed and 1 are unreachable: look at them.',
      'drydock resume up-1 --seen-failed 3 --seen-unreachable 1',
    ],
    [
      'with the component',
      ['plan', '--component', 'api', '--version', 'v9', '--strategy', 'all'],
      'nothing-to-upgrade',
      { detail: 'The selection matches no target. GET /api/v1/targets lists those that are registered.' },
      'Refused: The selection matches no target.\n',
      'drydock targets list --component api',
    ],
    [
      'without the request that defines what is missing',
      ['plan', '--component', 'api', '--version', 'v9', '--strategy', 'all'],
      'calendar-not-defined',
      { detail: 'No calendar is defined as x: PUT /api/v1/calendars/{name} defines one.' },
      'Refused: No calendar is defined as x.\n',
      'drydock calendars list',
    ],
    [
      'with the option in the place of a field',
      ['plan', '--component', 'api', '--version', 'v9', '--strategy', 'all'],
      'validation-failed',
      {
        detail: '1 invalid field: see errors.',
        errors: [{ field: 'targets.ids.3', value: 'x', expected: 'a name' }],
      },
      'Refused: 1 invalid field.\n',
      '  --target: a name',
    ],
  ])('%s', async (_, words, code, more, refused, next) => {
    const api = await standIn(({ method }) =>
      method === 'GET' ? [200, upgrade()] : [...problem(409, code, more)],
    )
    const { err } = await commandAt(api, words)
    expect(err).toContain(refused)
    expect(err).toContain(next)
    expect(err).not.toMatch(/\b(ID|N|COMPONENT)\b|\/api\/|[{}]|\b4\d\d\b/)
  })
})

describe('who asks for what there is none of', () => {
  it('is told how attempts stand, with the command that lists them', async () => {
    const log = {
      ...{ id: 'a', customer_id: 'cust_1', component: 'api', from_version: 'v1', to_version: 'v2' },
      ...{ status: 'rolled_back', started_at: null, completed_at: null, output: null, error: null },
    }
    const api = await standIn(({ query }) => {
      const logs = query.status === undefined ? [log] : []
      return [200, { upgradeId: 'up-1', count: logs.length, nextCursor: null, logs }]
    })
    const { out } = await commandAt(api, ['logs', 'up-1', '--status', 'failed'])
    expect(out).toContain('None stands as failed.')
    expect(out).toContain('1 rolled_back: drydock logs up-1 --status rolled_back')
  })
})

describe('a table', () => {
  const wide = upgrade({
    component: 'a-component-with-a-name-that-is-longer-than-half-of-a-line-of-a-terminal',
  })

  it('is cut on a terminal, and whole where it is read by something else', async () => {
    const api = await standIn(() => [200, { upgrades: [inList(wide)], count: 1, nextCursor: null }])
    expect((await commandAt(api, ['list'])).out).toContain(wide.component)
    const { out } = await commandAt(api, ['list'], { isTTY: true, columns: 80 })
    expect(out).not.toContain(wide.component)
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThan(100)
  })
})

it('a target is shown with what is where it runs, its licence, and whether its agent has enrolled', async () => {
  const target: AnswerOf<'getTarget'> = {
    ...{ id: 'cust_1', type: 'customer', region: null, tags: {}, critical: false, namespace: null },
    ...{ gateway: null, environment: { database: 'PostgreSQL 15.4' }, components: { api: 'v1' } },
    ...{ licence: 'ab'.repeat(32), drift: {}, pin: null, retired: null, enrolled: false, lastSeenAt: null },
    ...{ active: null, attempts: [], clones: null, commit: 1 },
  }
  const api = await standIn(() => [200, target])
  const { out } = await commandAt(api, ['targets', 'show', 'cust_1'])
  expect(out).toMatch(/environment +database: PostgreSQL 15\.4\n +licence +abab\S+\n +enrolled +no/)
})

it('an upgrade without any hold says who has not accepted, and why the first has not', async () => {
  const log = {
    ...{ id: 'a', customer_id: 'cust_1', component: 'api', from_version: 'v1', to_version: 'v2' },
    ...{ status: 'pending', started_at: null, completed_at: null, output: null, error: null },
  }
  const explained: AnswerOf<'explainTarget'> = {
    ...{ id: 'cust_1', at: 'now', lastSeenAt: null, clones: null, lookedThrough: null, verdict: 'offered' },
    ...{ sentence: 'No agent has ever enrolled for cust_1.', reasons: [] },
  }
  const api = await standIn(({ path, query }) => {
    if (path.endsWith('/logs')) {
      expect(query.status).toBe('pending')
      return [200, { upgradeId: 'up-1', count: 1, nextCursor: null, logs: [log] }]
    }
    if (path.endsWith('/explain')) return [200, explained]
    if (path.endsWith('/events')) return [200, { upgradeId: 'up-1', count: 0, nextCursor: null, events: [] }]
    if (path.endsWith('/forecast')) return [...problem(404, 'upgrade-not-found')]
    return [200, upgrade({ inProgress: 2 })]
  })
  for (const words of ['status', 'explain']) {
    const { out } = await commandAt(api, [words, 'up-1'])
    expect(out).toContain('offered  to cust_1, who have not accepted yet')
    expect(out).toContain('No agent has ever enrolled for cust_1.')
  }
})

it('says how many targets a licence keeps from the releases that need one', async () => {
  const licensing = { component: 'api', required: true, channels: null }
  const answered = (count: number, atLeast: boolean) =>
    standIn(() => [200, { ...licensing, withoutLicence: { count, atLeast } }])
  const err = async (count: number, atLeast: boolean) =>
    (await commandAt(await answered(count, atLeast), ['licences', 'require', 'api'], { columns: 300 })).err
  expect(await err(1, false)).toContain('1 target that runs it has no licence for it')
  expect(await err(30, true)).toContain('At least 30 targets that run it have no licence for it')
  expect(await err(0, false)).toBe('')
})
