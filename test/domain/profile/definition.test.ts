import { describe, expect, test } from 'vitest'
import { profileDefinition } from '../../../events/profile.ts'
import { validateDefinition, validateUpdate } from '../../../functions/domain/profile/definition.ts'
import { warningsOf } from '../../../functions/domain/profile/warnings.ts'
import { definition, weekly } from './world.ts'

/** The fields that a create request was refused for. */
function refusedFields(input: unknown): string[] {
  const result = validateDefinition(input)
  return 'problems' in result ? result.problems.map(({ field }) => field) : []
}

/** The weekly request with one member of it replaced. */
function withMember(path: string, value: unknown): unknown {
  const copy: unknown = structuredClone(weekly)
  const names = path.split('.')
  const last = names.pop() ?? ''
  let at = copy as Record<string, unknown> // a clone of an object literal
  for (const name of names) {
    at[name] ??= {}
    at = at[name] as Record<string, unknown> // its parts are objects
  }
  at[last] = value
  return copy
}

describe('P1: a create request', () => {
  test('that says what the seed’s examples say has the documented default for the rest', () => {
    expect(validateDefinition(weekly)).toEqual({ definition })
    expect(profileDefinition.parse(definition)).toEqual(definition)
  })

  test.each([
    ['name', 'x', 'n'.repeat(128)],
    ['schedule.maintenance_window_hours', 1, 24],
    ['schedule.retry_attempts', 1, 5],
    ['schedule.retry_delay_minutes', 5, 60],
    ['upgrade_settings.parallel_upgrades', 1, 10],
    ['upgrade_settings.canary_percentage', 1, 100],
    ['upgrade_settings.canary_percentage', 2.5, null],
    ['upgrade_settings.target_version', '4.1.3-security', 'v1.2.1'],
    ['resource_filters.regions', [], ['emea', 'emea']],
    ['depends_on', null, { profile_id: 'p' }],
    ['depends_on.profile_id', 'prof-1', 'prof-2'],
    ['approvals', { required: 1 }, { required: 5, approvers: ['ada'], lead_time_hours: 168 }],
  ])('takes %s from %j to %j', (path, least, most) => {
    expect(refusedFields(withMember(path, least))).toEqual([])
    expect(refusedFields(withMember(path, most))).toEqual([])
  })

  test.each([
    ['name', ['', ' ', 'n'.repeat(129), 7, null, 'two\nlines']],
    ['description', [7, 'd'.repeat(1025)]],
    ['schedule.cron_expression', ['', '@daily', '0 0 2 * * 0', '0 2 31 2 *', 5, null]],
    ['schedule.timezone', ['', 'EST+5', '+01:00', 'Mars/Olympus', 'America/', 1, null]],
    ['schedule.maintenance_window_hours', [0, 25, 1.5, '4', null, Number.NaN]],
    ['schedule.retry_attempts', [0, 6, -1, null]],
    ['schedule.retry_delay_minutes', [4, 61]],
    ['schedule.calendars', ['german', Array.from({ length: 11 }, (_, place) => `c${place}`)]],
    ['schedule.retries', [2]],
    ['upgrade_settings.target_version', ['newest', '1.2', '', 4]],
    ['upgrade_settings.pre_upgrade_checks', ['true', 1, null]],
    ['upgrade_settings.rollback_on_failure', [null]],
    ['upgrade_settings.parallel_upgrades', [0, 11]],
    ['upgrade_settings.canary_percentage', [0, 101, '10']],
    ['resource_filters.resource_types', [[], 'publisher', null]],
    ['resource_filters.resource_types[0]', [['no spaces'], [7]]],
    [
      'resource_filters.tags[0]',
      [['a'], [{ key: 'a' }], [{ key: '', value: 'b' }], [{ key: 'a', value: 'b', more: 1 }]],
    ],
    [
      'resource_filters.tags[1]',
      [
        [
          { key: 'a', value: 'b' },
          { key: 'a', value: 'c' },
        ],
      ],
    ],
    ['upgrade_settings.attempt_minutes', [0, 1441, 0.5, '60']],
    ['upgrade_settings.expected_minutes', [0, 60, null]],
    ['resource_filters.exclude_critical', ['no']],
    ['depends_on.profile_id', [7]],
    ['depends_on.min_success_rate', [-1, 101]],
    ['approvals.required', [0]],
    ['schedule', ['weekly', []]],
    ['unknown', [1]],
  ])('refuses %s', (field, values) => {
    const path = field.replace(/\[\d\]$/, '')
    for (const value of values) {
      const base = path.startsWith('depends_on.')
        ? { min_success_rate: 95, profile_id: 'p' }
        : { required: 1 }
      const request = /^(depends_on|approvals)\./.test(path)
        ? withMember(path.split('.')[0] ?? '', { ...base, [path.split('.')[1] ?? '']: value })
        : withMember(path, value)
      expect(refusedFields(request), JSON.stringify(value)).toEqual([field])
    }
  })

  test('with several bad fields has all of them named together, each with its value and what is allowed', () => {
    const result = validateDefinition({
      ...weekly,
      schedule: { ...weekly.schedule, timezone: 'Mars', retry_attempts: 9, cron_expression: '0 25 * * *' },
      upgrade_settings: { ...weekly.upgrade_settings, parallel_upgrades: 0 },
    })
    expect(result).toEqual({
      problems: [
        {
          field: 'schedule.cron_expression',
          value: '0 25 * * *',
          expected: expect.stringMatching(/^hour: .*0 to 23/),
        },
        { field: 'schedule.timezone', value: 'Mars', expected: expect.stringContaining('IANA') },
        { field: 'schedule.retry_attempts', value: 9, expected: 'a whole number from 1 to 5' },
        { field: 'upgrade_settings.parallel_upgrades', value: 0, expected: 'a whole number from 1 to 10' },
      ],
    })
  })

  test('that lacks whole parts has the members named that it needs', () => {
    expect(refusedFields({})).toEqual([
      'name',
      'schedule.cron_expression',
      'schedule.timezone',
      'schedule.maintenance_window_hours',
      'upgrade_settings.target_version',
      'upgrade_settings.pre_upgrade_checks',
      'upgrade_settings.rollback_on_failure',
      'upgrade_settings.parallel_upgrades',
      'resource_filters.resource_types',
    ])
    for (const nothing of [null, undefined, 'x', [], 7]) expect(refusedFields(nothing)).toContain('body')
  })

  test('cannot smuggle members in by a prototype', () => {
    const smuggled: unknown = JSON.parse('{"__proto__": {"name": "evil"}, "constructor": 1}')
    expect(refusedFields(smuggled)).toEqual(expect.arrayContaining(['name', '__proto__', 'constructor']))
  })
})

