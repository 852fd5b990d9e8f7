import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { laySynthesized } from '../infra/synthesized.ts'
import { scratch } from '../local/fixture.ts'
import { freePort } from '../local/free-port.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const minutes = 60_000

it(
  'Z1-Z9: a platform is upgraded from end to end by its documents, and taken back, and the servers say so',
  async () => {
    const data = join(scratch(), 'example')
    laySynthesized(data)
    const words = ['platform', '--size', 'small', '--speed', '40', '--fault', 'rollback']
    const options = ['--port', String(await freePort()), '--data', data]
    const child = spawn(process.execPath, ['examples/example.ts', ...words, ...options], {
      ...{ cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text
      })
    const [code] = await once(child, 'exit')
    rmSync(data, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
    expect(said.split('What is true')[1] ?? said).not.toContain('✗')
    expect([code, said]).toEqual([0, expect.stringContaining('It went as told.')])
  },
  5 * minutes,
)
