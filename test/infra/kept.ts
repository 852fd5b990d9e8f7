import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cache = join(root, 'node_modules/.cache/drydock-synthesis')
/** What no template is made of. */
const leftOut = new Set(['node_modules', 'test', 'docs', 'examples', 'cdk.out', 'coverage'])
/** Older ones are of sources that nobody has any more, in milliseconds. */
const keptAtMost = 3_600_000

function* filesIn(directory: string): Generator<string> {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) yield* filesIn(path)
    else if (entry.isFile()) yield path
  }
}

/** Returns a hash over everything that a template can be made of: each file, the modules as they are locked, and the version of Node. */
function sources(): string {
  const hash = createHash('sha256').update(process.version)
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (leftOut.has(entry.name) || entry.name.startsWith('.')) continue
    const path = join(root, entry.name)
    for (const file of (entry.isDirectory() ? [...filesIn(path)] : [path]).sort())
      hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex')
}

function removeOld(): void {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name)
    if (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > keptAtMost)
      rmSync(path, { recursive: true, force: true })
  }
}

/** Returns a directory with what was made of the sources as they are now: made now, unless another test file has made it. */
export function keptFor(make: (directory: string) => void): string {
  const directory = join(cache, sources())
  if (existsSync(directory)) return directory
  mkdirSync(cache, { recursive: true })
  removeOld()
  const unfinished = mkdtempSync(join(cache, 'unfinished-'))
  make(unfinished)
  try {
    renameSync(unfinished, directory)
  } catch (error) {
    if (!existsSync(directory)) throw error
    // Another test file was faster.
    rmSync(unfinished, { recursive: true })
  }
  return directory
}
