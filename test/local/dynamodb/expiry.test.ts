import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Emulator, startEmulator } from '../../../infra/local/dynamodb/emulator.ts'
import { deleteExpired } from '../../../infra/local/dynamodb/expiry.ts'
import { openDynamoRequest } from '../../../infra/local/dynamodb/request.ts'
import { openStreamRecords } from '../../../infra/local/dynamodb/stream-records.ts'
import { provideTable } from '../../../infra/local/dynamodb/tables.ts'
import { openClock } from '../../../infra/local/machine-clock.ts'
import { readCloudAssembly } from '../../../infra/local/template/cloud-assembly.ts'
import { resolveStack } from '../../../infra/local/template/stack.ts'
import { scratch, writeAssembly } from '../fixture.ts'

let emulator: Emulator | undefined
afterEach(() => emulator?.stop())

describe('time to live', () => {
  it('deletes an item once its time is over on the clock, and no other', async () => {
    const directory = scratch()
    emulator = await startEmulator(directory, () => {})
    const { endpoint, file } = emulator
    const request = openDynamoRequest(() => endpoint)
    const seen = resolveStack(readCloudAssembly(writeAssembly()), {}).find(
      ({ logicalId }) => logicalId === 'Seen',
    )
    if (seen === undefined) throw new Error('The fixture has no table Seen.')
    const table = await provideTable(seen, request)
    const wall = { now: 1_000_000_000 }
    const clock = openClock({ file: join(directory, 'clock.json'), speed: 1, wall: () => wall.now })
    const records = openStreamRecords(file ?? '')
    const parts = { table, clock, records, request }
    for (const [id, expires] of [
      ['early', 1_000_100],
      ['late', 1_000_900],
    ] as const) {
      await request('DynamoDB_20120810.PutItem', {
        TableName: table.name,
        Item: { id: { S: id }, expires: { N: String(expires) } },
      })
    }
    await request('DynamoDB_20120810.PutItem', { TableName: table.name, Item: { id: { S: 'forever' } } })

    expect(await deleteExpired(parts)).toBe(0)
    wall.now += 500_000
    expect(await deleteExpired(parts)).toBe(1)
    const { Items } = await request('DynamoDB_20120810.Scan', { TableName: table.name })
    expect((Items as { id: { S: string } }[]).map(({ id }) => id.S).sort()).toEqual(['forever', 'late'])
    records.close()
    request.close()
  })
})
