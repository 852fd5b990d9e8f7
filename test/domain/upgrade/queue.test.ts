import { describe, expect, it } from 'vitest'
import type { HoldCode } from '../../../functions/domain/upgrade/hold.ts'
import { type QueueState, queueStateOf } from '../../../functions/domain/upgrade/queue.ts'
import type { UpgradeStatus } from '../../../functions/domain/upgrade/status.ts'
import { start } from '../given.ts'

const hold = (code: HoldCode) => ({ code, since: start, until: null, ref: null, lapses: null })

describe('the job of an upgrade in its queue', () => {
  it.each<[QueueState, UpgradeStatus]>([
    ['waiting', 'requested'],
    ['waiting', 'pending_approval'],
    ['waiting', 'scheduled'],
    ['active', 'running'],
    ['active', 'aborting'],
    ['delayed', 'paused'],
    ['completed', 'completed'],
    ['completed', 'completed_with_exceptions'],
    ['failed', 'aborted'],
    ['failed', 'failed'],
    ['failed', 'rejected'],
    ['failed', 'expired'],
  ])('is %s while the upgrade is %s', (state, status) => {
    expect(queueStateOf({ status, holds: [] })).toBe(state)
  })
  it.each(['WINDOW_CLOSED', 'FREEZE'] as const)(
    'is delayed by %s, be it before the upgrade begins or while it runs',
    (code) => {
      expect(queueStateOf({ status: 'scheduled', holds: [hold(code)] })).toBe('delayed')
      expect(queueStateOf({ status: 'running', holds: [hold('BAKING'), hold(code)] })).toBe('delayed')
    },
  )
  it.each(['APPROVAL', 'CONTINUE', 'BAKING', 'GATE_FAILED', 'GATE_INCONCLUSIVE'] as const)(
    'is not delayed by %s',
    (code) => {
      expect(queueStateOf({ status: 'running', holds: [hold(code)] })).toBe('active')
    },
  )
})
