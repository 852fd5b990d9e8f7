import { describe, expect, test } from 'vitest'
import { approveUpgrade, rejectUpgrade } from '../../../functions/domain/upgrade/approval.ts'
import { requestChild } from '../../../functions/domain/upgrade/children.ts'
import {
  abortUpgrade,
  continueUpgrade,
  moveWindow,
  pauseUpgrade,
  resumeUpgrade,
  skipMember,
} from '../../../functions/domain/upgrade/control.ts'
import { endExecution, finishUpgrade, startWave } from '../../../functions/domain/upgrade/execution.ts'
import { moveDeadline, recordOutcomes } from '../../../functions/domain/upgrade/outcomes.ts'
import { position } from '../../../functions/domain/upgrade/position.ts'
import { requestUpgrade } from '../../../functions/domain/upgrade/request.ts'
import { hasBegun } from '../../../functions/domain/upgrade/state.ts'
import { tick } from '../../../functions/domain/upgrade/tick.ts'
import { calm, planOf, requestOf, start, types, UpgradeWorld } from './world.ts'

const moveOf = (world: UpgradeWorld) => position(world.state, world.now).move

describe('the threshold of a wave (design: #failures-borne)', () => {
  test('10 % of 50 lets five fail and halts at the sixth', () => {
    const world = new UpgradeWorld().requested(requestOf(), planOf(50))
    world.startWave()
    world.end(5, 'failed')
    expect(world.standing.status).toBe('running')
    expect(types(world.end(1, 'failed'))).toEqual(['OutcomesRecorded', 'ThresholdBreached', 'UpgradePaused'])
    expect(world.standing.holds.map(({ code }) => code)).toEqual(['OPERATOR'])
  })

  test('I11: a skip that takes the limit below what has failed is a breach, not a standstill', () => {
    const world = new UpgradeWorld().requested(requestOf({ parallel: 5 }), planOf(50))
    world.startWave()
    world.end(5, 'failed')
    expect(world.standing.status).toBe('running')
    world.end(5, 'succeeded')
    const skipped = world.do(skipMember({ member: 49, by: 'alice' }, calm))
    expect(types(skipped)).toEqual(['MembersSkipped', 'ThresholdBreached', 'UpgradePaused'])
  })

  test('I5: a member of a later wave that is skipped ahead lowers the limit of its own wave alone', () => {
    const world = new UpgradeWorld().requested(requestOf(), planOf(20, [10, 20]))
    world.startWave()
    world.do(skipMember({ member: 15, by: 'alice' }, calm))
    expect(hasBegun(world.state) && world.state.wave.counts.skipped).toBe(0)
    world.end(1, 'failed')
    expect(world.standing.status, '10 % of ten is one').toBe('running')
  })

  test('a halt in the last wave also holds the end, so that somebody looks before it is one', () => {
    const world = new UpgradeWorld().requested(requestOf(), planOf(5))
    world.startWave()
    world.end(1, 'failed')
    world.end(4, 'succeeded')
    expect(world.standing.status).toBe('paused')
    expect(moveOf(world)).toBe('gate')
    expect(world.do(finishUpgrade({ generation: 1 }))).toEqual([])
    world.do(resumeUpgrade({ by: 'alice' }, calm))
    expect(moveOf(world)).toBe('finish')
  })

  test('a member that is given back without end stays out at last', () => {
    const world = new UpgradeWorld().requested(requestOf(), planOf(2))
    world.startWave()
    world.end(1, 'succeeded')
    for (let round = 0; round < 500 && world.standing.counts.inFlight > 0; round++) {
      world.end(1, 'withdrawn')
      world.do(tick(calm))
    }
    expect(world.standing.counts).toMatchObject({ inFlight: 0, deferred: 0, skipped: 1 })
    expect(moveOf(world)).toBe('finish')
  })

  test('counts against those that were not skipped', () => {
    const world = new UpgradeWorld().requested(requestOf({ parallel: 10 }), planOf(20))
    for (let member = 10; member < 20; member++) world.do(skipMember({ member, by: 'alice' }, calm))
    world.startWave()
    world.end(1, 'failed')
    expect(world.standing.status, '10 % of the ten that are left is one').toBe('running')
    world.end(1, 'failed')
    expect(world.standing.status).toBe('paused')
  })

  test('admits nothing new while failures and waiting retries exceed it, but still the due retry itself', () => {
    const request = requestOf({ parallel: 2, retry: { attempts: 1, delaySeconds: 60 } })
    const world = new UpgradeWorld().requested(request, planOf(5))
    world.startWave()
    world.end(1, 'failed', true)
    expect(world.standing.counts).toMatchObject({ inFlight: 1, retrying: 1 })
    world.end(1, 'succeeded')
    expect(world.standing.counts.inFlight, 'the waiting retry halts new admissions').toBe(0)
    expect(types(world.later(61).do(tick(calm)))).toEqual(['TargetsAdmitted'])
    expect(world.inFlight()).toEqual([{ member: 0, n: 2 }])
    world.end(1, 'succeeded')
    expect(world.standing.counts.inFlight).toBe(2)
  })

  test('resuming accepts the failures seen so far', () => {
    const world = new UpgradeWorld().requested(requestOf(), planOf(20))
    world.startWave()
    world.end(3, 'failed')
    world.do(resumeUpgrade({ by: 'alice' }, calm))
    world.end(2, 'failed')
    expect(world.standing.status).toBe('running')
    world.end(1, 'failed')
    expect(world.standing.status).toBe('paused')
  })

  test('a breach may abort and take back what was touched', () => {
    const request = requestOf({ failures: { percent: 0, absolute: null, action: 'rollback' } })
    const world = new UpgradeWorld().requested(request, planOf(3))
    world.startWave()
    world.end(1, 'failed')
    expect(world.standing.status).toBe('aborting')
    expect(moveOf(world)).toBe('wave')
    world.end(2, 'succeeded')
    expect(moveOf(world)).toBe('revert')
    // One customer was taken back by hand before: the others still are to be.
    world.do(requestChild({ child: 'one', kind: 'rollback', target: 'target-2', by: 'alice' }))
    expect(moveOf(world)).toBe('revert')
    world.do(requestChild({ child: 'all', kind: 'rollback', target: null, by: 'drydock' }))
    expect(moveOf(world)).toBe('finish')
  })

  test('unreachable targets have a limit of their own', () => {
    const request = requestOf({ unreachable: { percent: 0, absolute: null } })
    const world = new UpgradeWorld().requested(request, planOf(10))
    world.startWave()
    expect(types(world.end(1, 'unreachable'))).toContain('ThresholdBreached')
  })
})

