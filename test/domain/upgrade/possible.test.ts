import { describe, expect, it } from 'vitest'
import { approveUpgrade, rejectUpgrade } from '../../../functions/domain/upgrade/approval.ts'
import { type ChildKind, type Sibling, takeForChild } from '../../../functions/domain/upgrade/children.ts'
import {
  abortUpgrade,
  continueUpgrade,
  endBakeEarly,
  pauseUpgrade,
  resumeUpgrade,
} from '../../../functions/domain/upgrade/control.ts'
import type { UpgradeDecision } from '../../../functions/domain/upgrade/draft.ts'
import {
  actionsOf,
  glassActionsOf,
  type Relatives,
  type UpgradeAction,
} from '../../../functions/domain/upgrade/possible.ts'
import { later, start } from '../given.ts'
import {
  aborting,
  approved,
  baking,
  completed,
  ended,
  fold,
  type History,
  paused,
  requested,
  running,
  upgradeOf,
  waveEnded,
} from './stories.ts'
import { calm, existing } from './world.ts'

const approvals = { required: 1, approvers: null, expiresInSeconds: 600 }
const acknowledge = { failed: 10, unreachable: 10 }
const [by, reason] = ['bob', 'seen']
/** By what each is decided, as somebody who had no part in it asks. */
const decisions: Readonly<Partial<Record<UpgradeAction, UpgradeDecision>>> = {
  approveUpgrade: approveUpgrade({ by, planHash: 'a1', comment: null }, calm),
  rejectUpgrade: rejectUpgrade({ by, reason }),
  continueUpgrade: continueUpgrade({ by }, calm),
  resumeUpgrade: resumeUpgrade({ by, acknowledge }, calm),
  pauseUpgrade: pauseUpgrade({ by, reason }),
  endBake: endBakeEarly({ by, reason }),
  abortUpgrade: abortUpgrade({ by, reason, rollBack: true }),
}

const done = [...running([2, 4]), ended('succeeded', [0, 2]), waveEnded()] as const
const awaitsContinue = { type: 'ContinueAwaited', data: { wave: 0, until: later(3600) } } as const
const stories: Readonly<Record<string, History>> = {
  'is asked for': [requested()],
  'is planned': upgradeOf(2),
  'waits for an approval': upgradeOf(2, { approvals }),
  'waits for one, paused': [...upgradeOf(2, { approvals }), paused],
  'is approved': [...upgradeOf(2, { approvals }), approved('carl')],
  runs: running(2),
  'runs, approved': [...running(2, { approvals })],
  'is paused in its wave, with failures': [...running([2, 4]), ended('failed', 0), paused],
  'watches a wave': [...done, baking(later(600))],
  'waits for a person to continue': [...done, awaitsContinue],
  'waits for a person, paused': [...done, awaitsContinue, paused],
  'is being aborted': [...running(2), aborting()],
  'is being taken back': [...running(2), ended('succeeded', 0), aborting({ rollBack: true })],
  'is over': [...running(2), ended('succeeded', [0, 2]), waveEnded(), completed],
  'is over, with a failure': [...running(2), ended('failed', [0, 2]), waveEnded(), completed],
}

/** One that stands alone, with what its own stream says of its members. */
function alone(history: History): Relatives {
  const state = existing(fold(history))
  const taken = (kind: ChildKind) => {
    const members = new Set<number>()
    for (const entry of history) {
      const event = 'type' in entry ? entry : entry[0]
      if (event.type === 'OutcomesRecorded') takeForChild(kind, members, event, true)
    }
    return members.size > 0
  }
  const touched = taken('rollback') || state.standing.counts.inFlight > 0
  return { root: 'up', siblings: [], tries: [{ id: 'up', state }], touched, again: taken('retry') }
}

function listed(
  history: History,
  { now = start, family = alone(history) }: { readonly now?: string; readonly family?: Relatives } = {},
): readonly UpgradeAction[] {
  return actionsOf('up', existing(fold(history)), family, now)
}

