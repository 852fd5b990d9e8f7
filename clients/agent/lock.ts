import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Another process has the directory. */
export class Taken extends Error {}

/** What is not held any more is closed when memory is tidied, and the lock is gone with it. */
const held = new Set<DatabaseSync>()

/** Takes a directory for this process under a name; the lock is SQLite's own, which the kernel drops with the process. Returns what gives it back; throws {@link Taken}. */
export function takeDirectory(directory: string, name: string): () => void {
  const database = new DatabaseSync(join(directory, `${name}.lock`))
  try {
    // A journal in a file could not be begun on a full disk, and nothing is written.
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!(error as Error).message.includes('locked')) throw error
    throw new Taken(`Another ${name} works in ${directory}.`)
  }
  held.add(database)
  return () => {
    held.delete(database)
    database.close()
  }
}
