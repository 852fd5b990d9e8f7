import { expect, test } from 'vitest'
import { openWorld } from './world.ts'

const closed = { kind: 'dates', timezone: 'UTC', dates: [{ date: '2026-01-11', name: 'inventory' }] }
const weekly = {
  name: 'weekly',
  schedule: {
    ...{ cron_expression: '0 2 * * 0', timezone: 'UTC', maintenance_window_hours: 4 },
    calendars: ['closed'],
  },
  upgrade_settings: {
    ...{
      target_version: 'latest',
      pre_upgrade_checks: true,
      rollback_on_failure: true,
      parallel_upgrades: 1,
    },
  },
  resource_filters: { resource_types: ['customer'] },
}
const path = '/api/v1/upgrade-profiles'

test('a calendar is deleted once no active profile names it, and can be defined again', async () => {
  const world = openWorld({ heard: true })
  const calendar = '/api/v1/calendars/closed'
  await world.call('PUT', calendar, { body: closed })
  const { id } = (await world.call('POST', path, { body: weekly })).body
  const refused = await world.call('DELETE', calendar)
  expect([refused.status, refused.body.detail]).toEqual([409, expect.stringContaining(id)])
  await world.call('PUT', `${path}/${id}`, { body: { status: 'inactive' } })
  expect((await world.call('DELETE', calendar)).body).toEqual({
    ...{ name: 'closed', status: 'deleted' },
    windowsLost: { count: 0, profiles: [] },
  })
  expect((await world.call('GET', calendar)).status).toBe(404)
  expect((await world.call('GET', '/api/v1/calendars')).body.calendars).toEqual([])
  expect((await world.call('DELETE', calendar)).status).toBe(404)
  const activated = await world.call('PUT', `${path}/${id}`, { body: { status: 'active' } })
  expect(activated.body.errors).toEqual([expect.objectContaining({ field: 'schedule.calendars[0]' })])
  expect((await world.call('PUT', calendar, { body: closed })).status).toBe(201)
})

test('a calendar that is defined anew shows in the next runs at once', async () => {
  const world = openWorld({ heard: true })
  await world.call('PUT', '/api/v1/calendars/closed', { body: { ...closed, dates: [] } })
  const { id } = (await world.call('POST', path, { body: weekly })).body
  const next = async () => (await world.call('GET', path)).body.profiles[0].next_execution
  expect(await next()).toBe('2026-01-11T02:00:00.000Z')
  await world.call('PUT', '/api/v1/calendars/closed', { body: closed })
  expect(await next()).toBe('2026-01-18T02:00:00.000Z')
  const { schedule } = (await world.call('GET', `${path}/${id}`)).body
  expect(schedule.next_runs[0]).toBe('2026-01-18T02:00:00.000Z')
})

test('a profile cannot wait for itself, directly or through others', async () => {
  const world = openWorld({ heard: true })
  const open = { ...weekly, schedule: { ...weekly.schedule, calendars: [] } }
  const first = (await world.call('POST', path, { body: open })).body.id
  const after = async (profile_id: string) =>
    (await world.call('POST', path, { body: { ...open, depends_on: { profile_id } } })).body.id
  const third = await after(await after(first))
  for (const profile_id of [first, third]) {
    const reply = await world.call('PUT', `${path}/${first}`, { body: { depends_on: { profile_id } } })
    expect([reply.status, reply.body.errors]).toEqual([
      400,
      [expect.objectContaining({ field: 'depends_on.profile_id', value: profile_id })],
    ])
  }
})