function listedByGlass(history: History, family = alone(history)): readonly UpgradeAction[] {
  return glassActionsOf('up', existing(fold(history)), family)
}

describe('what may be asked of an upgrade', () => {
  describe.each(Object.entries(stories))('that %s', (_, history) => {
    it.each(Object.entries(decisions))('%s is what is decided, and nothing else', (action, decide) => {
      for (const now of [start, later(700)]) {
        const decision = decide(fold(history), now)
        const decided = 'events' in decision && decision.events.length > 0
        expect([now, listed(history, { now }).includes(action as UpgradeAction)]).toEqual([now, decided])
      }
    })
  })

  const where = (action: UpgradeAction) =>
    Object.entries(stories).flatMap(([name, history]) => (listed(history).includes(action) ? [name] : []))

  it('is to take back what it has changed, or may have, once', () => {
    expect(where('rollBackUpgrade')).toEqual([
      ...['runs', 'runs, approved', 'is paused in its wave, with failures', 'watches a wave'],
      ...['waits for a person to continue', 'waits for a person, paused'],
      ...['is being aborted', 'is over', 'is over, with a failure'],
    ])
  })

  it('is to take it back with the glass broken, while that is asked for without', () => {
    const byGlass = Object.entries(stories).filter(([, history]) => listedByGlass(history).length > 0)
    expect(byGlass.map(([name]) => name)).toEqual(['is being taken back'])
  })

  it('is to try again what has failed, over or not', () => {
    expect(where('retryFailed')).toEqual(['is paused in its wave, with failures', 'is over, with a failure'])
  })

  it('is to abort it for a rollback too, once', () => {
    expect(where('abortUpgrade')).toEqual(
      Object.keys(stories).filter((name) => !/is (over|being taken)/.test(name)),
    )
  })

  describe('in its family', () => {
    const over: History = [...running(2), ended('failed', [0, 2]), waveEnded(), completed]
    const sibling = (changes: Partial<Sibling>): Sibling => ({
      ...{ child: 'other', kind: 'rollback', target: null, at: start },
      ...{ lives: true, breakGlass: false, effective: true },
      ...changes,
    })
    it.each<[string, Partial<Sibling>, UpgradeAction[], UpgradeAction[]?]>([
      ['a rollback at work', {}, [], ['rollBackUpgrade']],
      ['a rollback at work that has broken the glass', { breakGlass: true }, []],
      ['a rollback that is over', { lives: false }, ['rollBackUpgrade']],
      [
        'a rollback that took nothing back',
        { lives: false, effective: false },
        ['retryFailed', 'rollBackUpgrade'],
      ],
      ['another try at work', { kind: 'retry' }, ['rollBackUpgrade']],
      ['another try that is over', { kind: 'retry', lives: false }, ['retryFailed', 'rollBackUpgrade']],
    ])('with %s: %j', (_, changes, expected, byGlass = []) => {
      const family = { ...alone(over), siblings: [sibling(changes)] }
      expect([listed(over, { family }), listedByGlass(over, family)]).toEqual([expected, byGlass])
    })

    it('is not to take back a rollback, and to try one again', () => {
      const [, ...rest] = over
      const back = [requested({ kind: 'rollback', parent: 'root' }), ...rest]
      expect(listed(back)).toEqual(['retryFailed'])
      expect(listed([...running(2, { kind: 'rollback', parent: 'root' }), aborting()])).toEqual([])
    })

    it('is not to be taken back by a try that is, glass and all', () => {
      const broken = aborting({ rollBack: true, breakGlass: 'fire' })
      const state = existing(fold([...running(2), broken]))
      const family = { ...alone(over), tries: [...alone(over).tries, { id: 'retry', state }] }
      expect(listed(over, { family })).toEqual(['retryFailed'])
    })
  })
})
