import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openScheduler, type Scheduler } from '../../../infra/local/schedules/scheduler.ts'
import { type MovableClock, movableClock, settled } from './movable-clock.ts'

const target = { Arn: 'arn:fn', RoleArn: 'arn:role', Input: '{"at":"<aws.scheduler.scheduled-time>"}' }
const once = {
  ScheduleExpression: 'at(2026-03-02T10:30:00)',
  FlexibleTimeWindow: { Mode: 'OFF' },
  Target: target,
}
const everyMinute = { ...once, ScheduleExpression: 'rate(1 minute)' }

let directory: string
let clock: MovableClock
let delivered: unknown[]
let deadLetters: unknown[]
let deliver: (targetArn: string, input: unknown) => Promise<void>
const open: Scheduler[] = []

function openHere(): Scheduler {
  const scheduler = openScheduler({
    file: join(directory, 'schedules.sqlite'),
    clock,
    deliver: (targetArn, input) => deliver(targetArn, input),
    deadLetter: (queueArn, letter) => void deadLetters.push({ queueArn, ...letter }),
  })
  open.push(scheduler)
  return scheduler
}

function running(): Scheduler {
  const scheduler = openHere()
  scheduler.resume()
  return scheduler
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'schedules-'))
  clock = movableClock('2026-03-02T10:00:00Z')
  delivered = []
  deadLetters = []
  deliver = async (_targetArn, input) => void delivered.push(input)
})

afterEach(async () => {
  for (const scheduler of open.splice(0)) await scheduler.stop()
  rmSync(directory, { recursive: true })
})

it('fires once at the instant, with the context attributes filled in', async () => {
  const scheduler = running()
  const Input = JSON.stringify({
    arn: '<aws.scheduler.schedule-arn>',
    time: '<aws.scheduler.scheduled-time>',
    id: '<aws.scheduler.execution-id>',
    attempt: '<aws.scheduler.attempt-number>',
  })
  const answer = await scheduler.request(
    'POST',
    '/schedules/open',
    {},
    { ...once, Target: { ...target, Input } },
  )
  const arn = 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/open'
  expect(answer).toEqual({ status: 200, body: { ScheduleArn: arn } })
  await clock.advance(30 * 60_000 - 1)
  expect(delivered).toEqual([])
  await clock.advance(1)
  await clock.advance(86_400_000)
  expect(delivered).toEqual([
    { arn, time: '2026-03-02T10:30:00Z', id: expect.stringMatching(/^[0-9a-f-]{36}$/), attempt: '1' },
  ])
})

it('sends the event of AWS when there is no input, and a text that is no JSON as it is', async () => {
  const scheduler = running()
  const { Input: _none, ...bare } = target
  await scheduler.request('POST', '/schedules/bare', {}, { ...once, Target: bare })
  await scheduler.request('POST', '/schedules/text', {}, { ...once, Target: { ...target, Input: 'go now' } })
  await clock.advance(30 * 60_000)
  expect(delivered).toContain('go now')
  expect(delivered).toContainEqual(
    expect.objectContaining({ source: 'aws.scheduler', 'detail-type': 'Scheduled Event', detail: '{}' }),
  )
})

it('deletes a schedule after its completion only when it says so', async () => {
  const scheduler = running()
  await scheduler.request('POST', '/schedules/gone', {}, { ...once, ActionAfterCompletion: 'DELETE' })
  await scheduler.request('POST', '/schedules/kept', {}, once)
  await clock.advance(30 * 60_000)
  expect(delivered).toHaveLength(2)
  expect(await scheduler.request('GET', '/schedules/gone', {}, undefined)).toEqual({
    status: 404,
    body: { __type: 'ResourceNotFoundException', Message: 'Schedule gone does not exist.' },
  })
  expect((await scheduler.request('GET', '/schedules/kept', {}, undefined)).status).toBe(200)
})

it('fires a rate at once and then at each period', async () => {
  await running().request('POST', '/schedules/tick', {}, everyMinute)
  await clock.advance(3 * 60_000)
  expect(delivered).toEqual(
    ['10:00', '10:01', '10:02', '10:03'].map((time) => ({ at: `2026-03-02T${time}:00Z` })),
  )
})

it('fires a cron in its time zone', async () => {
  const weekdays = {
    ...once,
    ScheduleExpression: 'cron(30 12 ? * MON-FRI *)',
    ScheduleExpressionTimezone: 'Europe/Berlin',
  }
  await running().request('POST', '/schedules/noon', {}, weekdays)
  await clock.advance(2 * 86_400_000)
  expect(delivered).toEqual([{ at: '2026-03-02T11:30:00Z' }, { at: '2026-03-03T11:30:00Z' }])
})

