import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { higher, lowest } from '../dynamodb/sequence.ts'
import type { StreamRecord, TableStream } from '../dynamodb/stream.ts'
import { matches } from '../events/pattern.ts'
import type { MachineClock } from '../machine-clock.ts'
import { type DiscardedBatch, processBatch, type RetryRules } from './batch.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { LocalFunction } from './function.ts'

/** What the template says of a mapping. */
export interface MappingSettings {
  /** Names its checkpoints over restarts: the logical id. */
  readonly id: string
  readonly batchSize: number
  readonly batchingWindowSeconds: number
  /** How many batches run side by side; records of one partition key are always in the same lane. */
  readonly parallelizationFactor: number
  readonly rules: RetryRules
  /** Patterns of FilterCriteria: a record passes when one matches; all pass when there is none. */
  readonly filters: readonly unknown[]
}

/** Reads a stream and feeds a function. */
export interface EventSourceMapping {
  /** Says that the stream may hold more. */
  wake(): void
  /** Everything up to this sequence number is done in every lane. */
  lowWater(): bigint
  /** Is it reading, or working on what it has read? */
  readonly busy: boolean
  /** Writes down how far idle lanes have come, so that a restart does not read that again. */
  save(): void
  resume(): void
  /** Ends reading, waits for batches under way. */
  stop(): Promise<void>
}

interface Lane {
  readonly index: number
  /** Records that wait for their batch. */
  readonly queue: StreamRecord[]
  /** Where its last finished record is. */
  through: bigint
  busy: boolean
}

const maximumBatchBytes = 6 * 1024 * 1024
const readAgainAfter = 50

/**
 * Maps a table's stream to a function with the rules of AWS Lambda: records of one partition key in order and one at a
 * time, at least once, lanes side by side. Checkpoints are durable, so what was not finished comes again after a crash.
 */
