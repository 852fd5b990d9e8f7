import { join } from 'node:path'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Dynamo, openDynamo } from '../../../infra/local/dynamodb/dynamo.ts'
import { openTableStream } from '../../../infra/local/dynamodb/stream.ts'
import { openStreamRecords } from '../../../infra/local/dynamodb/stream-records.ts'
import { openClock } from '../../../infra/local/machine-clock.ts'
import { readCloudAssembly } from '../../../infra/local/template/cloud-assembly.ts'
import { resolveStack } from '../../../infra/local/template/stack.ts'
import { type FixtureTemplate, fixtureTemplate, scratch, writeAssembly } from '../fixture.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of open.splice(0)) await stop()
})

async function openWith(
  directory: string,
  template: FixtureTemplate = fixtureTemplate(),
  wall?: { now: number },
) {
  const clock = openClock({
    file: join(directory, 'clock.json'),
    speed: 1,
    ...(wall && { wall: () => wall.now }),
  })
  const dynamo = await openDynamo({ directory, clock, log: () => {} })
  open.push(() => dynamo.stop())
  const resources = resolveStack(readCloudAssembly(writeAssembly(template)), {})
  for (const resource of resources)
    if (resource.type === 'AWS::DynamoDB::Table') await dynamo.provide(resource)
  return dynamo
}

const put = (dynamo: Dynamo, id: string, more: Record<string, unknown> = {}, TableName = 'Fixture-Items') =>
  dynamo.request('DynamoDB_20120810.PutItem', { TableName, Item: { id: { S: id }, ...more } })

const itemsStream = (dynamo: Dynamo) =>
  openTableStream({ table: 'Fixture-Items', arn: 'arn', region: 'eu-central-1', request: dynamo.request })

describe('tables of the template', () => {
  it('are created once and found again by the next start', async () => {
    const directory = scratch()
    const first = await openWith(directory)
    await put(first, 'a')
    await first.stop()
    const second = await openWith(directory)
    const { Item } = await second.request('DynamoDB_20120810.GetItem', {
      TableName: 'Fixture-Items',
      Key: { id: { S: 'a' } },
    })
    expect(Item).toEqual({ id: { S: 'a' } })
  })

  it('are refused when the data directory holds them in another form', async () => {
    const directory = scratch()
    await (await openWith(directory)).stop()
    const template = fixtureTemplate()
    const items = template.Resources.Items
    if (items !== undefined) {
      items.Properties.AttributeDefinitions = [{ AttributeName: 'other', AttributeType: 'S' }]
      items.Properties.KeySchema = [{ AttributeName: 'other', KeyType: 'HASH' }]
    }
    await expect(openWith(directory, template)).rejects.toThrow(
      /Fixture-Items .* start on a new data directory/,
    )
  })
})

describe('news of a stream', () => {
  const readerOf = (wake: () => void) => ({
    table: 'Fixture-Items',
    wake,
    lowWater: () => 0n,
    save: () => {},
  })

  it('comes with each write, by itself', async () => {
    const dynamo = await openWith(scratch())
    let woken = 0
    const reader = readerOf(() => {
      woken += 1
    })
    dynamo.resume([reader])
    for (const id of ['a', 'b', 'c']) {
      const before = woken
      await put(dynamo, id)
      await vi.waitFor(() => expect(woken).toBeGreaterThan(before), { interval: 1 })
    }
  })

  it('is asked for seldom while nobody writes: an idle machine does next to nothing', async () => {
    const dynamo = await openWith(scratch())
    const looks = vi.spyOn(StatementSync.prototype, 'get')
    dynamo.resume([readerOf(() => {})])
    const turns = 100
    // Timers of a millisecond are the measure: under load both come seldom.
    for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1))
    const { length } = looks.mock.calls
    looks.mockRestore()
    expect(length / turns).toBeLessThan(0.2)
    expect(length).toBeGreaterThan(0)
  })
})

