import { readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { dataFile } from './data-files.ts'

/**
 * Takes the data directory for this process; returns a function that gives it back. Throws when another runtime has it.
 * The lock is SQLite's own on a file of its own: the kernel drops it with the process, so a `kill -9` leaves nothing behind.
 */
export function lockDirectory(directory: string): () => void {
  const ownerFile = dataFile(directory, 'runtime.pid')
  const database = new DatabaseSync(dataFile(directory, 'runtime.lock'))
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!(error instanceof Error) || !error.message.includes('locked')) throw error
    throw new Error(
      `Another runtime (process ${readOwner(ownerFile)}) is using the data directory ${directory}: stop it, or choose another one with --data DIR.`,
    )
  }
  writeFileSync(ownerFile, `${process.pid}\n`)
  return () => database.close()
}

function readOwner(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return 'unknown'
  }
}
