import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type EventBridge, openEventBridge } from '../../../infra/local/events/bus.ts'
import type { RuleProperties } from '../../../infra/local/events/rules.ts'
import { type MovableClock, movableClock, settled } from '../schedules/movable-clock.ts'

const entry = {
  Source: 'drydock',
  DetailType: 'UpgradeStarted',
  Detail: '{"id":"u1"}',
  EventBusName: 'drydock',
}
const target = { Id: 'T', Arn: 'arn:fn:a' }
const rule: RuleProperties = {
  Name: 'started',
  EventBusName: 'drydock',
  EventPattern: { source: ['drydock'] },
  State: 'ENABLED',
  Targets: [target],
}

let directory: string
let clock: MovableClock
let delivered: { targetArn: string; event: unknown }[]
let deadLetters: { queueArn: string; body: unknown; attributes: Readonly<Record<string, string>> }[]
let deliver: (targetArn: string, event: unknown) => Promise<void>
const open: EventBridge[] = []

function openBus(rules: readonly RuleProperties[] = [rule]): EventBridge {
  const bus = openEventBridge({
    file: join(directory, 'bus.sqlite'),
    clock,
    deliver: (targetArn, event) => deliver(targetArn, event),
    deadLetter: (queueArn, letter) => void deadLetters.push({ queueArn, ...letter }),
  })
  open.push(bus)
  bus.createBus('drydock')
  for (const properties of rules) bus.createRule(properties)
  return bus
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bus-'))
  clock = movableClock()
  delivered = []
  deadLetters = []
  deliver = async (targetArn, event) => void delivered.push({ targetArn, event })
})

afterEach(async () => {
  for (const bus of open.splice(0)) await bus.stop()
  rmSync(directory, { recursive: true })
})

it('delivers an event in the shape of EventBridge', async () => {
  const bus = openBus()
  bus.resume()
  const answer = await bus.request('PutEvents', { Entries: [{ ...entry, Resources: ['r'] }] })
  await settled()
  expect(answer).toEqual({
    FailedEntryCount: 0,
    Entries: [{ EventId: expect.stringMatching(/^[0-9a-f-]{36}$/) }],
  })
  expect(delivered).toEqual([
    {
      targetArn: 'arn:fn:a',
      event: {
        version: '0',
        id: expect.any(String),
        'detail-type': 'UpgradeStarted',
        source: 'drydock',
        account: '000000000000',
        time: '2026-03-02T10:00:00Z',
        region: 'us-east-1',
        resources: ['r'],
        detail: { id: 'u1' },
      },
    },
  ])
})

it('keeps the time that an entry names', async () => {
  const bus = openBus()
  bus.resume()
  await bus.request('PutEvents', { Entries: [{ ...entry, Time: Date.parse('2026-01-01T00:00:00Z') / 1000 }] })
  await settled()
  expect(delivered[0]?.event).toMatchObject({ time: '2026-01-01T00:00:00Z' })
})

it('delivers after a crash what was acknowledged before it', async () => {
  const dropped = openBus()
  await dropped.request('PutEvents', { Entries: [entry, entry] })
  const bus = openBus()
  bus.resume()
  await settled()
  expect(delivered).toHaveLength(2)
})

it('delivers again after a crash in the middle of a delivery, and only then forgets it', async () => {
  let arrivals = 0
  deliver = () => {
    arrivals++
    return new Promise(() => {})
  }
  const dropped = openBus()
  dropped.resume()
  await dropped.request('PutEvents', { Entries: [entry] })
  await settled()
  expect(arrivals).toBe(1)
  open.pop() // its delivery never ends, so neither would stop()
  deliver = async () => void arrivals++
  const bus = openBus()
  bus.resume()
  await settled()
  await bus.stop()
  open.pop()
  expect(arrivals).toBe(2)
  openBus().resume()
  await settled()
  expect(arrivals).toBe(2)
})

