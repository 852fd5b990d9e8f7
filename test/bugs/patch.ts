import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What has to catch a bug: a test file, or those of its tests whose names hold these words. */
export interface Catcher {
  readonly file: string
  readonly words?: string
}

/** A bug that was made on purpose, and what must not let it pass. */
export interface Bug {
  readonly name: string
  readonly patch: string
  /** What is wrong with it, in the words of its header. */
  readonly words: string
  readonly caughtBy: readonly Catcher[]
}

function catchersIn(line: string): Catcher[] {
  const [, file, words] = line.match(/^(\S+) "(.+)"$/) ?? []
  if (file !== undefined && words !== undefined) return [{ file, words }]
  return line.split(' ').map((file) => ({ file }))
}

/**
 * Returns the bug of one patch: comments at its beginning say what is wrong, and `# caught by:` which test files see it. Where a file takes long, the
 * words that the right test is called by stand behind it, in quotation marks: no other is run.
 */
function bugOf(folder: string, file: string): Bug {
  const patch = join(folder, file)
  const comments: string[] = []
  for (const line of readFileSync(patch, 'utf8').split('\n')) {
    if (!line.startsWith('# ')) break
    comments.push(line.slice(2))
  }
  const mark = 'caught by: '
  const caughtBy = comments
    .filter((line) => line.startsWith(mark))
    .flatMap((line) => catchersIn(line.slice(mark.length)))
  const words = comments.filter((line) => !line.startsWith(mark)).join(' ')
  if (words === '' || caughtBy.length === 0) {
    throw new Error(
      `${patch}: a patch begins with "# <what is wrong>" and "# caught by: <test files>", or '# caught by: <test file> "<words>"'.`,
    )
  }
  return { name: file.replace(/\.patch$/, ''), patch, words, caughtBy }
}

/** Returns the seeded bugs of a folder, by name. Throws when a patch does not say what it is and who catches it. */
export function bugsIn(folder: string): readonly Bug[] {
  const patches = readdirSync(folder).filter((file) => file.endsWith('.patch'))
  return patches.sort().map((file) => bugOf(folder, file))
}
