import type { World } from './world.ts'

/** The profiles of seed 000, as they are written there. */
export const examples = {
  weekly: {
    name: 'Weekly-Production-Maintenance',
    schedule: {
      cron_expression: '0 2 * * 0',
      timezone: 'America/New_York',
      maintenance_window_hours: 4,
      retry_attempts: 2,
      retry_delay_minutes: 15,
    },
    upgrade_settings: {
      target_version: 'stable',
      pre_upgrade_checks: true,
      rollback_on_failure: true,
      notification_enabled: true,
      parallel_upgrades: 3,
    },
    resource_filters: {
      resource_types: ['publisher', 'local_broker'],
      regions: ['us-east-1', 'us-west-2'],
      exclude_critical: true,
    },
  },
  monthly: {
    name: 'Monthly-Security-Patches',
    schedule: {
      cron_expression: '0 1 1 * *',
      timezone: 'UTC',
      maintenance_window_hours: 6,
      retry_attempts: 3,
      retry_delay_minutes: 30,
    },
    upgrade_settings: {
      target_version: 'latest',
      pre_upgrade_checks: true,
      rollback_on_failure: true,
      parallel_upgrades: 5,
      canary_percentage: 10,
    },
    resource_filters: {
      resource_types: ['publisher', 'local_broker', 'application'],
      tags: [{ key: 'environment', value: 'production' }],
    },
  },
  canary: {
    name: 'Critical-Update-Canary',
    schedule: { cron_expression: '0 1 * * 1', timezone: 'UTC', maintenance_window_hours: 2 },
    upgrade_settings: {
      target_version: '4.2.1',
      pre_upgrade_checks: true,
      rollback_on_failure: true,
      parallel_upgrades: 2,
      canary_percentage: 5,
    },
    resource_filters: {
      resource_types: ['publisher'],
      tags: [{ key: 'environment', value: 'production' }],
    },
  },
  main: {
    name: 'Critical-Update-Main',
    schedule: { cron_expression: '0 1 * * 3', timezone: 'UTC', maintenance_window_hours: 4 },
    upgrade_settings: {
      target_version: '4.2.1',
      pre_upgrade_checks: true,
      rollback_on_failure: true,
      parallel_upgrades: 5,
    },
    resource_filters: {
      resource_types: ['publisher'],
      tags: [{ key: 'environment', value: 'production' }],
      exclude_canary_resources: true,
    },
  },
  region: {
    name: 'APAC-Weekly-Maintenance',
    schedule: { cron_expression: '0 2 * * 0', timezone: 'Asia/Singapore', maintenance_window_hours: 4 },
    upgrade_settings: {
      target_version: 'stable',
      pre_upgrade_checks: true,
      rollback_on_failure: true,
      parallel_upgrades: 3,
    },
    resource_filters: {
      resource_types: ['publisher', 'local_broker'],
      regions: ['apac'],
      exclude_critical: false,
    },
  },
  emergency: {
    name: 'Emergency-Security-Patch',
    description: 'CVE-2024-XXXX critical security patch',
    schedule: {
      cron_expression: '*/30 * * * *',
      timezone: 'UTC',
      maintenance_window_hours: 1,
      retry_attempts: 5,
      retry_delay_minutes: 5,
    },
    upgrade_settings: {
      target_version: '4.1.3-security',
      pre_upgrade_checks: false,
      rollback_on_failure: true,
      parallel_upgrades: 10,
      notification_enabled: true,
    },
    resource_filters: { resource_types: ['publisher', 'local_broker'], exclude_critical: false },
  },
}

export const base = '/api/v1/upgrade-profiles'

/** Creates a profile and returns its id. */
export async function createdProfile(world: World, body: object): Promise<string> {
  const reply = await world.call('POST', base, { body })
  if (reply.status !== 201) throw new Error(JSON.stringify(reply.body))
  return reply.body.id
}

/** Registers so many publishers in production, `p1`, `p2` and so on, that run 4.1.0. */
export async function publishers(world: World, count: number, facts: object = {}): Promise<string[]> {
  const targets = Array.from({ length: count }, (_, index) => ({
    id: `p${index + 1}`,
    type: 'publisher',
    region: 'us-east-1',
    tags: { environment: 'production' },
    components: { publisher: '4.1.0' },
    ...facts,
  }))
  for (let from = 0; from < count; from += 1000) {
    await world.call('POST', '/api/v1/targets', { body: { targets: targets.slice(from, from + 1000) } })
  }
  await world.settle()
  return targets.map(({ id }) => id)
}
