import { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryTelemetry, openTelemetry, type Telemetry } from '../../functions/work/telemetry.ts'
import { startDynamo } from '../contract/dynoxide.ts'

let clock = 0
const now = () => clock
let dynamo: Awaited<ReturnType<typeof startDynamo>>

beforeAll(async () => {
  dynamo = await startDynamo()
  await dynamo.createTables()
})
afterAll(() => dynamo.stop())

const opens: Readonly<Record<string, () => Telemetry>> = {
  'in memory': () => memoryTelemetry(now),
  'in DynamoDB': () => openTelemetry({ client: dynamo.client, table: 'Work', now }),
}

describe.each(Object.entries(opens))('telemetry %s', (_place, open) => {
  it('keeps when a target was last seen, at most every half an hour', async () => {
    clock = Date.parse('2026-01-05T10:00:00.000Z')
    const telemetry = open()
    expect(await telemetry.lastSeen('t1')).toBeNull()
    await telemetry.seen('t1')
    clock += 1_799_000
    await telemetry.seen('t1')
    expect(await telemetry.lastSeen('t1')).toBe('2026-01-05T10:00:00.000Z')
    clock += 1000
    await telemetry.seen('t1')
    expect(await telemetry.lastSeen('t1')).toBe('2026-01-05T10:30:00.000Z')
  })

  it('tells of many at once: who was never heard of is missing', async () => {
    clock = Date.parse('2026-01-05T10:00:00.000Z')
    const telemetry = open()
    const names = Array.from({ length: 250 }, (_, place) => `many-${place}`)
    for (const name of names) if (name !== 'many-7') await telemetry.seen(name)
    const found = await telemetry.lastSeenOf([...names, 'nobody'])
    expect(found.size).toBe(249)
    expect([found.get('many-0'), found.get('many-249')]).toEqual([
      '2026-01-05T10:00:00.000Z',
      '2026-01-05T10:00:00.000Z',
    ])
    expect([found.has('many-7'), found.has('nobody')]).toEqual([false, false])
    expect(await telemetry.lastSeenOf([])).toEqual(new Map())
  })

  it('takes reports of one attempt forward only; the same one may come twice', async () => {
    const telemetry = open()
    const answers: boolean[] = []
    for (const sequence of [0, 2, 2, 1, 3]) answers.push(await telemetry.progressed('a1', sequence))
    expect(answers).toEqual([true, true, true, false, true])
    expect(await telemetry.progressed('a2', 1)).toBe(true)
  })

  it('tells machines that take turns from one that is booted anew', async () => {
    clock = Date.parse('2026-01-05T13:00:00.000Z')
    const telemetry = open()
    const alone = { alternating: null, alone: true }
    const beside = { alternating: null, alone: false }
    const turns = [
      ['a', 0, alone],
      ['a', 600, alone],
      ['b', 600, beside],
      ['b', 600, beside],
      ['a', 600, { alternating: ['a', 'b'], alone: false }],
      ['c', 600, beside],
      ['c', 3000, beside],
      ['c', 601, alone],
      ['a', 0, beside],
      ['b', 3601, alone],
      ['a', 0, beside],
    ] as const
    for (const [boot, later, booted] of turns) {
      clock += later * 1000
      expect(await telemetry.booted('turns', boot), `${boot} after ${later} s`).toEqual(booted)
    }
    expect(await telemetry.booted('another', 'b')).toEqual(alone)
  })

  it('keeps by what two machines were noticed', async () => {
    clock = Date.parse('2026-01-05T14:00:00.000Z')
    const telemetry = open()
    expect(await telemetry.clonesOf('cloned')).toBeNull()
    const since = '2026-01-05T14:00:00.000Z'
    await telemetry.cloned('cloned', { bootIds: ['a', 'b'] })
    const first = { since, lastAt: since, bootIds: ['a', 'b'], contradiction: null }
    expect(await telemetry.clonesOf('cloned')).toEqual(first)
    clock += 60_000
    const contradiction = { attempt: 'a1', recorded: 'failed', reported: 'succeeded' }
    await telemetry.cloned('cloned', { contradiction })
    expect(await telemetry.clonesOf('cloned')).toEqual({
      ...{ ...first, lastAt: '2026-01-05T14:01:00.000Z', contradiction },
    })
    expect(await telemetry.clonesOf('another')).toBeNull()
  })
})

it('tells of machines that take turns every second no more often than every five minutes', async () => {
  clock = Date.parse('2026-01-05T15:00:00.000Z')
  const telemetry = open()
  const told: number[] = []
  for (let second = 0; second <= 302; second++, clock += 1000) {
    const { alternating } = await telemetry.booted('hasty', second % 2 ? 'b' : 'a')
    if (alternating) told.push(second)
  }
  expect(told).toEqual([2, 302])
})

it('asks again for what DynamoDB put off, and gives up when it keeps doing so', async () => {
  const item = { item: { S: 'seen#a' }, detail: { S: 'last' }, value: { N: '0' } }
  const putOff = { Work: { Keys: [{ item: { S: 'seen#a' }, detail: { S: 'last' } }] } }
  const client = mockClient(DynamoDBClient)
  client
    .on(BatchGetItemCommand)
    .resolvesOnce({ UnprocessedKeys: putOff })
    .resolvesOnce({ Responses: { Work: [item] } })
    .resolves({ UnprocessedKeys: putOff })
  const telemetry = openTelemetry({ client: new DynamoDBClient(), table: 'Work', now })
  expect(await telemetry.lastSeenOf(['a'])).toEqual(new Map([['a', '1970-01-01T00:00:00.000Z']]))
  await expect(telemetry.lastSeenOf(['a'])).rejects.toThrow('Work put off 1 reads.')
  client.restore()
})

describe('telemetry of two functions', () => {
  it('agree on when a target was seen', async () => {
    clock = Date.parse('2026-01-05T12:00:00.000Z')
    const [one, other] = [open(), open()]
    await one.seen('t2')
    clock += 60_000
    await other.seen('t2')
    expect(await one.lastSeen('t2')).toBe('2026-01-05T12:00:00.000Z')
  })

  it('notice machines that take turns, each asking another of them', async () => {
    clock = Date.parse('2026-01-05T16:00:00.000Z')
    const [one, other] = [open(), open()]
    await one.booted('t3', 'a')
    await other.booted('t3', 'b')
    clock += 300_000
    expect((await one.booted('t3', 'a')).alternating).toEqual(['a', 'b'])
  })
})

function open(): Telemetry {
  return openTelemetry({ client: dynamo.client, table: 'Work', now })
}
