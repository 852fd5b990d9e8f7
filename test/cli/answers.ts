import type { AnswerOf } from '../../contracts/bodies.ts'

/** A plan's hash as the API has it. */
export const planHash = '9e19109d95f3529a1904a80e3eab233f27dab7d50bf9ed420add57fa3e7699b5'

type Upgrade = AnswerOf<'getUpgrade'>

/** An upgrade as the API answers it: a canary that is under way, but for what is given. */
export function upgrade(given: Partial<Upgrade> = {}): Upgrade {
  const wave = { group: null, failed: 0, unreachable: 0, skipped: 0 }
  return {
    ...{ id: 'up-1', upgradeId: 'up-1', jobId: 'up-1-1', kind: 'deploy', parentId: null, rolloutId: null },
    ...{ component: 'api', version: 'v1.2.0', strategy: 'canary', status: 'in_progress' },
    ...{ total: 50, completed: 5, failed: 0, inProgress: 2, skipped: 0, unreachable: 0 },
    ...{ rolledBack: 0, retrying: 0, deferred: 0, wave: 2, waveCount: 2 },
    startedAt: '2026-11-28T01:00:00.000Z',
    completedAt: null,
    waves: [
      { ...wave, wave: 1, size: 5, succeeded: 5 },
      { ...wave, wave: 2, size: 45, succeeded: 0 },
    ],
    ...{ holds: [], defects: null, requestedBy: 'ann', requestedAt: '2026-11-28T01:00:00.000Z' },
    ...{
      reason: null,
      planHash,
      request: {},
      plan: null,
      approvals: [],
      children: [],
      takenBackBy: null,
      failure: null,
    },
    failures: [],
    ...{
      againstRelease: [],
      window: null,
      generation: 1,
      position: { move: 'wave', place: 0 },
      ...{ actions: [], breakGlassActions: [] },
      commit: 7,
    },
    ...given,
  }
}

/** A reason why an upgrade does not advance. */
export function hold(code: string, given: Partial<Upgrade['holds'][number]> = {}): Upgrade['holds'][number] {
  return {
    ...{
      code,
      since: '2026-11-28T01:00:00.000Z',
      until: null,
      ref: null,
      unblock: `${code} ends.`,
      lapses: null,
    },
    ...given,
  }
}

/** What a deploy is answered with. */
export const deployed: AnswerOf<'deployUpgrade'> = {
  ...{
    upgradeId: 'up-1',
    jobId: 'up-1-1',
    strategy: 'canary',
    message: 'Canary upgrade started for 5 customers',
  },
  ...{
    procedure: null,
    leftOutCounts: {},
    approvals: { required: 0, reason: null },
    warnings: [],
    overlaps: [],
  },
}

/** A problem document. */
export function problem(status: number, code: string, more: object = {}) {
  return [
    status,
    {
      ...{ type: `urn:drydock:problem:${code}`, title: code, status, detail: `It is ${code}.`, code },
      ...{ instance: '/', correlationId: 'c-1', ...more },
    },
  ] as const
}

type Rollout = AnswerOf<'getRollout'>

/** A rollout of two phases as the API answers it, but for what is given. */
export function rollout(given: Partial<Rollout> = {}): Rollout {
  const phase = {
    ...{
      status: 'completed',
      planHash: null,
      total: 10,
      completed: 10,
      failed: 0,
      skipped: 0,
      inProgress: 0,
    },
    ...{ startedAt: null, completedAt: null, passed: true, accepted: false, holds: [] },
  }
  return {
    ...{
      rolloutId: 'ro-1',
      jobId: 'ro-1-1',
      kind: 'deploy',
      parentId: null,
      name: 'Platform',
      status: 'completed',
    },
    ...{
      phaseCount: 2,
      phasesBegun: 2,
      phasesEnded: 2,
      planHash,
      approvals: { needed: 0, given: 0, withinSeconds: 60 },
    },
    ...{ requestedBy: 'ann', requestedAt: '2026-11-28T01:00:00.000Z', startedAt: null, completedAt: null },
    ...{ failure: null, total: 20, completed: 20, failed: 0, holds: [], reason: null, onFailure: 'hold' },
    phases: [
      { ...phase, name: 'databases', dependsOn: [], upgradeId: 'up-1' },
      { ...phase, name: 'workers', dependsOn: ['databases'], upgradeId: 'up-2' },
    ],
    ...{ approvalsGiven: [], children: [], takenBackBy: null, abort: null, generation: 1, commit: 9 },
    position: { move: 'phases', place: 1 },
    ...{ actions: [], breakGlassActions: [] },
    ...given,
  }
}

/** What waits for an approval of that upgrade, but for what is given. */
export function waitingFor(
  given: Partial<AnswerOf<'listApprovals'>['approvals'][number]> = {},
): AnswerOf<'listApprovals'>['approvals'][number] {
  return {
    ...{ kind: 'upgrade', upgradeId: 'up-1', rolloutId: null, profileId: null, name: null, targetId: null },
    ...{
      attempt: null,
      step: null,
      ask: null,
      phases: null,
      waitsFor: 'approve',
      component: 'api',
      version: 'v1.2.0',
    },
    ...{ planHash, total: 1, reason: null, window: null, requestedBy: 'ann', requestedAt: 'now' },
    ...{ since: 'now', lapses: null, needed: 1, given: 0, youMay: true, yours: false },
    may: { roles: ['approver'], approvers: null, except: [] },
    ...{ leftOutCounts: {}, againstRelease: [] },
    ...given,
  }
}
