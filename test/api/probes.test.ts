import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { memoryProbes, openProbes, type Probes } from '../../functions/work/probes.ts'
import { startDynamo } from '../contract/dynoxide.ts'

let dynamo: Awaited<ReturnType<typeof startDynamo>>
beforeAll(async () => {
  dynamo = await startDynamo()
  await dynamo.createTables()
})
afterAll(() => dynamo.stop())

const now = () => Date.UTC(2026, 0, 5)
const opens: Readonly<Record<string, () => Probes>> = {
  'in memory': () => memoryProbes(),
  'in DynamoDB': () => openProbes({ client: dynamo.client, table: 'Work', now }),
}

describe.each(Object.entries(opens))('what was seen of domains %s', (place, open) => {
  it('is kept by rollout and domain, and of two who looked at once one is heard', async () => {
    const [probes, rollout] = [open(), `rollout ${place}`]
    expect(await probes.of(rollout)).toEqual(new Map())
    expect(await probes.note(rollout, 0, { body: 'first', writes: 0 })).toBe(true)
    expect(await probes.note(rollout, 0, { body: 'another', writes: 0 })).toBe(false)
    expect(await probes.note(rollout, 0, { body: 'second', writes: 1 })).toBe(true)
    expect(await probes.note(rollout, 0, { body: 'late', writes: 1 })).toBe(false)
    expect(await probes.note(rollout, 12, { body: 'other', writes: 0 })).toBe(true)
    expect(await probes.of(rollout)).toEqual(
      new Map([
        [0, { body: 'second', writes: 2 }],
        [12, { body: 'other', writes: 1 }],
      ]),
    )
    expect(await probes.of('another')).toEqual(new Map())
  })
})
