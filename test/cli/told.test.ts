import { describe, expect, it } from 'vitest'
import type { AnswerOf } from '../../contracts/bodies.ts'
import { planHash, upgrade } from './answers.ts'
import { commandAt, standIn } from './stand-in.ts'

type Upgrade = AnswerOf<'getUpgrade'>

const leftOut = { pinned: 1, not_entitled: 2 }
const plan: NonNullable<Upgrade['plan']> = {
  ...{ planHash, version: 'v1.2.0', digest: null, members: 50, waves: [5, 45], leftOut },
  ...{ droppedWaves: [], droppedGroups: [], rolling: null, spacingSeconds: null, exposure: null },
  expectedAttempt: { seconds: 300, source: 'default', attempts: null },
  ...{ policyVersion: 1, releaseVersion: 1 },
}
const held: Upgrade['againstRelease'][number] = {
  code: 'held_back',
  detail: 'api v1.2.0 is held back since Monday (it loses orders).',
  unblock: 'Somebody frees it, with a reason.',
}
const waits = upgrade({ status: 'pending_approval', plan, againstRelease: [held] })

const waiting: AnswerOf<'listApprovals'>['approvals'][number] = {
  ...{ kind: 'upgrade', upgradeId: 'up-1', rolloutId: null, profileId: null, name: null, targetId: null },
  ...{ attempt: null, step: null, ask: null, waitsFor: 'approve', component: 'api', version: 'v1.2.0' },
  ...{ planHash, total: 1, reason: null, window: null, requestedBy: 'ann', requestedAt: 'now' },
  ...{ since: 'now', lapses: null, needed: 1, given: 0, youMay: true, yours: false },
  may: { roles: ['approver'], approvers: null, except: [] },
  ...{ leftOutCounts: leftOut, againstRelease: [held] },
}

describe('who is left out, and that a release is held back, is said', () => {
  it.each([
    [['status', 'up-1'], {}],
    [['explain', 'up-1'], {}],
    [['approve', 'up-1'], { isTTY: true, typed: 'n\n', columns: 200 }],
    [['approvals'], {}],
  ] as const)('by %j', async (words, terminal) => {
    const api = await standIn(({ path }) => {
      if (path.endsWith('/approvals')) return [200, { approvals: [waiting], count: 1, nextCursor: null }]
      if (path.endsWith('/events'))
        return [200, { upgradeId: 'up-1', count: 0, nextCursor: null, events: [] }]
      return [200, waits]
    })
    const { out } = await commandAt(api, words, terminal)
    const text = out.replaceAll(/\s+/g, ' ')
    expect(text).toContain('1 pinned')
    expect(text).toContain('2 without a licence for the release')
    expect(text).toContain('held back since Monday')
    expect(text).toContain('drydock releases free api v1.2.0 --reason')
    // One is one.
    expect(text).not.toMatch(/\b1 (targets|approvals|waves)\b/)
  })

  it('by a plan, with names and what they do not meet', async () => {
    const detail = 'database is PostgreSQL 14, and the release asks for 15'
    const planned: AnswerOf<'planUpgrade'> = {
      ...{ planHash, version: 'v1.2.0', digest: null, procedure: null, total: 1 },
      ...{ waves: [], canary: null, droppedWaves: [], droppedGroups: [], members: [] },
      leftOut: [
        ...['a', 'b', 'c', 'd', 'e', 'f'].map((targetId) => ({ targetId, reason: 'pinned' })),
        { targetId: 'cust_0009', reason: 'incompatible', detail },
      ],
      leftOutCounts: { pinned: 7, incompatible: 1 },
      ...{ warnings: [], overlaps: [], approvals: { required: 0, reason: null }, window: null },
      expectedAttempt: { seconds: 300, source: 'default', attempts: null },
      expectedFinish: 'soon',
      forecast: { ends: null, seconds: null, waitsFor: [], basis: { durations: 0, upgrades: 0 } },
      truncated: false,
    }
    const api = await standIn(() => [200, planned])
    const words = ['plan', '--component', 'api', '--version', 'v1.2.0', '--strategy', 'all']
    const { out } = await commandAt(api, words)
    const text = out.replaceAll(/\s+/g, ' ')
    expect(text).toContain('7 pinned: a, b, c, d, e, and 2 more')
    expect(text).toContain(`1 unfit for the release: cust_0009 (${detail})`)
    expect(text).toContain('1 target in 0 waves')
  })
})
