import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { StreamRecord, TableStream } from '../../../infra/local/dynamodb/stream.ts'
import type { DiscardedBatch, RetryRules } from '../../../infra/local/lambda/batch.ts'
import { openCheckpoints } from '../../../infra/local/lambda/checkpoints.ts'
import { FunctionError } from '../../../infra/local/lambda/errors.ts'
import {
  type EventSourceMapping,
  type MappingSettings,
  openEventSourceMapping,
} from '../../../infra/local/lambda/event-source-mapping.ts'
import type { LocalFunction } from '../../../infra/local/lambda/function.ts'
import { openClock } from '../../../infra/local/machine-clock.ts'
import { scratch } from '../fixture.ts'

const arn = 'arn:aws:dynamodb:eu-central-1:000000000000:table/items/stream/local'

/** A record of an item; records are numbered in the order of the list that holds them. */
const record = (sequence: number, key: string, created = Date.now()): StreamRecord => ({
  eventID: String(sequence),
  eventName: 'INSERT',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'eu-central-1',
  eventSourceARN: arn,
  dynamodb: {
    Keys: { id: { S: key } },
    NewImage: { id: { S: key } },
    SequenceNumber: String(sequence),
    ApproximateCreationDateTime: created / 1000,
    SizeBytes: 10,
    StreamViewType: 'NEW_IMAGE',
  },
})

const records = (...keys: readonly string[]) => keys.map((key, index) => record(index + 1, key))

type Answer = { readonly batchItemFailures: readonly { readonly itemIdentifier: string }[] } | undefined

interface World {
  readonly mapping: EventSourceMapping
  readonly batches: number[][]
  readonly letters: DiscardedBatch[]
  readonly file: string
  add(more: readonly StreamRecord[]): void
}

const open: EventSourceMapping[] = []
afterEach(async () => {
  for (const mapping of open.splice(0)) await mapping.stop()
})

/** Maps a list of records to a handler that gets the sequence numbers of its batch. */
function world(options: {
  readonly records: readonly StreamRecord[]
  readonly handler: (batch: readonly number[]) => Answer | Promise<Answer>
  readonly settings?: Partial<MappingSettings>
  readonly rules?: Partial<RetryRules>
  /** With another wall than the real one. */
  readonly opened?: { wall(): number }
  readonly file?: string
}): World {
  const file = options.file ?? join(scratch(), 'runtime.sqlite')
  const all = [...options.records]
  const batches: number[][] = []
  const letters: DiscardedBatch[] = []
  const stream: TableStream = {
    arn,
    async after(sequence) {
      const page = all.filter(({ dynamodb }) => BigInt(dynamodb.SequenceNumber) > sequence).slice(0, 4)
      return { records: page, through: BigInt(page.at(-1)?.dynamodb.SequenceNumber ?? sequence) }
    },
  }
  const target: LocalFunction = {
    name: 'reader',
    arn: 'arn:aws:lambda:eu-central-1:000000000000:function:reader',
    load: async () => {},
    stop: async () => {},
    async invoke(payload) {
      const batch = (payload as { Records: StreamRecord[] }).Records.map(({ dynamodb }) =>
        Number(dynamodb.SequenceNumber),
      )
      batches.push(batch)
      return options.handler(batch)
    },
  }
  const mapping = openEventSourceMapping({
    settings: {
      id: 'Mapping',
      batchSize: 10,
      batchingWindowSeconds: 0,
      parallelizationFactor: 1,
      filters: [],
      ...options.settings,
      rules: {
        maximumRetryAttempts: -1,
        maximumRecordAgeSeconds: -1,
        bisect: false,
        reportFailures: true,
        ...options.rules,
      },
    },
    stream,
    partitionKey: 'id',
    target,
    checkpoints: openCheckpoints(new DatabaseSync(file)),
    // A thousand times as fast, so that the waits between retries are short.
    clock: openClock({ file: join(scratch(), 'clock.json'), speed: 1000, ...options.opened }),
    discard: (letter) => void letters.push(letter),
    log: () => {},
  })
  open.push(mapping)
  mapping.resume()
  return {
    mapping,
    batches,
    letters,
    file,
    add(more) {
      all.push(...more)
      mapping.wake()
    },
  }
}

