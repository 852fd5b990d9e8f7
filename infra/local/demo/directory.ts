import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockDirectory } from '../lock.ts'

/** By this file a demo knows the folder that a demo has made. */
const mark = 'made-by-the-demo'

/**
 * Makes a folder empty for a demo. Throws an error, and touches nothing, where it holds anything that no demo has made, or where a runtime is
 * using it.
 */
export function emptyForDemo(directory: string): void {
  if (existsSync(directory)) {
    const names = readdirSync(directory)
    if (names.length > 0 && !names.includes(mark))
      throw new Error(
        `${directory} holds what no demo has made (${names.slice(0, 3).join(', ')}): name another folder with --data DIR, or empty it yourself.`,
      )
    // Throws where somebody else has it; the lock itself goes with the folder.
    if (names.length > 0) lockDirectory(directory)()
  }
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, mark), '')
}
