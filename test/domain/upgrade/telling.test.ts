import { describe, expect, it } from 'vitest'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { upgradeAggregate } from '../../../functions/domain/upgrade/aggregate.ts'
import { type ReportedOutcome, recordOutcomes } from '../../../functions/domain/upgrade/outcomes.ts'
import type { UpgradeState } from '../../../functions/domain/upgrade/state.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { randomFrom } from '../../views/random.ts'
import { later } from '../given.ts'
import { fold, running } from './stories.ts'
import { calm } from './world.ts'

const end = (member: number, changes: Partial<ReportedOutcome> = {}): ReportedOutcome => ({
  ...{ member, n: 1, outcome: 'succeeded', code: null, retryable: false, commit: 1 },
  measured: { region: 'north', acceptance: 1000, work: 5000 },
  ...changes,
})

/** An upgrade that is told of ends at instants, and what it has decided. */
function upgradeOf(members: number, changes = {}) {
  let state: UpgradeState = fold(running(members, changes))
  const events: UpgradeEvent[] = []
  const decide = (command: ReturnType<typeof tick>, seconds: number) => {
    const decision = command(state, later(seconds))
    if (!('events' in decision)) return expect.fail('refused')
    for (const event of decision.events) {
      state = upgradeAggregate.evolve(state, event, { at: later(seconds), actor: 'drydock', commit: 9 })
      events.push(event)
    }
    return decision.events
  }
  return {
    hear: (ends: readonly ReportedOutcome[], seconds = 60) => decide(recordOutcomes(ends, calm), seconds),
    ask: (seconds: number) => decide(tick(calm), seconds),
    told: () => toldIn(events),
    state: () => state,
  }
}

const toldIn = (events: readonly UpgradeEvent[]) =>
  events.flatMap((event) => (event.type === 'AttemptsTallied' ? [event.data] : []))

const attemptsIn = (told: ReturnType<typeof toldIn>) =>
  told.flatMap(({ tally }) => tally.regions).reduce((sum, one) => sum + one.succeeded + one.failed, 0)

describe('how attempts ended', () => {
  it('is told before their wave ends, in the commit that ends it', () => {
    const upgrade = upgradeOf(3)
    expect(toldIn(upgrade.hear([end(0), end(1, { outcome: 'failed', code: 'C' })]))).toEqual([])
    const types = upgrade.hear([end(2)]).map(({ type }) => type)
    expect(types.slice(0, 3)).toEqual(['OutcomesRecorded', 'AttemptsTallied', 'WaveEnded'])
    expect(upgrade.told()).toMatchObject([
      {
        ...{ day: '2026-03-01', kind: 'deploy', component: 'api', version: 'v1.2.0' },
        tally: { regions: [{ region: 'north', succeeded: 2, failed: 1 }] },
      },
    ])
  })

  it('is counted once, though it is reported twice, late and in any order, and however it is told', () => {
    for (let seed = 0; seed < 30; seed++) {
      const { shuffled, below } = randomFrom(seed)
      const members = 60
      const upgrade = upgradeOf(members, { parallel: 10_000 })
      const ends = Array.from({ length: members }, (_, member) => end(member))
      const reports = shuffled([...ends, ...ends, ...ends.slice(0, 20)])
      let seconds = 60
      while (reports.length > 0) {
        upgrade.hear(reports.splice(0, 1 + below(9)), seconds)
        seconds += below(2000)
      }
      expect(attemptsIn(upgrade.told()), `seed ${seed}`).toBe(members)
    }
  })

  it('counts every try of a member, and none that it was spared', () => {
    const retried = upgradeOf(1, { retry: { attempts: 1, delaySeconds: 60 } })
    retried.hear([end(0, { outcome: 'failed', code: 'C', retryable: true })])
    retried.ask(600)
    retried.hear([end(0, { n: 2 })], 660)
    expect(retried.told()).toMatchObject([{ tally: { regions: [{ succeeded: 1, failed: 1 }] } }])
    const spared = upgradeOf(1)
    spared.hear([end(0, { outcome: 'skipped', code: 'pinned' })])
    expect(spared.told()).toEqual([])
  })

  it('is told every quarter of an hour, and each day by itself, where a wave takes longer', () => {
    const slow = upgradeOf(4, { parallel: 10 })
    slow.hear([end(0)], 60)
    expect(toldIn(slow.hear([end(1)], 120))).toEqual([])
    expect(attemptsIn(toldIn(slow.hear([end(2)], 60 + 15 * 60)))).toBe(2)
    const late = upgradeOf(3, { parallel: 10 })
    late.hear([end(0)], 43_199)
    late.hear([end(1)], 43_200)
    late.hear([end(2)], 43_201)
    expect(late.told().map(({ day, tally }) => [day, tally.regions[0]?.succeeded])).toEqual([
      ['2026-03-01', 1],
      ['2026-03-02', 2],
    ])
  })

  it('is told a day later when the upgrade is asked the time, though nobody else of the wave ends', () => {
    const stuck = upgradeOf(2, { parallel: 10 })
    stuck.hear([end(0)], 60)
    expect(toldIn(stuck.ask(86_459))).toEqual([])
    expect(attemptsIn(toldIn(stuck.ask(86_460)))).toBe(1)
    expect(toldIn(stuck.ask(90_000))).toEqual([])
  })

  it('leaves the state small, whatever regions, codes and steps there are', () => {
    const upgrade = upgradeOf(5000, { parallel: 5000 })
    let largest = 0
    for (let from = 0; from < 4900; from += 100) {
      const odd = Array.from({ length: 100 }, (_, place) => {
        const member = from + place
        const steps = Object.fromEntries(
          Array.from({ length: 30 }, (_, step) => [`${step}`.padEnd(64, 's'), member * 97 * (step + 1)]),
        )
        const region = `${member}`.padEnd(128, 'r')
        const outcome = place % 2 === 0 ? 'succeeded' : 'failed'
        return end(member, {
          ...{ outcome, code: `${member}`.padEnd(128, 'c') },
          measured: { region, acceptance: member * 1000, work: member * 3000, steps },
        })
      })
      for (const event of upgrade.hear(odd))
        expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThan(65_536)
      largest = Math.max(largest, Buffer.byteLength(JSON.stringify(upgrade.state())))
    }
    expect(largest).toBeLessThan(16_384)
  })
})
