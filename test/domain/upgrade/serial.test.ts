import { describe, expect, it } from 'vitest'
import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { continueUpgrade, resumeUpgrade } from '../../../functions/domain/upgrade/control.ts'
import { startWave } from '../../../functions/domain/upgrade/execution.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { later } from '../given.ts'
import {
  admitted,
  attemptsEnd,
  driven,
  ended,
  everyFailureBorne,
  fold,
  given,
  type History,
  held,
  paused,
  requested,
  resumed,
  retrying,
  standingAfter,
  stopped,
  waveEnded,
  waveStarted,
} from './stories.ts'
import { calm, existing, planOf } from './world.ts'

const spacing = 600

/** A serial upgrade whose waves end at these cuts, with ten minutes between two attempts; its first is in flight. */
function serial(cuts: readonly number[] = [4], changes: Partial<UpgradeRequest> = {}) {
  const plan: UpgradeEvent = {
    type: 'UpgradePlanned',
    data: { ...planOf(cuts.at(-1) ?? 0, cuts), spacingSeconds: spacing },
  }
  const request = {
    strategy: 'serial',
    parallel: 1,
    spacingSeconds: spacing,
    failures: everyFailureBorne,
  } as const
  return [requested({ ...request, ...changes }), driven(), plan, waveStarted(), admitted(0)] as const
}

const holdsAfter = (...history: History) => standingAfter(...history).holds
const wakeUpAfter = (history: History, at: string) => {
  const [moved] = given(...history)
    .when(tick(calm), at)
    .events.toReversed()
  return moved
}
const spaced = (since: string, until: string) => ({ code: 'SPACING', since, until, ref: null, lapses: null })

describe('a serial upgrade (design: #serial)', () => {
  it('has one in flight, and nobody as soon as it has ended', () => {
    given(...serial())
      .when(attemptsEnd('succeeded', 0), later(60))
      .thenEvents(ended('succeeded', 0))
  })

  it.each(['succeeded', 'failed', 'unreachable', 'rejected', 'rolled_back', 'cancelled'] as const)(
    'waits from the end of an attempt that %s, to the second',
    (outcome) => {
      const bears = { unreachable: { percent: 100, absolute: null } }
      const history = [...serial([4], bears), [ended(outcome, 0), later(60)]] as const
      expect(holdsAfter(...history)).toEqual([spaced(later(60), later(660))])
      given(...history)
        .when(tick(calm), later(659))
        .thenNothing()
      given(...history)
        .when(tick(calm), later(660))
        .thenEvents(admitted(1, { acceptBy: later(1260) }))
      expect(holdsAfter(...history, [admitted(1), later(660)])).toEqual([])
    },
  )

  it.each(['skipped', 'deferred', 'withdrawn'] as const)(
    'does not wait after one that was %s: there was no attempt',
    (outcome) => {
      const { events } = given(...serial()).when(attemptsEnd(outcome, 0), later(60))
      expect(events.at(-1)).toMatchObject({ type: 'TargetsAdmitted' })
    },
  )

  it('waits after what failed before it is tried again, and after the retry', () => {
    const changes = { retry: { attempts: 1, delaySeconds: 1 } }
    const [failed] = given(...serial([4], changes)).when(
      attemptsEnd('failed', 0, { retryable: true }),
      later(60),
    ).events
    // A retry that waits holds the one slot, and is due when the time is over.
    expect(failed).toMatchObject({ data: { due: [{ kind: 'retry', at: later(660) }] } })
    const waits = [...serial([4], changes), [retrying(0, later(660)), later(60)]] as const
    given(...waits)
      .when(tick(calm), later(659))
      .thenNothing()
    const again = admitted(null, { retried: [[0, 1, 2]], acceptBy: later(1260) })
    given(...waits)
      .when(tick(calm), later(660))
      .thenEvents(again)
    const through = [...waits, [again, later(660)], [ended('succeeded', 0, { n: 2 }), later(700)]] as const
    given(...through)
      .when(tick(calm), later(1299))
      .thenNothing()
    given(...through)
      .when(tick(calm), later(1300))
      .thenTypes('TargetsAdmitted')
  })

  it('waits on into the next wave', () => {
    const first = [...serial([1, 3]), [ended('succeeded', 0), later(60)], [waveEnded(), later(60)]] as const
    const start = startWave({ wave: 1, generation: 1 }, calm)
    given(...first)
      .when(start, later(60))
      .thenEvents(waveStarted(1))
    given(...first, [waveStarted(1), later(60)])
      .when(tick(calm), later(660))
      .thenEvents(admitted(1, { wave: 1, acceptBy: later(1260) }))
  })

  it('is woken when the time is over, and not before', () => {
    const decision = attemptsEnd('succeeded', 0)(fold(serial()), later(60))
    const events = 'events' in decision ? decision.events : expect.fail('refused')
    expect(events.at(-1)).toMatchObject({ type: 'WakeUpMoved', data: { at: later(660) } })
    expect(wakeUpAfter([...serial(), [ended('succeeded', 0), later(60)]], later(300))).toBeUndefined()
  })

  it('admits nobody early by a pause and a resume, or as a stop is lifted', () => {
    const waits = [...serial(), [ended('succeeded', 0), later(60)]] as const
    given(...waits, [paused, later(70)])
      .when(resumeUpgrade({ by: 'alice' }, calm), later(80))
      .thenTypes('UpgradeResumed')
    given(...waits, [paused, later(70)], [resumed, later(80)])
      .when(tick(calm), later(660))
      .thenTypes('TargetsAdmitted')
    given(...waits)
      .when(tick(stopped), later(100))
      .thenTypes('HoldPlaced')
    given(...waits, [held('FREEZE', null, 'incident'), later(100)])
      .when(tick(calm), later(200))
      .thenTypes('HoldLifted')
  })

  it('has to fit with what passes between its attempts', () => {
    const deadlines = { ...existing(fold(serial())).request.deadlines, expected: 300 }
    const until = (seconds: number) => ({ start: later(0), end: later(seconds) })
    const stands = [...serial([4], { deadlines }), paused] as const
    const resume = (seconds: number) => resumeUpgrade({ by: 'bob', window: until(seconds) }, calm)
    // Three are left: three attempts of 300 seconds, with 600 between each.
    given(...stands)
      .when(resume(2101))
      .thenTypes('WindowSet', 'UpgradeResumed')
    given(...stands)
      .when(resume(2100))
      .thenRejected('window-too-short')
    // One has just ended: the first of them waits, too.
    const justEnded = [...serial([4], { deadlines }), ended('succeeded', 0), paused] as const
    given(...justEnded)
      .when(resume(2701))
      .thenTypes('WindowSet', 'UpgradeResumed')
    given(...justEnded)
      .when(resume(2700))
      .thenRejected('window-too-short')
  })

  it('says that it waits for nobody to continue', () => {
    given(...serial())
      .when(continueUpgrade({ by: 'bob' }, calm))
      .thenRejected('nothing-to-continue')
  })
})
