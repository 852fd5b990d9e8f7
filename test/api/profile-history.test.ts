import { describe, expect, it } from 'vitest'
import type { UpgradeSummary } from '../../events/profile.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import { profileAggregate } from '../../functions/domain/profile/aggregate.ts'
import { summariseUpgrade } from '../../functions/domain/profile/execution.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { requestUpgrade } from '../../functions/domain/upgrade/request.ts'
import { requestOf } from '../domain/upgrade/world.ts'
import { base, createdProfile, examples, publishers } from './profile-examples.ts'
import { digest, openWorld, report, viewer, type World } from './world.ts'

const metadata = { actor: 'drydock', correlation: 'c' }

/** Runs an execution of a profile on every publisher, and copies what it came to into the profile. */
async function executed(
  world: World,
  profile: string,
  status: (target: string) => string,
  changes: Partial<UpgradeSummary> = {},
): Promise<string> {
  const started = await world.call('POST', `${base}/${profile}/executions`, { body: { reason: 'now' } })
  const upgrade: string = started.body.execution_id
  const { state } = await world.log.load(profileAggregate, profile)
  const request: UpgradeRequest = {
    ...requestOf(),
    component: 'publisher',
    version: '4.2.1',
    selection: { targets: null, types: ['publisher'], regions: null, tags: null, canaries: [] },
    parallel: 1000,
    failures: { percent: 100, absolute: null, action: 'pause' },
    retry: { attempts: 0, delaySeconds: 60 },
  }
  await world.log.execute(upgradeAggregate, upgrade, requestUpgrade({ request, by: 'operator-1' }), metadata)
  await world.advance(upgrade)
  await report(world, status)
  await world.advance(upgrade)
  const found = (await world.call('GET', `/api/upgrades/${upgrade}/status`)).body
  const startedAt = state.running?.startedAt ?? ''
  const summary: UpgradeSummary = {
    upgrade,
    status: found.failed === 0 ? 'completed' : 'completed_with_exceptions',
    component: 'publisher',
    version: '4.2.1',
    counts: {
      targeted: found.total,
      succeeded: found.completed,
      failed: found.failed,
      unreachable: 0,
      skipped: 0,
      rolledBack: 0,
    },
    startedAt,
    endedAt: new Date(Date.parse(startedAt) + 30 * 60_000).toISOString(),
    failures: found.failed === 0 ? [] : [{ code: 'HEALTH_CHECK_FAILED', count: found.failed }],
    peak: found.total,
    averageSeconds: 90,
    bytes: 1_800_000,
    ...changes,
  }
  await world.log.execute(profileAggregate, profile, summariseUpgrade(summary), metadata)
  await world.settle()
  return upgrade
}

/** Lets the agent of one target take what it is offered, if anything. */
async function completes(world: World, target: string): Promise<void> {
  const as = { lambda: { kind: 'agent', target, tokenHash: '' } }
  const offer = await world.call('GET', '/api/v1/updates/check', { as })
  if (!offer.body.updateAvailable) return
  for (const status of ['in-progress', 'completed']) {
    const body = { version: offer.body.version, timestamp: '2026-01-05T10:00:00Z', status }
    await world.call('POST', '/api/v1/updates/status', { as, body })
  }
}

async function fleet(count: number): Promise<{ world: World; profile: string }> {
  // What a profile starts is not bounded by what one person may expose.
  const world = openWorld({ exposure: { targets: 1000, percent: 20 } })
  await publishers(world, count)
  await world.call('POST', '/api/v1/releases', { body: { component: 'publisher', version: '4.2.1', digest } })
  return { world, profile: await createdProfile(world, examples.canary) }
}

const historyOf = async (world: World, profile: string, query = {}) =>
  (await world.call('GET', `${base}/${profile}/history`, { as: viewer, query })).body

