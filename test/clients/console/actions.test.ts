import { describe, expect, it } from 'vitest'
import type { Session } from '../../../clients/console/person.ts'
import { actions, hindrance, mayTry, rolloutActions } from '../../../clients/console/pictures/actions.ts'
import { upgradeStatuses } from '../../../contracts/statuses.ts'

const standing = {
  ...{ status: 'in_progress', actions: [...actions], breakGlassActions: [], requestedBy: 'ann' },
  approvals: [{ by: 'carl', at: '', window: null, comment: null }],
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

  it('is what the API says, and nothing else', () => {
    for (const action of actions) {
      expect([action, hindrance(action, standing, bob)]).toEqual([action, undefined])
      const others = actions.filter((other) => other !== action)
      for (const status of upgradeStatuses)
        expect(hindrance(action, { ...standing, status, actions: others }, bob)).toMatch(/^\w.*\.$/)
    }
  })

  it('is to approve, for somebody else than who asked or has approved', () => {
    expect(hindrance('approveUpgrade', standing, session('ann', 'admin'))).toBe(
      'You have asked for it: somebody else approves.',
    )
    expect(hindrance('approveUpgrade', standing, session('carl', 'approver'))).toBe('You have approved it.')
    expect(hindrance('rejectUpgrade', standing, session('ann', 'admin'))).toBe(
      'You have asked for it: abort it instead.',
    )
  })
})

describe('what may be done with a rollout', () => {
  const names = rolloutActions.map(([action]) => action)
  const rollout = {
    ...{ actions: names, breakGlassActions: [], requestedBy: 'ann' },
    approvalsGiven: [{ by: 'carl', at: '', comment: null }],
  }
  it.each(names)('%s is offered where the API says so, to who may', (action) => {
    expect(mayTry(action, rollout, bob)).toBe(true)
    expect(mayTry(action, { ...rollout, actions: names.filter((name) => name !== action) }, bob)).toBe(false)
    expect(mayTry(action, rollout, session('eve', 'viewer'))).toBe(false)
  })
  it('is never to decide on what one has asked for, or to approve twice', () => {
    expect(mayTry('approveRollout', rollout, session('ann', 'admin'))).toBe(false)
    expect(mayTry('rejectRollout', rollout, session('ann', 'admin'))).toBe(false)
    expect(mayTry('approveRollout', rollout, session('carl', 'approver'))).toBe(false)
  })
})
