import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { commandLine, everyCommand } from '../../clients/cli/command-line.ts'
import { exitCodes } from '../../clients/cli/exit-codes.ts'
import { deployed } from './answers.ts'
import { command, commandAt, standIn } from './stand-in.ts'

const silent = { write: () => undefined }
const program = commandLine('0.0.0', () => async () => undefined, { out: silent, err: silent })
const leaves = everyCommand(program).filter(({ commands }) => commands.length === 0)

/** The words by which a command is called. */
function wordsOf(command: (typeof leaves)[number]): readonly string[] {
  const { parent } = command
  return parent === null ? [] : [...wordsOf(parent), command.name()]
}

describe('help', () => {
  it.each(leaves.map((leaf) => [wordsOf(leaf).join(' ')] as const))(
    'of %s says what it does, with an example that is one of it, in 80 columns',
    async (name) => {
      const { code, out, err } = await command([...name.split(' '), '--help'])
      expect([code, err]).toEqual([exitCodes.done, ''])
      const examples = out.split('\nExamples:\n')[1]?.split('\n') ?? []
      const shown = examples.filter((line) => line.startsWith('  $ '))
      expect(shown.length).toBeGreaterThan(0)
      for (const line of shown) expect(line).toMatch(new RegExp(`^  \\$ drydock ${name}( |$)`))
      const wide = out.split('\n').filter((line) => line.length > 80 && !line.startsWith('  $ '))
      expect(wide).toEqual([])
    },
  )

  it('of every example names options that there are', () => {
    const wrong = leaves.flatMap((leaf) => {
      let help = ''
      leaf.configureOutput({ writeOut: (text) => (help += text) })
      leaf.outputHelp()
      const used = help.split('\nExamples:\n')[1]?.match(/(?<= )--[a-z-]+/g) ?? []
      return used.filter((option) => !leaf.options.some(({ long }) => long === option))
    })
    expect(wrong).toEqual([])
    expect(leaves.length).toBeGreaterThan(55)
  })

  it('is found by what people try first', async () => {
    const asked = await Promise.all(
      [
        ['help', 'deploy'],
        ['deploy', '--help'],
        ['deploy', '-h'],
      ].map((words) => command(words)),
    )
    expect(new Set(asked.map(({ out }) => out)).size).toBe(1)
    expect(asked[0]?.out).toMatch(/^Usage: drydock deploy/)
    expect((await command(['help', 'targets', 'import'])).out).toMatch(/^Usage: drydock targets import/)
  })
})

describe('what is no command', () => {
  it.each([
    [['delpoy'], /unknown command 'delpoy'\n\(Did you mean deploy\?\)/],
    [['targets', 'imprt'], /unknown command 'imprt'\n\(Did you mean import\?\)/],
    [
      ['deploy', '--cannary-percent', '10'],
      /unknown option '--cannary-percent'\n\(Did you mean --canary-percent\?\)/,
    ],
    [['deploy', '--canary-percent', '101'], /canary-percent.*A number of percent from 0 to 100 is wanted/],
    [['deploy', '--batch-size', '0'], /batch-size.*A whole number from 1 to 1000000 is wanted/],
    [['deploy', '--bake', 'long'], /bake.*A length of time is wanted: 90s, 15m, 24h or 7d/],
    [['deploy', '--percentages', '5,much'], /percentages.*A number of percent from 0 to 100 is wanted/],
    [['deploy', '--procedure', 'node@last'], /procedure.*or one of its revisions, as node@3/],
    [['replay', 'x', '--waves', '1,,100'], /waves.*Values with commas between are wanted/],
    [['replay', 'x', '--waves', '1,1O'], /waves.*A number of percent from 0 to 100 is wanted/],
    [
      [
        ...['deploy', '--component', 'api', '--version', 'v1', '--strategy', 'groups'],
        ...['--group-order', 'eu,us'],
      ],
      /--group-by says by what they are made/,
    ],
    [['profiles', 'history', 'x', '--limit', '201'], /limit.*A whole number from 1 to 200 is wanted/],
    [['destinations', 'undelivered', 'x', '--limit', '101'], /limit.*from 1 to 100 is wanted/],
    [['status', 'x', '--at', 'yesterday'], /at.*An instant in UTC is wanted/],
    [['deploy', '--component', 'api'], /^--version, --strategy are missing\.\nNext: drydock deploy/],
    [['stop'], /required option '--reason <text>'/],
    [['watch'], /missing required argument 'id'/],
    [['watch', 'x', '--until', 'never'], /Allowed choices are done, failed, rolled-back, waits/],
    [['list', '--url', 'http://drydock.example'], /must begin with https:\/\/.*others could read the token/],
    [['list', '--url', 'https://ann:secret@drydock.example'], /without a name, a password/],
    [['list', '--url', 'drydock.example'], /must be an address/],
    [['list', '--token', 'a b'], /a space, or a line break/],
    [['list', '--data', '/nowhere', '--role', 'king'], /There is no role king: roles are viewer/],
  ])('%j ends with 2, says what is wrong, and sends nothing', async (words, wrong) => {
    const { code, out, err } = await command(words)
    expect([code, out]).toEqual([exitCodes.usage, ''])
    expect(err).toMatch(wrong)
    expect(err).not.toMatch(/ {4}at /)
  })
})

