import { statfsSync } from 'node:fs'

const megabyte = 1024 * 1024
/** What a start wants to find, in megabytes: it synthesizes 72, creates tables, and has to last for a while. */
const startNeeds = 128
/** What has to be left while it runs, in megabytes: below it a write of any of the databases may be the one that fails. */
const reserve = 16
const lookEvery = 200

/** Throws when the disk of a directory has too little space left for a start. */
export function checkSpace(directory: string): void {
  const free = megabytesFree(directory)
  if (free >= startNeeds) return
  throw new Error(
    `The disk of ${directory} has ${free} MB left, a start needs ${startNeeds} MB: free some, or choose another disk with --data DIR. Nothing was started or changed.`,
  )
}

/**
 * Looks after the space that a directory has left, and calls `exhausted` once with what to do when it is nearly used up.
 * A runtime that went on would answer 500 to everything, so its caller ends it. Returns a function that stops looking.
 */
export function watchSpace(directory: string, exhausted: (error: Error) => void): () => void {
  const timer = setInterval(() => {
    const free = megabytesFree(directory)
    if (free >= reserve) return
    clearInterval(timer)
    exhausted(
      new Error(
        `The disk of ${directory} is full (${free} MB left), so Drydock stops. Nothing acknowledged is lost: free ${startNeeds} MB and start again on the same data.`,
      ),
    )
  }, lookEvery)
  timer.unref()
  return () => clearInterval(timer)
}

/** Whether an error says that a disk has no space left, from a file or from SQLite. */
export function isFullDisk(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return ('code' in error && error.code === 'ENOSPC') || /disk is full/.test(error.message)
}

function megabytesFree(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return Math.floor((bavail * bsize) / megabyte)
}
