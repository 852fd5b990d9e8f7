import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
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
  // What is under the LGPL is exchanged by whoever has it.
  expect(one?.files['drydock-agent.mjs']).not.toContain('PGP SIGNED MESSAGE')
  // Who brings the old one back uses nothing that may be another in the new one.
  expect(one?.files['drydock-watchdog.mjs']).not.toContain('zod')
})