it('fires after downtime an at() that was missed, and a rate() once', async () => {
  const dropped = running()
  await dropped.request('POST', '/schedules/open', {}, once)
  await dropped.request('POST', '/schedules/tick', {}, everyMinute)
  await settled()
  open.splice(0) // dropped without a stop, as by a crash
  delivered = []
  const later = movableClock('2026-03-02T11:00:30Z')
  clock = later
  running()
  await settled()
  expect(delivered).toHaveLength(2)
  expect(delivered).toEqual(
    expect.arrayContaining([{ at: '2026-03-02T10:30:00Z' }, { at: '2026-03-02T11:00:00Z' }]),
  )
  await clock.advance(30_000)
  expect(delivered.at(-1)).toEqual({ at: '2026-03-02T11:01:00Z' })
})

it('gives up what was missed for longer than its maximum age', async () => {
  const RetryPolicy = { MaximumEventAgeInSeconds: 60 }
  const DeadLetterConfig = { Arn: 'arn:queue' }
  await openHere().request(
    'POST',
    '/schedules/open',
    {},
    { ...once, Target: { ...target, RetryPolicy, DeadLetterConfig } },
  )
  clock = movableClock('2026-03-02T10:31:01Z')
  running()
  await settled()
  expect(delivered).toEqual([])
  expect(deadLetters).toEqual([
    {
      queueArn: 'arn:queue',
      body: { at: '2026-03-02T10:30:00Z' },
      attributes: expect.objectContaining({
        SCHEDULE_ARN: 'arn:aws:scheduler:us-east-1:000000000000:schedule/default/open',
        EXHAUSTED_RETRY_CONDITION: 'MaximumEventAgeInSeconds',
      }),
    },
  ])
})

it('delivers a firing again that a crash interrupted', async () => {
  let arrivals = 0
  deliver = () => {
    arrivals++
    return new Promise(() => {})
  }
  const dropped = running()
  await dropped.request('POST', '/schedules/open', {}, { ...once, ActionAfterCompletion: 'DELETE' })
  await clock.advance(30 * 60_000)
  expect(arrivals).toBe(1)
  open.splice(0) // its delivery never ends, so neither would stop()
  deliver = async () => void arrivals++
  const scheduler = running()
  await settled()
  expect(arrivals).toBe(2)
  expect((await scheduler.request('GET', '/schedules/open', {}, undefined)).status).toBe(404)
})

it('numbers the attempts and ends with the retry policy', async () => {
  deliver = async (_targetArn, input) => {
    delivered.push(input)
    throw new Error('target is down')
  }
  const failing = {
    ...target,
    Input: '"<aws.scheduler.attempt-number>"',
    RetryPolicy: { MaximumRetryAttempts: 2 },
    DeadLetterConfig: { Arn: 'arn:queue' },
  }
  await running().request('POST', '/schedules/open', {}, { ...once, Target: failing })
  await clock.advance(86_400_000)
  expect(delivered).toEqual(['1', '2', '3'])
  expect(deadLetters).toHaveLength(1)
})

it('answers a repeated create by its token, and refuses another of the same name', async () => {
  const scheduler = running()
  const create = (ClientToken: string) =>
    scheduler.request('POST', '/schedules/open', {}, { ...once, ClientToken })
  expect(await create('first')).toEqual(await create('first'))
  expect(await create('second')).toMatchObject({ status: 409, body: { __type: 'ConflictException' } })
})

it('updates, disables and deletes', async () => {
  const scheduler = running()
  await scheduler.request('POST', '/schedules/open', {}, once)
  await scheduler.request(
    'PUT',
    '/schedules/open',
    {},
    { ...once, ScheduleExpression: 'at(2026-03-02T10:10:00)' },
  )
  await clock.advance(10 * 60_000)
  expect(delivered).toHaveLength(1)
  await scheduler.request('PUT', '/schedules/open', {}, { ...everyMinute, State: 'DISABLED' })
  await clock.advance(10 * 60_000)
  expect(delivered).toHaveLength(1)
  expect(
    (await scheduler.request('GET', '/schedules/open', { groupName: 'default' }, undefined)).body,
  ).toMatchObject({
    Name: 'open',
    GroupName: 'default',
    State: 'DISABLED',
    ScheduleExpression: 'rate(1 minute)',
    Target: { Arn: 'arn:fn', RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 } },
    CreationDate: Date.parse('2026-03-02T10:00:00Z') / 1000,
    LastModificationDate: Date.parse('2026-03-02T10:10:00Z') / 1000,
  })
  expect(await scheduler.request('DELETE', '/schedules/open', {}, undefined)).toEqual({
    status: 200,
    body: {},
  })
  expect((await scheduler.request('DELETE', '/schedules/open', {}, undefined)).status).toBe(404)
  expect((await scheduler.request('PUT', '/schedules/open', {}, once)).status).toBe(404)
})

