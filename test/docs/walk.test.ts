import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emptyForDemo } from '../../infra/local/demo/directory.ts'
import { laySynthesized } from '../infra/synthesized.ts'
import { scratch } from '../local/fixture.ts'
import { freePort } from '../local/free-port.ts'
import { textOf } from './documents.ts'
import { paste, patternOf, stepsOf } from './walk.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const steps = stepsOf(textOf('docs/walk.md'))
const minutes = 60_000
const data = join(scratch(), 'demo')
let port: number
let demo: ChildProcess

/** Runs the demo until it has told its story, and leaves it running. */
beforeAll(async () => {
  port = await freePort()
  laySynthesized(data)
  const words = ['infra/local/demo/demo.ts', '--port', String(port), '--data', data]
  demo = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  await new Promise<void>((resolve, reject) => {
    demo.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes('docs/walk.md')) resolve()
    })
    demo.once('exit', () => reject(new Error(`The demo has ended: ${said}`)))
  })
}, 5 * minutes)

afterAll(async () => {
  const ended = once(demo, 'exit')
  demo.kill('SIGTERM')
  await ended
  rmSync(data, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
})

describe('the walk', () => {
  it(
    'prints what it shows, pasted block by block',
    async () => {
      const here = steps.map(({ commands }) =>
        commands
          .replace('URL=http://127.0.0.1:3100\n', `URL=http://127.0.0.1:${port}\n`)
          .replace('DATA=.drydock/demo\n', `DATA='${data}'\n`),
      )
      expect(here[0]).not.toEqual(steps[0]?.commands)
      const printed = await paste('bash', here, root)
      expect(printed).toHaveLength(steps.length)
      for (const [place, { shown }] of steps.entries())
        expect(printed[place]?.trim()).toMatch(patternOf(shown))
    },
    5 * minutes,
  )

  it('has no comment in what is pasted, as zsh takes that for words', () => {
    expect(steps.filter(({ commands }) => /(^|\s)#/m.test(commands))).toEqual([])
  })

  it('leaves nothing in the folder of the demo that the next one would not know', () => {
    // While it runs, it is refused as held, and not for a name.
    expect(() => emptyForDemo(data)).toThrow('is using the data directory')
  })
})
