import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { minute } from '../../events/time.ts'
import { type Helm, openHelm, type ReleaseCall } from '../../functions/executors/helm/helm.ts'
import { helmProgram, openFleet } from './cluster.ts'

let cluster: Awaited<ReturnType<typeof openFleet>>
let binary: string
let helm: Helm
let keys = 0
const directory = mkdtempSync(join(tmpdir(), 'kubeconfigs-'))
let ahead = 0

beforeAll(async () => {
  binary = helmProgram()
  cluster = await openFleet()
  helm = openHelm({ binary, guard: cluster.guard, now: () => Date.now() + ahead })
})
afterAll(async () => {
  await cluster.close()
  rmSync(directory, { recursive: true, force: true })
})

const newKey = () => `call-${process.pid}-${++keys}`

/** An instance of a customer, in a namespace of its own. */
async function customer(seconds = 20) {
  const namespace = await cluster.namespace()
  const { kubeconfig } = cluster
  const callOf = (key: string): ReleaseCall => ({
    ...{ kubeconfig, namespace, release: 'instance', key, seconds, confidential: [] },
  })
  const chart = (version: string, values: object = {}) => ({
    ...{ repository: cluster.charts.url, name: 'customer', version, values: JSON.stringify(values) },
  })
  const settings = join(directory, namespace)
  writeFileSync(settings, kubeconfig)
  /** Somebody at a terminal. */
  const byHand = async (...words: string[]) => {
    const all = [...words, '--namespace', namespace, '--kubeconfig', settings]
    return (await promisify(execFile)(binary, all)).stdout
  }
  return {
    namespace,
    callOf,
    chart,
    byHand,
    upgrade: (key: string, version: string, values: object = {}) =>
      helm.upgrade({ ...callOf(key), chart: chart(version, values) }),
    takeBack: (key: string, before?: number) => helm.takeBack({ ...callOf(newKey()), of: { key, before } }),
    look: (key: string) => helm.look(callOf(key)),
    async history(): Promise<string[]> {
      const told: { revision: number; status: string }[] = JSON.parse(
        await byHand('history', 'instance', '--output', 'json'),
      )
      return told.map(({ revision, status }) => `${revision} ${status}`)
    },
    image: async () => (await cluster.image(namespace, 'instance'))?.split(':').at(-1),
    /** Kills a call and the program that it runs once something is so. */
    async killed(call: object, isTime: () => Promise<boolean>) {
      const child = fileURLToPath(new URL('helm-child.ts', import.meta.url))
      const words = [child, JSON.stringify({ binary, hosts: cluster.hosts, call })]
      const run = spawn(process.execPath, words, { detached: true, stdio: 'ignore' })
      const ended = once(run, 'exit')
      while (!(await isTime())) await sleep(20)
      process.kill(-(run.pid ?? 0), 'SIGKILL')
      await ended
    },
  }
}