describe('waves', () => {
  test('a canary waits for somebody to continue, and the last wave does not', () => {
    const world = new UpgradeWorld().requested(requestOf({ continueByHand: true }), planOf(50, [5, 50]))
    world.startWave()
    expect(world.standing.counts.inFlight).toBe(5)
    expect(types(world.end(5, 'succeeded'))).toEqual(['OutcomesRecorded', 'WaveEnded', 'ContinueAwaited'])
    expect(moveOf(world)).toBe('gate')
    world.do(continueUpgrade({ by: 'bob' }))
    expect(position(world.state, world.now)).toMatchObject({ move: 'start-wave', place: 1 })
    world.startWave()
    expect(world.standing.counts.inFlight).toBe(45)
    world.end(45, 'succeeded')
    expect(moveOf(world)).toBe('finish')
    world.do(finishUpgrade({ generation: 1 }))
    expect([world.standing.status, world.wakeUp]).toEqual(['completed', null])
  })

  test('bake, then the gate: too low a success rate holds the upgrade until somebody resumes', () => {
    const request = requestOf({
      bakeSeconds: 600,
      gate: { successRatePercent: 90 },
      failures: { percent: 100, absolute: null, action: 'pause' },
    })
    const world = new UpgradeWorld().requested(request, planOf(20, [5, 20]))
    world.startWave()
    world.end(1, 'failed')
    world.end(4, 'succeeded')
    expect(position(world.state, world.now)).toMatchObject({ move: 'bake', timeoutSeconds: 600 })
    expect(types(world.later(599).do(tick(calm)))).toEqual([])
    expect(types(world.later(1).do(tick(calm)))).toEqual(['BakeEnded', 'GateEvaluated', 'UpgradePaused'])
    expect(world.standing.holds.map(({ code }) => code).sort()).toEqual(['GATE_FAILED', 'OPERATOR'])
    world.do(resumeUpgrade({ by: 'alice' }, calm))
    expect(moveOf(world)).toBe('start-wave')
  })

  test('I11: a wave whose members were all skipped ahead of it ends at once', () => {
    const world = new UpgradeWorld().requested(requestOf(), planOf(2, [1, 2]))
    world.do(skipMember({ member: 0, by: 'alice' }, calm))
    expect(types(world.startWave())).toEqual(['WaveStarted', 'WaveEnded'])
    expect(types(world.startWave())).toEqual(['WaveStarted', 'TargetsAdmitted'])
  })

  test('accepting what a gate found is not the word to go on, which may need a second person', () => {
    const request = requestOf({
      gate: { successRatePercent: 90 },
      failures: { percent: 100, absolute: null, action: 'pause' },
      continueByHand: true,
      continueBySecondPerson: true,
    })
    const world = new UpgradeWorld().requested(request, planOf(20, [5, 20]))
    world.startWave()
    world.end(5, 'failed')
    expect(types(world.do(resumeUpgrade({ by: 'alice' }, calm)))).toEqual([
      'UpgradeResumed',
      'ContinueAwaited',
    ])
    expect(() => world.do(continueUpgrade({ by: 'alice' }))).toThrow('self-approval')
    world.do(continueUpgrade({ by: 'bob' }))
    expect(moveOf(world)).toBe('start-wave')
  })

  test('no data is a hold, never a pass', () => {
    const request = requestOf({ gate: { successRatePercent: 90 } })
    const world = new UpgradeWorld().requested(request, planOf(10, [5, 10]))
    world.startWave()
    world.end(5, 'skipped')
    expect(world.standing.holds.map(({ code }) => code)).toContain('GATE_INCONCLUSIVE')
  })

  test('at most 25 chunks are open, and a wave of 100,000 still ends', () => {
    const world = new UpgradeWorld().requested(requestOf({ parallel: 10_000 }), planOf(100_000))
    world.startWave()
    expect(world.standing.counts.inFlight).toBe(10_000)
    for (let round = 0; round < 40 && moveOf(world) === 'wave'; round++) world.end(5000, 'succeeded')
    expect(moveOf(world)).toBe('finish')
    expect(world.standing.counts.succeeded).toBe(100_000)
  })

  test('a deferred member is admitted again after five minutes, and skipped at the deadline of the wave', () => {
    const world = new UpgradeWorld().requested(requestOf(), planOf(3))
    world.startWave()
    world.end(1, 'deferred')
    world.end(2, 'succeeded')
    expect(types(world.later(299).do(tick(calm)))).toEqual([])
    expect(types(world.later(1).do(tick(calm)))).toEqual(['TargetsAdmitted'])
    world.end(1, 'deferred')
    world.later(5000)
    expect(types(world.do(tick(calm)))).toEqual(['MembersSkipped', 'WaveEnded'])
  })

  test('a member that was withdrawn because the window closed is carried over to the next, however long after', () => {
    const window = { start, end: '2026-03-01T13:00:00.000Z' }
    const next = { start: '2026-03-08T12:00:00.000Z', end: '2026-03-08T13:00:00.000Z' }
    const world = new UpgradeWorld().requested(requestOf({ window }), planOf(2))
    world.startWave()
    world.later(3540).do(tick(calm))
    world.end(2, 'withdrawn')
    expect(world.standing.counts).toMatchObject({ inFlight: 0, deferred: 2 })
    // Nobody has to ask what time it is while nobody can be admitted.
    world.later(60).do(tick(calm))
    expect(Date.parse(world.wakeUp ?? '') - Date.parse(world.now)).toBe(86_400_000)
    world.later(86_400).do(tick(calm))
    expect(world.standing.counts).toMatchObject({ deferred: 2, skipped: 0 })
    world.now = next.start
    world.do(moveWindow({ window: next, by: 'drydock' }, calm))
    expect(world.inFlight()).toEqual([
      { member: 0, n: 2 },
      { member: 1, n: 2 },
    ])
    // In the new window who is busy has as long as in the first.
    world.end(1, 'deferred')
    expect(types(world.later(300).do(tick(calm)))).toEqual(['TargetsAdmitted'])
  })

  test('a member that was withdrawn for a stop is assigned again after it, however long it lasted', () => {
    const world = new UpgradeWorld().requested(requestOf(), planOf(2))
    world.startWave()
    const frozen = { ...calm, freeze: { reason: 'incident', since: start } }
    world.facts = frozen
    world.do(tick(frozen))
    world.end(2, 'withdrawn')
    world.later(86_400).do(tick(frozen))
    expect(types(world.do(tick(calm)))).toEqual(['HoldLifted', 'TargetsAdmitted'])
    expect(world.standing.counts).toMatchObject({ inFlight: 2, skipped: 0 })
  })
})

