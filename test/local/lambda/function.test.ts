import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { environmentOf } from '../../../infra/local/lambda/environment.ts'
import {
  type FunctionSettings,
  type LocalFunction,
  openFunction,
} from '../../../infra/local/lambda/function.ts'
import type { LogLine } from '../../../infra/local/lambda/log.ts'
import { type MachineClock, openClock } from '../../../infra/local/machine-clock.ts'
import { scratch } from '../fixture.ts'

const opened: LocalFunction[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop()
})

function functionOf(
  code: string,
  settings: Partial<FunctionSettings> = {},
  clock: MachineClock = openClock({ file: join(scratch(), 'clock.json'), speed: 1 }),
) {
  const bundle = mkdtempSync(join(tmpdir(), 'drydock-bundle-'))
  writeFileSync(join(bundle, 'index.mjs'), code)
  const lines: LogLine[] = []
  const built = openFunction(
    {
      name: 'probe',
      arn: 'arn:aws:lambda:eu-central-1:000000000000:function:probe',
      bundle,
      handler: 'index.handler',
      timeoutSeconds: 5,
      memoryMegabytes: 128,
      ...settings,
    },
    { environment: () => ({ TOLD: 'this' }), write: (line) => void lines.push(line), clock },
  )
  opened.push(built)
  return { ...built, lines, log: () => JSON.stringify(lines) }
}

describe('a function', () => {
  it('answers JSON and gets a context with its name and the time that remains', async () => {
    const probe = functionOf(`export const handler = async (event, context) => {
      const { functionName, invokedFunctionArn, memoryLimitInMB } = context
      return { event, functionName, invokedFunctionArn, memoryLimitInMB, at: new Date(0), left: context.getRemainingTimeInMillis() > 4000 }
    }`)
    expect(await probe.invoke({ a: 1, gone: undefined })).toEqual({
      event: { a: 1 },
      functionName: 'probe',
      invokedFunctionArn: probe.arn,
      memoryLimitInMB: '128',
      at: '1970-01-01T00:00:00.000Z',
      left: true,
    })
  })

  it('answers null when the handler answers nothing', async () => {
    expect(await functionOf('export const handler = async () => {}').invoke({})).toBeNull()
  })

  it('rejects with type, message and trace of what the handler threw, and logs it', async () => {
    const probe = functionOf(`class Refused extends Error { name = 'Refused' }
      export const handler = async () => { throw new Refused('not today') }`)
    await expect(probe.invoke({})).rejects.toMatchObject({
      name: 'Refused',
      errorType: 'Refused',
      errorMessage: 'not today',
      trace: expect.arrayContaining([expect.stringContaining('not today')]),
    })
    expect(probe.log()).toContain('"errorType":"Refused"')
  })

  it('rejects when its time is over', async () => {
    const probe = functionOf('export const handler = () => new Promise(() => {})', { timeoutSeconds: 0.05 })
    await expect(probe.invoke({})).rejects.toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/Task timed out after 0.05 seconds/),
    })
  })

  it('runs no more at once than its reserved concurrency, and the others in turn', async () => {
    const probe = functionOf(
      `let running = 0, most = 0
      export const handler = async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setTimeout(resolve, 5))
        running -= 1
        return most
      }`,
      { concurrency: 2 },
    )
    const answers = await Promise.all(Array.from({ length: 10 }, () => probe.invoke({})))
    expect(Math.max(...answers.map(Number))).toBe(2)
  })

  it('refuses an answer larger than Lambda takes', async () => {
    const probe = functionOf(`export const handler = async () => 'x'.repeat(7 * 1024 * 1024)`)
    await expect(probe.invoke({})).rejects.toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' })
  })

  it('without its file or its export is refused by name', async () => {
    expect(() => functionOf('export const handler = 1', { handler: 'main.handler' })).toThrow(
      /holds neither main.mjs nor main.js/,
    )
    await expect(functionOf('export const other = 1').load()).rejects.toThrow(/does not export handler/)
  })

  it('logs as Lambda does: an object as an object, a text as a text though it were JSON, several as one text', async () => {
    const probe = functionOf(`export const handler = async () => {
      console.log({ a: 1, error: new TypeError('no') })
      console.warn('{"a":1}')
      console.warn('failed', { b: 2 })
      process.stdout.write('{"_aws":{}}\\n')
    }`)
    await probe.invoke({})
    expect(probe.lines.map(({ level, message }) => [level, message])).toEqual([
      ['INFO', { a: 1, error: expect.objectContaining({ errorType: 'TypeError', errorMessage: 'no' }) }],
      ['WARN', '{"a":1}'],
      ['WARN', 'failed { b: 2 }'],
      ['INFO', { _aws: {} }],
    ])
  })

  it('has an environment of its own, and leaves the console of everybody else alone', async () => {
    const original = vi.spyOn(console, 'log').mockImplementation(() => {})
    const probe = functionOf(
      `export const handler = async () => { console.log('inside'); process.env.SET = 'x'; return Object.keys(process.env).sort() }`,
    )
    expect(await probe.invoke({})).toEqual(['SET', 'TOLD'])
    console.log('outside')
    expect(original.mock.calls).toEqual([['outside']])
    expect(probe.log()).toContain('inside')
    expect(process.env.SET).toBeUndefined()
    original.mockRestore()
  })

  it('sees the clock of the machine, moved or fast', async () => {
    const clock = openClock({ file: join(scratch(), 'clock.json'), speed: 100 })
    const probe = functionOf('export const handler = async () => Date.now()', {}, clock)
    const before = clock.now()
    const first = Number(await probe.invoke({}))
    expect(first).toBeGreaterThanOrEqual(before)
    expect(first).toBeLessThanOrEqual(clock.now())
    clock.moveTo(clock.now() + 86_400_000)
    const second = Number(await probe.invoke({}))
    expect(second).toBeGreaterThanOrEqual(first + 86_400_000)
    expect(second).toBeLessThanOrEqual(clock.now())
  })
})

