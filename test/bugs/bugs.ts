import { join } from 'node:path'
import { endCommand, readCommandLine } from '../../infra/command-line.ts'
import { type Bug, bugsIn } from './patch.ts'
import { type FileResult, runTests } from './tests.ts'
import { copyOf } from './tree.ts'

const usage = `npm run test:bugs [-- NAME …]

Seeds bugs, one at a time, and demands that the tests named in each patch of test/bugs catch it: all bugs,
or those named. A patch that does not fit the present code fails as well: it has to be renewed.`

/** Each has a vitest of its own, and that a worker. */
const atOnce = 2

interface Verdict {
  readonly name: string
  readonly passed: boolean
  readonly words: string
}

function reasonOf(error: unknown): string {
  const { stderr } = error as { stderr?: unknown } // what a failed child process adds to its error
  return String(typeof stderr === 'string' && stderr !== '' ? stderr : error).trim()
}

async function inCopy(
  root: string,
  judge: (directory: string, apply: (patch: string) => Promise<void>) => Promise<Omit<Verdict, 'name'>>,
): Promise<Omit<Verdict, 'name'>> {
  const tree = await copyOf(root)
  try {
    return await judge(tree.directory, tree.apply)
  } catch (error) {
    return { passed: false, words: reasonOf(error) }
  } finally {
    await tree.remove()
  }
}

/** The tests that have to catch a bug must pass without one, or their failing would say nothing. */
function withoutBugs(root: string, bugs: readonly Bug[]): Promise<Omit<Verdict, 'name'>> {
  const files = [...new Set(bugs.flatMap(({ caughtBy }) => caughtBy))].sort()
  return inCopy(root, async (directory) => {
    const results = await runTests(directory, files)
    const amiss = results.filter(
      ({ passed, caught, broken }) => passed === 0 || caught.length + broken.length > 0,
    )
    const words = amiss.map(
      ({ file, caught, broken }) => `${file}: ${[...caught, ...broken][0] ?? 'no test ran'}`,
    )
    return amiss.length === 0
      ? { passed: true, words: `${files.length} test files pass` }
      : { passed: false, words: words.join('; ') }
  })
}

function missed({ caught, broken }: FileResult): boolean {
  return caught.length === 0 || broken.length > 0
}

function withBug(root: string, bug: Bug): Promise<Omit<Verdict, 'name'>> {
  return inCopy(root, async (directory, apply) => {
    await apply(bug.patch)
    const results = await runTests(directory, bug.caughtBy)
    const escaped = results.filter(missed)
    const words = escaped.map(({ file, broken }) => `not caught by ${file} ${broken[0] ?? ''}`.trim())
    return escaped.length === 0
      ? { passed: true, words: results.map(({ caught }) => caught[0]).join('; ') }
      : { passed: false, words: words.join('; ') }
  })
}

async function main(chosen: readonly string[]): Promise<void> {
  const root = join(import.meta.dirname, '../..')
  const bugs = bugsIn(import.meta.dirname).filter(({ name }) => chosen.length === 0 || chosen.includes(name))
  const unknown = chosen.filter((name) => !bugs.some((bug) => bug.name === name))
  if (unknown.length > 0) throw new Error(`There is no bug ${unknown.join(', ')} in test/bugs.`)
  const width = Math.max(...bugs.map(({ name }) => name.length))
  const verdicts: Verdict[] = []
  const tell = (name: string, verdict: Omit<Verdict, 'name'>) => {
    verdicts.push({ name, ...verdict })
    console.log(`${verdict.passed ? 'ok  ' : 'FAIL'}  ${name.padEnd(width)}  ${verdict.words}`)
  }
  const tasks = [
    async () => tell('(no bug)', await withoutBugs(root, bugs)),
    ...bugs.map((bug) => async () => tell(bug.name, await withBug(root, bug))),
  ].values()
  const worker = async (): Promise<void> => {
    for (const task of tasks) await task()
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  const failed = verdicts.filter(({ passed }) => !passed).length
  console.log(`${verdicts.length - failed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

const options = () => readCommandLine(usage, { allowPositionals: true, options: {} })
await Promise.try(() => main(options().positionals)).catch(endCommand)
