import { accessSync, constants, mkdirSync, mkdtempSync, rmdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isFullDisk } from './disk.ts'

/**
 * Makes a data directory, which its owner alone can look into, where there is none yet, and tries whether it can be written to. Throws
 * an error that says why it cannot be used, and what to do.
 */
export function makeDataDirectory(directory: string): void {
  try {
    makeWithParents(directory)
    if (!statSync(directory).isDirectory()) throw new Error('it is no directory')
    accessSync(directory, constants.W_OK | constants.X_OK)
    // Some file systems let everybody write and take no file.
    rmdirSync(mkdtempSync(join(directory, '.writable-')))
  } catch (error) {
    if (isFullDisk(error)) throw error
    throw new Error(
      `The data directory cannot be used (${error instanceof Error ? error.message : error}): choose another one with --data DIR.`,
    )
  }
}

/** Goes up one parent at a time: Node's own recursive making never returns where a file system has a folder that takes none, as /proc. */
function makeWithParents(directory: string): void {
  if (isThere(directory)) return
  const parent = dirname(directory)
  if (parent !== directory) makeWithParents(parent)
  mkdirSync(directory, { mode: 0o700 })
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
