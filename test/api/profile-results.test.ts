import { beforeEach, describe, expect, it } from 'vitest'
import { executionsMatching } from '../../functions/api/profiles/executions.ts'
import type { ExecutionRow } from '../../functions/views/rows.ts'
import { summaryOf } from '../domain/profile/world.ts'
import { base } from './profile-examples.ts'
import { openWorld, report, type World } from './world.ts'

let world: World
beforeEach(async () => {
  world = openWorld({ heard: true })
  await world.fleet(3)
})

async function executed(rollback: boolean): Promise<{ profile: string; upgrade: string }> {
  const body = {
    name: 'now',
    schedule: { cron_expression: '0 2 * * 0', timezone: 'UTC', maintenance_window_hours: 4 },
    upgrade_settings: {
      target_version: 'latest',
      component: 'api',
      pre_upgrade_checks: false,
      rollback_on_failure: rollback,
      parallel_upgrades: 1,
    },
    resource_filters: { resource_types: ['customer'] },
  }
  const profile: string = (await world.call('POST', base, { body })).body.id
  const started = await world.call('POST', `${base}/${profile}/executions`, { body: { reason: 'now' } })
  await world.settle()
  await world.advance(started.body.execution_id)
  return { profile, upgrade: started.body.execution_id }
}

const childOf = async (upgrade: string) => (await world.upgrade(upgrade)).children.at(-1)?.child ?? ''

/** Lets an upgrade, or the rollback that it asked for, come to its end. */
async function finish(upgrade: string, status?: (target: string) => string): Promise<void> {
  for (let round = 0; round < 20 && (await world.advance(upgrade)) !== 'ended'; round++)
    await report(world, status)
  await world.settle()
}

async function only(profile: string) {
  const { executions } = (await world.call('GET', `${base}/${profile}/history`)).body
  expect(executions).toHaveLength(1)
  return executions[0]
}

const brief = ({ resource_results }: { resource_results: Record<string, unknown>[] }) =>
  resource_results.map(({ status, actual_version, error_message }) => [status, actual_version, error_message])

describe('P7: results of resources that were taken back', () => {
  /** The second of three fails, and the whole upgrade is taken back. */
  async function takenBack(rollbackEnds: (target: string) => string) {
    const { profile, upgrade } = await executed(true)
    let seen = 0
    await finish(upgrade, () => (++seen === 2 ? 'failed' : 'completed'))
    await finish(await childOf(upgrade), rollbackEnds)
    return only(profile)
  }

  it('are rollbacks to the version before, with why', async () => {
    const execution = await takenBack(() => 'completed')
    expect(execution).toMatchObject({ status: 'failed', resources_successful: 1, resources_failed: 1 })
    expect(brief(execution)).toEqual(
      expect.arrayContaining([
        ['rollback', 'v1.1.0', null],
        ['rollback', 'v1.1.0', 'HEALTH_CHECK_FAILED'],
      ]),
    )
    expect(execution.resource_results).toHaveLength(2)
    expect(execution.metrics.rollback_count).toBe(2)
    expect(execution.resource_results_more).toBeNull()
  })

  it('have failed where the rollback has', async () => {
    const execution = await takenBack(() => 'failed')
    expect(brief(execution)[0]).toEqual(['failed', null, 'HEALTH_CHECK_FAILED'])
    expect(execution.metrics.rollback_count).toBe(0)
  })

  it('also when somebody takes a completed one back later', async () => {
    const { profile, upgrade } = await executed(false)
    await finish(upgrade)
    expect(brief(await only(profile))).toEqual(Array(3).fill(['success', 'v1.2.0', null]))
    await world.call('POST', `/api/upgrades/${upgrade}/rollback`)
    await finish(await childOf(upgrade))
    const execution = await only(profile)
    expect(brief(execution)).toEqual(Array(3).fill(['rollback', 'v1.1.0', null]))
    expect([execution.status, execution.metrics.rollback_count]).toEqual(['completed', 3])
  })
})

describe('P7: many executions', () => {
  it('are counted all, and the latest are shown, in whatever order the view has them', async () => {
    const row = (place: number): ExecutionRow => ({
      upgrade: `u${place}`,
      reason: 'window',
      justification: null,
      scheduledAt: null,
      startedAt: new Date(Date.UTC(2026, 0, 1, place)).toISOString(),
      by: 'ada',
      summary: place === 999 ? null : summaryOf(`u${place}`),
    })
    const views = {
      ...world.services.views,
      async *executionsOf() {
        for (let place = 0; place < 1000; place++) yield row((place * 7) % 1000)
      },
    }
    const found = await executionsMatching({ ...world.services, views }, 'p1', 3)
    expect(found.latest.map(({ upgrade }) => upgrade)).toEqual(['u999', 'u998', 'u997'])
    expect([found.count, found.totals.executions]).toEqual([1000, 999])
    const odd = await executionsMatching({ ...world.services, views }, 'p1', 2, ({ upgrade }) =>
      /[13579]$/.test(upgrade),
    )
    expect([odd.count, odd.latest.map(({ upgrade }) => upgrade)]).toEqual([500, ['u999', 'u997']])
  })
})
