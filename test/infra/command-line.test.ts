import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { scratch } from '../local/fixture.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>> // as npm reads it
}

/** Every command that is a program of this project, as its words behind `node`. */
const commands = Object.entries(scripts)
  // The command line of users is no command of this project: test/cli holds it to more.
  .filter(([name, command]) => command.startsWith('node ') && name !== 'drydock')
  .map(([name, command]) => [name, command.split(' ').slice(1)] as const)

function run(words: readonly string[]): Promise<{ code: unknown; said: string; complained: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, words, { cwd: root }, (error, said, complained) =>
      resolve({ code: error?.code ?? 0, said, complained }),
    )
  })
}

describe.each(commands)('npm run %s', (name, words) => {
  const usage = new RegExp(`npm (run )?(--silent )?${name}\\b`)

  it('says what it does when it is asked for help, and does nothing', async () => {
    const { code, said, complained } = await run([...words, '--help'])
    expect([code, complained]).toEqual([0, ''])
    expect(said).toMatch(usage)
    expect(said.split('\n').filter((line) => line.length > 112)).toEqual([])
  })

  it('refuses an option that there is not, and shows those that there are', async () => {
    const { code, said, complained } = await run([...words, '--prot', '3'])
    expect([code === 0, said]).toEqual([false, ''])
    expect(complained).toMatch(/^Unknown option '--prot'\.\n\n/)
    expect(complained).toMatch(usage)
    expect(complained).not.toMatch(/ {4}at /)
  })
})

describe('npm run token', () => {
  const token = (...words: string[]) => run(['infra/local/token.ts', '--user', 'ann', ...words])

  it('refuses roles that do not exist, and names those that do', async () => {
    const { code, complained } = await token('--role', 'operator', '--role', 'king')
    expect(code).toBe(1)
    expect(complained).toMatch(/^There is no role king: roles are viewer, operator, approver, admin\./)
  })

  it('knows the short word for help too', async () => {
    expect((await token('-h')).said).toMatch(/--role ROLE/)
  })

  it('refuses a token that could do nothing', async () => {
    expect((await token()).complained).toMatch(/^With which role\?/)
  })
})

describe('a data directory that cannot be one', () => {
  const file = join(scratch(), 'a-file')
  writeFileSync(file, '')
  const bad = [
    file,
    join(file, 'below'),
    '/proc/drydock',
    '/proc/1/drydock',
    '/sys/drydock',
    '/proc',
    '/dev/null',
  ]

  it.each(bad)('is named by start, which does not hang: %s', async (data) => {
    const { code, complained } = await run(['infra/local/start.ts', '--port', '0', '--data', data])
    expect(code).toBe(1)
    expect(complained).toMatch(
      /^The data directory cannot be used \(.+\): choose another one with --data DIR\.\n$/,
    )
  })

  it.each(bad)('is named by the demo, which does not hang: %s', async (data) => {
    // Below the ports that a system gives to who asks for any: another test could be listening there.
    const { code, complained } = await run(['infra/local/demo/demo.ts', '--port', '23917', '--data', data])
    expect(code).toBe(1)
    expect(complained).toMatch(/^The data directory cannot be used|^\/proc holds what no demo has made/)
  })
})