describe('P4: a partial update', () => {
  test('keeps what it does not name, and says what it changed', () => {
    const updates = {
      schedule: { cron_expression: '0 3 * * 0', maintenance_window_hours: 6 },
      upgrade_settings: { canary_percentage: 20, parallel_upgrades: 3 },
    }
    expect(validateUpdate(definition, updates)).toEqual({
      definition: {
        ...definition,
        schedule: { ...definition.schedule, ...updates.schedule },
        upgrade_settings: { ...definition.upgrade_settings, canary_percentage: 20 },
      },
      status: null,
      changes: [
        'schedule.cron_expression',
        'schedule.maintenance_window_hours',
        'upgrade_settings.canary_percentage',
      ],
    })
  })

  test('of nothing, or to what is there, changes nothing', () => {
    for (const updates of [{}, weekly, definition]) {
      expect(validateUpdate(definition, updates)).toEqual({ definition, status: null, changes: [] })
    }
  })

  test('removes by null what may be missing', () => {
    const full = {
      ...definition,
      description: 'nightly',
      upgrade_settings: { ...definition.upgrade_settings, canary_percentage: 5 },
      depends_on: { profile_id: 'p', min_success_rate: 95, min_resources: 2 },
      approvals: { required: 1, approvers: null, lead_time_hours: 24 },
    }
    const updates = {
      description: null,
      upgrade_settings: { canary_percentage: null },
      depends_on: null,
      approvals: null,
    }
    expect(validateUpdate(full, updates)).toMatchObject({
      definition,
      changes: ['approvals', 'depends_on', 'description', 'upgrade_settings.canary_percentage'],
    })
    expect(validateUpdate(full, { depends_on: { min_success_rate: 90 } })).toMatchObject({
      definition: { depends_on: { profile_id: 'p', min_success_rate: 90 } },
      changes: ['depends_on.min_success_rate'],
    })
  })

  test('takes the status, and no other word for it', () => {
    expect(validateUpdate(definition, { status: 'inactive' })).toMatchObject({
      status: 'inactive',
      changes: [],
    })
    expect(validateUpdate(definition, { status: 'error', schedule: { retry_attempts: 0 } })).toMatchObject({
      problems: [
        { field: 'status', value: 'error' },
        { field: 'schedule.retry_attempts', value: 0 },
      ],
    })
  })

  test('refuses retry settings where the seed’s recovery script puts them', () => {
    expect(validateUpdate(definition, { upgrade_settings: { retry_attempts: 3 } })).toMatchObject({
      problems: [
        { field: 'upgrade_settings.retry_attempts', expected: expect.stringContaining('no such field') },
      ],
    })
  })
})

describe('validation_warnings', () => {
  const facts = { matching: 12, now: '2026-03-01T12:00:00.000Z' }
  const settings = definition.upgrade_settings

  test('are none where nothing is odd', () => {
    expect(warningsOf(definition, facts)).toEqual([])
  })

  test.each([
    [
      'longer than the shortest time',
      { ...definition, schedule: { ...definition.schedule, cron_expression: '*/30 * * * *' } },
    ],
    [
      'does not fit into a window',
      {
        ...definition,
        schedule: {
          ...definition.schedule,
          maintenance_window_hours: 1,
          retry_attempts: 3,
          retry_delay_minutes: 30,
        },
      },
    ],
    ['rollback_on_failure', { ...definition, upgrade_settings: { ...settings, rollback_on_failure: false } }],
    ['pre_upgrade_checks', { ...definition, upgrade_settings: { ...settings, pre_upgrade_checks: false } }],
    ['latest', { ...definition, upgrade_settings: { ...settings, target_version: 'latest' } }],
    [
      'canary_percentage is 100',
      { ...definition, upgrade_settings: { ...settings, canary_percentage: 100 } },
    ],
    [
      'exclude_canary_resources',
      { ...definition, resource_filters: { ...definition.resource_filters, exclude_canary_resources: true } },
    ],
  ])('say “%s”', (words, odd) => {
    expect(warningsOf(odd, facts)).toEqual([expect.stringContaining(words)])
  })

  test('say that nothing matches, unless nobody looked', () => {
    expect(warningsOf(definition, { ...facts, matching: 0 })).toEqual([
      expect.stringContaining('No resource'),
    ])
    expect(warningsOf(definition, { ...facts, matching: null })).toEqual([])
  })
})
