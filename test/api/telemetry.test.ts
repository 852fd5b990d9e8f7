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
  it('keeps when a target was last seen, at most every five minutes', async () => {
    clock = Date.parse('2026-01-05T10:00:00.000Z')
    const telemetry = open()
    expect(await telemetry.lastSeen('t1')).toBeNull()
    await telemetry.seen('t1')
    clock += 299_000
    await telemetry.seen('t1')
    expect(await telemetry.lastSeen('t1')).toBe('2026-01-05T10:00:00.000Z')
    clock += 1000
    await telemetry.seen('t1')
    expect(await telemetry.lastSeen('t1')).toBe('2026-01-05T10:05:00.000Z')
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
})

function open(): Telemetry {
  return openTelemetry({ client: dynamo.client, table: 'Work', now })
}