describe('time', () => {
  test('ticking twice at one instant changes nothing the second time', () => {
    const world = new UpgradeWorld().requested(requestOf({ bakeSeconds: 60 }), planOf(4, [2, 4]))
    world.startWave()
    world.later(700).do(tick(calm))
    expect(world.do(tick(calm))).toEqual([])
    world.end(2, 'succeeded')
    world.later(60).do(tick(calm))
    expect(world.do(tick(calm))).toEqual([])
  })

  test('the log says when it wants to be asked: at the deadline of acceptance', () => {
    const world = new UpgradeWorld().requested(requestOf(), planOf(4))
    world.startWave()
    expect(world.wakeUp).toBe('2026-03-01T12:10:00.000Z')
    expect(types(world.later(600).do(tick(calm)))).toEqual(['DeadlinePassed'])
    expect(world.wakeUp, 'asked again five minutes later').toBe('2026-03-01T12:15:00.000Z')
  })

  test('whoever accepts at once and falls silent is asked after the time of one attempt, not after the time to accept', () => {
    const deadlines = { accept: 86_400, attempt: 3600, expected: 300 }
    const world = new UpgradeWorld().requested(requestOf({ deadlines }), planOf(4))
    world.startWave()
    expect(world.wakeUp).toBe('2026-03-01T13:00:00.000Z')
    expect(types(world.later(3600).do(tick(calm)))).toEqual(['DeadlinePassed'])
    world.do(moveDeadline({ chunk: 0, until: '2026-03-01T14:00:00.000Z' }))
    world.later(300).do(tick(calm))
    expect(world.wakeUp).toBe('2026-03-01T14:00:00.000Z')
  })

  test('before its window it waits, in its window it admits, at the end it holds and goes on in the next', () => {
    const window = { start: '2026-03-01T13:00:00.000Z', end: '2026-03-01T14:00:00.000Z' }
    const world = new UpgradeWorld().requested(requestOf({ window, parallel: 1 }), planOf(2))
    expect(world.standing.holds).toMatchObject([{ code: 'WINDOW_CLOSED', until: window.start }])
    expect(position(world.state, world.now)).toMatchObject({ move: 'window', timeoutSeconds: 3600 })
    world.later(3600)
    expect(types(world.startWave())).toEqual(['WaveStarted', 'HoldLifted', 'TargetsAdmitted'])
    world.later(3301)
    expect(types(world.end(1, 'succeeded')), 'an attempt of 300 s would not fit any more').toEqual([
      'OutcomesRecorded',
      'HoldPlaced',
    ])
    const next = { start: '2026-03-02T13:00:00.000Z', end: '2026-03-02T14:00:00.000Z' }
    world.do(resumeUpgrade({ by: 'alice', window: next }, calm))
    expect(world.standing.holds).toMatchObject([{ code: 'WINDOW_CLOSED', until: next.start }])
    world.now = next.start
    expect(types(world.do(tick(calm)))).toEqual(['HoldLifted', 'TargetsAdmitted'])
  })

  test('a stop holds and its lifting lets go on', () => {
    const world = new UpgradeWorld().requested(requestOf({ parallel: 1 }), planOf(2))
    world.startWave()
    world.facts = { ...calm, freeze: { reason: 'incident', since: start } }
    expect(types(world.end(1, 'succeeded'))).toEqual(['OutcomesRecorded', 'HoldPlaced'])
    world.facts = calm
    expect(types(world.do(tick(calm)))).toEqual(['HoldLifted', 'TargetsAdmitted'])
  })

  test('a stop does not hold what breaks the glass, once a second person has approved it, and the log says so (S6)', () => {
    const request = requestOf({
      kind: 'rollback',
      breakGlass: true,
      reason: 'loses orders',
      approvals: { required: 1, approvers: null, expiresInSeconds: 3600 },
    })
    const world = new UpgradeWorld()
    world.facts = { ...calm, freeze: { reason: 'incident', since: start } }
    world.requested(request, planOf(2))
    expect(world.standing.holds).toMatchObject([{ code: 'APPROVAL', ref: 'break-glass' }])
    expect(world.startWave()).toEqual([])
    const approve = (by: string) => world.do(approveUpgrade({ by, planHash: 'a1', comment: null }))
    expect(() => approve('alice')).toThrow('self-approval')
    approve('bob')
    expect(types(world.startWave())).toEqual(['WaveStarted', 'FreezeOverridden', 'TargetsAdmitted'])
    expect(world.story.find(({ type }) => type === 'FreezeOverridden')?.data).toEqual({
      freeze: 'incident',
      since: start,
      breakGlass: 'loses orders',
    })
  })

  test('a stop holds what would break the glass without anybody else', () => {
    const world = new UpgradeWorld().requested(requestOf({ breakGlass: true, reason: 'alone' }), planOf(2))
    world.facts = { ...calm, freeze: { reason: 'incident', since: start } }
    expect(types(world.startWave())).toEqual(['WaveStarted', 'HoldPlaced'])
  })

  test('a release withdrawn in the middle pauses the upgrade', () => {
    const world = new UpgradeWorld().requested(requestOf({ parallel: 1 }), planOf(2))
    world.startWave()
    world.facts = { ...calm, releaseWithdrawn: 'corrupts data' }
    world.end(1, 'succeeded')
    expect(world.standing.status).toBe('paused')
    expect(world.standing.counts.inFlight).toBe(0)
  })

  test('nobody approves in time: expired', () => {
    const request = requestOf({ approvals: { required: 1, approvers: null, expiresInSeconds: 60 } })
    const world = new UpgradeWorld().requested(request, planOf(2))
    expect(types(world.later(60).do(tick(calm)))).toEqual(['UpgradeExpired'])
    expect(world.standing.status).toBe('expired')
  })
})

