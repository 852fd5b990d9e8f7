import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeCommandLine } from '../../infra/command-line-bundle.ts'
import { type Behaviour, Instance } from '../../infra/local/demo/instance.ts'
import { runtimeOfFile } from './file-runtime.ts'
import { eventually } from './patience.ts'

const size = 20
const component = 'gadget'
const type = 'gadget-customer'
const directory = mkdtempSync(join(tmpdir(), 'drydock-cli-'))
const behaviour: { -readonly [Key in keyof Behaviour]: Behaviour[Key] } = {
  ...{ pollEvery: 200, upgradeTakes: [10, 40], fails: false },
}
const stop = new AbortController()
const working: Promise<unknown>[] = []
let program = ''

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs the bundle as a person of the one machine. */
function drydock(person: string, ...words: readonly string[]): Promise<Ended> {
  const { url, data } = runtimeOfFile()
  const env = { PATH: process.env.PATH, DRYDOCK_URL: url, DRYDOCK_DATA: data, DRYDOCK_AS: person }
  return new Promise((resolve) => {
    execFile(program, words, { env }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    )
  })
}

/** Runs what has to end with a code, and returns what it says. */
async function ends(code: number, person: string, ...words: readonly string[]): Promise<string> {
  const ended = await drydock(person, ...words)
  expect([words, ended.code, ended.code === code ? '' : ended.out + ended.err]).toEqual([words, code, ''])
  return ended.out + ended.err
}

beforeAll(() => {
  program = writeCommandLine(directory)
})
afterAll(async () => {
  stop.abort()
  await Promise.allSettled(working)
  rmSync(directory, { recursive: true })
})

