import { describe, expect, it } from 'vitest'
import type { Session } from '../../../clients/console/person.ts'
import { type Action, actions, hindrance } from '../../../clients/console/pictures/actions.ts'

const hold = (code: string) => ({ code, since: '', until: null, ref: null, unblock: '', lapses: null })
const standing = {
  ...{
    status: 'in_progress',
    holds: [] as ReturnType<typeof hold>[],
    requestedBy: 'ann',
    completed: 0,
    failed: 0,
    unreachable: 0,
  },
  ...{ planHash: '0123456789abcdef', rolledBack: 0 },
}
const session = (subject: string, ...roles: Session['roles']): Session => ({
  token: '',
  name: subject,
  subject,
  roles,
})
const bob = session('bob', 'operator', 'approver')

describe('what may be done with an upgrade', () => {
  it('is nothing for who only looks, and says for whom it is', () => {
    for (const action of actions)
      expect(hindrance(action, standing, session('eve', 'viewer'))).toMatch(/^Only for /)
  })

  it('is to approve, for somebody else than who asked', () => {
    const waits = { ...standing, status: 'pending_approval', holds: [hold('APPROVAL')] }
    expect(hindrance('approveUpgrade', waits, bob)).toBeUndefined()
    expect(hindrance('approveUpgrade', waits, session('ann', 'admin'))).toBe(
      'You have asked for it: somebody else approves.',
    )
    expect(hindrance('approveUpgrade', { ...waits, planHash: null }, bob)).toBe(
      'Nothing waits for an approval.',
    )
    expect(hindrance('rejectUpgrade', waits, bob)).toBeUndefined()
  })

  it.each<[Action, Partial<typeof standing>]>([
    ['continueUpgrade', { holds: [hold('CONTINUE')] }],
    ['resumeUpgrade', { status: 'paused' }],
    ['pauseUpgrade', {}],
    ['endBake', { holds: [hold('BAKING')] }],
    ['retryFailed', { status: 'failed', failed: 1 }],
    ['rollBackUpgrade', { status: 'completed', completed: 3 }],
    ['abortUpgrade', {}],
  ])('is %s where it is %j, and not where it is over and has changed nobody', (action, given) => {
    expect(hindrance(action, { ...standing, ...given }, bob)).toBeUndefined()
    expect(hindrance(action, { ...standing, status: 'rejected' }, bob)).toBeTypeOf('string')
  })
})
