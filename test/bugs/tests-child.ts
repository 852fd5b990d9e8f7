import { join } from 'node:path'
import { createVitest, type TestCase, type TestModule, type Vitest } from 'vitest/node'
import type { Answer, FileResult, Order } from './tests.ts'

/** A test that is cut off has judged nothing, and code that cannot be loaded was never tried. */
const noVerdict = /timed out in \d+ms|SyntaxError|Failed to load|Cannot find (module|package)/

/** Returns the pattern of names that hold these words: between those of a group and those of its tests vitest has a mark, and its report none. */
function patternOf(words: string): RegExp {
  return new RegExp(words.replace(/[^\w ]/g, '.').replaceAll(' ', ' (> )?'))
}

function textOf({ stack, message }: { readonly stack?: string; readonly message: string }): string {
  return stack ?? message
}

function failuresOf(test: TestCase): string {
  return (test.result().errors ?? []).map(textOf).join()
}

function resultOf(file: string, module: TestModule, outside: readonly unknown[]): FileResult {
  const failed = [...module.children.allTests('failed')]
  const judged = failed.filter((test) => !noVerdict.test(failuresOf(test)))
  const cut = failed.filter((test) => !judged.includes(test)).map(({ fullName }) => `${fullName}: no verdict`)
  const unloaded = failed.length === 0 ? [...module.errors().map(textOf), ...outside.map(String)] : []
  return {
    file,
    passed: [...module.children.allTests('passed')].length,
    caught: judged.map(({ fullName }) => fullName),
    broken: [...cut, ...unloaded],
  }
}

async function run(vitest: Vitest, { file, words, changed }: Order): Promise<FileResult> {
  for (const path of changed) vitest.invalidateFile(join(process.cwd(), path))
  const [found] = await vitest.globTestSpecifications([file])
  if (!found) return { file, passed: 0, caught: [], broken: ['there is no such test file'] }
  const named = words === undefined ? {} : { testNamePattern: patternOf(words) }
  const wanted = found.project.createSpecification(found.moduleId, named)
  // What it said before must not be taken for what it says now, should it say nothing.
  vitest.state.clearFiles(found.project, [found.moduleId])
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications([wanted], false)
  // Those of earlier runs are still among them.
  const module = testModules.find(({ moduleId }) => moduleId === found.moduleId)
  if (!module) return { file, passed: 0, caught: [], broken: ['it was not run'] }
  return resultOf(file, module, unhandledErrors)
}

const options = { watch: false, maxWorkers: 1, bail: 1, reporters: [{}] }
const vitest = await createVitest('test', { ...options, root: process.cwd() })
await vitest.standalone()

let turn: Promise<unknown> = Promise.resolve()
process.on('message', (order: Order) => {
  turn = turn
    .then(() => run(vitest, order))
    .then(
      (result): Answer => ({ result }),
      (error: unknown): Answer => ({ error: String(error) }),
    )
    .then((answer) => process.send?.(answer))
})
process.on('disconnect', () => {
  void turn.then(() => vitest.close()).then(() => process.exit())
})
