import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { profileAggregate } from '../../functions/domain/profile/aggregate.ts'
import { summaryOf } from '../../functions/facts/summary.ts'
import { digest, openWorld, type World } from '../api/world.ts'

const base = '/api/v1/upgrade-profiles'
const sizeBytes = 18_350_080

/** How one try on one target goes. */
interface Try {
  readonly seconds: number
  readonly report: object
}

const tryOf: fc.Arbitrary<Try> = fc.record({
  seconds: fc.integer({ min: 0, max: 900 }),
  report: fc.oneof(
    { weight: 2, arbitrary: fc.constant({ status: 'completed' }) },
    fc.record({
      status: fc.constantFrom('failed', 'rolled-back', 'rollback-failed'),
      code: fc.constantFrom('TIMEOUT', 'HEALTH_CHECK_FAILED', 'CRITICAL_DISK'),
      retryable: fc.boolean(),
    }),
  ),
})

const rollout = fc.record({
  targets: fc.integer({ min: 1, max: 9 }),
  parallel: fc.integer({ min: 1, max: 10 }),
  canary: fc.constantFrom(null, 20),
  rollback: fc.boolean(),
  resumes: fc.boolean(),
  tries: fc.array(tryOf, { minLength: 6, maxLength: 20 }),
})
type Rollout = typeof rollout extends fc.Arbitrary<infer Value> ? Value : never

const completes: Try = { seconds: 60, report: { status: 'completed' } }
const fails = (code: string, retryable: boolean, status = 'failed'): Try => ({
  seconds: 30,
  report: { status, code, retryable },
})
const two = { targets: 2, parallel: 2, canary: null, rollback: true, resumes: true }
/** What has to be among the histories: a retry, one that an abort overtakes, after a rollback of its own too, a rollback, a critical failure. */
const certain: Rollout[] = [
  { ...two, rollback: false, tries: [fails('TIMEOUT', true), completes] },
  { ...two, tries: [fails('TIMEOUT', true), fails('HEALTH_CHECK_FAILED', false), completes] },
  {
    ...two,
    tries: [fails('TIMEOUT', true, 'rolled-back'), fails('HEALTH_CHECK_FAILED', false), completes],
  },
  { ...two, tries: [completes, fails('CRITICAL_DISK', true), completes] },
]

/** Runs one execution of a profile to its end, its agents doing as they are told in turn; returns the profile and the upgrade. */
async function run(world: World, { targets, parallel, canary, rollback, resumes, tries }: Rollout) {
  const names = Array.from({ length: targets }, (_, place) => `t${place}`)
  const release = { component: 'app', version: '2.0.0', digest, sizeBytes }
  await world.call('POST', '/api/v1/releases', { body: release })
  const fleet = names.map((id) => ({ id, type: 'app', components: { app: '1.0.0' } }))
  await world.call('POST', '/api/v1/targets', { body: { targets: fleet } })
  const body = {
    name: 'generated',
    schedule: {
      cron_expression: '0 2 * * 0',
      timezone: 'UTC',
      maintenance_window_hours: 4,
      retry_attempts: 2,
      retry_delay_minutes: 5,
    },
    upgrade_settings: {
      target_version: 'latest',
      pre_upgrade_checks: false,
      rollback_on_failure: rollback,
      parallel_upgrades: parallel,
      canary_percentage: canary,
    },
    resource_filters: { resource_types: ['app'] },
  }
  const profile: string = (await world.call('POST', base, { body })).body.id
  const started = await world.call('POST', `${base}/${profile}/executions`, { body: { reason: 'now' } })
  const upgrade: string = started.body.execution_id
  await world.settle()
  let taken = 0
  const work = async () => {
    const accepted: string[] = []
    const as = (target: string) => ({ lambda: { kind: 'agent', target, tokenHash: '' } })
    const told = { timestamp: '2026-01-05T10:00:00Z' }
    for (const target of names) {
      const { body } = await world.call('GET', '/api/v1/updates/check', { as: as(target) })
      if (!body.updateAvailable) continue
      const report = { ...told, version: body.version, status: 'in-progress' }
      const { status } = await world.call('POST', '/api/v1/updates/status', { as: as(target), body: report })
      if (status === 200) accepted.push(target)
    }
    for (const target of accepted) {
      const next = tries[taken++ % tries.length]
      world.pass(next?.seconds ?? 0)
      const { body } = await world.call('GET', '/api/v1/updates/check', { as: as(target) })
      const report = { ...told, version: body.version, ...next?.report }
      await world.call('POST', '/api/v1/updates/status', { as: as(target), body: report })
    }
  }
  for (let round = 0; round < 60; round++) {
    if (!(await world.log.load(profileAggregate, profile)).state.running) return { profile, upgrade }
    const { children } = await world.upgrade(upgrade)
    for (const id of [upgrade, ...children.map(({ child }) => child)]) {
      const path = `/api/upgrades/${id}`
      const { status, counts } = await world.upgrade(id)
      if (status === 'paused') {
        const on = resumes || id !== upgrade
        const { failed, unreachable } = counts
        await world.call('POST', `${path}/${on ? 'resume' : 'abort'}`, {
          body: on ? { acknowledge: { failed, unreachable } } : { reason: 'x' },
        })
      }
      await world.advance(id)
    }
    await work()
    world.pass(300)
  }
  throw new Error('The execution does not end.')
}