it('sends nothing to rules that are disabled, of another bus or do not match', async () => {
  const bus = openBus([
    { ...rule, Name: 'a', State: 'DISABLED' },
    { ...rule, Name: 'b', EventBusName: 'default' },
    { ...rule, Name: 'c', EventPattern: { source: ['other'] } },
  ])
  bus.resume()
  await bus.request('PutEvents', { Entries: [entry] })
  await settled()
  expect(delivered).toEqual([])
})

it('takes a bus by its ARN, and events of services on the default bus', async () => {
  const bus = openBus([{ ...rule, EventBusName: 'default', EventPattern: { source: ['aws.states'] } }])
  bus.resume()
  await bus.put({ source: 'aws.states', 'detail-type': 'Step Functions Execution Status Change', detail: {} })
  await settled()
  expect(delivered[0]?.event).toMatchObject({ source: 'aws.states', version: '0' })
  const arn = 'arn:aws:events:us-east-1:000000000000:event-bus/drydock'
  expect(await bus.request('PutEvents', { Entries: [{ ...entry, EventBusName: arn }] })).toMatchObject({
    FailedEntryCount: 0,
  })
})

it('tries again with doubled delay, then hands the event to the dead-letter queue', async () => {
  const instants: number[] = []
  deliver = async () => {
    instants.push(clock.now())
    throw new Error('target is down')
  }
  const failing = {
    ...target,
    RetryPolicy: { MaximumRetryAttempts: 3 },
    DeadLetterConfig: { Arn: 'arn:queue' },
  }
  const bus = openBus([{ ...rule, Targets: [failing] }])
  bus.resume()
  await bus.request('PutEvents', { Entries: [entry] })
  await clock.advance(60_000)
  const start = instants[0] ?? 0
  expect(instants.map((instant) => instant - start)).toEqual([0, 1000, 3000, 7000])
  expect(deadLetters).toEqual([
    {
      queueArn: 'arn:queue',
      body: expect.objectContaining({ detail: { id: 'u1' } }),
      attributes: {
        RULE_ARN: 'arn:aws:events:us-east-1:000000000000:rule/drydock/started',
        TARGET_ARN: 'arn:fn:a',
        ERROR_CODE: 'TARGET_ERROR',
        ERROR_MESSAGE: 'target is down',
        EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
        RETRY_ATTEMPTS: '3',
      },
    },
  ])
})

it('gives up an event that became too old while nothing ran', async () => {
  const aged = {
    ...target,
    RetryPolicy: { MaximumEventAgeInSeconds: 60 },
    DeadLetterConfig: { Arn: 'arn:queue' },
  }
  await openBus([{ ...rule, Targets: [aged] }]).request('PutEvents', { Entries: [entry] })
  await clock.advance(61_000)
  openBus().resume()
  await settled()
  expect(delivered).toEqual([])
  expect(deadLetters[0]?.attributes.EXHAUSTED_RETRY_CONDITION).toBe('MaximumEventAgeInSeconds')
})

it('still delivers after it has given up more events than it delivers at once', async () => {
  const aged = { ...rule, Targets: [{ ...target, RetryPolicy: { MaximumEventAgeInSeconds: 60 } }] }
  const before = openBus([aged])
  for (let batch = 0; batch < 4; batch++)
    await before.request('PutEvents', { Entries: Array(10).fill(entry) })
  await clock.advance(61_000)
  const bus = openBus([aged])
  bus.resume()
  await settled()
  expect(delivered).toEqual([])
  await bus.request('PutEvents', { Entries: [entry] })
  await settled()
  expect(delivered).toHaveLength(1)
})

it('shapes what a target receives', async () => {
  const bus = openBus([
    {
      ...rule,
      Targets: [
        { Id: '1', Arn: 'constant', Input: '{"fixed":true}' },
        { Id: '2', Arn: 'path', InputPath: '$.detail.id' },
        {
          Id: '3',
          Arn: 'template',
          InputTransformer: {
            InputPathsMap: { id: '$.detail.id', detail: '$.detail', none: '$.detail.none' },
            InputTemplate:
              '{"text": "upgrade <id> of <aws.events.rule-name>", "id": <id>, "all": <detail>, "no": <none>}',
          },
        },
      ],
    },
  ])
  bus.resume()
  await bus.request('PutEvents', { Entries: [{ ...entry, Detail: '{"id":"u \\"1\\""}' }] })
  await settled()
  expect(Object.fromEntries(delivered.map(({ targetArn, event }) => [targetArn, event]))).toEqual({
    constant: { fixed: true },
    path: 'u "1"',
    template: { text: 'upgrade u "1" of started', id: 'u "1"', all: { id: 'u "1"' }, no: null },
  })
})