export function openEventSourceMapping(options: {
  readonly settings: MappingSettings
  readonly stream: TableStream
  readonly partitionKey: string
  readonly target: LocalFunction
  readonly checkpoints: Checkpoints
  readonly clock: MachineClock
  discard(letter: DiscardedBatch): void
  log(line: string): void
}): EventSourceMapping {
  const { settings, stream, target, checkpoints, clock } = options
  const saved = checkpoints.load(settings.id, settings.parallelizationFactor)
  const lanes: Lane[] = saved.map((through, index) => ({ index, queue: [], through, busy: false }))
  let position = lowest(saved) ?? 0n
  const stopping = new AbortController()
  const buffered = Math.max(1000, settings.batchSize * 2) * lanes.length
  const underWay = new Set<Promise<void>>()
  let pending = true
  let reading: Promise<void> | undefined

  const ageOf = (record: StreamRecord) =>
    Math.max(0, clock.ageOf(record.dynamodb.ApproximateCreationDateTime * 1000 + 999))

  const read = async () => {
    while (pending && !stopping.signal.aborted && waiting() < buffered) {
      pending = false
      try {
        const page = await stream.after(position)
        if (page.through === position) continue
        pending = true
        for (const record of page.records) distribute(record)
        position = page.through
      } catch (error) {
        // The emulator may be away for a moment; whatever it is, the records are still there.
        pending = true
        options.log(`${settings.id} cannot read the stream and tries again: ${String(error)}`)
        await delay(readAgainAfter, undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
  }
  const waiting = () => lanes.reduce((sum, lane) => sum + lane.queue.length, 0)
  const startReading = () => {
    if (reading !== undefined || stopping.signal.aborted || !pending || waiting() >= buffered) return
    reading = read().finally(() => {
      reading = undefined
      startReading()
    })
  }

  const distribute = (record: StreamRecord) => {
    const key = JSON.stringify(record.dynamodb.Keys[options.partitionKey])
    const lane = lanes[laneOf(key, lanes.length)]
    if (lane === undefined || sequenceOf(record) <= lane.through) return
    if (settings.filters.length > 0 && !settings.filters.some((pattern) => matches(pattern, record))) return
    lane.queue.push(record)
    if (!lane.busy) {
      lane.busy = true
      track(drain(lane))
    }
  }

  const track = (work: Promise<void>) => {
    underWay.add(work)
    void work.finally(() => underWay.delete(work))
  }

  const drain = async (lane: Lane) => {
    // Lets the page that is being distributed fill the batch.
    await null
    while (lane.queue.length > 0 && !stopping.signal.aborted) {
      if (settings.batchingWindowSeconds > 0 && lane.queue.length < settings.batchSize) await window()
      const batch = take(lane.queue, settings.batchSize)
      try {
        await processBatch(batch.map(withClockTime), {
          target,
          rules: settings.rules,
          ageOf: (record) => ageOf(originals.get(record) ?? record),
          done: (record) => {
            lane.through = sequenceOf(record)
            checkpoints.save(settings.id, lane.index, lane.through)
          },
          discard: options.discard,
          backoff: (failures) => Math.min(30_000, 100 * 2 ** failures) / clock.speed,
          stopped: stopping.signal,
        })
        // Stopped half-way: the lane stays busy, so that its rest never counts as done.
        if (stopping.signal.aborted) return
        lane.queue.splice(0, batch.length)
      } catch (error) {
        // Not the function but this machine failed, a full disk for one: nothing is skipped.
        options.log(`${settings.id} cannot go on and tries again: ${String(error)}`)
        const left = lane.queue.findIndex((record) => sequenceOf(record) > lane.through)
        lane.queue.splice(0, left === -1 ? lane.queue.length : left)
        await delay(1000, undefined, { signal: stopping.signal }).catch(() => {})
      }
      startReading()
    }
    lane.busy = false
  }

  const window = () =>
    new Promise<void>((resolve) => {
      const cancel = clock.at(clock.now() + settings.batchingWindowSeconds * 1000, resolve)
      stopping.signal.addEventListener('abort', () => {
        cancel()
        resolve()
      })
    })

  // Functions see the clock's time, while ages are counted from what the emulator noted.
  const originals = new WeakMap<StreamRecord, StreamRecord>()
  const withClockTime = (record: StreamRecord): StreamRecord => {
    if (!clock.differs) return record
    const created = Math.floor((clock.now() - ageOf(record)) / 1000)
    const shown = { ...record, dynamodb: { ...record.dynamodb, ApproximateCreationDateTime: created } }
    originals.set(shown, record)
    return shown
  }

  const doneIn = (lane: Lane): bigint => {
    const first = lane.queue[0]
    return higher(lane.through, first === undefined ? position : sequenceOf(first) - 1n)
  }

  return {
    wake() {
      pending = true
      startReading()
    },
    lowWater: () => lowest(lanes.map(doneIn)) ?? position,
    get busy() {
      return pending || reading !== undefined || lanes.some((lane) => lane.busy)
    },
    save() {
      for (const lane of lanes) {
        const through = doneIn(lane)
        if (lane.busy || through === lane.through) continue
        lane.through = through
        checkpoints.save(settings.id, lane.index, through)
      }
    },
    resume: startReading,
    async stop() {
      stopping.abort()
      await reading
      await Promise.all(underWay)
    },
  }
}

const sequenceOf = (record: StreamRecord) => BigInt(record.dynamodb.SequenceNumber)

function laneOf(key: string, lanes: number): number {
  return lanes === 1 ? 0 : createHash('md5').update(key).digest().readUInt32BE(0) % lanes
}

/** The next batch of a lane: no more records than its size, no more bytes than an invocation takes. */
function take(queue: readonly StreamRecord[], size: number): StreamRecord[] {
  const batch: StreamRecord[] = []
  let bytes = 0
  for (const record of queue) {
    bytes += JSON.stringify(record).length
    if (batch.length > 0 && (batch.length === size || bytes > maximumBatchBytes)) break
    batch.push(record)
  }
  return batch
}