it('lists in pages, by prefix, group and state', async () => {
  const scheduler = running()
  await scheduler.request('POST', '/schedule-groups/windows', {}, {})
  for (const name of ['a1', 'a2', 'a3', 'b1']) await scheduler.request('POST', `/schedules/${name}`, {}, once)
  await scheduler.request('POST', '/schedules/a4', {}, { ...once, GroupName: 'windows', State: 'DISABLED' })
  const names = async (query: Record<string, string>) => {
    const { body } = await scheduler.request('GET', '/schedules', query, undefined)
    const { Schedules, NextToken } = body as { Schedules: { Name: string }[]; NextToken?: string }
    return { names: Schedules.map(({ Name }) => Name), NextToken }
  }
  const first = await names({ NamePrefix: 'a', MaxResults: '2' })
  expect(first.names).toEqual(['a1', 'a2'])
  const second = await names({ NamePrefix: 'a', MaxResults: '2', NextToken: first.NextToken ?? '' })
  expect(second).toEqual({ names: ['a3', 'a4'], NextToken: undefined })
  expect((await names({ ScheduleGroup: 'windows' })).names).toEqual(['a4'])
  expect((await names({ State: 'ENABLED' })).names).toEqual(['a1', 'a2', 'a3', 'b1'])
})

it('keeps groups, which take their schedules with them', async () => {
  const scheduler = running()
  const inGroup = { ...once, GroupName: 'windows' }
  expect(await scheduler.request('POST', '/schedules/open', {}, inGroup)).toMatchObject({ status: 404 })
  expect((await scheduler.request('POST', '/schedule-groups/windows', {}, {})).status).toBe(200)
  expect((await scheduler.request('POST', '/schedule-groups/windows', {}, {})).status).toBe(409)
  expect((await scheduler.request('POST', '/schedules/open', {}, inGroup)).status).toBe(200)
  expect((await scheduler.request('GET', '/schedule-groups', {}, undefined)).body).toMatchObject({
    ScheduleGroups: [{ Name: 'default' }, { Name: 'windows', State: 'ACTIVE' }],
  })
  expect((await scheduler.request('DELETE', '/schedule-groups/default', {}, undefined)).status).toBe(400)
  expect((await scheduler.request('DELETE', '/schedule-groups/windows', {}, undefined)).status).toBe(200)
  expect(
    (await scheduler.request('GET', '/schedules/open', { groupName: 'windows' }, undefined)).status,
  ).toBe(404)
})

it('keeps the rhythm of the template over restarts and drops what it no longer declares', async () => {
  const first = openHere()
  first.createFromTemplate({ ...everyMinute, Name: 'tick' })
  first.createFromTemplate({ ...everyMinute, Name: 'old' })
  first.resume()
  await settled()
  await first.stop()
  open.splice(0)
  delivered = []
  await clock.advance(30_000)
  const second = openHere()
  second.createFromTemplate({ ...everyMinute, Name: 'tick' })
  second.resume()
  await settled()
  expect(delivered).toEqual([])
  await clock.advance(30_000)
  expect(delivered).toEqual([{ at: '2026-03-02T10:01:00Z' }])
})

it.each([
  [{ StartDate: 1 }, 'StartDate'],
  [{ KmsKeyArn: 'k' }, 'KmsKeyArn'],
  [{ FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 } }, 'FlexibleTimeWindow'],
  [{ FlexibleTimeWindow: undefined }, 'FlexibleTimeWindow'],
  [{ Target: { ...target, SqsParameters: {} } }, 'SqsParameters'],
  [{ Target: { Arn: 'a' } }, 'RoleArn'],
  [{ Target: { ...target, RetryPolicy: { MaximumRetryAttempts: 186 } } }, 'MaximumRetryAttempts'],
  [{ ScheduleExpressionTimezone: 'Mars/Base' }, 'Mars/Base'],
  [{ ScheduleExpression: 'at(2026-02-30T10:00:00)' }, 'at('],
  [{ ScheduleExpression: 'rate(0 minutes)' }, 'rate('],
  [{ ScheduleExpression: 'rate(5 seconds)' }, 'rate('],
  [{ ScheduleExpression: 'daily' }, 'daily'],
])('refuses %j by name', async (change, part) => {
  const answer = await running().request('POST', '/schedules/open', {}, { ...once, ...change })
  expect(answer).toMatchObject({
    status: 400,
    body: { __type: 'ValidationException', Message: expect.stringContaining(part) },
  })
})

it('refuses names and operations that the service does not know', async () => {
  const scheduler = running()
  expect((await scheduler.request('POST', '/schedules/a%20b', {}, once)).status).toBe(400)
  expect((await scheduler.request('PATCH', '/schedules', {}, once)).status).toBe(404)
  expect((await scheduler.request('GET', '/tags/x', {}, undefined)).status).toBe(404)
})
