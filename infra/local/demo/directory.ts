import { existsSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeDataDirectory } from '../data-directory.ts'
import { type DataFile, isOfRuntime } from '../data-files.ts'
import { lockDirectory } from '../lock.ts'

/** By this file a demo knows the folder that a demo has made. */
export const demoMark = 'made-by-the-demo'

/** What the demo and the examples write beside what their runtime does. Anything else in the folder was put there by somebody. */
const written = /^(made-by-the-demo|machines|database|fleet-\d+\.json|runtime\.log)$/

/** What stays for the next demo: it is made anew where a source of it has changed. */
const synthesized: readonly DataFile[] = ['cdk.out', 'cdk.out.sources']

/**
 * Makes a folder empty for a demo. Throws an error, and touches nothing, where it holds anything that no demo has made, or where a runtime is
 * using it. The folder itself stays, and a link to it: it may be where somebody works, or a disk of its own.
 */
export function emptyForDemo(directory: string): void {
  makeDataDirectory(directory)
  const folder = realpathSync(directory)
  if (existsSync(join(folder, demoMark))) {
    refuseForeign(folder)
    const unlock = lockDirectory(folder)
    try {
      // Held until all else is gone, so that no runtime starts on half of it.
      const kept: readonly string[] = [demoMark, ...synthesized]
      const names = readdirSync(folder).filter(
        (name) => !name.startsWith('runtime.lock') && !kept.includes(name),
      )
      for (const name of names) rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 10 })
    } finally {
      unlock()
    }
  } else refuseForeign(folder)
  writeFileSync(join(folder, demoMark), '')
}

function refuseForeign(folder: string): void {
  const names = readdirSync(folder)
  const foreign = names.includes(demoMark)
    ? names.filter((name) => !written.test(name) && !isOfRuntime(name))
    : names
  if (foreign.length > 0)
    throw new Error(
      `${folder} holds what no demo has made (${foreign.slice(0, 3).join(', ')}): name another folder with --data DIR, or empty it yourself.`,
    )
}
