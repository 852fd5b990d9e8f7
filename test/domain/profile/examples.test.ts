import { describe, expect, test } from 'vitest'
import { validateDefinition } from '../../../functions/domain/profile/definition.ts'
import { warningsOf } from '../../../functions/domain/profile/warnings.ts'
import { nextOpenings } from '../../../functions/domain/profile/windows.ts'

const production = [{ key: 'environment', value: 'production' }]
const careful = { pre_upgrade_checks: true, rollback_on_failure: true }
const schedule = (cron: string, hours: number, timezone = 'UTC') => {
  return { cron_expression: cron, timezone, maintenance_window_hours: hours }
}

/**
 * The worked examples as they are sent, and when each opens first after 2026-03-01 12:00Z. The main rollout names its canary, which takes
 * the place of a script that watched it.
 */
const examples: readonly [string, string, object][] = [
  [
    'weekly',
    '2026-03-08T07:00:00.000Z',
    {
      name: 'Weekly-Production-Maintenance',
      schedule: {
        ...schedule('0 2 * * 0', 4, 'America/New_York'),
        retry_attempts: 2,
        retry_delay_minutes: 15,
      },
      upgrade_settings: {
        ...careful,
        target_version: 'stable',
        notification_enabled: true,
        parallel_upgrades: 3,
      },
      resource_filters: {
        resource_types: ['publisher', 'local_broker'],
        regions: ['us-east-1', 'us-west-2'],
        exclude_critical: true,
      },
    },
  ],
  [
    'monthly',
    '2026-04-01T01:00:00.000Z',
    {
      name: 'Monthly-Security-Patches',
      schedule: { ...schedule('0 1 1 * *', 6), retry_attempts: 3, retry_delay_minutes: 30 },
      upgrade_settings: { ...careful, target_version: 'latest', parallel_upgrades: 5, canary_percentage: 10 },
      resource_filters: { resource_types: ['publisher', 'local_broker', 'application'], tags: production },
    },
  ],
  [
    'canary',
    '2026-03-02T01:00:00.000Z',
    {
      name: 'Critical-Update-Canary',
      schedule: schedule('0 1 * * 1', 2),
      upgrade_settings: { ...careful, target_version: '4.2.1', parallel_upgrades: 2, canary_percentage: 5 },
      resource_filters: { resource_types: ['publisher'], tags: production },
    },
  ],
  [
    'main',
    '2026-03-04T01:00:00.000Z',
    {
      name: 'Critical-Update-Main',
      schedule: schedule('0 1 * * 3', 4),
      upgrade_settings: { ...careful, target_version: '4.2.1', parallel_upgrades: 5 },
      resource_filters: { resource_types: ['publisher'], tags: production, exclude_canary_resources: true },
      depends_on: { profile_id: 'prof-canary' },
    },
  ],
  [
    'region',
    '2026-03-07T18:00:00.000Z',
    {
      name: 'APAC-Weekly-Maintenance',
      schedule: schedule('0 2 * * 0', 4, 'Asia/Singapore'),
      upgrade_settings: { ...careful, target_version: 'stable', parallel_upgrades: 3 },
      resource_filters: {
        resource_types: ['publisher', 'local_broker'],
        regions: ['apac'],
        exclude_critical: false,
      },
    },
  ],
]

const now = '2026-03-01T12:00:00.000Z'

describe('P1, P10, P11: the worked examples', () => {
  test.each(examples)('%s is taken as it is, opens at %s, and warns of nothing', (_, opening, request) => {
    const result = validateDefinition(request)
    if ('problems' in result) throw new Error(JSON.stringify(result.problems))
    expect(result.definition).toMatchObject(request)
    expect(nextOpenings(result.definition.schedule, now, 1)).toEqual([opening])
    expect(warningsOf(result.definition, { matching: 3, now })).toEqual([])
  })

  test('P12: the emergency patch is taken too, and warned of: its windows overlap, its retries take longer, nothing is checked', () => {
    const result = validateDefinition({
      name: 'Emergency-Security-Patch',
      description: 'CVE-2024-XXXX critical security patch',
      schedule: { ...schedule('*/30 * * * *', 1), retry_attempts: 5, retry_delay_minutes: 5 },
      upgrade_settings: {
        target_version: '4.1.3-security',
        pre_upgrade_checks: false,
        rollback_on_failure: true,
        parallel_upgrades: 10,
        notification_enabled: true,
      },
      resource_filters: { resource_types: ['publisher', 'local_broker'], exclude_critical: false },
    })
    if ('problems' in result) throw new Error(JSON.stringify(result.problems))
    expect(warningsOf(result.definition, { matching: 3, now })).toEqual([
      expect.stringMatching(/1 hour is longer than .* 30 minutes/),
      expect.stringMatching(/^5 retries wait up to 135 minutes/),
      expect.stringContaining('pre_upgrade_checks'),
    ])
  })
})
