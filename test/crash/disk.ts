import { spawnSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { namespaces } from '../e2e/small-disk.ts'

/** A disk that only a run and what it starts can see, and that can be full. */
export interface Disk {
  /** Takes all the space that is left. */
  fill(): void
  /** Gives it back. */
  free(): void
}

const megabytes = 700

/** Runs the program of this process once more, to its end, with a small disk on a directory; returns what it ended with. */
export function runAgainOn(directory: string, options: readonly string[]): number {
  const [, program = ''] = process.argv
  const mount = `mount -t tmpfs -o size=${megabytes}m tmpfs "$0" && exec "$@"`
  const again = [process.execPath, program, ...process.argv.slice(2), ...options]
  const ended = spawnSync('unshare', [...namespaces, 'sh', '-c', mount, directory, ...again], {
    stdio: 'inherit',
  })
  return ended.status ?? 1
}

/** Returns the disk that is on a directory. */
export function diskOn(directory: string): Disk {
  const filler = join(directory, 'filler')
  const block = Buffer.alloc(1024 * 1024)
  return {
    fill() {
      const file = openSync(filler, 'a')
      try {
        for (;;) writeSync(file, block)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error // what writeSync throws
      } finally {
        closeSync(file)
      }
    },
    free() {
      rmSync(filler, { force: true })
    },
  }
}