/** One story by commands alone, each a process of its own: each chapter goes on where the one before ended. */
describe('an operator with nothing but the command line', () => {
  let id = ''
  const file = (name: string, text: string | Buffer) => {
    writeFileSync(join(directory, name), text)
    return join(directory, name)
  }
  const deployment = (version: string) => ['--component', component, '--version', version, '--type', type]

  it('registers a key, and publishes what it has signed', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const key = file('key.pem', privateKey.export({ format: 'pem', type: 'pkcs8' }).toString())
    const shown = file('public.pem', publicKey.export({ format: 'pem', type: 'spki' }).toString())
    await ends(0, 'ann', 'keys', 'register', shown, '--label', 'build server', '--component', component)
    const manifest = file(
      'manifest.json',
      JSON.stringify({
        ...{ version: '1.2.0', component, channel: 'stable', counter: 1 },
        ...{ releaseDate: '2026-01-01T00:00:00Z', expires: '2126-01-01T00:00:00Z' },
        components: { image: { sha256: 'a'.repeat(64), length: 100 } },
      }),
    )
    const published = ['releases', 'publish', '--manifest', manifest, '--key', key]
    expect(await ends(0, 'ann', ...published)).toContain('signed by 1')
    // The same again changes nothing.
    await ends(0, 'ann', ...published)
    const artifact = file('gadget.tar', 'bytes')
    await ends(
      0,
      'ann',
      'releases',
      'publish',
      '--component',
      component,
      '--version',
      '1.3.0',
      '--artifact',
      artifact,
    )
  })

  it('imports a fleet, whose agents enrol by the tokens that were kept', async () => {
    const rows = Array.from({ length: size }, (_, number) => `gadget_${number},${type},eu-west,1.1.0`)
    const fleet = file('fleet.csv', `id,type,region,component:${component}\n${rows.join('\n')}\n`)
    const tokens = join(directory, 'tokens.csv')
    const said = await ends(0, 'ann', 'targets', 'import', fleet, '--enrol', tokens)
    expect(said).toContain(`${size} targets: ${size} registered`)
    expect(await ends(0, 'ann', 'targets', 'import', fleet)).toContain(`${size} registered before`)
    const { url } = runtimeOfFile()
    const instances = readFileSync(tokens, 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [name = '', token = ''] = line.split(',')
        const instance = new Instance({ id: name, version: '1.1.0', url, behaviour })
        working.push(instance.run(token, stop.signal))
        return instance
      })
    await eventually(
      async () => instances.filter(({ enrolled }) => enrolled),
      (enrolled) => expect(enrolled).toHaveLength(size),
    )
    await eventually(
      async () => JSON.parse((await drydock('ann', 'targets', 'list', '--type', type, '--json')).out).count,
      (count) => expect(count).toBe(size),
    )
  })

  it('sees what would happen, and asks for it in the manner of PowerShell', async () => {
    const canary = ['-Strategy', 'canary', '-CanaryPercent', '10', '--approvals', '1']
    const planned = await ends(0, 'ann', 'plan', ...deployment('1.2.0'), ...canary)
    expect(planned).toMatch(/^gadget 1\.2\.0: 20 targets in 2 waves\n/)
    expect(planned).toMatch(/^1 +2 +2 +\d+ +somebody continues$/m)
    const [, planHash = ''] = /plan hash {2}([0-9a-f]{64})/.exec(planned) ?? []
    const started = JSON.parse(await ends(0, 'ann', 'deploy', ...deployment('1.2.0'), ...canary, '--json'))
    id = started.upgradeId
    // The dry run and what was started are one plan, and it waits for somebody.
    expect(await ends(6, 'ann', 'watch', id, '--until', 'waits')).toContain(`plan     ${planHash}`)
  })

  it('lets a second person approve the plan that was looked at, and nobody else', async () => {
    const [, hash = ''] = /--plan-hash ([0-9a-f]{12})/.exec(await ends(0, 'bob', 'approvals', '--mine')) ?? []
    expect(await ends(3, 'ann', 'approve', id, '--plan-hash', hash)).toMatch(/Somebody else has to do it/)
    expect(await ends(3, 'bob', 'approve', id, '--plan-hash', '0123456789ab')).toMatch(/another one by now/)
    const approved = await ends(6, 'bob', 'approve', id, '--plan-hash', hash, '--until', 'waits')
    expect(approved).toMatch(/waits for a person to continue[\s\S]*next +drydock continue/)
  })

  it('explains why it waits, for the run and for one target', async () => {
    expect(await ends(6, 'ann', 'status', id)).toMatch(/wave {2}1 {2}█+ 2\/2/)
    expect(await ends(0, 'ann', 'explain', id)).toMatch(
      /waits for a person to continue[\s\S]*What it did last:[\s\S]*Finished wave 1\./,
    )
    const logs = JSON.parse(await ends(0, 'ann', 'logs', id, '--json')).logs
    const done = logs.map(({ customer_id }: { customer_id: string }) => customer_id)
    const waiting = Array.from({ length: size }, (_, number) => `gadget_${number}`).find(
      (one) => !done.includes(one),
    )
    expect(await ends(0, 'ann', 'why', waiting ?? '', '--upgrade', id)).toMatch(
      /waiting\. It is pending in\s+wave 2/,
    )
  })

  it('continues, and sees it through', async () => {
    expect(await ends(0, 'ann', 'continue', id, '--watch')).toMatch(/completed, 20 of 20/)
    expect(await ends(0, 'ann', 'events', id, '--limit', '200')).toMatch(
      /bob approved[\s\S]*It is complete\./,
    )
    expect(await ends(0, 'ann', 'blast-radius', id)).toContain('The log proves it.')
    expect(await ends(0, 'ann', 'replay', id, '--failure-threshold', '0')).toContain('Nothing of these rules')
    expect(await ends(0, 'ann', 'list', '--component', component)).toContain(id)
  })

  it('takes one target back, and then all: the exit code tells the two apart', async () => {
    expect(await ends(0, 'ann', 'rollback', id, 'gadget_3', '--watch')).toMatch(/completed, 1 of 1/)
    await ends(0, 'ann', 'status', id)
    expect(await ends(0, 'ann', 'rollback', id, '--reason', 'errors', '--watch')).toMatch(
      /completed, 19 of 19/,
    )
    await ends(5, 'ann', 'watch', id)
    expect(await ends(0, 'ann', 'releases', 'show', component, '1.2.0')).toContain('held back')
  })

  it('hears by the exit code alone that what failed was taken back', async () => {
    behaviour.fails = true
    const words = [
      'deploy',
      ...deployment('1.3.0'),
      '--strategy',
      'batch',
      '--batch-size',
      '4',
      '--on-failure',
      'rollback',
    ]
    const ended = await ends(5, 'ann', ...words, '--failure-threshold', '0', '--watch')
    expect(ended).toMatch(/aborted|failed/)
  })

  it('is told where to look by what is not there', async () => {
    expect(await ends(3, 'ann', 'status', 'nothing')).toMatch(/Next: See what there is: drydock list/)
    expect(await ends(3, 'ann', 'deploy', ...deployment('9.9.9'), '--strategy', 'all')).toMatch(
      /releases list/,
    )
    expect(await ends(3, 'ann', 'stop', '--reason', 'x', '--role', 'viewer')).toMatch(/another role/)
  })
})
