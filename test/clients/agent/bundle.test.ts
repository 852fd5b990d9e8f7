import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { writeAgent } from '../../../infra/agent-bundle.ts'

it('the agent and its watchdog are one file each, the same bytes every time, with the notices of what is in them', () => {
  const [one, other] = ['one', 'other'].map((name) => {
    const directory = mkdtempSync(join(tmpdir(), `drydock-${name}-`))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    writeAgent(directory)
    return {
      directory,
      files: Object.fromEntries(
        readdirSync(directory).map((file) => [file, readFileSync(join(directory, file), 'utf8')]),
      ),
    }
  })
  expect(one?.files).toEqual(other?.files)
  expect(Object.keys(one?.files ?? {}).sort()).toEqual([
    'THIRD-PARTY-NOTICES.txt',
    'drydock-agent.mjs',
    'drydock-watchdog.mjs',
  ])
  expect(one?.files['THIRD-PARTY-NOTICES.txt']).toContain('zod')
  const agent = join(one?.directory ?? '', 'drydock-agent.mjs')
  expect(execFileSync(process.execPath, [agent, '--help'], { encoding: 'utf8' })).toContain('--config FILE')
  const older = join(one?.directory ?? '', 'older.cjs')
  writeFileSync(
    older,
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })",
  )
  for (const name of ['drydock-agent.mjs', 'drydock-watchdog.mjs']) {
    const words = ['--require', older, join(one?.directory ?? '', name), '--help']
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^Drydock needs Node 24 or newer, this is .*Nothing was started or changed\.\n$/)
    // What an older Node does not have would end it before it could say so.
    expect(one?.files[name]).not.toMatch(/^import .*node:sqlite/m)
  }
  // What is under the LGPL is exchanged by whoever has it.
  expect(one?.files['drydock-agent.mjs']).not.toContain('PGP SIGNED MESSAGE')
  // Who brings the old one back uses nothing that may be another in the new one.
  expect(one?.files['drydock-watchdog.mjs']).not.toContain('zod')
})
