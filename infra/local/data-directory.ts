import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { dataFile } from './data-files.ts'
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

/**
 * Lets nobody but its owner read what this process and its children write from now on: task tokens, the log and hashes of credentials are
 * in a data directory. Returns a function that puts the former rule back.
 */
export function keepToOwner(): () => void {
  const former = process.umask(0o077)
  return () => {
    process.umask(former)
  }
}

/**
 * Takes from others what earlier versions, or whoever made the directory, let them read. A directory that holds what is not ours is left
 * as it is: it may be shared.
 */
export function closeToOthers(directory: string): void {
  const names = readdirSync(directory)
  if (names.length > 0 && !existsSync(dataFile(directory, 'runtime.lock'))) return
  chmodSync(directory, 0o700)
  for (const name of names) {
    const path = join(directory, name)
    // Not through a link: what is behind that is somebody else's.
    const there = lstatSync(path)
    if (there.isDirectory()) chmodSync(path, 0o700)
    else if (there.isFile()) chmodSync(path, 0o600)
  }
}
