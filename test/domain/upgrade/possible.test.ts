import { describe, expect, it } from 'vitest'
import { approveUpgrade, rejectUpgrade } from '../../../functions/domain/upgrade/approval.ts'
import {
  abortUpgrade,
  continueUpgrade,
  endBakeEarly,
  pauseUpgrade,
  resumeUpgrade,
} from '../../../functions/domain/upgrade/control.ts'
import type { UpgradeDecision } from '../../../functions/domain/upgrade/draft.ts'
import { actionsOf, type UpgradeAction } from '../../../functions/domain/upgrade/possible.ts'
import { exists } from '../../../functions/domain/upgrade/state.ts'
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
import { calm } from './world.ts'

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
  abortUpgrade: abortUpgrade({ by, reason, rollBack: false }),
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

function listed(history: History, now = start): readonly UpgradeAction[] {
  const state = fold(history)
  if (!exists(state)) throw new Error('There is no upgrade.')
  return actionsOf(state, now)
}

describe('what may be asked of an upgrade', () => {
  describe.each(Object.entries(stories))('that %s', (_, history) => {
    it.each(Object.entries(decisions))('%s is what is decided, and nothing else', (action, decide) => {
      for (const now of [start, later(700)]) {
        const decision = decide(fold(history), now)
        const decided = 'events' in decision && decision.events.length > 0
        expect([now, listed(history, now).includes(action as UpgradeAction)]).toEqual([now, decided])
      }
    })
  })

  it('is to take back what it has changed, once', () => {
    const takenBack = Object.entries(stories).filter(([, history]) =>
      listed(history).includes('rollBackUpgrade'),
    )
    expect(takenBack.map(([name]) => name)).toEqual([
      ...[
        'is paused in its wave, with failures',
        'watches a wave',
        'waits for a person to continue',
        'waits for a person, paused',
      ],
      ...['is over', 'is over, with a failure'],
    ])
  })

  it('is to try again what has failed, when it is over', () => {
    const again = Object.entries(stories).filter(([, history]) => listed(history).includes('retryFailed'))
    expect(again.map(([name]) => name)).toEqual(['is over, with a failure'])
  })
})