describe('a release', () => {
  test('is installed, upgraded and taken back, each once by its key', async () => {
    const one = await customer()
    const [first, second] = [newKey(), newKey()]
    expect(await one.look(first)).toEqual({ kind: 'not-done' })
    expect(await one.upgrade(first, '1.1.0')).toEqual({ kind: 'done', before: 0, revision: 1 })
    expect(await one.upgrade(second, '1.2.0')).toEqual({ kind: 'done', before: 1, revision: 2 })
    expect(await one.image()).toBe('1.2.0')
    // The same calls again: they are found to be done.
    expect(await one.upgrade(second, '1.2.0')).toEqual({ kind: 'done', before: 1, revision: 2 })
    expect(await one.look(first)).toEqual({ kind: 'done', before: 0, revision: 1 })
    expect(await one.history()).toEqual(['1 superseded', '2 deployed'])

    expect(await one.takeBack(second)).toEqual({ kind: 'done', before: 1, revision: 3 })
    expect(await one.takeBack(second)).toEqual({ kind: 'done', before: 1, revision: 3 })
    expect(await one.image()).toBe('1.1.0')
    expect(await one.takeBack(first)).toEqual({ kind: 'done', before: 0, revision: 0 })
    expect(await one.image()).toBeUndefined()
    expect(await one.upgrade(newKey(), '1.2.0')).toMatchObject({ kind: 'done', before: 0 })
    expect(await one.image()).toBe('1.2.0')
  })

  test('that never gets ready is taken back, and what is in force is what was', async () => {
    const one = await customer(4)
    await one.upgrade(newKey(), '1.1.0')
    const key = newKey()
    const ended = await one.upgrade(key, '1.3.0')
    expect(ended).toMatchObject({ kind: 'failed', code: 'HELM_TAKEN_BACK', before: 1 })
    expect(ended).toHaveProperty('why', expect.stringContaining('not ready'))
    expect(await one.image()).toBe('1.1.0')
    expect(await one.look(key)).toEqual({ kind: 'not-done' })
    expect(await one.takeBack(key)).toMatchObject({ kind: 'done' })
    expect(await one.history()).toEqual(['1 superseded', '2 failed', '3 deployed'])
  })

  test('whose install never gets ready leaves nothing', async () => {
    const one = await customer(4)
    expect(await one.upgrade(newKey(), '1.3.0')).toMatchObject({ kind: 'failed', code: 'HELM_TAKEN_BACK' })
    expect(await one.image()).toBeUndefined()
  })

  test('that gets ready neither there nor back is said not to be taken back, until it is', async () => {
    const one = await customer(3)
    await one.upgrade(newKey(), '1.1.0')
    cluster.break(one.namespace)
    const key = newKey()
    expect(await one.upgrade(key, '1.2.0')).toMatchObject({
      kind: 'failed',
      code: 'HELM_NOT_TAKEN_BACK',
      before: 1,
    })
    expect(await one.takeBack(key)).toMatchObject({ kind: 'failed', code: 'HELM_NOT_TAKEN_BACK' })
    cluster.break(one.namespace, false)
    expect(await one.takeBack(key)).toMatchObject({ kind: 'done', before: 1 })
    expect([await one.image(), (await one.history()).at(-1)]).toEqual([
      '1.1.0',
      expect.stringMatching(/deployed$/),
    ])
  })

  test('that others have begun stays, where nothing of it was ever in force', async () => {
    const one = await customer(3)
    cluster.break(one.namespace)
    const words = [
      'customer',
      '--repo',
      cluster.charts.url,
      '--version',
      '1.1.0',
      '--wait',
      '--timeout',
      '1s',
    ]
    await expect(one.byHand('install', 'instance', ...words)).rejects.toThrow(/not ready/)
    expect(await one.takeBack(newKey())).toMatchObject({ kind: 'done', revision: 1 })
    const key = newKey()
    expect(await one.upgrade(key, '1.2.0')).toMatchObject({ kind: 'failed', code: 'HELM_NOT_TAKEN_BACK' })
    expect(await one.takeBack(key)).toMatchObject({ kind: 'failed', code: 'HELM_NO_REVISION' })
    expect(await one.image()).toBe('1.2.0')
  })

  test('whose chart is not there was not begun, and may be tried again', async () => {
    const one = await customer()
    expect(await one.upgrade(newKey(), '9.9.9')).toMatchObject({
      kind: 'not-sent',
      why: expect.stringContaining('9.9.9'),
    })
  })

  test('that somebody else has moved on is not taken back', async () => {
    const one = await customer()
    const [first, second] = [newKey(), newKey()]
    await one.upgrade(first, '1.1.0')
    await one.upgrade(second, '1.2.0')
    await one.byHand('upgrade', 'instance', 'customer', '--repo', cluster.charts.url, '--version', '1.1.0')
    expect(await one.takeBack(second)).toMatchObject({ kind: 'failed', code: 'HELM_MOVED_ON' })
    expect(await one.history()).toHaveLength(3)
  })
})

