import type { DynamoDBRecord } from 'aws-lambda'
import type { Log } from '../../functions/log/log.ts'
import { pointerAge } from '../../functions/views/pointer.ts'
import { projectRecords } from '../../functions/views/records.ts'
import { openRunner, type Runner } from '../../functions/views/runner.ts'
import { oneByOne, type RowKey, type StoredRow, type ViewStore } from '../../functions/views/store.ts'
import { RowContended } from '../../functions/views/write-rows.ts'
import { memoryParked, type Parked } from '../../functions/work/parked.ts'
import type { Random } from './random.ts'

/** What went wrong on the way: a test that met none of it has shown nothing. */
export interface Troubles {
  crashes: number
  refused: number
  /** Rows that were read as they had been before their last write. */
  stale: number
  redelivered: number
  /** Rows given up to other projectors: two alone must always find an end. */
  contended: number
}

/** Nothing has gone wrong yet. */
export function noTroubles(): Troubles {
  return { crashes: 0, refused: 0, stale: 0, redelivered: 0, contended: 0 }
}

/**
 * A store whose caller dies before or after a write, whose answers take different times, and which may show rows to who reads many as
 * they were before they were last written.
 */
export function troubled(store: ViewStore, random: Random, troubles: Troubles): ViewStore {
  const die = (when: string) => {
    if (!random.chance(0.03)) return
    troubles.crashes += 1
    throw new Error(`died ${when}`)
  }
  const linger = async () => {
    for (let turns = random.below(6); turns > 0; turns--) await Promise.resolve()
  }
  const before = new Map<string, StoredRow | undefined>()
  const keyOf = ({ view, row }: RowKey) => `${view} ${row}`
  const single = oneByOne({
    ...store,
    async get(view, row) {
      await linger()
      die('before a read')
      return store.get(view, row)
    },
    async put(row, expected) {
      await linger()
      die('before a write')
      const last = await store.get(row.view, row.row)
      const written = await store.put(row, expected)
      if (!written.stored) troubles.refused += 1
      else before.set(keyOf(row), last)
      await linger()
      die('after a write')
      return written
    },
  })
  return {
    ...single,
    getMany: async (keys) =>
      (await single.getMany(keys)).map((row, index) => {
        const key = keyOf(keys[index] ?? { view: '', row: '' })
        if (!before.has(key) || !random.chance(0.1)) return row
        troubles.stale += 1
        return before.get(key)
      }),
  }
}

/** Delivers records as an event source does: in batches, and a batch that fails again from its first failure on. */
export async function deliver(
  records: readonly DynamoDBRecord[],
  runner: Runner,
  random: Random,
  troubles: Troubles,
): Promise<void> {
  let next = 0
  const reports = {
    tampered() {},
    attempts() {},
    postponed(_stream: string, error: unknown) {
      if (error instanceof RowContended) troubles.contended += 1
    },
  }
  while (next < records.length) {
    const batch = records.slice(next, next + 1 + random.below(12))
    try {
      const { batchItemFailures } = await projectRecords(batch, runner, reports)
      const [failed] = batchItemFailures
      const at = batch.findIndex(({ dynamodb }) => dynamodb?.SequenceNumber === failed?.itemIdentifier)
      next += at < 0 ? batch.length : at
      if (at >= 0) troubles.redelivered += 1
    } catch {
      troubles.redelivered += 1
    }
  }
}

/** The records, some of them twice, in an order that nobody promised. */
export function scrambled(records: readonly DynamoDBRecord[], random: Random): readonly DynamoDBRecord[] {
  const twice = records.filter(() => random.chance(0.2))
  const all = [...records, ...twice]
  return random.chance(0.3) ? random.shuffled(all) : slightlyShuffled(all, random)
}

function slightlyShuffled(records: readonly DynamoDBRecord[], random: Random): readonly DynamoDBRecord[] {
  return records
    .map((record, place) => ({ record, place: place + random.below(8) }))
    .sort((a, b) => a.place - b.place)
    .map(({ record }) => record)
}

/** Opens a projector over a store, which reads the pointer for each batch unless it is given a clock; the parking is in memory. */
export function projectorOver(
  store: ViewStore,
  log: Log,
  parked: Parked = memoryParked(() => 0),
  now?: () => number,
): Runner {
  let later = 0
  return openRunner({ store, log, parked, now: now ?? (() => (later += pointerAge)) })
}
