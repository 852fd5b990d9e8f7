import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A bug that was made on purpose, and the test files that must not let it pass. */
export interface Bug {
  readonly name: string
  readonly patch: string
  /** What is wrong with it, in the words of its header. */
  readonly words: string
  readonly caughtBy: readonly string[]
}

/** Returns the bug of one patch: comments at its beginning say what is wrong, and `# caught by:` which test files see it. */
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
    .flatMap((line) => line.slice(mark.length).split(' '))
  const words = comments.filter((line) => !line.startsWith(mark)).join(' ')
  if (words === '' || caughtBy.length === 0) {
    throw new Error(
      `${patch}: a patch begins with "# <what is wrong>" and "# caught by: <test files>", one space apart.`,
    )
  }
  return { name: file.replace(/\.patch$/, ''), patch, words, caughtBy }
}

/** Returns the seeded bugs of a folder, by name. Throws when a patch does not say what it is and who catches it. */
export function bugsIn(folder: string): readonly Bug[] {
  const patches = readdirSync(folder).filter((file) => file.endsWith('.patch'))
  return patches.sort().map((file) => bugOf(folder, file))
}