describe('a release that a kill left pending', () => {
  /** The middle: helm has begun, and waits for nodes that do not come. */
  async function cutOff(key: string, of?: { key: string; before: number | undefined }) {
    const one = await customer(60)
    const [first, second] = [newKey(), newKey()]
    await one.upgrade(first, '1.1.0')
    if (of) await one.upgrade(second, '1.2.0')
    cluster.break(one.namespace)
    const call = {
      ...one.callOf(key),
      ...(of ? { of: { ...of, key: second } } : { chart: one.chart('1.2.0') }),
    }
    const pending = of ? /pending-rollback$/ : /pending-upgrade$/
    await one.killed(call, async () => pending.test((await one.history()).at(-1) ?? ''))
    expect((await one.history()).at(-1)).toMatch(pending)
    cluster.break(one.namespace, false)
    return { one, second }
  }

  test('by the same call is settled first, and then upgraded', async () => {
    const key = newKey()
    const { one } = await cutOff(key)
    expect(await one.look(key)).toEqual({ kind: 'not-done' })
    expect(await one.upgrade(key, '1.2.0')).toEqual({ kind: 'done', before: 3, revision: 4 })
    expect(await one.image()).toBe('1.2.0')
    expect(await one.takeBack(key)).toMatchObject({ kind: 'done', before: 3 })
    expect(await one.image()).toBe('1.1.0')
  })

  test('by its install is removed first, and then installed', async () => {
    const one = await customer(60)
    cluster.break(one.namespace)
    const key = newKey()
    const isPending = async () => /pending-install$/.test((await one.history().catch(() => [])).at(-1) ?? '')
    await one.killed({ ...one.callOf(key), chart: one.chart('1.1.0') }, isPending)
    cluster.break(one.namespace, false)
    expect(await one.upgrade(key, '1.1.0')).toMatchObject({ kind: 'done', before: 0 })
    expect([await one.image(), (await one.history()).at(-1)]).toEqual([
      '1.1.0',
      expect.stringMatching(/deployed$/),
    ])
  })

  test('is taken back where the attempt goes back instead', async () => {
    const key = newKey()
    const { one } = await cutOff(key)
    expect(await one.takeBack(key)).toMatchObject({ kind: 'done', revision: 3 })
    expect([await one.image(), (await one.history()).at(-1)]).toEqual(['1.1.0', '3 deployed'])
  })

  test('on its way back is taken back', async () => {
    const { one, second } = await cutOff(newKey(), { key: '', before: undefined })
    expect(await one.takeBack(second)).toMatchObject({ kind: 'done', before: 1 })
    expect([await one.image(), (await one.history()).at(-1)]).toEqual([
      '1.1.0',
      expect.stringMatching(/deployed$/),
    ])
  })

  test('by somebody else is left alone, until nobody can be at work any more', async () => {
    const { one } = await cutOff(newKey())
    const key = newKey()
    expect(await one.upgrade(key, '1.2.0')).toMatchObject({
      kind: 'not-sent',
      why: expect.stringContaining('Somebody else is at work'),
    })
    expect(await one.history()).toEqual(['1 deployed', '2 pending-upgrade'])
    ahead = 31 * minute
    try {
      expect(await one.upgrade(key, '1.2.0')).toMatchObject({ kind: 'done' })
    } finally {
      ahead = 0
    }
  })
})

test('50 customers are upgraded side by side, and the one that does not get ready is alone with it', {
  timeout: 300_000,
}, async () => {
  /** Calls again, as a step does, where nothing was begun or nobody knows: fifty programs at once may keep one waiting. */
  const settled = async (call: Parameters<Helm['upgrade']>[0]) => {
    for (let tries = 1; ; tries++) {
      const end = await helm.upgrade(call)
      if (tries === 5 || (end.kind !== 'not-sent' && end.kind !== 'unknown')) return end
    }
  }
  const all = await Promise.all(Array.from({ length: 50 }, () => customer(90)))
  const ends = await Promise.all(
    all.map((one, place) =>
      settled({
        ...one.callOf(newKey()),
        ...(place === 0 ? { seconds: 5, chart: one.chart('1.3.0') } : { chart: one.chart('1.1.0') }),
      }),
    ),
  )
  expect(ends.map(({ kind }) => kind)).toEqual(all.map((_, place) => (place === 0 ? 'failed' : 'done')))
  expect(await all[1]?.history()).toEqual([expect.stringMatching(/deployed$/)])
})
