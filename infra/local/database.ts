import { existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { DamagedFile } from './damage.ts'

/**
 * Opens the SQLite file (or ':memory:') of a service, which keeps there what it has acknowledged. Throws a DamagedFile for one that
 * SQLite cannot read through.
 */
export function openDatabase(file: string): DatabaseSync {
  if (file !== ':memory:') {
    if (!existsSync(file)) create(file)
    checkDatabase(file)
  }
  const database = new DatabaseSync(file, { timeout: 5_000 })
  // With a write-ahead log, NORMAL leaves every commit with the operating system before it returns: killing
  // the process loses nothing. Only a power cut can, and then the last commits together, never half of one.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  return database
}

/** SQLite opens an empty file as a new database. Ours get their name when they are more than that: an empty one has lost what it held. */
function create(file: string): void {
  const draft = `${file}.new`
  // What is left of another file of that name would be taken for writes to this one.
  for (const left of [draft, `${file}-wal`, `${file}-shm`]) rmSync(left, { force: true })
  const database = new DatabaseSync(draft)
  database.exec('PRAGMA journal_mode = WAL')
  database.close()
  renameSync(draft, file)
}

/** In bytes. Reading a file through takes about a second for this many. */
const readThroughUpTo = 256 * 1024 * 1024

/** Throws a DamagedFile when a SQLite file is empty, none, or does not hold together; of a large one only its beginning is looked at. */
export function checkDatabase(file: string): void {
  const { size } = statSync(file)
  if (size === 0) throw new DamagedFile(file, 'it is empty')
  const database = new DatabaseSync(file, { timeout: 5_000 })
  try {
    const check = size > readThroughUpTo ? 'PRAGMA schema_version' : 'PRAGMA quick_check(1)'
    const [found = 'ok'] = Object.values(database.prepare(check).get() ?? {})
    if (typeof found === 'string' && found !== 'ok') throw new DamagedFile(file, found)
  } catch (error) {
    if (error instanceof DamagedFile || !isDamage(error)) throw error
    throw new DamagedFile(file, error.message, error)
  } finally {
    database.close()
  }
}

/** Source of the numbers: https://www.sqlite.org/rescode.html, SQLITE_CORRUPT and SQLITE_NOTADB. */
function isDamage(error: unknown): error is Error {
  return error instanceof Error && 'errcode' in error && (error.errcode === 11 || error.errcode === 26)
}

/** Runs an action whose writes are committed together, or not at all when it throws. */
export function inTransaction<Result>(database: DatabaseSync, action: () => Result): Result {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = action()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // On a full disk SQLite has rolled back by itself; to do it again would hide the error behind another.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}