describe('P7: the history of a profile', () => {
  it('tells of an execution, its failures first, in the words of the seed', async () => {
    const { world, profile } = await fleet(4)
    const upgrade = await executed(world, profile, (target) => (target === 'p3' ? 'failed' : 'completed'))
    const body = await historyOf(world, profile)
    expect(body).toMatchObject({ profile_id: profile, profile_name: 'Critical-Update-Canary' })
    const [{ resource_results, ...execution }] = body.executions
    expect(execution).toEqual({
      execution_id: upgrade,
      started_at: '2026-01-05T10:00:00.000Z',
      completed_at: '2026-01-05T10:30:00.000Z',
      duration_minutes: 30,
      status: 'completed',
      target_version: '4.2.1',
      resources_targeted: 4,
      resources_processed: 4,
      resources_successful: 3,
      resources_failed: 1,
      resources_skipped: 0,
      failure_reasons: [
        { reason: 'health check failed', affected_resources: 1, error_code: 'HEALTH_CHECK_FAILED' },
      ],
      resource_results_more: null,
      metrics: {
        average_upgrade_time: 1.5,
        peak_concurrent_upgrades: 4,
        // 1,800,000 bytes over 1,800 seconds.
        network_utilization: 1000,
        rollback_count: 0,
      },
    })
    expect(resource_results).toHaveLength(4)
    expect(resource_results[0]).toEqual({
      resource_id: 'p3',
      resource_name: 'p3',
      resource_type: 'publisher',
      status: 'failed',
      previous_version: '4.1.0',
      target_version: '4.2.1',
      actual_version: null,
      duration_minutes: 0,
      error_message: 'HEALTH_CHECK_FAILED',
    })
    expect(resource_results[1]).toMatchObject({ status: 'success', actual_version: '4.2.1' })
    expect(body.summary).toEqual({
      total_executions: 1,
      success_rate: 75,
      average_duration: 30,
      total_resources_upgraded: 3,
      most_common_failure: 'HEALTH_CHECK_FAILED',
    })
  })

  it('knows no network_utilization where the release does not say how long it is, nor while it runs', async () => {
    const { world, profile } = await fleet(1)
    await executed(world, profile, () => 'completed', { bytes: null })
    await world.call('POST', `${base}/${profile}/executions`, { body: { reason: 'again' } })
    const { executions } = await historyOf(world, profile)
    expect(
      executions.map(
        ({ metrics }: { metrics: { network_utilization: unknown } }) => metrics.network_utilization,
      ),
    ).toEqual([null, null])
  })

  it('shows a hundred results, failures first, and where the rest is', async () => {
    const { world, profile } = await fleet(120)
    const upgrade = await executed(world, profile, (target) =>
      target === 'p100' || target === 'p20' ? 'failed' : 'completed',
    )
    const [execution] = (await historyOf(world, profile)).executions
    expect(execution.resource_results.map(({ status }: { status: string }) => status).slice(0, 3)).toEqual([
      'failed',
      'failed',
      'success',
    ])
    // The agents of one page of targets have reported: these are all results.
    expect(execution).toMatchObject({ resource_results: { length: 100 }, resource_results_more: null })
    for (let place = 1; place <= 120; place++) await completes(world, `p${place}`)
    const [all] = (await historyOf(world, profile)).executions
    expect(all.resource_results).toHaveLength(100)
    expect(all.resource_results_more).toBe(`/api/upgrades/${upgrade}/logs`)
  })

  it('is filtered by time and status; the summary covers all that match, beyond the limit too', async () => {
    const { world, profile } = await fleet(2)
    const [first] = [await executed(world, profile, () => 'completed')]
    world.pass(7 * 86_400)
    const started = await world.call('POST', `${base}/${profile}/executions`, { body: { reason: 'now' } })
    const second: string = started.body.execution_id
    const idsOf = async (query: Record<string, string>) => {
      const { executions } = await historyOf(world, profile, query)
      return executions.map(({ execution_id }: { execution_id: string }) => execution_id)
    }
    expect(await idsOf({})).toEqual([second, first])
    expect(await idsOf({ limit: '1' })).toEqual([second])
    expect(await idsOf({ status: 'running' })).toEqual([second])
    expect(await idsOf({ status: 'completed' })).toEqual([first])
    expect(await idsOf({ status: 'failed' })).toEqual([])
    expect(await idsOf({ start_date: '2026-01-06' })).toEqual([second])
    expect(await idsOf({ end_date: '2026-01-05' })).toEqual([first])
    expect(await idsOf({ start_date: '2026-01-05T10:00:00Z', end_date: '2026-01-05T10:00:00Z' })).toEqual([
      first,
    ])
    expect((await historyOf(world, profile, { limit: '1' })).summary.total_executions).toBe(2)
    const bad = await world.call('GET', `${base}/${profile}/history`, {
      query: { limit: '0', start_date: 'yesterday', status: 'good' },
    })
    expect(bad.body.errors.map(({ field }: { field: string }) => field).sort()).toEqual([
      'query.limit',
      'query.start_date',
      'query.status',
    ])
  })

  it('is found before the views have caught up', async () => {
    const world = openWorld()
    const created = await world.call('POST', base, { body: examples.weekly })
    const headers = { 'drydock-commit': created.headers['drydock-commit'] ?? '' }
    for (const request of [{ early: true }, { early: true, headers }]) {
      const reply = await world.call('GET', `${base}/${created.body.id}/history`, request)
      expect([reply.status, reply.body.profile_name]).toEqual([200, 'Weekly-Production-Maintenance'])
    }
  })

  it('outlives the profile, and is what the profile itself and its list say', async () => {
    const { world, profile } = await fleet(4)
    await executed(world, profile, (target) => (target === 'p1' ? 'failed' : 'completed'))
    const detail = (await world.call('GET', `${base}/${profile}`)).body
    expect(detail.statistics).toMatchObject({
      total_executions: 1,
      successful_executions: 1,
      failed_executions: 0,
      average_duration_minutes: 30,
      total_resources_upgraded: 3,
      last_execution_date: '2026-01-05T10:00:00.000Z',
    })
    expect(detail.recent_executions).toMatchObject([
      { resources_processed: 4, resources_failed: 1, error_summary: 'HEALTH_CHECK_FAILED on 1' },
    ])
    const [listed] = (await world.call('GET', base)).body.profiles
    expect(listed).toMatchObject({ execution_count: 1, success_rate: 75, average_duration_minutes: 30 })
    const before = await historyOf(world, profile)
    await world.call('DELETE', `${base}/${profile}`)
    expect(await historyOf(world, profile)).toEqual(before)
  })
})

describe('P10: canary and main', () => {
  it('the main profile leaves out what the canary took to the same release, failures too', async () => {
    const { world, profile } = await fleet(4)
    const main = await createdProfile(world, examples.main)
    const dependent = await createdProfile(world, { ...examples.main, depends_on: { profile_id: profile } })
    const matching = async (id: string) =>
      (await world.call('GET', `${base}/${id}`)).body.current_resources.map(({ id }: { id: string }) => id)
    expect(await matching(main)).toEqual(['p1', 'p2', 'p3', 'p4'])
    await executed(world, profile, (target) => (target === 'p1' ? 'failed' : 'completed'))
    await world.call('POST', '/api/v1/targets', {
      body: {
        id: 'p5',
        type: 'publisher',
        tags: { environment: 'production' },
        components: { publisher: '4.1.0' },
      },
    })
    expect(await matching(main)).toEqual(['p5'])
    expect(await matching(dependent)).toEqual(['p5'])
    await world.call('PUT', `${base}/${main}`, { body: { upgrade_settings: { target_version: '4.3.0' } } })
    expect(await matching(main)).toHaveLength(5)
  })
})
