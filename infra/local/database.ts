import { DatabaseSync } from 'node:sqlite'

/** Opens the SQLite file (or ':memory:') of a service, which keeps there what it has acknowledged. */
export function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5_000 })
  // With a write-ahead log, NORMAL leaves every commit with the operating system before it returns: killing
  // the process loses nothing. Only a power cut can, and then the last commits together, never half of one.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
  return database
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
