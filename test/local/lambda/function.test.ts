import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { installEnvironment } from '../../../infra/local/lambda/environment.ts'
import { type FunctionSettings, openFunction } from '../../../infra/local/lambda/function.ts'
import { captureLogs, type FunctionLogs } from '../../../infra/local/lambda/log.ts'
import { openClock } from '../../../infra/local/machine-clock.ts'
import { scratch } from '../fixture.ts'

let logs: FunctionLogs | undefined
afterEach(() => logs?.stop())

function functionOf(code: string, settings: Partial<FunctionSettings> = {}) {
  const bundle = mkdtempSync(join(tmpdir(), 'drydock-bundle-'))
  writeFileSync(join(bundle, 'index.mjs'), code)
  logs = captureLogs(join(bundle, 'logs'), openClock({ file: join(scratch(), 'clock.json'), speed: 1 }))
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
    logs,
  )
  return { ...built, log: () => readFileSync(join(bundle, 'logs', 'probe.log'), 'utf8') }
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
        await new Promise((resolve) => setImmediate(resolve))
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
    const lines = probe
      .log()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ level, message }) => [level, message])).toEqual([
      ['INFO', { a: 1, error: expect.objectContaining({ errorType: 'TypeError', errorMessage: 'no' }) }],
      ['WARN', '{"a":1}'],
      ['WARN', 'failed { b: 2 }'],
      ['INFO', { _aws: {} }],
    ])
  })

  it('leaves the console of everybody else alone', async () => {
    const original = vi.spyOn(console, 'log').mockImplementation(() => {})
    const probe = functionOf(`export const handler = async () => { console.log('inside') }`)
    await probe.invoke({})
    console.log('outside')
    expect(original.mock.calls).toEqual([['outside']])
    expect(probe.log()).toContain('inside')
    original.mockRestore()
  })
})

describe('the shared environment', () => {
  it('holds what all functions want, and is as before afterwards', () => {
    const restore = installEnvironment(
      [
        { functionName: 'a', variables: { DRYDOCK_ONE: '1' } },
        { functionName: 'b', variables: { DRYDOCK_ONE: '1', DRYDOCK_TWO: '2' } },
      ],
      { DRYDOCK_OWN: 'runtime' },
    )
    expect([process.env.DRYDOCK_ONE, process.env.DRYDOCK_TWO, process.env.DRYDOCK_OWN]).toEqual([
      '1',
      '2',
      'runtime',
    ])
    restore()
    expect([process.env.DRYDOCK_ONE, process.env.DRYDOCK_TWO, process.env.DRYDOCK_OWN]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('refuses two values for one name, and a name that belongs to the runtime', () => {
    const wanted = [
      { functionName: 'a', variables: { MODE: '1' } },
      { functionName: 'b', variables: { MODE: '2' } },
    ]
    expect(() => installEnvironment(wanted, {})).toThrow(
      /a and b want different values for MODE \("1" and "2"\)/,
    )
    expect(() => installEnvironment(wanted.slice(0, 1), { MODE: 'x' })).toThrow(
      /a sets MODE, which belongs to the runtime/,
    )
  })
})
