import { describe, expect, it } from 'vitest'
import { base, examples } from './profile-examples.ts'
import { openWorld } from './world.ts'

/** Creates a profile with a schedule and reads it; the answer to the creation where that is refused. */
async function scheduled(schedule: object) {
  const world = openWorld()
  const body = { ...examples.weekly, schedule: { ...examples.weekly.schedule, timezone: 'UTC', ...schedule } }
  const created = await world.call('POST', base, { body })
  if (created.status !== 201) return created
  return await world.call('GET', `${base}/${created.body.id}`)
}

describe('P3: the words of a schedule and its windows', () => {
  it('come from one reading: a day field in steps of one is no day field', async () => {
    const { body } = await scheduled({ cron_expression: '0 2 */1 * 1' })
    expect(body.schedule.human_readable).toBe('At 2:00 AM, only on Monday (UTC)')
    expect(body.schedule.next_runs.slice(0, 2)).toEqual([
      '2026-01-12T02:00:00.000Z',
      '2026-01-19T02:00:00.000Z',
    ])
  })

  it('are answered for an expression with tabs between its fields', async () => {
    const reply = await scheduled({ cron_expression: '0\t2\t*\t*\t0' })
    expect([reply.status, reply.body.schedule?.human_readable]).toEqual([
      200,
      'At 2:00 AM, only on Sunday (UTC)',
    ])
  })

  it('know the Wednesday after the second Tuesday', async () => {
    const { body } = await scheduled({ cron_expression: '0 2 * * 2#2', offset_days: 1 })
    // April 2026 begins on a Wednesday: its second Wednesday lies before its second Tuesday.
    expect(body.schedule.next_runs.slice(0, 4)).toEqual([
      '2026-01-14T02:00:00.000Z',
      '2026-02-11T02:00:00.000Z',
      '2026-03-11T02:00:00.000Z',
      '2026-04-15T02:00:00.000Z',
    ])
    expect(body.schedule.offset_days).toBe(1)
    expect(body.schedule.human_readable).toBe('At 2:00 AM, 1 day after the second Tuesday of the month (UTC)')
  })

  it.each([-1, 7, 0.5, '1', null])('take no offset of %j days', async (offset_days) => {
    const { status, body } = await scheduled({ offset_days })
    expect([status, body.errors.map(({ field }: { field: string }) => field)]).toEqual([
      400,
      ['schedule.offset_days'],
    ])
  })

  it('open at once when somebody adds an offset, and say what changed', async () => {
    const world = openWorld()
    const { body } = await world.call('POST', base, { body: examples.weekly })
    const change = { schedule: { offset_days: 2 } }
    const reply = await world.call('PUT', `${base}/${body.id}`, { body: change })
    expect(reply.body.changes_applied).toEqual(['schedule.offset_days'])
    // Sunday 02:00 in New York, two days later.
    expect(reply.body.next_execution).toBe('2026-01-06T07:00:00.000Z')
  })
})

describe('a zone of a profile', () => {
  it.each([
    'BST',
    'IST',
    'EST',
    'PST8PDT',
    'europe/berlin',
    'US/Pacific-New',
    'Etc/Unknown',
    '+01:00',
    'CET',
  ])('is not %s, which is no area and place of the IANA database', async (timezone) => {
    const { status, body } = await scheduled({ timezone })
    expect([status, body.errors?.[0]?.field]).toEqual([400, 'schedule.timezone'])
  })

  it.each(['Asia/Calcutta', 'Asia/Kolkata', 'America/Argentina/Ushuaia', 'US/Eastern', 'Etc/GMT+5', 'UTC'])(
    'is %s',
    async (timezone) => {
      const { body } = await scheduled({ timezone })
      expect(body.schedule.timezone).toBe(timezone)
    },
  )
})
