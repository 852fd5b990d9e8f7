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

  it('takes reports of one attempt forward only; the same one may come twice', async () => {
    const telemetry = open()
    const answers: boolean[] = []
    for (const sequence of [0, 2, 2, 1, 3]) answers.push(await telemetry.progressed('a1', sequence))
    expect(answers).toEqual([true, true, true, false, true])
    expect(await telemetry.progressed('a2', 1)).toBe(true)
  })
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