it('refuses single entries and keeps the others', async () => {
  const bus = openBus()
  bus.resume()
  const Entries = [
    entry,
    { ...entry, Source: undefined },
    { ...entry, Detail: '[]' },
    { ...entry, Detail: '{' },
    { ...entry, Source: 'aws.states' },
    { ...entry, EventBusName: 'nowhere' },
  ].map((one) => JSON.parse(JSON.stringify(one)))
  expect(await bus.request('PutEvents', { Entries })).toEqual({
    FailedEntryCount: 5,
    Entries: [
      { EventId: expect.any(String) },
      { ErrorCode: 'InvalidArgument', ErrorMessage: expect.stringContaining('Source') },
      { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' },
      { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' },
      { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: expect.any(String) },
      { ErrorCode: 'ResourceNotFoundException', ErrorMessage: 'Event bus nowhere does not exist.' },
    ],
  })
  await settled()
  expect(delivered).toHaveLength(1)
})

it.each([
  ['no entries', { Entries: [] }, 'ValidationException'],
  ['eleven entries', { Entries: Array(11).fill(entry) }, 'ValidationException'],
  [
    '256 KiB and one byte',
    { Entries: [{ ...entry, Detail: `{"x":"${'x'.repeat(256 * 1024)}"}` }] },
    'ValidationException',
  ],
  ['an unknown field', { Entries: [{ ...entry, Colour: 'red' }] }, 'ValidationException'],
  ['a number for a text', { Entries: [{ ...entry, Detail: 1 }] }, 'SerializationException'],
])('refuses a request with %s', async (_what, input, type) => {
  await expect(openBus().request('PutEvents', input)).rejects.toMatchObject({
    type,
    message: expect.any(String),
  })
})

it('refuses operations, rules and targets that it does not implement, by name', async () => {
  const bus = openBus()
  await expect(bus.request('StartReplay', {})).rejects.toMatchObject({ type: 'UnknownOperationException' })
  const other = { ...rule, Name: 'other' }
  const withSchedule = { ...other, ScheduleExpression: 'rate(1 minute)' }
  expect(() => bus.createRule(withSchedule)).toThrow('ScheduleExpression')
  const withSqs = { ...other, Targets: [{ ...target, SqsParameters: {} }] }
  expect(() => bus.createRule(withSqs)).toThrow('SqsParameters')
  expect(() => bus.createRule({ ...other, EventPattern: { a: [{ glob: 'x' }] } })).toThrow('glob')
  expect(() => bus.createRule(rule)).toThrow('twice')
  const template = { ...target, InputTransformer: { InputTemplate: '<gone>' } }
  expect(() => bus.createRule({ ...other, Targets: [template] })).toThrow('<gone>')
})

it('archives what matches, as long as it is to be kept', async () => {
  const bus = openBus()
  const archive = { ArchiveName: 'week', SourceArn: 'arn:aws:events:r:a:event-bus/drydock', RetentionDays: 7 }
  bus.createArchive({ ...archive, EventPattern: { detail: { id: ['u1'] } } })
  await bus.request('PutEvents', { Entries: [entry, { ...entry, Detail: '{"id":"u2"}' }] })
  expect(bus.archived('week').map((event) => event.detail)).toEqual([{ id: 'u1' }])
  await clock.advance(8 * 86_400_000)
  await bus.request('PutEvents', { Entries: [{ ...entry, DetailType: 'Later' }] })
  expect(bus.archived('week').map((event) => event['detail-type'])).toEqual(['Later'])
})
