import { describe, expect, it } from 'vitest'
import type { RolloutEvent } from '../../../events/rollout.ts'
import { rolloutAggregate } from '../../../functions/domain/rollout/aggregate.ts'
import { approveRollout, rejectRollout } from '../../../functions/domain/rollout/approval.ts'
import {
  abortRollout,
  acceptPhase,
  pauseRollout,
  requestChild,
  resumeRollout,
} from '../../../functions/domain/rollout/control.ts'
import type { RolloutDecision } from '../../../functions/domain/rollout/draft.ts'
import { actionsOf, glassActionsOf, type RolloutAction } from '../../../functions/domain/rollout/possible.ts'
import { exists, hasEnded } from '../../../functions/domain/rollout/state.ts'
import { later, specOf, start } from '../given.ts'
import { planOf, requestOf } from '../upgrade/world.ts'

const { fold } = specOf(rolloutAggregate)
const [by, reason] = ['bob', 'seen']

/** A rollback of what is at work is an abort that asks for it; of what is over, or has begun nothing, it is a child. */
const rollBackBy =
  (glass: { readonly breakGlass?: string } = {}): RolloutDecision =>
  (state, now) => {
    const child = { child: 'back', phases: [0], by, reason, settings: {}, living: [] }
    const begun = exists(state) && state.phases.some(({ upgrade }) => upgrade !== null)
    const abort = abortRollout({ by, reason, rollback: 'back', ...glass })
    return begun && !hasEnded(state) ? abort(state, now) : requestChild(child)(state, now)
  }

/** By what each is decided, as somebody who had no part in it asks. */
const decisions: Readonly<Record<RolloutAction, RolloutDecision>> = {
  approveRollout: approveRollout({ by, planHash: 'a1', comment: null }),
  rejectRollout: rejectRollout({ by, reason }),
  continueRollout: acceptPhase({ phase: 'first', by, reason }),
  resumeRollout: resumeRollout({ by }),
  pauseRollout: pauseRollout({ by, reason }),
  rollBackRollout: rollBackBy(),
  abortRollout: abortRollout({ by, reason, rollback: 'back' }),
}

/** Alice asks for a rollout of one phase, which needs so many approvals. */
const asked = (required: number): readonly RolloutEvent[] => [
  {
    type: 'RolloutRequested',
    data: {
      by: 'alice',
      request: {
        ...{ kind: 'deploy', parent: null, name: 'Platform', onFailure: 'hold', reason: null },
        approvals: { required, approvers: null, expiresInSeconds: 600 },
      },
    },
  },
  {
    type: 'PhaseDeclared',
    data: {
      phase: 0,
      declaration: {
        ...{ name: 'first', dependsOn: [], pauseSeconds: 0, exceptions: 'hold' },
        does: { kind: 'deploy', request: requestOf() },
      },
    },
  },
]
const planned = (required = 0): readonly RolloutEvent[] => [
  ...asked(required),
  { type: 'PhasePlanned', data: { phase: 0, plan: planOf(2) } },
  { type: 'RolloutPlanned', data: { planHash: 'a1', members: 2 } },
]
const approved: RolloutEvent = { type: 'ApprovalGiven', data: { by: 'carl', planHash: 'a1', comment: null } }
const paused: RolloutEvent = { type: 'RolloutPaused', data: { by: 'alice', reason: 'look' } }
const aborting = (back: {
  readonly rollback: string | null
  readonly breakGlass?: string
}): RolloutEvent => ({
  type: 'AbortRequested',
  data: { by: 'alice', reason: 'enough', ...back },
})
const begun: RolloutEvent = { type: 'PhaseStarted', data: { phase: 0, name: 'first', upgrade: 'up-1' } }
const over = (passed: boolean): RolloutEvent => ({
  type: 'PhaseEnded',
  data: {
    ...{ phase: 0, name: 'first', planHash: 'a1', succeeded: 1, failed: 1, skipped: 0, passed },
    status: passed ? 'completed' : 'completed_with_exceptions',
  },
})

const stories: Readonly<Record<string, readonly RolloutEvent[]>> = {
  'is asked for': asked(0),
  'is planned': planned(),
  'waits for an approval': planned(1),
  'waits for one, paused': [...planned(1), paused],
  'is approved': [...planned(1), approved],
  runs: [...planned(), begun],
  'runs, approved': [...planned(1), approved, begun],
  'is paused as it runs': [...planned(1), approved, begun, paused],
  'has a phase that did not end well': [...planned(), begun, over(false)],
  'is being aborted': [...planned(), begun, aborting({ rollback: null })],
  'is being taken back': [...planned(), begun, aborting({ rollback: 'r' })],
  'is being taken back, glass and all': [
    ...planned(),
    begun,
    aborting({ rollback: 'r', breakGlass: 'fire' }),
  ],
  'is over': [...planned(), begun, over(true), { type: 'RolloutCompleted', data: { exceptions: false } }],
}

describe('what may be asked of a rollout', () => {
  describe.each(Object.entries(stories))('that %s', (_, history) => {
    it.each(Object.entries(decisions))('%s is what is decided, and nothing else', (action, decide) => {
      const state = fold(history)
      for (const now of [start, later(700)]) {
        const decision = decide(state, now)
        const decided = 'events' in decision && decision.events.length > 0
        const listed = exists(state) && actionsOf(state, [], now).includes(action as RolloutAction)
        expect([now, listed]).toEqual([now, decided])
      }
    })

    it('what breaks the glass is what only that makes to be decided', () => {
      const state = fold(history)
      const [plain, glass] = [rollBackBy(), rollBackBy({ breakGlass: 'fire' })].map((decide) => {
        const decision = decide(state, start)
        return 'events' in decision && decision.events.length > 0
      })
      const listed = exists(state) && glassActionsOf(state, []).includes('rollBackRollout')
      expect(listed).toBe(glass === true && plain === false)
    })
  })

  it.each([
    ['that is at work', { child: 'r', breakGlass: false }, [false, true]],
    ['at work that has broken the glass', { child: 'r', breakGlass: true }, [false, false]],
  ])('is not to take it back beside a rollback %s, but as the glass allows', (_, living, [own, byGlass]) => {
    const state = fold(stories['is over'] ?? [])
    if (!exists(state)) return expect.fail('no rollout')
    const listed = actionsOf(state, [living], start)
    expect([listed.includes('rollBackRollout'), glassActionsOf(state, [living]).length > 0]).toEqual([
      own,
      byGlass,
    ])
  })
})
