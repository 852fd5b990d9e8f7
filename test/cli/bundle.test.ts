import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeCommandLine } from '../../infra/command-line-bundle.ts'
import { upgrade } from './answers.ts'
import { standIn } from './stand-in.ts'

const manifest = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../package.json', import.meta.url)), 'utf8'),
)
let directory: string
let program: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'drydock-bundle-'))
  const built = writeCommandLine(join(directory, 'dist'))
  // Alone, where nothing else is that it could load.
  program = join(directory, 'drydock')
  copyFileSync(built, program)
})
afterAll(() => rmSync(directory, { recursive: true }))

/** So many starts of each, side by side, at most: other work on the machine makes some slower, and none faster. */
const mostStarts = 150
const leastStarts = 15

describe('the bundle', () => {
  it('is what the package calls drydock, and one file beside its notices', () => {
    expect(manifest.bin).toMatchObject({ drydock: 'dist/drydock.cjs' })
    expect(readdirSync(join(directory, 'dist')).sort()).toEqual(['THIRD-PARTY-NOTICES.txt', 'drydock.cjs'])
  })

  it('runs by itself, and knows its version', () => {
    const { stdout, status } = spawnSync(program, ['-V'], { encoding: 'utf8' })
    expect([status, stdout]).toEqual([0, `${manifest.version}\n`])
  })

  it('says which Node it needs where that is older, and nothing else', () => {
    const older = join(directory, 'older.cjs')
    writeFileSync(
      older,
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.8' } })",
    )
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', older, program, '-V'], {
      encoding: 'utf8',
    })
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^Drydock needs Node 20 or newer, this is .*Nothing was started or changed\.\n$/)
  })

  it('loads all that it needs from itself', async () => {
    const api = await standIn(() => [200, upgrade({ status: 'completed' })])
    const { execFile } = await import('node:child_process')
    const said = await new Promise<string>((resolve) => {
      const env = { PATH: process.env.PATH, DRYDOCK_TOKEN: 'x' }
      execFile(program, ['status', 'up-1', '--url', api.url], { env }, (_, out, err) => resolve(out + err))
    })
    expect(said).toMatch(/^api v1\.2\.0: completed/)
  })

  it('starts within two starts of an empty program', () => {
    const cases = { empty: ['-e', '0'], help: [program, '--help'], version: [program, '-V'] }
    const fastest = {
      empty: Number.POSITIVE_INFINITY,
      help: Number.POSITIVE_INFINITY,
      version: Number.POSITIVE_INFINITY,
    }
    const ratio = () => Math.max(fastest.help, fastest.version) / fastest.empty
    for (let turn = 0; turn < leastStarts || (turn < mostStarts && ratio() > 2); turn += 1)
      for (const name of ['empty', 'help', 'version'] as const) {
        const began = performance.now()
        spawnSync(process.execPath, cases[name], { stdio: 'ignore' })
        fastest[name] = Math.min(fastest[name], performance.now() - began)
      }
    expect(ratio()).toBeLessThanOrEqual(2)
    // As many starts as there may be take long where much else is at work.
  }, 180_000)
})