const fail = (...sequences: readonly number[]): Answer => ({
  batchItemFailures: sequences.map((sequence) => ({ itemIdentifier: String(sequence) })),
})

const throwing = (): never => {
  throw new FunctionError('TypeError', 'no')
}

async function done(mapping: EventSourceMapping, through: number): Promise<void> {
  await vi.waitFor(() => expect(mapping.lowWater()).toBe(BigInt(through)), { timeout: 20_000 })
}

describe('the order of an event source mapping', () => {
  it('starts at the oldest record and fills batches up to their size', async () => {
    const { mapping, batches } = world({
      records: records('a', 'b', 'c', 'd', 'e'),
      handler: () => undefined,
      settings: { batchSize: 3 },
    })
    await done(mapping, 5)
    expect(batches.flat()).toEqual([1, 2, 3, 4, 5])
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(3)
  })

  it('keeps the records of one key in order and one at a time, while others go on beside them', async () => {
    const keys = Array.from({ length: 200 }, (_, index) => `key-${index % 7}`)
    const active = new Set<string>()
    const seen = new Map<string, number[]>()
    let together = 0
    const { mapping } = world({
      records: records(...keys),
      settings: { parallelizationFactor: 4, batchSize: 2 },
      async handler(batch) {
        const mine = new Set(batch.map((sequence) => keys[sequence - 1] ?? ''))
        for (const key of mine) {
          expect(active.has(key)).toBe(false)
          active.add(key)
        }
        together = Math.max(together, active.size)
        await new Promise((resolve) => setImmediate(resolve))
        for (const sequence of batch) {
          const key = keys[sequence - 1] ?? ''
          seen.set(key, [...(seen.get(key) ?? []), sequence])
        }
        for (const key of mine) active.delete(key)
        return undefined
      },
    })
    await done(mapping, 200)
    for (const sequences of seen.values())
      expect(sequences).toEqual([...sequences].sort((one, other) => one - other))
    expect([...seen.values()].flat()).toHaveLength(200)
    expect(together).toBeGreaterThan(1)
  })

  it('passes what a filter lets through and is done with the rest', async () => {
    const { mapping, batches } = world({
      records: records('a', 'b', 'a', 'b'),
      handler: () => undefined,
      settings: { filters: [{ dynamodb: { Keys: { id: { S: ['b'] } } } }] },
    })
    await done(mapping, 4)
    expect(batches.flat()).toEqual([2, 4])
  })

  it('waits for a batch to fill as long as its window says', async () => {
    const { mapping, batches, add } = world({
      records: records('a'),
      handler: () => undefined,
      settings: { batchingWindowSeconds: 300 },
    })
    add([record(2, 'b'), record(3, 'c')])
    await done(mapping, 3)
    expect(batches).toEqual([[1, 2, 3]])
  })
})

