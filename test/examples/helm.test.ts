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

test('C8: customers are upgraded by helm as the example tells, though Drydock is killed over it', {
  timeout: 300_000,
}, async () => {
  const words = [script, 'helm', '--port', String(await freePort()), '--data', data]
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...words,
    '--customers',
    '4',
    '--fault',
    'killed',
  ])
  expect(stdout).not.toContain('✗')
  expect(stdout.match(/✓/g)?.length).toBe(4)
})
