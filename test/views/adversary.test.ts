import { beforeAll, describe, expect, test } from 'vitest'
import { memoryViewStore } from '../../functions/views/memory.ts'
import { reconcile } from '../../functions/views/reconcile.ts'
import type { StoredRow } from '../../functions/views/store.ts'
import { memoryParked } from '../../functions/work/parked.ts'
import { deliver, noTroubles, projectorOver, scrambled, troubled } from './adversary.ts'
import { type History, historyOf } from './history.ts'
import { plainFold, sorted } from './plain-fold.ts'
import { randomFrom } from './random.ts'

const histories = 40
const runsEach = 25

describe('the projector against an adversary (I6, I7)', () => {
  const told: { history: History; expected: readonly StoredRow[] }[] = []

  beforeAll(async () => {
    for (let seed = 0; seed < histories; seed++) {
      const history = await historyOf(seed)
      told.push({ history, expected: await plainFold(history.log) })
    }
  })

  test('the histories hold every kind of event that feeds a row', () => {
    const types = new Set(
      told.flatMap(({ history }) =>
        history.log.records.flatMap(({ dynamodb }) =>
          (dynamodb?.NewImage?.events?.L ?? []).map(({ M }) => M?.type?.S ?? ''),
        ),
      ),
    )
    for (const type of [
      'AttemptAccepted',
      'MembersSkipped',
      'UpgradePaused',
      'TargetPinned',
      'BakeStarted',
    ]) {
      expect(types).toContain(type)
    }
  })

  test(`${histories * runsEach} runs of duplicates, reordering, gaps, deaths and two projectors: 0 rows wrong`, async () => {
    const troubles = noTroubles()
    let wrong = 0
    for (let run = 0; run < histories * runsEach; run++) {
      const { history, expected } = told[run % histories] ?? expect.fail('no history')
      const random = randomFrom(run)
      const store = memoryViewStore()
      const parked = memoryParked(() => 0)
      const records = scrambled(history.log.records, random)
      const dying = troubled(store, random, troubles)
      const projectors = [
        projectorOver(dying, history.log, parked),
        projectorOver(dying, history.log, parked),
      ] as const
      const split = random.pick(['both', 'parts'])
      await Promise.all(
        projectors.map((projector, half) => {
          const own = split === 'both' ? records : records.filter((_, place) => place % 2 === half)
          return deliver(own, projector, random, troubles)
        }),
      )
      expect(await parked.list()).toEqual([])
      const rows = sorted(store.all())
      if (JSON.stringify(rows) !== JSON.stringify(expected)) {
        wrong += 1
        expect(rows, `run ${run}`).toEqual(expected)
      }
    }
    expect(wrong).toBe(0)
    const { contended, ...met } = troubles
    expect(contended).toBe(0)
    for (const [trouble, times] of Object.entries(met)) expect(times, trouble).toBeGreaterThan(1000)
  })

  test('what was never delivered is healed by reconcile, and nothing drifts', async () => {
    let healed = 0
    for (const [seed, { history, expected }] of told.entries()) {
      const random = randomFrom(seed)
      const store = memoryViewStore()
      const delivered = history.log.records.filter(() => random.chance(0.6))
      await deliver(delivered, projectorOver(store, history.log), random, noTroubles())
      const report = await reconcile({ store, log: history.log, parked: memoryParked(() => 0) })
      expect(report).toMatchObject({ drift: 0, drifted: [], parked: 0 })
      healed += report.healed
      expect(sorted(store.all())).toEqual(expected)
      expect(await reconcile({ store, log: history.log, parked: memoryParked(() => 0) })).toMatchObject({
        healed: 0,
      })
    }
    expect(healed).toBeGreaterThan(0)
  })
})
