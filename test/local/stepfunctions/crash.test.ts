import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect, test } from 'vitest'
import type { HistoryEvent } from './world.ts'
import { World } from './world.ts'

const KILLS = 15
const folder = mkdtempSync(join(tmpdir(), 'stepfunctions-crash-'))
const file = join(folder, 'engine.sqlite')
afterAll(() => rmSync(folder, { recursive: true }))

interface Seen {
  readonly acknowledged: number[]
  readonly ended: Map<string, Set<string>>
}

/** Runs an engine in a process of its own and kills it with SIGKILL as soon as `enough` holds. */
async function runUntil(
  first: number,
  seen: Seen,
  enough: (acknowledged: number) => boolean,
  drain: string[] = [],
): Promise<void> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'crash-child.ts'), file, String(first), ...drain],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const exited = once(child, 'exit')
  let acknowledged = 0
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('acknowledged ')) {
      seen.acknowledged.push(Number(line.slice('acknowledged '.length)))
      acknowledged++
    } else if (line.startsWith('emitted ')) {
      const { name, status, output } = JSON.parse(line.slice('emitted '.length))
      if (status === 'RUNNING') continue
      seen.ended.set(name, (seen.ended.get(name) ?? new Set()).add(`${status} ${output}`))
    }
    if (enough(acknowledged)) child.kill('SIGKILL')
  }
  const [, signal] = await exited
  expect(signal).toBe('SIGKILL')
}

test(`after ${KILLS} kills every acknowledged execution has ended once, with the right output`, async () => {
  const seen: Seen = { acknowledged: [], ended: new Map() }
  for (let round = 0; round < KILLS; round++) {
    await runUntil(round * 1000, seen, (acknowledged) => acknowledged >= 10 + round * 4)
  }
  expect(seen.acknowledged.length).toBeGreaterThan(KILLS * 10)
  const ended = () => seen.acknowledged.every((n) => seen.ended.has(`e${n}`))
  await runUntil(KILLS * 1000, seen, ended, ['drain'])

  const world = new World(file)
  for (const n of seen.acknowledged) {
    const arn = `arn:aws:states:eu-central-1:000000000000:execution:crash:e${n}`
    const expected = JSON.stringify(3 * (n + 2) + 30 + 1)
    expect(world.describe(arn)).toMatchObject({ status: 'SUCCEEDED', output: expected })
    expect([...(seen.ended.get(`e${n}`) ?? [])]).toEqual([`SUCCEEDED ${expected}`])
    const history = world.history(arn)
    const count = (type: HistoryEvent['type']) => history.filter((event) => event.type === type).length
    expect(history.map(({ id }) => id)).toEqual(history.map((_, index) => index + 1))
    expect([count('ExecutionSucceeded'), count('MapIterationSucceeded'), count('WaitStateExited')]).toEqual([
      1, 3, 1,
    ])
    expect([count('TaskSucceeded'), count('TaskFailed')]).toEqual([5, 1])
  }
  await world.engine.stop()
})
