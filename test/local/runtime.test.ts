import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { lockDirectory } from '../../infra/local/lock.ts'
import { type Runtime, type RuntimeOptions, startRuntime } from '../../infra/local/runtime.ts'
import { fixtureTemplate, scratch, writeAssembly } from './fixture.ts'

const template = writeAssembly()
const patience = { timeout: 30_000, interval: 20 }
let runtime: Runtime | undefined
const children: ChildProcess[] = []

afterEach(async () => {
  await runtime?.stop()
  runtime = undefined
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

async function start(options: Partial<RuntimeOptions> = {}): Promise<Runtime> {
  runtime = await startRuntime({ template, data: scratch(), ...options })
  return runtime
}

/** Puts an item through the HTTP API; true when it was acknowledged. */
async function post(url: string, id: string, value = 'fine'): Promise<boolean> {
  const response = await fetch(`${url}/items`, { method: 'POST', body: JSON.stringify({ id, value }) })
  return response.status === 201
}

const seen = async ({ invoke }: Runtime) => (await invoke('List', {})) as string[]

describe('the runtime', () => {
  it('takes a fact from HTTP through table, stream and bus to the last function', async () => {
    const running = await start()
    expect(await post(running.url, 'one')).toBe(true)
    await vi.waitFor(async () => expect(await seen(running)).toEqual(['one']), patience)
    expect(running.resources).toMatchObject({ Items: 'Fixture-Items', Bus: 'news' })
  })

  it('keeps what functions log, each in its own file', async () => {
    const data = scratch()
    const { url } = await start({ data })
    await post(url, 'one')
    const line: unknown = JSON.parse(
      readFileSync(join(data, 'logs', 'Fixture-Accept.log'), 'utf8').split('\n')[0] ?? '',
    )
    expect(line).toMatchObject({
      level: 'INFO',
      functionName: 'Fixture-Accept',
      message: { accepted: 'one' },
    })
  })

  it('shows its own clock to functions and gives the process its Date back', async () => {
    const before = globalThis.Date
    const running = await start({ speed: 100_000 })
    const created = running.clock.now()
    await new Promise<void>((resolve) => running.clock.at(created + 86_400_000, resolve))
    const response = await fetch(`${running.url}/items`, { method: 'POST', body: '{"id":"a","value":"b"}' })
    const { at } = (await response.json()) as { at: string }
    expect(Date.parse(at)).toBeGreaterThanOrEqual(created + 86_400_000)
    await running.stop()
    expect(globalThis.Date).toBe(before)
  })

  it('gives a poisoned record up to the queue and lets the others pass', async () => {
    const running = await start({ speed: 50 })
    await Promise.all(
      ['a', 'b', 'bad', 'c', 'd'].map((id) => post(running.url, id, id === 'bad' ? 'poison' : 'fine')),
    )
    await vi.waitFor(async () => expect(await seen(running)).toEqual(['a', 'b', 'c', 'd']), patience)
    await vi.waitFor(() => expect(running.messages('GivenUp')).toHaveLength(1), patience)
    expect(JSON.parse(running.messages('GivenUp')[0]?.body ?? '')).toMatchObject({
      requestContext: { condition: 'RetryAttemptsExhausted' },
      DDBStreamBatchInfo: { batchSize: 1 },
    })
  })

  it('carries on after a clean stop with what was acknowledged before it', async () => {
    const data = scratch()
    const first = await start({ data })
    const ids = Array.from({ length: 30 }, (_, number) => `item-${String(number).padStart(2, '0')}`)
    expect(await Promise.all(ids.map((id) => post(first.url, id)))).not.toContain(false)
    await first.stop()
    const second = await start({ data })
    await vi.waitFor(async () => expect(await seen(second)).toEqual(ids), patience)
  })

  it('loses nothing acknowledged when the emulator alone is killed', async () => {
    const running = await start()
    const acknowledged: string[] = []
    for (let number = 0; number < 60; number += 1) {
      const id = `item-${String(number).padStart(2, '0')}`
      if (number === 20 || number === 40) process.kill(running.dynamo.pid ?? 0, 'SIGKILL')
      if (await post(running.url, id)) acknowledged.push(id)
    }
    expect(acknowledged.length).toBeGreaterThan(40)
    await vi.waitFor(
      async () => expect(await seen(running)).toEqual(expect.arrayContaining(acknowledged)),
      patience,
    )
  })

  it('loses nothing acknowledged when it is killed as a whole, and takes the emulator with it', async () => {
    const data = scratch()
    const acknowledged: string[] = []
    for (let round = 0; round < 3; round += 1) {
      const child = fork(new URL('./runtime-child.ts', import.meta.url), [template, data])
      children.push(child)
      const [ready] = (await once(child, 'message')) as [{ url: string; dynamo: number }] // runtime-child.ts sends this
      const writes = Array.from({ length: 20 }, async (_, number) => {
        const id = `item-${round}-${String(number).padStart(2, '0')}`
        if (await post(ready.url, id).catch(() => false)) acknowledged.push(id)
      })
      await Promise.race(writes)
      child.kill('SIGKILL')
      await once(child, 'exit')
      await Promise.all(writes)
      await vi.waitFor(() => expect(() => process.kill(ready.dynamo, 0)).toThrow(), patience)
    }
    expect(acknowledged.length).toBeGreaterThan(2)
    const running = await start({ data })
    await vi.waitFor(
      async () => expect(await seen(running)).toEqual(expect.arrayContaining(acknowledged)),
      patience,
    )
  })
})

describe('a start that cannot be', () => {
  it('says which port is taken, and leaves the data free for the next one', async () => {
    const data = scratch()
    const occupant = createServer()
    await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve))
    const address = occupant.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await expect(start({ data, port })).rejects.toThrow(
      new RegExp(`Port ${port} .*is taken: stop the program`),
    )
    await new Promise((resolve) => occupant.close(resolve))
    expect((await start({ data, port })).url).toContain(String(port))
  })

  it('is refused on data that another runtime uses, until that one has gone', async () => {
    const data = scratch()
    const release = lockDirectory(data)
    await expect(start({ data })).rejects.toThrow(
      `Another runtime (process ${process.pid}) is using the data directory ${data}`,
    )
    release()
    await start({ data })
  })

  it('is refused in a process that runs one already', async () => {
    await start()
    await expect(startRuntime({ template, data: scratch() })).rejects.toThrow(/runs a runtime already/)
  })

  it('lets functions want different values for one variable, and refuses one that belongs to the runtime', async () => {
    const changed = fixtureTemplate()
    const { Keep } = changed.Resources
    if (Keep !== undefined) Keep.Properties.Environment = { Variables: { BUS: 'another', SEEN: 'x' } }
    await (await start({ template: writeAssembly(changed) })).stop()
    if (Keep !== undefined) Keep.Properties.Environment = { Variables: { AWS_REGION: 'us-east-1' } }
    await expect(start({ template: writeAssembly(changed) })).rejects.toThrow(
      /Fixture-Keep sets AWS_REGION, which belongs to the runtime/,
    )
  })

  it('names a target that is neither a function nor a queue', async () => {
    const changed = fixtureTemplate()
    const rule = changed.Resources.Rule
    if (rule !== undefined)
      rule.Properties.Targets = [{ Id: 'Target0', Arn: 'arn:aws:sns:eu-central-1:000000000000:topic' }]
    await expect(start({ template: writeAssembly(changed) })).rejects.toThrow(
      /Rule \(AWS::Events::Rule\) has the target arn:aws:sns/,
    )
  })
})
