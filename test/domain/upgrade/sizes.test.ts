import { describe, expect, it } from 'vitest'
import type { AttemptOutcome } from '../../../events/target.ts'
import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { upgradeAggregate } from '../../../functions/domain/upgrade/aggregate.ts'
import { chunkOf, membersInFlight } from '../../../functions/domain/upgrade/chunks.ts'
import { startWave } from '../../../functions/domain/upgrade/execution.ts'
import { eachMember, rangesPerEvent } from '../../../functions/domain/upgrade/members.ts'
import { recordOutcomes } from '../../../functions/domain/upgrade/outcomes.ts'
import { exists, isPlanned } from '../../../functions/domain/upgrade/state.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { limits } from '../../../functions/log/size.ts'
import { later } from '../given.ts'
import { fold, held, running } from './stories.ts'
import { calm, planOf, requestOf } from './world.ts'

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

/** Every second of so many members ends so, as where two regions take turns in a plan. */
function everySecond(members: number, outcome: AttemptOutcome, again: 'deferred' | null): UpgradeEvent[] {
  const ends = Array.from({ length: members / 2 }, (_, place) => place * 2)
  return [...Map.groupBy(ends, chunkOf)].map(([chunk, some]) => ({
    type: 'OutcomesRecorded',
    data: {
      outcomes: some.map((member) => ({ member, n: 1, outcome, code: null, again, commit: 1 })),
      due: again === null ? [] : [{ chunk, kind: again, at: later(0) }],
    },
  }))
}

describe('ten thousand targets, of which every second is concerned', () => {
  const all = running(10_000)
  const decided = (history: readonly UpgradeEvent[], seconds: number) => {
    const decision = tick(calm)(fold(history), later(seconds))
    return 'events' in decision ? decision.events : expect.fail('refused')
  }

  it('are let in again in events that fit, all in one commit', () => {
    const stopped = [
      ...all,
      ...everySecond(10_000, 'withdrawn', 'deferred'),
      held('FREEZE', null, 'incident'),
    ]
    const events = decided(stopped, 60)
    const admitted = events.flatMap((event) => (event.type === 'TargetsAdmitted' ? [event.data] : []))
    const members = admitted.flatMap(({ readmitted }) => [...eachMember(readmitted)])
    expect([admitted.length, members.length, new Set(members).size]).toEqual([3, 5000, 5000])
    for (const event of events) expect(bytesOf(event)).toBeLessThan(limits.event)
    expect(bytesOf(events)).toBeLessThan(limits.commit)
  })

  it('are asked in events that fit when their time is over', () => {
    const events = decided([...all, ...everySecond(10_000, 'succeeded', null)], 600)
    const asked = events.flatMap((event) => (event.type === 'DeadlinePassed' ? [event.data] : []))
    const members = asked.flatMap((data) => [...eachMember(data.members)])
    expect([asked.length, members.length, new Set(members).size]).toEqual([3, 5000, 5000])
    for (const event of events) expect(bytesOf(event)).toBeLessThan(limits.event)
  })
})

it('as many ranges as an event takes fit into it whatever their members', () => {
  const ranges = Array.from({ length: rangesPerEvent }, () => [1_000_000, 1_000_001, 500])
  expect(bytesOf({ readmitted: ranges })).toBeLessThan(limits.event - 4096)
})

const succeeded = { outcome: 'succeeded', code: null, retryable: false, commit: 1 } as const

it('one silent target in a hundred holds up nobody else, and the state stays small', () => {
  const members = 30_000
  const isSilent = (member: number) => member % 100 === 37
  let state = fold(running(members, { parallel: 2000 }))
  let largest = 0
  for (;;) {
    const waiting = isPlanned(state) ? membersInFlight(state.chunks) : []
    const ends = waiting.filter(({ member }) => !isSilent(member)).slice(0, 100)
    if (ends.length === 0) break
    const outcomes = ends.map((end) => ({ ...end, ...succeeded }))
    const decision = recordOutcomes(outcomes, calm)(state, later(60))
    const context = { at: later(60), actor: 'drydock', commit: 1 }
    const events = 'events' in decision ? decision.events : expect.fail('refused')
    for (const event of events) state = upgradeAggregate.evolve(state, event, context)
    largest = Math.max(largest, bytesOf(state))
  }
  const { counts } = exists(state) ? state.standing : expect.fail('none')
  expect(counts).toMatchObject({ succeeded: members * 0.99, inFlight: members / 100 })
  expect(largest).toBeLessThan(16_384)
})

/** As much as may be asked of each wave: twenty stages, or a hundred groups with names as long as they may be together. */
const asked = {
  percentages: Array.from({ length: 20 }, (_, place) => ({
    ...{ percent: (place + 1) * 5, bakeSeconds: 2_592_000, gate: { successRatePercent: 99.99 } },
    ...{ continueByHand: true, continueBySecondPerson: true },
  })),
  groups: {
    by: 'n'.repeat(128),
    order: Array.from({ length: 100 }, (_, place) => `${place}`.padEnd(40, 'g')),
    others: 'last',
  },
} as const satisfies Partial<UpgradeRequest>

it.each(['percentages', 'groups'] as const)(
  'ten thousand silent targets and all %s that may be leave the state small',
  (strategy) => {
    const members = 10_000
    const waves = strategy === 'groups' ? 101 : 20
    const cuts = Array.from({ length: waves }, (_, wave) => members - waves + 1 + wave)
    const { [strategy]: lists } = asked
    const [request, execution] = running(members, { strategy, [strategy]: lists })
    const data = { ...planOf(members, cuts), entries: cuts.map((_, wave) => wave) }
    const before = fold([request, execution, { type: 'UpgradePlanned', data }])
    const decision = startWave({ wave: 0, generation: 1 }, calm)(before, later(0))
    const events = 'events' in decision ? decision.events : expect.fail('refused')
    const context = { at: later(0), actor: 'drydock', commit: 4 }
    const state = events.reduce((folded, event) => upgradeAggregate.evolve(folded, event, context), before)
    const inFlight = exists(state) ? state.standing.counts.inFlight : 0
    expect(bytesOf(state)).toBeLessThan(16_384)
    expect(inFlight).toBeGreaterThan(members / 2)
  },
)

it('as many rollbacks of one target each as anybody may ask for leave the state small, and say how many there were', () => {
  const request = requestOf({})
  const noted = (place: number, target: string | null): UpgradeEvent => ({
    type: 'ChildRequested',
    data: { child: `${'c'.repeat(32)}-${place}`, kind: 'rollback', target, by: 'alice', request },
  })
  const one = (_: unknown, place: number) => noted(place, `${'t'.repeat(120)}${place}`)
  const state = fold([...running(10_000), noted(500, null), ...Array.from({ length: 500 }, one)])
  const { children, childrenBefore } = exists(state) ? state : expect.fail('none')
  expect([children.length + childrenBefore, children[0]?.child]).toEqual([501, `${'c'.repeat(32)}-500`])
  expect(bytesOf(state)).toBeLessThan(16_384)
})
