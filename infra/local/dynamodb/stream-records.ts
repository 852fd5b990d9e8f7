import { DatabaseSync } from 'node:sqlite'

/** The stream records in the file of dynoxide, seen past its protocol. */
export interface StreamRecords {
  /** Whether anything was written to the file since the last call. */
  changed(): boolean
  /** Removes records of a table up to a sequence number, always keeping the newest one; returns how many went. */
  prune(table: string, through: bigint): number
  /** How many records a table's stream holds. */
  count(table: string): number
  /** The items of a table whose attribute, in seconds, is below an instant; at most `limit`, each as its JSON. */
  expired(table: string, attribute: string, before: number, limit: number): string[]
  close(): void
}

const columns = [
  'id',
  'table_name',
  'event_name',
  'keys_json',
  'new_image',
  'old_image',
  'sequence_number',
  'shard_id',
  'created_at',
  'user_identity',
]

// One prune stays below a millisecond or two, as dynoxide cannot write meanwhile.
const pruneAtMost = 1_000

/**
 * Opens the side connection to the file that dynoxide works on, and adds what it lacks: without an index every write to
 * a streamed table scans all of its records, and nothing ever trims them. Throws when the file is not as known.
 */
export function openStreamRecords(file: string): StreamRecords {
  const database = new DatabaseSync(file, { timeout: 5_000 })
  const found = database
    .prepare("SELECT name FROM pragma_table_info('_stream_records')")
    .all()
    .map(({ name }) => String(name))
  if (found.join() !== columns.join()) {
    database.close()
    throw new Error(
      `The file ${file} has the columns ${found.join(', ') || 'of no known table'} in _stream_records, but this runtime knows dynoxide 1.2.1 with ${columns.join(', ')}. Install the locked version with npm ci.`,
    )
  }
  database.exec(`
    CREATE INDEX IF NOT EXISTS drydock_records_by_table ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
    CREATE INDEX IF NOT EXISTS drydock_records_by_shard ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER));`)
  const version = database.prepare('PRAGMA data_version')
  // The newest row stays: the next sequence number is counted from it, and would start again at 1.
  const remove = database.prepare(`DELETE FROM _stream_records WHERE id IN (
    SELECT id FROM _stream_records
    WHERE table_name = :table AND CAST(sequence_number AS INTEGER) <= :through AND CAST(sequence_number AS INTEGER) <
      (SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = :table)
    ORDER BY CAST(sequence_number AS INTEGER) LIMIT ${pruneAtMost})`)
  const size = database.prepare('SELECT count(*) AS records FROM _stream_records WHERE table_name = ?')
  let seen: unknown

  return {
    changed() {
      const now = version.get()?.data_version
      const differs = now !== seen
      seen = now
      return differs
    },
    prune: (table, through) => Number(remove.run({ table, through }).changes),
    count: (table) => Number(size.get(table)?.records),
    expired(table, attribute, before, limit) {
      const rows = database
        .prepare(
          `SELECT item_json FROM "${table.replaceAll('"', '""')}" WHERE CAST(json_extract(item_json, ?) AS REAL) < ? LIMIT ?`,
        )
        .all(`$.${JSON.stringify(attribute)}.N`, before, limit)
      return rows.map(({ item_json }) => String(item_json))
    },
    close: () => database.close(),
  }
}
