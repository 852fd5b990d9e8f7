import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { transformSync } from 'esbuild'
import { beforeAll, describe, expect, test } from 'vitest'
import { environmentNames } from '../../functions/environment.ts'
import { entryOf, functionNames } from '../../infra/constructs/declarations.ts'
import type { Deployed, Loaded } from './bundles-child.ts'
import { assembled, functionName, ofType } from './synthesized.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const child = fileURLToPath(new URL('./bundles-child.ts', import.meta.url))

let deployed: Record<string, Deployed>
let loaded: Record<string, Loaded>
/** The AWS services whose clients a bundle holds. */
let services: Record<string, readonly string[]>
/** The functions that count something. */
let counting: readonly string[]
/** The bytes of each file of each bundle as it is uploaded. */
let packed: Record<string, number>
beforeAll(() => {
  const { template, asset, remove } = assembled()
  deployed = Object.fromEntries(
    ofType(template, 'AWS::Lambda::Function').map(([id, { Properties }]) => {
      const { S3Key } = Properties.Code as { S3Key: string }
      const { Variables = {} } = (Properties.Environment ?? {}) as { Variables?: object }
      return [
        functionName(id),
        { bundle: join(asset(S3Key), 'index.mjs'), variables: Object.keys(Variables).sort() },
      ]
    }),
  )
  packed = Object.fromEntries(
    Object.entries(deployed).flatMap(([name, { bundle }]) =>
      globSync('**/*.mjs', { cwd: dirname(bundle) }).map((file) => [
        `${name}/${file}`,
        gzipSync(readFileSync(join(dirname(bundle), file))).length,
      ]),
    ),
  )
  services = Object.fromEntries(
    Object.entries(deployed).map(([name, { bundle }]) => {
      const files = globSync('*.mjs', { cwd: dirname(bundle) })
      const text = files.map((file) => readFileSync(join(dirname(bundle), file), 'utf8')).join('\n')
      const namespaces = text.matchAll(/"com\.amazonaws\.(\w+)"/g)
      const known = ['dynamodb', 'eventbridge', 'scheduler', 'secretsmanager', 'sfn']
      const held = new Set([...namespaces].map(([, service = '']) => service))
      return [name, known.filter((service) => held.has(service))]
    }),
  )
  counting = Object.entries(deployed)
    .filter(([, { bundle }]) => readFileSync(bundle, 'utf8').includes('CloudWatchMetrics'))
    .map(([name]) => name)
  const { stdout, stderr } = spawnSync(process.execPath, [child], {
    input: JSON.stringify(deployed),
    env: {},
    encoding: 'utf8',
  })
  remove()
  if (stdout === '') throw new Error(stderr)
  loaded = JSON.parse(stdout)
})

describe('the environment of a function', () => {
  test.each(functionNames)('%s is given what it reads when it starts, and nothing else', (name) => {
    const { untold, told } = loaded[name] ?? {}
    expect(untold?.match(/\b[A-Z]+(_[A-Z]+)+\b/g)?.sort() ?? []).toEqual(deployed[name]?.variables)
    expect(told).toBe('function')
  })

  test('that lacks several variables stops its start with one error, which names them all', () => {
    expect(loaded.await?.untold).toBe(
      'Error: These environment variables are not set: LOG_TABLE, WORK_TABLE. The stack gives each function those that it reads.',
    )
  })

  test('holds every variable that the stack and the functions share in one of them', () => {
    const given = new Set(Object.values(deployed).flatMap(({ variables }) => variables))
    expect([...given].sort()).toEqual(Object.values(environmentNames).sort())
  })

  test('goes with the clients for which it is read: a bundle holds no others', () => {
    const {
      system,
      reactor,
      reconcile,
      windows,
      await: wait,
      awaitRollout,
      step,
      helm,
      gates,
      ...others
    } = services
    expect({ system, reactor, reconcile, windows, wait, awaitRollout, step, helm }).toEqual({
      system: [],
      reactor: ['dynamodb', 'eventbridge', 'scheduler', 'sfn'],
      reconcile: ['dynamodb', 'eventbridge', 'scheduler', 'sfn'],
      windows: ['dynamodb', 'scheduler'],
      wait: ['dynamodb', 'sfn'],
      awaitRollout: ['dynamodb', 'sfn'],
      step: ['dynamodb', 'sfn'],
      helm: ['dynamodb'],
    })
    expect(new Set(Object.values(others).flat())).toEqual(new Set(['dynamodb']))
  })

  test('says where to count to whoever counts', () => {
    const told = Object.entries(deployed).filter(([, { variables }]) =>
      variables.includes('METRICS_NAMESPACE'),
    )
    expect(told.map(([name]) => name)).toEqual(counting)
  })

  test('comes with a bundle that loads fast: each file of it stays below 200 KB, packed', () => {
    const sizes = Object.entries(packed)
    expect(sizes.length).toBeGreaterThan(functionNames.length)
    expect(sizes.filter(([name, bytes]) => name.endsWith('/index.mjs') && bytes < 20 * 1024)).toEqual([])
    expect(sizes.filter(([, bytes]) => bytes > 200 * 1024)).toEqual([])
    // What is loaded at the start is less than that.
    expect(packed['calendars/index.mjs']).toBeLessThan(150 * 1024)
  })

  test('is that of an entry file: there is one for each function, and no other', () => {
    const files = globSync('functions/lambda/*.ts', { cwd: root })
    expect(files.sort()).toEqual(functionNames.map(entryOf).sort())
  })
})

/** Says whether a source reaches `process` other than to write its output. Comments do not count. */
function reachesProcess(source: string): boolean {
  const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } }
  const { code } = transformSync(source, { loader: 'ts', legalComments: 'none', tsconfigRaw })
  // Sentences of answers hold the word too: it is reached by a point, out of braces, as a module, or by its name alone in quotes.
  return /\bprocess\b(?=\s*(\.(?!std(out|err)\b)[a-z]|[[;,)'"]))/.test(code)
}

/** Returns the files of functions whose source is one that `matches`. */
function sourcesThat(matches: (source: string) => boolean): readonly string[] {
  return globSync('functions/**/*.ts', { cwd: root }).filter((file) =>
    matches(readFileSync(join(root, file), 'utf8')),
  )
}

describe('what functions read of the environment', () => {
  test('is read in one file, whatever way there is to reach it', () => {
    expect(sourcesThat(reachesProcess)).toEqual(['functions/environment.ts'])
  })

  test('is read for connections alone', () => {
    const reading = sourcesThat((source) => source.includes('readEnvironment'))
    expect([...reading].sort()).toEqual(['functions/connections.ts', 'functions/environment.ts'])
  })

  test.each([
    'const table = process.env.LOG_TABLE',
    'const { env } = process',
    "const { LOG_TABLE } = globalThis['process'].env",
    "import { env } from 'node:process'",
  ])('would be found in %s', (source) => {
    expect(reachesProcess(source)).toBe(true)
  })

  test('is not confused with what functions write, or with a word in a comment', () => {
    expect(reachesProcess("process.stdout.write('x') // this process")).toBe(false)
  })
})