interface Told {
  readonly stream: string
  readonly at: string
  readonly type: string
  // biome-ignore lint/suspicious/noExplicitAny: what is stored, read without the code that is tested
  readonly data: any
}

/** Every event in the log, as it is stored. */
async function everything(world: World): Promise<Told[]> {
  const told: Told[] = []
  for (const name of ['target', 'upgrade', 'profile']) {
    for await (const { stream } of world.log.streams({ name })) {
      for await (const { at, events } of world.log.commits(stream, { consistent: true }))
        for (const { type, data } of events) told.push({ stream, at, type, data: JSON.parse(data) })
    }
  }
  return told
}

const bad = ['failed', 'timed_out', 'lost', 'rejected', 'rolled_back', 'rollback_failed']
const seconds = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 1000

/** What an execution came to, counted from the events of its targets and of the upgrade with no fold at all. */
function recounted(told: readonly Told[], upgrade: string) {
  const own = told.filter(({ stream }) => stream === `upgrade#${upgrade}`)
  const children = own.flatMap(({ type, data }) => (type === 'ChildRequested' ? [data.child] : []))
  const ends = told.filter(({ type, data }) => type === 'AttemptEnded' && data.upgrade === upgrade)
  // How each member ended last: who failed, and was given back before the next try, has come to no end.
  const last = new Map(ends.map(({ data }) => [data.member, data]))
  const finals = [...last.values()]
  const durations = ends.flatMap(({ at, data }) => {
    const accepted = told.find((one) => one.type === 'AttemptAccepted' && one.data.attempt === data.attempt)
    return accepted ? [seconds(accepted.at, at)] : []
  })
  let inFlight = 0
  let peak = 0
  const sizes = (ranges: readonly number[][]) =>
    ranges.reduce((sum, [from = 0, to = 0]) => sum + to - from, 0)
  for (const { type, data } of own) {
    if (type === 'TargetsAdmitted')
      inFlight += sizes(data.members) + sizes(data.retried) + sizes(data.readmitted)
    if (type === 'OutcomesRecorded') inFlight -= data.outcomes.length
    peak = Math.max(peak, inFlight)
  }
  const failed = finals.filter(({ outcome }) => bad.includes(outcome))
  const takenBack = told.filter(
    ({ type, data }) =>
      type === 'AttemptEnded' && children.includes(data.upgrade) && data.outcome === 'succeeded',
  )
  const succeeded = finals.filter(({ outcome }) => outcome === 'succeeded').length
  const codes: Record<string, number> = {}
  for (const { code } of failed) codes[code] = (codes[code] ?? 0) + 1
  return {
    targeted: own.find(({ type }) => type === 'UpgradePlanned')?.data.members,
    succeeded,
    failed: failed.length,
    rolledBack: failed.filter(({ outcome }) => outcome === 'rolled_back').length + takenBack.length,
    peak,
    average: durations.length === 0 ? null : durations.reduce((sum, one) => sum + one, 0) / durations.length,
    bytes: sizeBytes * (succeeded + failed.length),
    codes,
  }
}

