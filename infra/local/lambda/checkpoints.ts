import type { DatabaseSync } from 'node:sqlite'
import { inTransaction } from '../database.ts'
import { lowest } from '../dynamodb/sequence.ts'

/** How far the lanes of event source mappings have come, kept over restarts. */
export interface Checkpoints {
  /** The sequence number up to which each lane is done; all of them start at the lowest when their number changed. */
  load(mapping: string, lanes: number): bigint[]
  save(mapping: string, lane: number, through: bigint): void
}

/** Opens the checkpoints in a database. */
export function openCheckpoints(database: DatabaseSync): Checkpoints {
  database.exec(`CREATE TABLE IF NOT EXISTS checkpoints (
    mapping TEXT NOT NULL, lane INTEGER NOT NULL, lanes INTEGER NOT NULL, through TEXT NOT NULL,
    PRIMARY KEY (mapping, lane)
  ) STRICT, WITHOUT ROWID`)
  const select = database.prepare(
    'SELECT lane, lanes, through FROM checkpoints WHERE mapping = ? ORDER BY lane',
  )
  const clear = database.prepare('DELETE FROM checkpoints WHERE mapping = ?')
  const insert = database.prepare(
    'INSERT INTO checkpoints (mapping, lane, lanes, through) VALUES (?, ?, ?, ?)',
  )
  const update = database.prepare('UPDATE checkpoints SET through = ? WHERE mapping = ? AND lane = ?')

  return {
    load(mapping, lanes) {
      const rows = select.all(mapping)
      const saved = rows.map(({ through }) => BigInt(String(through)))
      if (rows.length === lanes && rows.every((row) => row.lanes === lanes)) return saved
      // Keys fall into other lanes now: records that some lanes were past come again, which "at least once" allows.
      const start = lowest(saved) ?? 0n
      inTransaction(database, () => {
        clear.run(mapping)
        for (let lane = 0; lane < lanes; lane += 1) insert.run(mapping, lane, lanes, String(start))
      })
      return Array.from({ length: lanes }, () => start)
    },
    save: (mapping, lane, through) => void update.run(String(through), mapping, lane),
  }
}
