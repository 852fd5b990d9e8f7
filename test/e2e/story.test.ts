import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Behaviour, Instance } from '../../infra/local/demo/instance.ts'
import type { Client } from './client.ts'
import { person } from './client.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { eventually } from './patience.ts'
import { ended, type Logs, type Status, statusOf, storyOf } from './upgrades.ts'

const size = 50
const behaviour: { -readonly [Key in keyof Behaviour]: Behaviour[Key] } = {
  pollEvery: 1000,
  upgradeTakes: [20, 60],
  fails: false,
}
const stop = new AbortController()
const instances: Instance[] = []
const working: Promise<unknown>[] = []
let operator: Client
let second: Client
let upgradeId = ''

const digest = (digit: string) => `sha256:${digit.repeat(64)}`
const customer = (number: number) => `cust_${String(number + 1).padStart(3, '0')}`
const versions = () => [...new Set(instances.map(({ version }) => version))]

beforeAll(async () => {
  operator = await person('operator-1', 'operator')
  second = await person('operator-2', 'operator', 'approver')
})

afterAll(async () => {
  stop.abort()
  await Promise.allSettled(working)
})

/** One story, told as seed 001 tells it: each chapter goes on where the one before ended. */
describe('fifty customers are upgraded by canary', () => {
  it('registers releases and customers, whose agents enrol', async () => {
    for (const [version, digit] of [
      ['v1.2.0', '2'],
      ['v1.3.0', '3'],
    ] as const) {
      const { status } = await operator.post('/api/v1/releases', {
        ...{ component: 'api', version, digest: digest(digit) },
      })
      expect(status).toBe(201)
    }
    const targets = Array.from({ length: size }, (_, number) => ({
      id: customer(number),
      region: number % 2 === 0 ? 'eu-central' : 'us-east',
      namespace: customer(number).replace('cust_', 'customer-'),
      components: { api: 'v1.1.0' },
    }))
    const { body } = await operator.write<{
      readonly registered: number
      readonly targets: readonly { readonly id: string; readonly enrolmentToken: string }[]
    }>('/api/v1/targets', { targets, enrol: true })
    expect(body.registered).toBe(size)
    const { url } = runtimeOfFile()
    for (const { id, enrolmentToken } of body.targets) {
      const instance = new Instance({ id, version: 'v1.1.0', url, behaviour })
      instances.push(instance)
      working.push(instance.run(enrolmentToken, stop.signal))
    }
    await eventually(
      async () => instances.filter(({ enrolled }) => enrolled).length,
      (enrolled) => expect(enrolled).toBe(size),
    )
    await eventually(
      () => operator.read<{ readonly count: number }>('/api/v1/targets?component=api&limit=100'),
      ({ count }) => expect(count).toBe(size),
    )
  })

  it('C1 deploys to 10 %, and answers as the seed does', async () => {
    const { status, body } = await operator.post<{ readonly upgradeId: string }>('/api/upgrades/deploy', {
      ...{ component: 'api', version: 'v1.2.0', strategy: 'canary', canaryPercent: 10 },
      continueRequiresSecondPerson: true,
    })
    upgradeId = body.upgradeId
    expect([status, body]).toEqual([
      202,
      {
        upgradeId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        jobId: `${upgradeId}-1`,
        strategy: 'canary',
        message: 'Canary upgrade started for 5 customers',
        procedure: null,
        leftOutCounts: {},
        approvals: { required: 0, reason: null },
        warnings: [expect.objectContaining({ code: 'whole_fleet' })],
        overlaps: [],
      },
    ])
  })

  it('C2 says where it stands, in the fields of the seed and some more', async () => {
    const status = await statusOf(operator, upgradeId, { holds: [{ code: 'CONTINUE' }] })
    expect(status).toEqual({
      upgradeId,
      component: 'api',
      version: 'v1.2.0',
      strategy: 'canary',
      total: size,
      completed: 5,
      failed: 0,
      inProgress: 0,
      status: 'in_progress',
      startedAt: expect.stringMatching(/Z$/),
      completedAt: null,
      ...{ skipped: 0, unreachable: 0, rolledBack: 0, retrying: 0, deferred: 0, wave: 1, waveCount: 2 },
      waves: [
        { wave: 1, group: null, size: 5, succeeded: 5, failed: 0, unreachable: 0, skipped: 0 },
        { wave: 2, group: null, size: 45, succeeded: 0, failed: 0, unreachable: 0, skipped: 0 },
      ],
      holds: [
        {
          ...{ code: 'CONTINUE', since: expect.any(String), until: null, ref: null },
          ...{ unblock: expect.any(String), lapses: expect.stringMatching(/Z$/) },
        },
      ],
      defects: { outcomes: 5, failed: 0, confidencePercent: 95, atLeastPercent: 0, atMostPercent: 45.08 },
    })
    expect(instances.filter(({ version }) => version === 'v1.2.0')).toHaveLength(5)
  })

  it('C3 lists the five attempts of the canary, in the field names of the seed', async () => {
    const { logs, count } = await eventually(
      () => operator.read<Logs>(`/api/upgrades/${upgradeId}/logs`),
      ({ logs }) => expect(logs.filter(({ status }) => status === 'completed')).toHaveLength(5),
    )
    expect(count).toBe(5)
    expect(logs[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      customer_id: expect.stringMatching(/^cust_\d{3}$/),
      component: 'api',
      from_version: 'v1.1.0',
      to_version: 'v1.2.0',
      status: 'completed',
      started_at: expect.any(String),
      completed_at: expect.any(String),
      output: null,
      error: null,
    })
    const upgraded = instances.filter(({ version }) => version === 'v1.2.0').map(({ id }) => id)
    expect(logs.map(({ customer_id }) => customer_id).sort()).toEqual(upgraded.sort())
  })

  it('shows the canary in the inbox, to the one who may continue and to the one who may not', async () => {
    const inbox = async (client: Client) => {
      const { approvals } = await client.read<{
        readonly approvals: readonly { readonly upgradeId: string }[]
      }>('/api/v1/approvals')
      return approvals.find((one) => one.upgradeId === upgradeId)
    }
    expect(await inbox(operator)).toMatchObject({ waitsFor: 'continue', yours: true })
    expect(await inbox(second)).toMatchObject({
      waitsFor: 'continue',
      yours: false,
      requestedBy: 'operator-1',
    })
  })

  it('C4 continues as a second person, and a read that names the commit never shows the hold again', async () => {
    expect(await operator.refused(`/api/upgrades/${upgradeId}/continue`)).toEqual([403, 'self-approval'])
    const { status, body, commit } = await second.post(`/api/upgrades/${upgradeId}/continue`)
    expect([status, body]).toEqual([
      200,
      { message: 'Upgrade continuation queued', upgradeId, jobId: `${upgradeId}-1` },
    ])
    expect(commit).toMatch(/^\d+$/)
    const next = await operator.read<Status>(`/api/upgrades/${upgradeId}/status`, commit)
    expect(next.holds.map(({ code }) => code)).not.toContain('CONTINUE')
    expect(await second.refused(`/api/upgrades/${upgradeId}/continue`)).toEqual([409, 'nothing-to-continue'])
  })

  it('completes, and every customer says that it runs the new version', async () => {
    expect(await ended(operator, upgradeId, { status: 'completed' })).toMatchObject({
      ...{ total: size, completed: size, failed: 0, inProgress: 0, holds: [] },
    })
    expect(versions()).toEqual(['v1.2.0'])
  })

  it('C3 pages through the logs, each customer once, and filters them', async () => {
    const seen: string[] = []
    await eventually(
      () => operator.read<Logs>(`/api/upgrades/${upgradeId}/logs?status=completed&limit=100`),
      ({ count }) => expect(count).toBe(size),
    )
    let cursor: string | null = null
    do {
      const query: string = `limit=20${cursor === null ? '' : `&cursor=${cursor}`}`
      const page: Logs = await operator.read(`/api/upgrades/${upgradeId}/logs?${query}`)
      expect(page.count).toBe(page.logs.length)
      seen.push(...page.logs.map(({ customer_id }) => customer_id))
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(seen.sort()).toEqual(instances.map(({ id }) => id).sort())
    expect(await operator.read<Logs>(`/api/upgrades/${upgradeId}/logs?status=failed`)).toMatchObject({
      count: 0,
    })
  })

  it('tells the story, and each moment of it again with ?at=', async () => {
    const story = await storyOf(operator, upgradeId)
    expect(story.filter(({ type }) => type === 'ExecutionEnded').map(({ data }) => data)).toEqual([])
    // When the wait ends by itself is another instant in each run.
    const sentences = story.map(({ sentence }) => sentence.replace(/until \S+Z for/, 'for'))
    const expected = [
      'operator-1 asked for api v1.2.0, strategy canary.',
      'Execution 1 starts: requested.',
      'Planned 50 targets to v1.2.0.',
      'Started wave 1.',
      'Admitted 5 targets of wave 1.',
      'Waiting for somebody to continue after wave 1.',
      'operator-2 continued after wave 1.',
      'Started wave 2.',
      'Finished wave 2.',
      'It is complete.',
    ]
    expect(sentences.filter((sentence) => expected.includes(sentence))).toEqual(expected)
    const waited = story.find(({ type }) => type === 'ContinueAwaited')
    const until = (await storyOf(operator, upgradeId, waited?.at)).at(-1)
    expect(until?.commit).toBeLessThan(story.at(-1)?.commit ?? 0)
    const then = await operator.read<Status>(`/api/upgrades/${upgradeId}/status?at=${waited?.at}`)
    expect(then).toMatchObject({ completed: 5, status: 'in_progress', completedAt: null })
    const before = await operator.get(`/api/upgrades/${upgradeId}/status?at=2020-01-01T00:00:00Z`)
    expect(before.status).toBe(404)
  })

  it('N1 proves from the log how much was ever exposed', async () => {
    expect(await operator.read(`/api/upgrades/${upgradeId}/blast-radius`)).toMatchObject({
      proven: true,
      waves: [
        { wave: 1, size: 5, exposed: { count: 5, limit: 5 }, failures: { count: 0, allowed: 0 } },
        { wave: 2, size: 45, exposed: { count: 50, limit: 50 } },
      ],
    })
  })

  it('C7 counts the queue and reads the job', async () => {
    const stats = await operator.read<Record<string, number>>('/api/queue/stats')
    expect(Object.keys(stats).sort()).toEqual(['active', 'completed', 'delayed', 'failed', 'waiting'])
    expect(stats.completed).toBeGreaterThan(0)
    expect(await operator.read(`/api/queue/jobs/${upgradeId}-1`)).toMatchObject({
      ...{ jobId: `${upgradeId}-1`, upgradeId, state: 'completed', progress: 100 },
    })
    expect((await operator.get(`/api/queue/jobs/${upgradeId}-99`)).status).toBe(404)
  })

  it('C5 takes one customer back', async () => {
    const { status, body } = await operator.post<{ readonly upgradeId: string }>(
      `/api/upgrades/${upgradeId}/rollback/cust_007`,
    )
    expect([status, body]).toEqual([
      202,
      {
        message: 'Rollback started',
        customerId: 'cust_007',
        namespace: 'customer-007',
        upgradeId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    ])
    await ended(operator, body.upgradeId, { status: 'completed', total: 1, completed: 1 })
    expect(instances.filter(({ version }) => version === 'v1.1.0').map(({ id }) => id)).toEqual(['cust_007'])
    expect(await operator.refused(`/api/upgrades/${upgradeId}/rollback/cust_999`)).toEqual([
      404,
      'not-a-member',
    ])
  })

  it('C5 takes all back, also of a completed upgrade', async () => {
    const { status, body } = await operator.post<{ readonly upgradeId: string }>(
      `/api/upgrades/${upgradeId}/rollback`,
    )
    expect([status, body]).toMatchObject([202, { message: 'Rollback started', parentId: upgradeId }])
    await ended(operator, body.upgradeId, { failed: 0, inProgress: 0 })
    expect(versions()).toEqual(['v1.1.0'])
    const { children } = await operator.read<{ readonly children: readonly { readonly kind: string }[] }>(
      `/api/upgrades/${upgradeId}`,
    )
    expect(children.map(({ kind }) => kind)).toEqual(['rollback', 'rollback'])
  })

  it('C5 halts where a version fails, and tries the failed again', async () => {
    behaviour.fails = true
    const { body } = await operator.write<{ readonly upgradeId: string }>('/api/upgrades/deploy', {
      ...{ component: 'api', version: 'v1.3.0', strategy: 'canary', canaryPercent: 10 },
    })
    const halted = await statusOf(operator, body.upgradeId, { status: 'paused', inProgress: 0 })
    // The first failure is one too many: what was accepted by then ends, what was not is withdrawn.
    const { failed } = halted
    expect(failed).toBeGreaterThan(0)
    // Where all of the wave had accepted, it is over, and nobody has succeeded by whom it could be judged.
    const judged = failed === size / 10 ? ['GATE_INCONCLUSIVE'] : []
    expect(halted.holds.map(({ code }) => code).sort()).toEqual([...judged, 'OPERATOR'])
    const { logs } = await eventually(
      () => operator.read<Logs>(`/api/upgrades/${body.upgradeId}/logs?status=failed`),
      ({ count }) => expect(count).toBe(failed),
    )
    expect(logs[0]).toMatchObject({
      error: 'HEALTH_CHECK_FAILED',
      output: 'The instance answered 503 with v1.3.0.',
    })
    await operator.write(`/api/upgrades/${body.upgradeId}/abort`, { reason: 'the version is bad' })
    await ended(operator, body.upgradeId, { status: 'aborted', failed })
    behaviour.fails = false
    const retry = await operator.write<{ readonly upgradeId: string; readonly message: string }>(
      `/api/upgrades/${body.upgradeId}/retry-failed`,
    )
    expect(retry.body.message).toBe('Retry started')
    await ended(operator, retry.body.upgradeId, { status: 'completed', total: failed, completed: failed })
    expect(instances.filter(({ version }) => version === 'v1.3.0')).toHaveLength(failed)
  })
})
