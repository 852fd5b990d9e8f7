import { join } from 'node:path'
import { endCommand, readCommandLine } from '../../infra/command-line.ts'
import { type Bug, bugsIn } from './patch.ts'
import { type FileResult, needsRuntime, type Tests, testsOf } from './tests.ts'
import { copyOf, type Tree } from './tree.ts'

const usage = `npm run test:bugs [-- [--passed] NAME …]

Seeds bugs, one at a time, and demands that the tests named in each patch of test/bugs catch it: all bugs,
or those named. A patch that does not fit the present code fails as well: it has to be renewed.

  --passed   all tests have just passed without a bug: they are not run without one first`

/** Each has a copy of the tree for all that it tries, so that what was read once need not be again; and a vitest that stays, with one worker, which often waits. */
const atOnce = 3

interface Judged {
  readonly passed: boolean
  readonly words: string
}

function reasonOf(error: unknown): string {
  const { stderr } = error as { stderr?: unknown } // what a failed child process adds to its error
  return String(typeof stderr === 'string' && stderr !== '' ? stderr : error).trim()
}

/** A copy of the tree, and what runs its tests. */
interface Place {
  readonly tree: Tree
  readonly tests: Tests
}

/** The tests that have to catch a bug must pass without one, or their failing would say nothing. */
async function withoutBugs({ tests }: Place, bugs: readonly Bug[]): Promise<Judged> {
  const files = [...new Set(bugs.flatMap(({ caughtBy }) => caughtBy.map(({ file }) => file)))].sort()
  const results: FileResult[] = []
  for (const file of files) results.push(await tests.run({ file }))
  const amiss = results.filter(
    ({ passed, caught, broken }) => passed === 0 || caught.length + broken.length > 0,
  )
  const words = amiss.map(
    ({ file, caught, broken }) => `${file}: ${[...caught, ...broken][0] ?? 'no test ran'}`,
  )
  return amiss.length === 0
    ? { passed: true, words: `${files.length} test files pass` }
    : { passed: false, words: words.join('; ') }
}

function missed({ caught, broken }: FileResult): boolean {
  return caught.length === 0 || broken.length > 0
}

/** Does something in a copy of the tree that is removed afterwards. */
async function inPlace<Result>(root: string, work: (place: Place) => Promise<Result>): Promise<Result> {
  const tree = await copyOf(root)
  const tests = testsOf(tree.directory)
  try {
    return await work({ tree, tests })
  } finally {
    await tests.close()
    await tree.remove()
  }
}

/** Whether a bug has to wait for a runtime: one that began last would be waited for by itself. */
function isLong({ caughtBy }: Bug): boolean {
  return caughtBy.some(({ file }) => needsRuntime(file))
}

/** Each file runs by itself, until its first test fails: a bug that one of them has caught has still to be caught by the others. */
async function withBug({ tree, tests }: Place, { patch, caughtBy }: Bug): Promise<Judged> {
  const files = await tree.filesOf(patch)
  await tree.apply(patch)
  tests.changed(files)
  try {
    const results: FileResult[] = []
    for (const { file, words } of caughtBy) results.push(await tests.run({ file, words }))
    const escaped = results.filter(missed)
    const words = escaped.map(({ file, broken }) => `not caught by ${file} ${broken[0] ?? ''}`.trim())
    return escaped.length === 0
      ? { passed: true, words: results.map(({ caught }) => caught[0]).join('; ') }
      : { passed: false, words: words.join('; ') }
  } finally {
    await tree.takeBack(patch)
    tests.changed(files)
  }
}

async function main(chosen: readonly string[], havePassed: boolean): Promise<void> {
  const root = join(import.meta.dirname, '../..')
  const bugs = bugsIn(import.meta.dirname).filter(({ name }) => chosen.length === 0 || chosen.includes(name))
  const unknown = chosen.filter((name) => !bugs.some((bug) => bug.name === name))
  if (unknown.length > 0) throw new Error(`There is no bug ${unknown.join(', ')} in test/bugs.`)
  const width = Math.max(...bugs.map(({ name }) => name.length))
  const verdicts: Judged[] = []
  const judge = async (name: string, verdict: () => Promise<Judged>) => {
    const began = performance.now()
    const judged = await verdict().catch((error: unknown) => ({ passed: false, words: reasonOf(error) }))
    verdicts.push(judged)
    const seconds = `${((performance.now() - began) / 1000).toFixed(1)} s`.padStart(7)
    console.log(`${judged.passed ? 'ok  ' : 'FAIL'}  ${name.padEnd(width)} ${seconds}  ${judged.words}`)
  }
  const waiting = bugs.toSorted((a, b) => Number(isLong(b)) - Number(isLong(a))).values()
  const tryAll = async (place: Place): Promise<void> => {
    let tried: Bug | undefined
    for (const bug of waiting) {
      if (!isLong(bug)) tried ??= bug
      await judge(bug.name, () => withBug(place, bug))
    }
    // Were its first bug still there, whatever came after it would have been tried with two.
    if (tried) await judge('(taken back)', () => withoutBugs(place, [tried]))
  }
  if (!havePassed) await judge('(no bug)', () => inPlace(root, (place) => withoutBugs(place, bugs)))
  await Promise.all(Array.from({ length: atOnce }, () => inPlace(root, tryAll)))
  const failed = verdicts.filter(({ passed }) => !passed).length
  console.log(`${verdicts.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

await Promise.try(() => {
  const options = { passed: { type: 'boolean', default: false } } as const
  const { positionals, values } = readCommandLine(usage, { allowPositionals: true, options })
  return main(positionals, values.passed)
}).catch(endCommand)
