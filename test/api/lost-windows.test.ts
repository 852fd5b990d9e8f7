import { describe, expect, it } from 'vitest'
import { base, examples } from './profile-examples.ts'
import { openWorld } from './world.ts'

const calendar = '/api/v1/calendars/closed'
const range = (start: string, end: string) => ({
  kind: 'ranges',
  ranges: [{ start: `${start}T00:00:00Z`, end: `${end}T00:00:00Z`, name: 'closed' }],
})
const nothing = { kind: 'ranges', ranges: [] }

/** Opens a world with a calendar that closes nothing, and profiles that keep to it, by their cron expressions. */
async function openProfiles(schedules: Readonly<Record<string, string>>, calendars = ['closed']) {
  const world = openWorld()
  for (const name of calendars) await world.call('PUT', `/api/v1/calendars/${name}`, { body: nothing })
  const ids = new Map<string, string>()
  for (const [name, cron_expression] of Object.entries(schedules)) {
    const schedule = { ...examples.weekly.schedule, cron_expression, timezone: 'UTC', calendars }
    const { body } = await world.call('POST', base, { body: { ...examples.weekly, name, schedule } })
    ids.set(name, body.id)
  }
  return { world, ids }
}

describe('the answer to a changed calendar', () => {
  it('says which profiles in service lose which windows of the next ninety days', async () => {
    const { world, ids } = await openProfiles({
      sundays: '0 2 * * 0',
      mondays: '0 2 * * 1',
      idle: '0 2 * * 0',
    })
    await world.call('PUT', `${base}/${ids.get('idle')}`, { body: { status: 'inactive' } })
    const reply = await world.call('PUT', calendar, { body: range('2026-01-10', '2026-01-20') })
    expect(reply.body.windowsLost.count).toBe(4)
    const byName = (profiles: { name: string }[]) => profiles.toSorted((a, b) => (a.name < b.name ? -1 : 1))
    expect(byName(reply.body.windowsLost.profiles)).toEqual([
      {
        ...{ id: ids.get('mondays'), name: 'mondays', count: 2 },
        openings: ['2026-01-12T02:00:00.000Z', '2026-01-19T02:00:00.000Z'],
      },
      {
        ...{ id: ids.get('sundays'), name: 'sundays', count: 2 },
        openings: ['2026-01-11T02:00:00.000Z', '2026-01-18T02:00:00.000Z'],
      },
    ])
  })

  it('leaves out what was closed already, by this calendar or by another, and what lies far ahead', async () => {
    const { world } = await openProfiles({ sundays: '0 2 * * 0' }, ['closed', 'other'])
    await world.call('PUT', '/api/v1/calendars/other', { body: range('2026-01-17', '2026-01-20') })
    await world.call('PUT', calendar, { body: range('2026-01-10', '2026-01-13') })
    const reply = await world.call('PUT', calendar, { body: range('2026-01-10', '2026-01-27') })
    expect(reply.body.windowsLost).toMatchObject({
      count: 1,
      profiles: [{ openings: ['2026-01-25T02:00:00.000Z'] }],
    })
    const far = await world.call('PUT', calendar, { body: range('2026-06-01', '2026-07-01') })
    expect(far.body.windowsLost).toEqual({ count: 0, profiles: [] })
  })

  it('counts the window that is open, where nothing of it is left', async () => {
    // It is ten o'clock on a Monday.
    const { world } = await openProfiles({ mornings: '0 9 * * 1' })
    const closing = (start: string, end: string) =>
      world.call('PUT', calendar, { body: { kind: 'ranges', ranges: [{ start, end, name: 'closed' }] } })
    const part = await closing('2026-01-05T09:30:00Z', '2026-01-05T11:00:00Z')
    expect(part.body.windowsLost.count).toBe(0)
    const all = await closing('2026-01-05T09:30:00Z', '2026-01-05T14:00:00Z')
    expect(all.body.windowsLost).toMatchObject({
      count: 1,
      profiles: [{ openings: ['2026-01-05T09:00:00.000Z'] }],
    })
  })

  it('counts those of which too little is left for an attempt, as they do not open', async () => {
    const { world, ids } = await openProfiles({ sundays: '0 2 * * 0' })
    const closing = (start: string, end: string) =>
      world.call('PUT', calendar, { body: { kind: 'ranges', ranges: [{ start, end, name: 'closed' }] } })
    const much = await closing('2026-01-11T02:06:00Z', '2026-01-12T00:00:00Z')
    expect(much.body.windowsLost.count).toBe(0)
    const little = await closing('2026-01-11T02:05:00Z', '2026-01-12T00:00:00Z')
    expect(little.body.windowsLost.count).toBe(1)
    const { body } = await world.call('GET', `${base}/${ids.get('sundays')}`)
    expect(body.schedule.next_runs[0]).toBe('2026-01-18T02:00:00.000Z')
  })

  it('names a hundred of them, counts ten thousand of a profile, and ends', async () => {
    const { world } = await openProfiles({ minutely: '* * * * *', hourly: '0 * * * *' })
    const reply = await world.call('PUT', calendar, { body: range('2026-01-06', '2027-01-01') })
    const { count, profiles } = reply.body.windowsLost
    const counts = profiles.map((profile: { count: number }) => profile.count).sort()
    expect(counts).toEqual([10_000, 2146])
    expect(count).toBe(12_146)
    const named = profiles.flatMap(({ openings }: { openings: string[] }) => openings)
    expect(named).toHaveLength(100)
  })

  it('is the same when the request is repeated, and empty when nothing changed', async () => {
    const { world } = await openProfiles({ sundays: '0 2 * * 0' })
    const request = { body: range('2026-01-10', '2026-01-12'), headers: { 'idempotency-key': 'a-key-1' } }
    const first = await world.call('PUT', calendar, request)
    expect(first.body.windowsLost.count).toBe(1)
    expect((await world.call('PUT', calendar, request)).body).toEqual(first.body)
    const again = await world.call('PUT', calendar, { body: request.body })
    expect(again.body.windowsLost.count).toBe(0)
  })
})
