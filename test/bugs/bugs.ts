import { join } from 'node:path'
import { endCommand, readCommandLine } from '../../infra/command-line.ts'
import { type Bug, bugsIn } from './patch.ts'
import { type FileResult, runTests } from './tests.ts'
import { copyOf, type Tree } from './tree.ts'

const usage = `npm run test:bugs [-- [--passed] NAME …]

Seeds bugs, one at a time, and demands that the tests named in each patch of test/bugs catch it: all bugs,
or those named. A patch that does not fit the present code fails as well: it has to be renewed.

  --passed   all tests have just passed without a bug: they are not run without one first`

/** Each has a copy of the tree for all that it tries, so that what was transformed once need not be again; and a vitest with one worker, which often waits. */
const atOnce = 3

interface Judged {
  readonly passed: boolean
  readonly words: string
}

function reasonOf(error: unknown): string {
  const { stderr } = error as { stderr?: unknown } // what a failed child process adds to its error
  return String(typeof stderr === 'string' && stderr !== '' ? stderr : error).trim()
}

/** The tests that have to catch a bug must pass without one, or their failing would say nothing. */
async function withoutBugs({ directory }: Tree, bugs: readonly Bug[]): Promise<Judged> {
  const files = [...new Set(bugs.flatMap(({ caughtBy }) => caughtBy.map(({ file }) => file)))].sort()
  const results = await runTests(directory, { files, until: 'end' })
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

/** Each file runs by itself, until its first test fails: a bug that one of them has caught has still to be caught by the others. */
async function withBug(tree: Tree, { patch, caughtBy }: Bug): Promise<Judged> {
  await tree.apply(patch)
  try {
    const results: FileResult[] = []
    for (const { file, words } of caughtBy)
      results.push(...(await runTests(tree.directory, { files: [file], words, until: 'first failure' })))
    const escaped = results.filter(missed)
    const words = escaped.map(({ file, broken }) => `not caught by ${file} ${broken[0] ?? ''}`.trim())
    return escaped.length === 0
      ? { passed: true, words: results.map(({ caught }) => caught[0]).join('; ') }
      : { passed: false, words: words.join('; ') }
  } finally {
    await tree.takeBack(patch)
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
  const tasks = [
    ...(havePassed ? [] : [(tree: Tree) => judge('(no bug)', () => withoutBugs(tree, bugs))]),
    ...bugs.map((bug) => (tree: Tree) => judge(bug.name, () => withBug(tree, bug))),
  ].values()
  const worker = async (): Promise<void> => {
    const tree = await copyOf(root)
    try {
      for (const task of tasks) await task(tree)
    } finally {
      await tree.remove()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  const failed = verdicts.filter(({ passed }) => !passed).length
  console.log(`${verdicts.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

await Promise.try(() => {
  const options = { passed: { type: 'boolean', default: false } } as const
  const { positionals, values } = readCommandLine(usage, { allowPositionals: true, options })
  return main(positionals, values.passed)
}).catch(endCommand)
