import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { DamagedFile } from '../../infra/local/damage.ts'
import { type Runtime, startRuntime } from '../../infra/local/runtime.ts'
import { fixtureTemplate, scratch, writeAssembly } from './fixture.ts'

const template = writeAssembly()
let runtime: Runtime | undefined
/** What a runtime has left behind that ran once. */
let used: string

const start = async (data: string, assembly = template): Promise<Runtime> => {
  runtime = await startRuntime({ template: assembly, data })
  return runtime
}

beforeAll(async () => {
  used = scratch()
  await start(used)
  await runtime?.stop()
  runtime = undefined
})
afterEach(async () => {
  await runtime?.stop()
  runtime = undefined
})

/** Returns a copy of that, in which a file was changed. */
function changed(name: string, change: (file: string) => void): { data: string; file: string } {
  const data = join(scratch(), 'data')
  cpSync(used, data, { recursive: true })
  const file = join(data, name)
  change(file)
  return { data, file }
}

const empty = (file: string) => writeFileSync(file, '')
const noise = (file: string) => writeFileSync(file, 'x'.repeat(20_000))
const cut = (file: string) => truncateSync(file, Math.floor(statSync(file).size / 2))
const own = [
  ...['stepfunctions.sqlite', 'schedules.sqlite', 'events.sqlite', 'runtime.sqlite', 'commands.sqlite'],
]

describe('a damaged file', () => {
  it.each([
    ...own.flatMap(
      (name) =>
        [
          [name, 'emptied', empty],
          [name, 'overwritten', noise],
          [name, 'cut', cut],
        ] as const,
    ),
    ['dynamo.sqlite', 'emptied', empty],
    ['dynamo.sqlite', 'overwritten', noise],
    ['clock.json', 'emptied', empty],
    ['clock.json', 'overwritten', noise],
    ['issuer.json', 'cut', cut],
    ['issuer.json', 'of another form', (file: string) => writeFileSync(file, '{"issuerUrl":"x"}')],
  ] as const)('%s, %s, is named with what to do', async (name, _, change) => {
    const { data, file } = changed(name, change)
    const before = readFileSync(file)
    await expect(start(data)).rejects.toThrow(
      new RegExp(
        `^The file ${file} is damaged \\(.+\\)\\. (Restore it from a copy, or remove it|It holds the log: restore)`,
      ),
    )
    // Nobody has made it worse.
    expect(readFileSync(file).equals(before)).toBe(true)
  })

  it.each(['dynamo.sqlite', 'shared-local-instance.db'])(
    '%s holds the log, whichever program keeps it',
    (name) => {
      const { message } = new DamagedFile(join('data', name), 'it is missing')
      expect(message).toContain('It holds the log: restore the data directory from a copy')
    },
  )

  it.each([...own, 'clock.json', 'issuer.json'])('%s may be removed, as it says', async (name) => {
    const { data, file } = changed(name, empty)
    rmSync(file)
    await start(data)
    expect(existsSync(file)).toBe(true)
  })

  it.each([
    ['manifest.json', empty],
    ['Fixture.template.json', empty],
    ['Fixture.template.json', noise],
    ['Fixture.template.json', (file: string) => writeFileSync(file, '[]')],
  ] as const)('%s of the template is named with what to do', async (name, change) => {
    const assembly = writeAssembly()
    change(join(assembly, name))
    await expect(start(scratch(), assembly)).rejects.toThrow(
      new RegExp(`^The file ${join(assembly, name)} is damaged \\(.+\\)\\. Remove the directory cdk.out`),
    )
  })
})

describe('S9: a data directory', () => {
  const modes = (directory: string): string[] =>
    readdirSync(directory, { recursive: true, withFileTypes: true }).flatMap((entry) => {
      const mode = statSync(join(entry.parentPath, entry.name)).mode & 0o077
      return mode === 0 ? [] : [`${entry.name} ${mode.toString(8)}`]
    })

  it('is readable by its owner alone, with all that is in it', async () => {
    const data = join(scratch(), 'data')
    const { url } = await start(data)
    await fetch(`${url}/items`, { method: 'POST', body: JSON.stringify({ id: 'one', value: 'fine' }) })
    expect(statSync(data).mode & 0o777).toBe(0o700)
    expect(readdirSync(data).length).toBeGreaterThan(5)
    expect(modes(data)).toEqual([])
  })

  it('is closed to others when an earlier start left it open', async () => {
    const { data } = changed('clock.json', (file) => chmodSync(file, 0o644))
    chmodSync(data, 0o755)
    await start(data)
    expect(statSync(data).mode & 0o777).toBe(0o700)
    expect(modes(data)).toEqual([])
  })

  it('is left as it is where it holds what is not of a runtime', async () => {
    const data = scratch()
    writeFileSync(join(data, 'thesis.txt'), 'years of work', { mode: 0o644 })
    chmodSync(data, 0o755)
    await start(data)
    expect(statSync(data).mode & 0o777).toBe(0o755)
    expect(modes(data)).toEqual(['thesis.txt 44'])
  })
})

describe('the speed of a clock', () => {
  const aged = (seconds: number) => {
    const { Resources, ...rest } = fixtureTemplate()
    const { Mapping } = Resources
    if (Mapping) Mapping.Properties.MaximumRecordAgeInSeconds = seconds
    return writeAssembly({ ...rest, Resources })
  }

  it('is refused where records would grow too old within a minute, before anything is written', async () => {
    const data = scratch()
    await expect(startRuntime({ template: aged(21_600), data, speed: 361 })).rejects.toThrow(
      'the stream gives up what is 21600 seconds old, which is 59.8 seconds of the wall. Choose a --speed of at most 360.',
    )
    expect(existsSync(join(data, 'clock.json'))).toBe(false)
    runtime = await startRuntime({ template: aged(21_600), data, speed: 360 })
  })
})
