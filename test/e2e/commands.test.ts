import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { startFleets } from '../../infra/local/demo/fleets.ts'
import { fleet, offered, offersTo, register } from './agent.ts'
import { type Client, type Problem, person } from './client.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { eventually } from './patience.ts'
import { ended, type Logs, statusOf, storyOf, typesOf } from './upgrades.ts'

let operator: Client
let approver: Client
let another: Client

beforeAll(async () => {
  operator = await person('operator-1', 'operator', 'approver')
  approver = await person('approver-1', 'approver')
  another = await person('approver-2', 'approver')
})

describe.concurrent('what people do to an upgrade', () => {
  it('approvals are bound to the plan, and never of the one who asked', async () => {
    const { agents, deploy, component } = await fleet(operator, 2)
    const dry = await operator.write<{ readonly planHash: string }>('/api/upgrades/plan', {
      ...{ component, version: 'v1.1.0', strategy: 'all', approvals: { required: 2 } },
    })
    const upgradeId = await deploy({ approvals: { required: 2 } })
    const path = `/api/upgrades/${upgradeId}`
    const { plan } = await operator.read<{ readonly plan: { readonly planHash: string } }>(path)
    const { planHash } = plan
    // N2: what was shown is what would be done.
    expect(dry.body.planHash).toBe(planHash)
    expect(await operator.refused(`${path}/approve`, { planHash })).toEqual([403, 'self-approval'])
    const otherHash = createHash('sha256').update('another plan').digest('hex')
    expect(await approver.refused(`${path}/approve`, { planHash: otherHash })).toEqual([409, 'plan-changed'])
    expect((await approver.write(`${path}/approve`, { planHash })).body).toMatchObject({
      message: 'Approved: 1 of 2',
    })
    // The same person twice is one approval.
    expect((await approver.write(`${path}/approve`, { planHash })).body).toMatchObject({
      message: 'Approved: 1 of 2',
    })
    const waiting = await statusOf(operator, upgradeId, { status: 'pending_approval' })
    expect(waiting.holds).toMatchObject([{ code: 'APPROVAL' }])
    expect(await offersTo(agents)).toEqual([])
    await another.write(`${path}/approve`, { planHash, comment: 'looked at it' })
    await Promise.all(agents.map((agent) => agent.upgrade()))
    await ended(operator, upgradeId, { status: 'completed' })
    const given = (await storyOf(operator, upgradeId)).filter(({ type }) => type === 'ApprovalGiven')
    expect(given.map(({ data }) => [data.by, data.planHash])).toEqual([
      ['approver-1', planHash],
      ['approver-2', planHash],
    ])
  })

  it('a rejected upgrade touches nothing', async () => {
    const { agents, deploy } = await fleet(operator, 1)
    const upgradeId = await deploy({ approvals: { required: 1 } })
    expect(await operator.refused(`/api/upgrades/${upgradeId}/reject`, { reason: 'mine' })).toEqual([
      403,
      'self-approval',
    ])
    await approver.write(`/api/upgrades/${upgradeId}/reject`, { reason: 'not on a Friday' })
    await ended(operator, upgradeId, { status: 'rejected', completed: 0 })
    expect(await offersTo(agents)).toEqual([])
    expect(await operator.refused(`/api/upgrades/${upgradeId}/resume`)).toEqual([409, 'upgrade-ended'])
  })

  it('a pause withdraws what nobody has accepted, and assigns nothing new; resume goes on', async () => {
    const { agents, deploy } = await fleet(operator, 4)
    const upgradeId = await deploy({ parallel: 2 })
    const [accepted, unaccepted] = await offered(agents, 2)
    await accepted?.agent.accept(accepted.offer)
    await operator.write(`/api/upgrades/${upgradeId}/pause`, { reason: 'lunch' })
    await eventually(
      () => operator.read<Logs>(`/api/upgrades/${upgradeId}/logs?status=withdrawn`),
      ({ logs }) => expect(logs.map(({ customer_id }) => customer_id)).toEqual([unaccepted?.agent.id]),
    )
    if (accepted) await accepted.agent.succeed(accepted.offer)
    const paused = await statusOf(operator, upgradeId, { status: 'paused', completed: 1, inProgress: 0 })
    expect(paused.holds).toMatchObject([{ code: 'OPERATOR', ref: 'lunch', unblock: expect.any(String) }])
    expect(await offersTo(agents)).toEqual([])
    const late = unaccepted && (await unaccepted.agent.report('in-progress', unaccepted.offer))
    expect([late?.status, late?.body.code]).toEqual([
      409,
      expect.stringMatching(/attempt-over|no-active-attempt/),
    ])
    const { commit } = await operator.write(`/api/upgrades/${upgradeId}/resume`)
    await Promise.all(agents.filter(({ id }) => id !== accepted?.agent.id).map((agent) => agent.upgrade()))
    await ended(operator, upgradeId, { status: 'completed', completed: 4 })
    const story = await storyOf(operator, upgradeId)
    const from = story.findIndex(({ type }) => type === 'UpgradePaused')
    const to = story.findIndex((told) => String(told.commit) === commit)
    expect(from).toBeGreaterThan(0)
    expect(story.slice(from, to).filter(({ type }) => type === 'TargetsAdmitted')).toEqual([])
  })

  it('an abort lets what was accepted finish and ends', async () => {
    const { agents, deploy } = await fleet(operator, 2)
    const upgradeId = await deploy({ parallel: 1 })
    const [only] = await offered(agents, 1)
    await only?.agent.accept(only.offer)
    await operator.write(`/api/upgrades/${upgradeId}/abort`, { reason: 'wrong version' })
    await statusOf(operator, upgradeId, { status: 'aborting', inProgress: 1 })
    expect(await operator.refused(`/api/upgrades/${upgradeId}/pause`)).toEqual([409, 'upgrade-aborting'])
    await only?.agent.succeed(only.offer)
    await ended(operator, upgradeId, { status: 'aborted', completed: 1, inProgress: 0 })
    expect(await offersTo(agents)).toEqual([])
  })

  it('a rollback of a running upgrade aborts it first', async () => {
    const { agents, deploy } = await fleet(operator, 2)
    const upgradeId = await deploy({ parallel: 1 })
    const [only] = await offered(agents, 1)
    if (!only) throw new Error('One was offered.')
    await only.agent.accept(only.offer)
    await only.agent.succeed(only.offer)
    await offered(agents, 1)
    const { body } = await operator.write<{ readonly upgradeId: string }>(
      `/api/upgrades/${upgradeId}/rollback`,
    )
    await ended(operator, upgradeId, { status: 'aborted' })
    const back = await only.agent.offered()
    expect(back).toMatchObject({ from: 'v1.1.0', version: 'v1.0.0', kind: 'rollback' })
    await only.agent.upgrade()
    await ended(operator, body.upgradeId, { status: 'completed', total: 1, completed: 1 })
  })

  it('a target that is skipped is left out, one that is no member is not found', async () => {
    const { agents, deploy } = await fleet(operator, 3)
    const upgradeId = await deploy({ parallel: 1 })
    const [only] = await offered(agents, 1)
    if (!only) throw new Error('One was offered.')
    const rest = agents.filter(({ id }) => id !== only.agent.id)
    const [left, last] = rest
    const skip = (id: string) => `/api/upgrades/${upgradeId}/targets/${id}/skip`
    await operator.write(skip(left?.id ?? ''))
    expect(await operator.refused(skip(only.agent.id))).toEqual([409, 'update-in-progress'])
    expect(await operator.refused(skip('no-such-target'))).toEqual([404, 'not-a-member'])
    await only.agent.upgrade()
    await last?.upgrade()
    await ended(operator, upgradeId, { status: 'completed_with_exceptions', completed: 2, skipped: 1 })
    expect((await left?.check())?.updateAvailable).toBe(false)
  })

  it('C6 a batch finishes before the next one starts', async () => {
    const { agents, deploy } = await fleet(operator, 5)
    const upgradeId = await deploy({ strategy: 'batch', batchSize: 2 })
    for (const size of [2, 2, 1]) {
      const batch = await offered(agents, size)
      for (const { agent, offer } of batch) {
        // As long as one of the batch is at work nobody else is asked.
        expect((await offersTo(agents)).length).toBeLessThanOrEqual(size)
        await agent.accept(offer)
        await agent.succeed(offer)
      }
    }
    await ended(operator, upgradeId, { status: 'completed', completed: 5 })
    const waves = (await typesOf(operator, upgradeId)).filter((type) => /^Wave(Started|Ended)$/.test(type))
    expect(waves).toEqual([
      'WaveStarted',
      'WaveEnded',
      'WaveStarted',
      'WaveEnded',
      'WaveStarted',
      'WaveEnded',
    ])
  })

  it('a window in the future is waited for, one in the past refused', async () => {
    const { agents, deploy, component } = await fleet(operator, 1)
    const [only] = agents
    const { at } = await operator.read<{ readonly at: string }>(`/api/v1/targets/${only?.id}/explain`)
    const from = (seconds: number) => new Date(Date.parse(at) + seconds * 1000).toISOString()
    const past = { start: from(-7200), end: from(-3600) }
    expect(
      await operator.refused('/api/upgrades/deploy', {
        ...{ component, version: 'v1.1.0', strategy: 'all', window: past },
      }),
    ).toEqual([422, 'window-over'])
    const start = from(180)
    const upgradeId = await deploy({ window: { start, end: from(86_400) } })
    await statusOf(operator, upgradeId, { status: 'scheduled' })
    await only?.upgrade()
    const { startedAt } = await ended(operator, upgradeId, { status: 'completed' })
    expect((startedAt ?? '') >= start).toBe(true)
  })

  it('a release that is withdrawn in mid-upgrade goes to nobody else', async () => {
    const { agents, deploy, component } = await fleet(operator, 3)
    const upgradeId = await deploy({ parallel: 1 })
    const [only] = await offered(agents, 1)
    await only?.agent.accept(only.offer)
    await operator.write(`/api/v1/releases/${component}/v1.1.0/withdraw`, { reason: 'data loss' })
    await only?.agent.succeed(only.offer)
    const held = await statusOf(operator, upgradeId, { status: 'paused', completed: 1, inProgress: 0 })
    expect(held.holds).toMatchObject([{ code: 'OPERATOR', ref: 'The release was withdrawn: data loss' }])
    const admissions = (await typesOf(operator, upgradeId)).filter((type) => type === 'TargetsAdmitted')
    expect(admissions).toHaveLength(1)
    expect(await offersTo(agents)).toEqual([])
    expect(
      await operator.refused('/api/upgrades/deploy', { component, version: 'v1.1.0', strategy: 'all' }),
    ).toEqual([422, 'release-withdrawn'])
  })

  it('M19 a second upgrade of a busy target waits for the first', async () => {
    const { agents, deploy, component } = await fleet(operator, 1)
    const first = await deploy()
    const [only] = await offered(agents, 1)
    await operator.write('/api/v1/releases', {
      component,
      version: 'v1.2.0',
      digest: `sha256:${'2f'.repeat(32)}`,
    })
    const answer = await operator.post<Problem>('/api/upgrades/deploy', {
      ...{ component, version: 'v1.2.0', strategy: 'all' },
    })
    expect(answer.status).toBeLessThan(500)
    await only?.agent.accept(only.offer)
    expect((await only?.agent.check())?.version).toBe('v1.1.0')
    await only?.agent.succeed(only.offer)
    await ended(operator, first, { status: 'completed' })
  })

  it('a repeated deploy with one key is one upgrade; the same key with another body is refused', async () => {
    const { agents, component } = await fleet(operator, 1)
    const key = { 'idempotency-key': randomUUID() }
    const body = { component, version: 'v1.1.0', strategy: 'all' }
    const ask = (asked: object) =>
      operator.post<{ readonly upgradeId: string; readonly code?: string }>(
        '/api/upgrades/deploy',
        asked,
        key,
      )
    const [first, again] = [await ask(body), await ask(body)]
    expect([first.status, again.status, again.body]).toEqual([202, 202, first.body])
    const other = await ask({ ...body, reason: 'another' })
    expect([other.status, other.body.code]).toEqual([422, 'idempotency-key-reused'])
    await agents[0]?.upgrade()
    await ended(operator, first.body.upgradeId, { status: 'completed' })
  })

  it('an agent process that is killed leaves its targets lost, then unreachable, and the upgrade says so', async () => {
    const component = `part-${randomUUID().slice(0, 8)}`
    await operator.write('/api/v1/releases', {
      component,
      version: 'v1.1.0',
      digest: `sha256:${'1f'.repeat(32)}`,
    })
    const registered = await register(operator, component, [`${component}-0`, `${component}-1`])
    const directory = mkdtempSync(join(tmpdir(), 'drydock-fleet-'))
    const instances = registered.map(({ id, enrolmentToken }) => ({
      ...{ id, version: 'v1.0.0', enrolment: enrolmentToken, fails: false },
    }))
    const plan = { url: runtimeOfFile().url, pollEvery: 200, instances }
    const [process] = await startFleets({ ...plan, upgradeTakes: [600_000, 600_000] }, 1, directory)
    try {
      await eventually(
        () => operator.read<{ readonly count: number }>(`/api/v1/targets?component=${component}`),
        ({ count }) => expect(count).toBe(2),
      )
      const { body } = await operator.write<{ readonly upgradeId: string }>('/api/upgrades/deploy', {
        ...{ component, version: 'v1.1.0', strategy: 'all' },
        // Who has accepted is asked when the time to accept is over, which is the earliest that a deadline is looked at.
        deadlines: { acceptSeconds: 300, attemptSeconds: 60, expectedSeconds: 60 },
        failureThreshold: { percent: 100 },
        unreachableThreshold: { percent: 100 },
      })
      await eventually(
        () => operator.read<Logs>(`/api/upgrades/${body.upgradeId}/logs?status=in_progress`),
        ({ count }) => expect(count).toBe(2),
      )
      process?.process.kill('SIGKILL')
      await ended(operator, body.upgradeId, { status: 'completed_with_exceptions', failed: 2 })
      const { logs } = await operator.read<Logs>(`/api/upgrades/${body.upgradeId}/logs`)
      expect(logs.map(({ status }) => status)).toEqual(['lost', 'lost'])
      const told = (await storyOf(operator, body.upgradeId)).map(({ sentence }) => sentence)
      expect(told).toContainEqual(expect.stringMatching(/^Attempts ended: [12] lost\.$/))
      // Nobody is there to take another try.
      const retry = await operator.write<{ readonly upgradeId: string }>('/api/upgrades/deploy', {
        ...{ component, version: 'v1.1.0', strategy: 'all' },
        deadlines: { acceptSeconds: 60, attemptSeconds: 600, expectedSeconds: 60 },
        unreachableThreshold: { percent: 100 },
      })
      await ended(operator, retry.body.upgradeId, { status: 'completed_with_exceptions', unreachable: 2 })
      const later = (await storyOf(operator, retry.body.upgradeId)).map(({ sentence }) => sentence)
      expect(later).toContainEqual(expect.stringMatching(/^Attempts ended: [12] unreachable\.$/))
    } finally {
      process?.process.kill('SIGKILL')
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
