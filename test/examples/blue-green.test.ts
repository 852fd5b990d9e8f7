import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { laySynthesized } from '../infra/synthesized.ts'
import { freePort } from '../local/free-port.ts'

const script = fileURLToPath(new URL('../../examples/example.ts', import.meta.url))
const data = join(mkdtempSync(join(tmpdir(), 'example-')), 'data')
beforeAll(() => laySynthesized(data), 120_000)
afterAll(() => rmSync(join(data, '..'), { recursive: true, force: true }))

test('C9: a gate that has failed puts traffic back on the old colour, over real connections', {
  timeout: 300_000,
}, async () => {
  const words = ['blue-green', '--fault', 'errors', '--speed', '60', '--data', data]
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...[script, ...words, '--port', String(await freePort())],
  ])
  expect(stdout).not.toContain('✗')
  expect(stdout.match(/✓/g)?.length).toBe(6)
})