describe('approval', () => {
  const request = requestOf({ approvals: { required: 2, approvers: null, expiresInSeconds: 600 } })
  const approve = (by: string, planHash = 'a1') => approveUpgrade({ by, planHash, comment: null })

  test('two distinct people, neither the requester, bound to the plan', () => {
    const world = new UpgradeWorld().requested(request, planOf(2))
    expect(() => world.do(approve('alice'))).toThrow('self-approval')
    expect(() => world.do(approve('bob', 'other'))).toThrow('plan-changed')
    world.do(approve('bob'))
    expect(world.do(approve('bob'))).toEqual([])
    expect(world.standing.status).toBe('pending_approval')
    world.do(approve('carol'))
    expect(world.standing.status).toBe('scheduled')
    expect(moveOf(world)).toBe('start-wave')
  })

  test('only the approvers named, where some are', () => {
    const named = requestOf({ approvals: { required: 1, approvers: ['bob'], expiresInSeconds: 600 } })
    const world = new UpgradeWorld().requested(named, planOf(2))
    expect(() => world.do(approve('carol'))).toThrow('not-an-approver')
  })

  test('a rejection is final', () => {
    const world = new UpgradeWorld().requested(request, planOf(2))
    world.do(rejectUpgrade({ by: 'bob', reason: 'not on a Friday' }))
    expect(world.do(rejectUpgrade({ by: 'bob', reason: 'not on a Friday' }))).toEqual([])
    expect(() => world.do(approve('carol'))).toThrow('nothing-to-approve')
    expect(moveOf(world)).toBe('ended')
  })

  test('continuing may want a second person', () => {
    const canary = requestOf({ continueByHand: true, continueBySecondPerson: true })
    const world = new UpgradeWorld().requested(canary, planOf(4, [1, 4]))
    world.startWave()
    world.end(1, 'succeeded')
    expect(() => world.do(continueUpgrade({ by: 'alice' }))).toThrow('self-approval')
    world.do(continueUpgrade({ by: 'bob' }))
    expect(moveOf(world)).toBe('start-wave')
  })
})