describe('an instance of a function', () => {
  const counting = 'let calls = 0; export const handler = async (event) => { '

  it('is used again for the next call', async () => {
    const probe = functionOf(`${counting} return ++calls }`)
    expect([await probe.invoke({}), await probe.invoke({})]).toEqual([1, 2])
  })

  it('is shared by calls that come at once, as long as it answers', async () => {
    const probe = functionOf(
      `${counting} calls += 1; await new Promise((resolve) => setTimeout(resolve, event.wait)); return calls }`,
    )
    await probe.load()
    const both = [probe.invoke({ wait: 200 }), probe.invoke({ wait: 1 })]
    expect(await both[1]).toBe(2)
    expect(await both[0]).toBe(2)
  })

  it('that never returns is ended at its time-out, and nothing else stands still meanwhile', async () => {
    const probe = functionOf(`${counting} if (event.loop) for (;;) calls += 1; return ++calls }`, {
      timeoutSeconds: 2,
    })
    await probe.load()
    let over = false
    const looping = probe.invoke({ loop: true }).finally(() => {
      over = true
    })
    looping.catch(() => {})
    // Other calls of the same function, many at once, and this thread.
    const others = await Promise.all(Array.from({ length: 3 }, () => probe.invoke({})))
    expect(others.sort()).toEqual([1, 2, 3])
    expect(over).toBe(false)
    await expect(looping).rejects.toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(/Task timed out after 2.00 seconds/),
    })
    expect(await probe.invoke({})).toBe(4)
    expect(probe.log()).toContain('Sandbox.Timedout')
  })

  it('that waits in vain is ended as well, and what it left under way with it', async () => {
    const probe = functionOf(`${counting} calls += 1; return event.hang ? new Promise(() => {}) : calls }`, {
      timeoutSeconds: 0.5,
    })
    await expect(probe.invoke({ hang: true })).rejects.toMatchObject({ errorType: 'Sandbox.Timedout' })
    expect(await probe.invoke({})).toBe(1)
  })

  it.each([
    ['leaves a rejected promise behind', `Promise.reject(new TypeError('let go'))`, 'TypeError'],
    ['ends its process', 'process.exit(3)', 'Runtime.ExitError'],
  ])('that %s fails its call, and no other', async (_, statement, errorType) => {
    const probe = functionOf(
      `${counting} calls += 1; if (event.break) { ${statement}; await new Promise(() => {}) } return calls }`,
    )
    await expect(probe.invoke({ break: true })).rejects.toMatchObject({ errorType })
    expect(await probe.invoke({})).toBe(1)
  })

  it('whose bundle does not load fails each call, and is tried again', async () => {
    const probe = functionOf('throw new RangeError("at the top")')
    for (let call = 0; call < 2; call += 1)
      await expect(probe.invoke({})).rejects.toMatchObject({ errorType: 'RangeError' })
  })

  it('ends with the runtime, whatever it does', async () => {
    const probe = functionOf('export const handler = () => { for (;;); }', { timeoutSeconds: 900 })
    await probe.load()
    const looping = probe.invoke({})
    looping.catch(() => {})
    await probe.stop()
    await expect(looping).rejects.toMatchObject({ errorType: 'Runtime.ExitError' })
  })
})

describe('the environment of a function', () => {
  const wanted = { functionName: 'a', variables: { MODE: '1' } }

  it('is what it wants and what the runtime gives', () => {
    expect(environmentOf(wanted, { OWN: 'x' })).toEqual({ MODE: '1', OWN: 'x' })
  })

  it('is refused where it wants a name that belongs to the runtime', () => {
    expect(() => environmentOf(wanted, { MODE: 'x' })).toThrow(/a sets MODE, which belongs to the runtime/)
  })
})
