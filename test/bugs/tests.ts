import { spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'

/** What one test file said. */
export interface FileResult {
  readonly file: string
  readonly passed: number
  /** Names of the tests of which an assertion failed. */
  readonly caught: readonly string[]
  /** Why its tests did not run, or did not come to an end: that catches nothing. */
  readonly broken: readonly string[]
}

/** The part of vitest's JSON report that is read here. */
const report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
})

/** A test that is cut off has judged nothing, and code that cannot be loaded was never tried. */
const noVerdict = /timed out in \d+ms|SyntaxError|Failed to load|Cannot find (module|package)/

/** Which tests are run, and for how long. */
interface Wanted {
  readonly files: readonly string[]
  /** Only tests whose names hold these words; undefined: all. */
  readonly words?: string | undefined
  readonly until: 'end' | 'first failure'
}

/**
 * Runs test files in a tree and returns what each said, all of it or no more than until the first test fails. Throws when they cannot
 * be run at all.
 */
export async function runTests(
  directory: string,
  { files, words, until }: Wanted,
): Promise<readonly FileResult[]> {
  const outputFile = join(directory, 'bug-report.json')
  const vitest = join(directory, 'node_modules/vitest/vitest.mjs')
  const options = ['--reporter=json', `--outputFile=${outputFile}`, '--maxWorkers=1', '--no-cache']
  if (until === 'first failure') options.push('--bail=1')
  if (words !== undefined) options.push(`--testNamePattern=${patternOf(words)}`)
  await rm(outputFile, { force: true })
  const said = await ended(directory, [vitest, 'run', ...options, ...files])
  const text = await readFile(outputFile, 'utf8').catch(() => {
    throw new Error(`vitest left no report: ${said}`)
  })
  const { testResults } = report.parse(JSON.parse(text))
  return files.map((file) => {
    const found = testResults.find(({ name }) => name === join(directory, file) || name.endsWith(`/${file}`))
    if (!found) return { file, passed: 0, caught: [], broken: ['there is no such test file'] }
    const failed = found.assertionResults.filter(({ status }) => status === 'failed')
    const judged = failed.filter(({ failureMessages }) => !noVerdict.test(failureMessages?.join() ?? ''))
    const cut = failed
      .filter((test) => !judged.includes(test))
      .map(({ fullName }) => `${fullName}: no verdict`)
    const unloaded = found.status === 'failed' && failed.length === 0 ? [found.message] : []
    return {
      file,
      passed: found.assertionResults.filter(({ status }) => status === 'passed').length,
      caught: judged.map(({ fullName }) => fullName),
      broken: [...cut, ...unloaded],
    }
  })
}

/** Returns the pattern of names that hold these words: between those of a group and those of its tests vitest has a mark, and its report none. */
function patternOf(words: string): string {
  return words.replace(/[^\w ]/g, '.').replaceAll(' ', ' (> )?')
}

/** Runs node to its end and returns what it said; that tests fail is no error here. */
function ended(directory: string, argv: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, argv, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
        said = (said + data.toString('utf8')).slice(-4000)
      })
    }
    child.on('error', reject)
    child.on('close', () => resolve(said))
  })
}