describe('commands that come again', () => {
  test('change nothing', () => {
    const world = new UpgradeWorld().requested(requestOf({ parallel: 1 }), planOf(3))
    expect(world.do(requestUpgrade({ request: requestOf(), by: 'alice' }))).toEqual([])
    world.startWave()
    expect(world.do(startWave({ wave: 0, generation: 1 }, calm))).toEqual([])
    const ended = [
      { member: 0, n: 1, outcome: 'succeeded', code: null, retryable: false, commit: 4 },
    ] as const
    world.do(recordOutcomes(ended, calm))
    expect(world.do(recordOutcomes(ended, calm))).toEqual([])
    world.do(pauseUpgrade({ by: 'alice', reason: 'look' }))
    expect(world.do(pauseUpgrade({ by: 'alice', reason: 'look' }))).toEqual([])
    world.do(resumeUpgrade({ by: 'alice' }, calm))
    expect(world.do(resumeUpgrade({ by: 'alice' }, calm))).toEqual([])
    world.do(abortUpgrade({ by: 'alice', reason: 'stop', rollBack: false }))
    expect(world.do(abortUpgrade({ by: 'alice', reason: 'stop', rollBack: false }))).toEqual([])
    world.end(1, 'succeeded')
    world.do(finishUpgrade({ generation: 1 }))
    expect(world.do(finishUpgrade({ generation: 1 }))).toEqual([])
    expect(world.standing.status).toBe('aborted')
  })
})

