import { describe, expect, test } from 'vitest'
import { contracts } from '../../contracts/api.ts'
import { platform, started, twoPhases } from './rollout-world.ts'

/** Returns the fields that a refusal names. */
const fieldsOf = (body: { errors?: readonly { field: string }[] }) =>
  (body.errors ?? []).map(({ field }) => field)

describe('what commands on rollouts take is what those on upgrades take', () => {
  test('a rollback has a window or ignores it, not both', async () => {
    const world = await platform()
    const id = await started(world)
    const window = { start: '2026-02-01T00:00:00Z', end: '2026-02-02T00:00:00Z' }
    const before = world.log.records.length
    const reply = await world.call('POST', `/api/v1/rollouts/${id}/rollback`, {
      body: { window, ignoreWindow: true },
    })
    expect([reply.status, reply.body.code, fieldsOf(reply.body)]).toEqual([
      400,
      'validation-failed',
      ['ignoreWindow'],
    ])
    expect(world.log.records).toHaveLength(before)
  })

  test('as many approvers as are required', async () => {
    const world = await platform()
    const approvals = { required: 2, approvers: ['approver-1', 'approver-1'] }
    const reply = await world.call('POST', '/api/v1/rollouts/plan', { body: { ...twoPhases, approvals } })
    expect([reply.status, reply.body.errors]).toEqual([
      400,
      [
        expect.objectContaining({
          field: 'approvals.approvers',
          expected: expect.stringMatching(/^at least 2 people/),
        }),
      ],
    ])
  })

  test('a rule of approvals that nobody could meet is told by its phase', async () => {
    const world = await platform()
    const [first, second] = twoPhases.phases
    const own = { ...second, approvals: { required: 1, approvers: ['operator-1'] } }
    const body = { ...twoPhases, phases: [first, own] }
    const reply = await world.call('POST', '/api/v1/rollouts', { body })
    expect([reply.status, fieldsOf(reply.body)]).toEqual([400, ['phases.1.approvals.approvers']])
  })

  test.each([
    ['rejectUpgrade', 'rejectRollout'],
    ['pauseUpgrade', 'pauseRollout'],
    ['abortUpgrade', 'abortRollout'],
  ] as const)('%s and %s take one body', (upgrade, rollout) => {
    expect(contracts[rollout].body).toBe(contracts[upgrade].body)
  })
})