describe('what fails', () => {
  it('comes again from the lowest reported failure on, with what followed it', async () => {
    let failed = false
    const { mapping, batches } = world({
      records: records('a', 'b', 'c', 'd'),
      handler(batch) {
        if (failed || !batch.includes(3)) return undefined
        failed = true
        return fail(4, 3)
      },
    })
    await done(mapping, 4)
    expect(batches).toEqual([
      [1, 2, 3, 4],
      [3, 4],
    ])
  })

  it.each([
    ['is of no record in the batch', { batchItemFailures: [{ itemIdentifier: '99' }] }],
    ['is empty', { batchItemFailures: [{ itemIdentifier: '' }] }],
  ])('comes again as a whole when an identifier %s', async (_, answer) => {
    let calls = 0
    const { mapping, batches } = world({
      records: records('a', 'b'),
      handler: () => (++calls === 1 ? answer : undefined),
    })
    await done(mapping, 2)
    expect(batches).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  it('is split until the poison is alone, given up after its retries, and the rest is done', async () => {
    const { mapping, batches, letters } = world({
      records: records('a', 'b', 'c', 'd'),
      handler: (batch) => (batch.includes(3) ? throwing() : undefined),
      rules: { bisect: true, maximumRetryAttempts: 2 },
    })
    await done(mapping, 4)
    expect(batches).toEqual([[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [3], [4]])
    expect(letters).toHaveLength(1)
    expect(letters[0]).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 },
      DDBStreamBatchInfo: { startSequenceNumber: '3', endSequenceNumber: '3', batchSize: 1, streamArn: arn },
    })
  })

  it('is given up as a whole batch when it may not be split', async () => {
    const { mapping, batches, letters } = world({
      records: records('a', 'b'),
      handler: throwing,
      rules: { maximumRetryAttempts: 1 },
    })
    await done(mapping, 2)
    expect(batches).toHaveLength(2)
    expect(letters.map(({ DDBStreamBatchInfo }) => DDBStreamBatchInfo.batchSize)).toEqual([2])
  })

  /** A wall that was at an instant when the clock was opened, and is where it is since. */
  const openedAt = (instant: number) => {
    let opening = true
    return {
      wall: () => {
        if (!opening) return Date.now()
        opening = false
        return instant
      },
    }
  }

  it('is given up when it is too old, without asking the function', async () => {
    const old = Date.now() - 10_000_000
    const { mapping, batches, letters } = world({
      records: [record(1, 'a', old), record(2, 'b')],
      handler: () => undefined,
      rules: { maximumRecordAgeSeconds: 1_000_000 },
      opened: openedAt(old),
    })
    await done(mapping, 2)
    expect(batches).toEqual([[2]])
    expect(letters[0]?.requestContext).toMatchObject({
      condition: 'RecordAgeExceeded',
      approximateInvokeCount: 0,
    })
  })

  it('grows no older while the machine is off', async () => {
    const old = Date.now() - 10_000_000
    const { mapping, batches, letters } = world({
      records: [record(1, 'a', old), record(2, 'b')],
      handler: () => undefined,
      rules: { maximumRecordAgeSeconds: 1_000_000 },
    })
    await done(mapping, 2)
    expect([batches, letters]).toEqual([[[1, 2]], []])
  })

  it('holds back what comes after it for the same key only', async () => {
    let broken = true
    const { mapping, batches } = world({
      // The two keys are in different lanes of two.
      records: records('a', 'a', 'b', 'd'),
      settings: { parallelizationFactor: 2, batchSize: 1 },
      handler: (batch) => (broken && batch.includes(1) ? throwing() : undefined),
    })
    await vi.waitFor(() => expect(batches.flat()).toEqual(expect.arrayContaining([1, 1])))
    expect(batches.flat()).not.toContain(2)
    expect(batches.flat().some((sequence) => sequence > 2)).toBe(true)
    broken = false
    await done(mapping, 4)
  })
})

describe('a restart', () => {
  it('begins after what was done, and repeats what was not', async () => {
    const all = records('a', 'b', 'c', 'd')
    const first = world({
      records: all,
      handler: (batch) => (batch[0] === 3 ? fail(3) : batch.length > 2 ? fail(3) : undefined),
    })
    await vi.waitFor(() => expect(first.batches.length).toBeGreaterThan(2))
    await first.mapping.stop()
    const second = world({ records: all, handler: () => undefined, file: first.file })
    await done(second.mapping, 4)
    expect(second.batches).toEqual([[3, 4]])
  })

  it('loses nothing when the number of lanes has changed', async () => {
    const all = records('a', 'b', 'c', 'd')
    const first = world({ records: all.slice(0, 2), handler: () => undefined })
    await done(first.mapping, 2)
    first.mapping.save()
    await first.mapping.stop()
    const second = world({
      records: all,
      handler: () => undefined,
      file: first.file,
      settings: { parallelizationFactor: 3 },
    })
    await done(second.mapping, 4)
    expect(second.batches.flat().sort()).toEqual([3, 4])
  })
})
