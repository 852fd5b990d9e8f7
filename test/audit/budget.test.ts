import { beforeAll, describe, expect, test } from 'vitest'
import { type Commit, fromImage } from '../../events/envelope.ts'
import { type Caller, deployed, openWorld, report } from '../api/world.ts'
import { type Change, wordsOf } from './history.ts'

const admin: Caller = { user: 'admin-1', roles: ['admin'] }
const all = { component: 'api', version: 'v1.2.0', strategy: 'all' }

let valid: Commit[] = []
beforeAll(async () => {
  const world = openWorld()
  await world.fleet(8)
  const body = { together: { atOnce: 2, perHour: 6 } }
  await world.call('PUT', '/api/v1/policies/all', { as: admin, body })
  for (const first of [1, 5]) {
    const ids = [0, 1, 2, 3].map((place) => `cust_000${first + place}`)
    await deployed(world, { ...all, targets: { ids } })
    await world.settle()
  }
  for (let round = 0; round < 4; round++) {
    await report(world)
    await world.settle()
  }
  valid = world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
})

/** The words of I22, where events of one type were other ones. */
const told = (type: string, change: Change) => wordsOf('I22', valid, type, change)

describe('I22: the audit asks who had which share', () => {
  test('and has nothing against upgrades that keep to theirs', async () => {
    const types = valid.flatMap(({ events }) => events.map(({ type }) => type))
    for (const type of ['ShareAwaited', 'ShareGranted', 'ShareKept', 'ShareReturned'])
      expect(types).toContain(type)
    expect(await told('', (data) => data)).toEqual([])
  })

  test.each([
    [
      'more shared out than there is',
      'ShareGranted',
      (data: object) => ({ ...data, limit: 1 }),
      /shared out, where there were 1/,
    ],
    [
      'an admission beyond its share',
      'TargetsAdmitted',
      (data: { budgets?: readonly object[] }) => ({
        ...data,
        budgets: (data.budgets ?? []).map((one) => ({ ...one, share: 0 })),
      }),
      /It used \d+ of all:at-once, of which it had 0/,
    ],
    [
      'a share that was never granted',
      'TargetsAdmitted',
      (data: { budgets?: readonly object[] }) => ({
        ...data,
        budgets: (data.budgets ?? []).map((one) => ({ ...one, share: 9 })),
      }),
      /never granted 9 of all:at-once/,
    ],
    [
      'an admission that names no share',
      'TargetsAdmitted',
      ({ budgets: _, ...data }: { budgets?: unknown }) => data,
      /without a share of what policy all bounds \(at-once\)/,
    ],
    [
      'what is taken back before it was given back',
      'ShareKept',
      (data: object) => ({ ...data, share: 2 }),
      /taken back from .*, which could use them still/,
    ],
    [
      'an admission after what was given back',
      'ShareKept',
      (data: object) => ({ ...data, grant: 999, share: 0 }),
      /had given back what it used of all/,
    ],
  ])('and names %s', async (_words, type, change, words) => {
    expect((await told(type, change as Change)).join('\n')).toMatch(words)
  })
})