describe('P7: the figures of an execution', () => {
  it('are those of a plain recount of the log, whatever becomes of its targets', async () => {
    const seen = { failed: 0, retried: 0, takenBack: 0, critical: 0, abandoned: 0 }
    await fc.assert(
      fc.asyncProperty(rollout, async (shape) => {
        const world = openWorld({ heard: true })
        const { profile, upgrade } = await run(world, shape)
        const told = await everything(world)
        const { state } = await world.log.load(profileAggregate, profile)
        const [summary] = state.summaries
        if (!summary) throw new Error('There is no summary.')
        const expected = recounted(told, upgrade)
        const { counts, peak, averageSeconds, bytes, failures } = summary
        expect({
          ...{ targeted: counts.targeted, succeeded: counts.succeeded, failed: counts.failed },
          ...{ rolledBack: counts.rolledBack, peak, average: averageSeconds, bytes },
          codes: Object.fromEntries(failures.map(({ code, count }) => [code, count])),
        }).toEqual({
          ...expected,
          average: expected.average === null ? null : expect.closeTo(expected.average, 6),
        })
        expect(failures.reduce((sum, { count }) => sum + count, 0)).toBe(counts.failed + counts.unreachable)

        // A view that lags behind makes no other figure: what it does not have yet is read from the log.
        const blind = { ...world.services.views, async *attemptsOf() {} }
        const late = await summaryOf({ log: world.log, views: blind }, upgrade)
        expect(late.averageSeconds).toEqual(
          averageSeconds === null ? null : expect.closeTo(averageSeconds, 6),
        )

        const { executions, summary: overall } = (await world.call('GET', `${base}/${profile}/history`)).body
        const [execution] = executions
        const duration = seconds(summary.startedAt, summary.endedAt)
        expect(execution.metrics).toEqual({
          average_upgrade_time: expected.average === null ? null : expect.closeTo(expected.average / 60, 6),
          peak_concurrent_upgrades: expected.peak,
          network_utilization: duration === 0 ? null : expect.closeTo(expected.bytes / duration, 6),
          rollback_count: expected.rolledBack,
        })
        const attempted = expected.succeeded + expected.failed
        const common = Math.max(0, ...Object.values(expected.codes))
        const commonest = Object.keys(expected.codes).filter((code) => expected.codes[code] === common)
        expect(overall).toEqual({
          total_executions: 1,
          success_rate: attempted === 0 ? null : expect.closeTo((expected.succeeded * 100) / attempted, 6),
          average_duration: expect.closeTo(duration / 60, 6),
          total_resources_upgraded: expected.succeeded,
          most_common_failure: commonest.sort()[0] ?? null,
        })
        seen.failed += counts.failed
        // Aborted while it waited to be tried again.
        seen.abandoned += told.filter(({ type }) => type === 'RetriesGivenUp').length
        seen.takenBack += counts.rolledBack
        seen.retried += told.filter(({ type, data }) => type === 'AttemptAssigned' && data.n > 1).length
        seen.critical += told.filter(({ type }) => type === 'AlertRaised').length
      }),
      { numRuns: 60, examples: certain.map((shape) => [shape]) },
    )
    // Histories in which nothing fails would show nothing.
    for (const [what, count] of Object.entries(seen)) expect([what, count > 0]).toEqual([what, true])
  }, 120_000)
})