describe('executions', () => {
  test('one that ends early is followed by the next generation, at once while there is progress', () => {
    const world = new UpgradeWorld().requested(requestOf(), planOf(3))
    world.startWave()
    const end = (generation: number) => endExecution({ generation, status: 'ABORTED', cause: null })
    expect(types(world.do(end(1)))).toEqual(['ExecutionEnded', 'ExecutionStarting'])
    expect(world.do(end(1))).toEqual([])
    expect(types(world.do(end(2))), 'no progress: a pause first').toEqual(['ExecutionEnded'])
    expect(types(world.later(60).do(tick(calm)))).toEqual(['ExecutionStarting'])
    expect(world.standing.generation).toBe(3)
    expect(() => world.do(startWave({ wave: 0, generation: 1 }, calm))).toThrow('superseded')
  })

  test('a long history hands over before AWS would end it', () => {
    const plan = { ...planOf(1000), waves: { kind: 'batches', size: 1 } as const }
    const world = new UpgradeWorld().requested(requestOf(), plan)
    for (let round = 0; round < 400; round++) {
      world.startWave()
      world.end(1, 'succeeded')
    }
    expect(types(world.startWave())).toEqual(['ExecutionStarting'])
    expect(types(world.startWave())).toEqual(['WaveStarted', 'TargetsAdmitted'])
  })
})