describe('stream records', () => {
  it('are read on from a sequence number, with the times of the protocol', async () => {
    const dynamo = await openWith(scratch())
    for (const id of ['a', 'b', 'c']) await put(dynamo, id)
    const stream = itemsStream(dynamo)
    const first = await stream.after(0n)
    expect(first.records.map(({ dynamodb }) => dynamodb.Keys.id)).toEqual([
      { S: 'a' },
      { S: 'b' },
      { S: 'c' },
    ])
    expect(first.records[0]?.dynamodb.ApproximateCreationDateTime).toBeGreaterThan(1_000_000_000)
    expect(await stream.after(first.through)).toEqual({ records: [], through: first.through })
    await put(dynamo, 'd')
    expect((await stream.after(first.through)).records).toHaveLength(1)
    expect((await stream.after(1n)).records).toHaveLength(3)
  })

  it('are pruned below the slowest reader, in order, and never down to none', async () => {
    const dynamo = await openWith(scratch())
    for (let number = 0; number < 20; number += 1) await put(dynamo, `item-${number}`)
    const marks = [12n, 7n]
    dynamo.resume(
      marks.map((mark) => ({ table: 'Fixture-Items', wake: () => {}, lowWater: () => mark, save: () => {} })),
    )
    expect(dynamo.prune()).toBe(7)
    const left = await itemsStream(dynamo).after(0n)
    expect(left.records.map(({ dynamodb }) => Number(dynamodb.SequenceNumber))).toEqual(
      Array.from({ length: 13 }, (_, index) => index + 8),
    )
    marks.fill(1000n)
    await put(dynamo, 'last')
    const everything = [{ table: 'Fixture-Items', wake: () => {}, lowWater: () => 1000n, save: () => {} }]
    dynamo.resume(everything)
    expect(dynamo.prune()).toBe(13)
    await put(dynamo, 'next')
    const after = await itemsStream(dynamo).after(0n)
    expect(after.records.map(({ dynamodb }) => dynamodb.SequenceNumber)).toEqual(['21', '22'])
  })

  it('are found by index, so that a write does not scan them', async () => {
    const directory = scratch()
    await openWith(directory)
    const file = new DatabaseSync(join(directory, 'dynamo.sqlite'))
    const plan = file
      .prepare(
        "EXPLAIN QUERY PLAN SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = 'x'",
      )
      .all()
    file.close()
    expect(JSON.stringify(plan)).toContain('drydock_records_by_table')
  })

  it('of a file with other columns are refused by name', () => {
    const path = join(scratch(), 'dynamo.sqlite')
    const file = new DatabaseSync(path)
    file.exec('CREATE TABLE _stream_records (id INTEGER, surprise TEXT)')
    file.close()
    expect(() => openStreamRecords(path)).toThrow(/has the columns id, surprise/)
  })
})

describe('the emulator', () => {
  it('killed alone under load comes back on its port, and nothing acknowledged is lost', async () => {
    const dynamo = await openWith(scratch())
    const client = new DynamoDBClient({
      endpoint: dynamo.endpoint,
      region: 'eu-central-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 10,
    })
    const acknowledged = new Set<string>()
    let stopped = false
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let number = 0; !stopped; number += 1) {
        const id = `${writer}-${number}`
        await client.send(new PutItemCommand({ TableName: 'Fixture-Items', Item: { id: { S: id } } }))
        acknowledged.add(id)
      }
    })
    for (let kill = 1; kill <= 3; kill += 1) {
      const before = acknowledged.size
      await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(before + 50), { timeout: 20_000 })
      const { pid } = dynamo
      if (pid === undefined) throw new Error('The emulator is not a child of this process.')
      process.kill(pid, 'SIGKILL')
      await vi.waitFor(() => expect(dynamo.pid).not.toBe(pid), { timeout: 20_000 })
    }
    const before = acknowledged.size
    await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThan(before + 50), { timeout: 20_000 })
    stopped = true
    await Promise.all(writers)
    client.destroy()

    const streamed = new Set<string>()
    const stream = itemsStream(dynamo)
    for (
      let page = await stream.after(0n);
      page.records.length > 0;
      page = await stream.after(page.through)
    ) {
      for (const { dynamodb } of page.records) streamed.add((dynamodb.Keys.id as { S: string }).S)
    }
    expect([...acknowledged].filter((id) => !streamed.has(id))).toEqual([])
    const { Count } = await dynamo.request('DynamoDB_20120810.Scan', {
      TableName: 'Fixture-Items',
      Select: 'COUNT',
    })
    expect(Count).toBeGreaterThanOrEqual(acknowledged.size)
  })
})