describe('options in the manner of PowerShell', () => {
  const script = '.\\upgrade-customers.ps1 '
  // The lines of the script that this takes the place of, as its document has them.
  it.each([
    ['-Component api -Version v1.2.0 -Strategy canary -CanaryPercent 10', { canaryPercent: 10 }],
    ['-Component dashboard -Version v2.0.0 -Strategy all', {}],
    ['-Component exporter -Version v1.1.0 -Strategy batch -BatchSize 10', { batchSize: 10 }],
    ['-Component api -Version v2.0.0 -Strategy canary -CanaryPercent 5', { canaryPercent: 5 }],
    ['-Component api -Version v1.2.1 -Strategy all', {}],
    ['-Component dashboard -Version v1.3.0 -Strategy batch -BatchSize 20', { batchSize: 20 }],
    ['-Component api -Version v1.2.1-hotfix -Strategy all', {}],
    ['-component api -version v1.3.0 -STRATEGY canary -canarypercent:5', { canaryPercent: 5 }],
  ])(`${script}%s`, async (line, more) => {
    const api = await standIn(() => [202, deployed])
    const words = line.split(' ')
    const { code, err } = await commandAt(api, ['deploy', ...words])
    expect([code, err]).toEqual([0, ''])
    const [, component, , version, , strategy] = words
    expect(api.asked.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /api/upgrades/deploy'])
    expect(api.asked[0]?.body).toEqual({ component, version, strategy, targets: {}, ...more })
  })

  it('leaves values alone that look like them', async () => {
    const api = await standIn(() => [202, deployed])
    const reason = '-version of Friday'
    await commandAt(api, [
      'deploy',
      '--component',
      'api',
      '-Version',
      'v1',
      '--strategy',
      'all',
      `--reason=${reason}`,
    ])
    expect(api.asked[0]?.body).toMatchObject({ reason, version: 'v1' })
  })
})

describe('a deploy by a file', () => {
  it('keeps what the file says of a gate beside the rate of an option', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'drydock-cli-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const file = join(directory, 'deploy.json')
    const gate = { successRatePercent: 90, action: 'rollback' }
    writeFileSync(file, JSON.stringify({ component: 'api', version: 'v1', strategy: 'all', gate }))
    const api = await standIn(() => [202, deployed])
    await commandAt(api, ['deploy', '--file', file, '--gate', '99'])
    expect(api.asked[0]?.body).toMatchObject({ gate: { successRatePercent: 99, action: 'rollback' } })
  })
})

describe('a deploy by groups', () => {
  const inFile = { by: 'region', order: ['eu', 'us'], pauseSeconds: 600, others: 'last' }
  it.each([
    [['--group-order', 'us,eu'], { ...inFile, order: ['us', 'eu'] }],
    [['--group-by', 'region', '--group-order', 'us'], { ...inFile, order: ['us'] }],
    [['--group-by', 'ring', '--group-order', 'one'], { ...inFile, by: 'ring', order: ['one'] }],
    [[], inFile],
  ])('keeps what the file says of them beside %j', async (options, groups) => {
    const directory = mkdtempSync(join(tmpdir(), 'drydock-cli-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const file = join(directory, 'deploy.json')
    writeFileSync(
      file,
      JSON.stringify({ component: 'api', version: 'v1', strategy: 'groups', groups: inFile }),
    )
    const api = await standIn(() => [202, deployed])
    expect((await commandAt(api, ['deploy', '--file', file, ...options])).code).toBe(exitCodes.done)
    expect(api.asked[0]?.body).toMatchObject({ groups })
  })
})

it('says in the help of each list how many are usual, and asks for so many', async () => {
  for (const [words, usual] of [
    [['list'], 20],
    [['targets', 'list'], 50],
  ] as const) {
    expect((await command([...words, '--help'])).out).toMatch(new RegExp(`--limit .*${usual}`))
    const api = await standIn(() => [200, { upgrades: [], targets: [], count: 0, nextCursor: null }])
    await commandAt(api, words)
    expect(api.asked[0]?.query.limit).toBe(`${usual}`)
  }
})

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish', 'powershell'])('has a script for %s', async (shell) => {
    const { log } = console
    const said: string[] = []
    console.log = (text: string) => said.push(text)
    try {
      expect((await command(['complete', shell])).code).toBe(0)
    } finally {
      console.log = log
    }
    expect(said.join('\n')).toContain('drydock')
  })

  it.each([
    [['complete', '--', 'dep'], /^deploy\t/m],
    [['complete', '--', 'targets', 'im'], /^import\t/m],
    [['complete', '--', 'deploy', '--canary-p'], /^--canary-percent\t/m],
    [['complete', '--', 'watch', 'x', '--until', ''], /^rolled-back/m],
  ])('knows what follows %j', async (words, wanted) => {
    const { log } = console
    const said: string[] = []
    console.log = (text: string) => said.push(text)
    try {
      await command(words)
    } finally {
      console.log = log
    }
    expect(said.join('\n')).toMatch(wanted)
  })
})
