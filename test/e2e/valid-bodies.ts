const profile = {
  name: 'bad-input',
  schedule: { cron_expression: '0 2 * * 0', timezone: 'UTC', offset_days: 1, maintenance_window_hours: 4 },
  upgrade_settings: {
    ...{
      target_version: 'stable',
      pre_upgrade_checks: true,
      rollback_on_failure: true,
      parallel_upgrades: 3,
    },
  },
  resource_filters: { resource_types: ['publisher'] },
  depends_on: { profile_id: 'no-such' },
  approvals: { required: 1 },
}

const rollout = {
  name: 'a try',
  phases: [
    {
      ...{ name: 'one', component: 'no-such', version: 'v1.0.0', strategy: 'all', dependsOn: [] },
      ...{ pauseSeconds: 0, exceptions: 'hold' },
    },
  ],
  approvals: { required: 0 },
  onFailure: 'hold',
  reason: 'a try',
}

/** A body of every route that takes one, good enough to be understood; what it names does not exist. */
export const validBodies: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'POST /api/v1/targets/{id}/start-upgrade': { component: 'api', version: 'latest', reason: 'due' },
  'POST /api/v1/targets/{id}/acknowledge-alerts': { comment: 'seen' },
  'POST /api/upgrades/deploy': {
    ...{ component: 'no-such', version: 'v1.0.0', strategy: 'canary', canaryPercent: 10, parallel: 5 },
    ...{ bakeSeconds: 60, reason: 'a try', continueRequiresSecondPerson: true, autoContinue: false },
    failureThreshold: { percent: 10, absolute: 1, action: 'pause' },
    unreachableThreshold: { percent: 10 },
    approvals: { required: 1, approvers: ['anna'], expiresInSeconds: 3600 },
    gate: { successRatePercent: 99 },
    retry: { attempts: 1, delaySeconds: 60 },
    deadlines: { acceptSeconds: 60, attemptSeconds: 60, expectedSeconds: 60 },
    targets: { ids: ['no-such'] },
  },
  'POST /api/upgrades/plan': { component: 'no-such', version: 'v1.0.0', strategy: 'batch', batchSize: 3 },
  'POST /api/upgrades/{id}/continue': {},
  'POST /api/upgrades/{id}/approve': { planHash: 'ab'.repeat(32), comment: 'fine' },
  'POST /api/upgrades/{id}/reject': { reason: 'no' },
  'POST /api/upgrades/{id}/end-bake': { reason: 'seen enough' },
  'POST /api/upgrades/{id}/replay': {
    failureThreshold: { percent: 5, absolute: 2 },
    gate: { successRatePercent: 99 },
  },
  'POST /api/upgrades/{id}/measurements': { metric: 'review', value: 1 },
  'POST /api/upgrades/{id}/pause': { reason: 'no' },
  'POST /api/upgrades/{id}/resume': {
    window: { start: '2030-01-01T00:00:00Z', end: '2030-01-02T00:00:00Z' },
  },
  'POST /api/upgrades/{id}/abort': { reason: 'no', rollBack: true },
  'POST /api/upgrades/{id}/rollback': { reason: 'no' },
  'POST /api/upgrades/{id}/rollback/{customerId}': { reason: 'no' },
  'POST /api/upgrades/{id}/retry-failed': { reason: 'no' },
  'POST /api/upgrades/{id}/targets/{targetId}/skip': {},
  'PUT /api/v1/procedures/{name}': {
    steps: [{ id: 'look', name: 'Look', http: { request: { url: 'https://node.example/health' } } }],
  },
  'POST /api/v1/procedures/{name}/try': { targetId: 'no-such', component: 'api', version: 'v1.0.0' },
  'POST /api/v1/targets/{id}/steps/{step}/acknowledge': {
    ...{ attempt: '00000000-0000-4000-8000-000000000000', comment: 'seen' },
  },
  'POST /api/v1/targets/{id}/steps/{step}/settle': {
    ...{ attempt: '00000000-0000-4000-8000-000000000000', as: 'done', reason: 'seen' },
  },
  'POST /api/v1/updates/commands': { id: 'no-such', status: 'done', message: 'Done.', data: { left: 0 } },
  'POST /api/v1/callbacks': { status: 'done', message: 'Done.', data: { path: 'a' } },
  'POST /api/v1/rollouts': rollout,
  'POST /api/v1/rollouts/plan': rollout,
  'POST /api/v1/rollouts/{id}/approve': { planHash: 'ab'.repeat(32), comment: 'fine' },
  'POST /api/v1/rollouts/{id}/reject': { reason: 'no' },
  'POST /api/v1/rollouts/{id}/pause': { reason: 'no' },
  'POST /api/v1/rollouts/{id}/resume': {},
  'POST /api/v1/rollouts/{id}/continue': { phase: 'one', reason: 'no' },
  'POST /api/v1/rollouts/{id}/abort': { reason: 'no', rollBack: true },
  'POST /api/v1/rollouts/{id}/rollback': { reason: 'no', phases: ['one'] },
  'POST /api/v1/targets': {
    ...{ id: 'bad-input', type: 'customer', region: 'eu', critical: false, namespace: 'n', gateway: 'g' },
    ...{ tags: { tier: 'gold' }, components: { api: 'v1' }, enrol: false },
  },
  'PATCH /api/v1/targets/{id}': { type: 'customer', region: 'eu', critical: true, tags: { tier: 'gold' } },
  'POST /api/v1/targets/{id}/pin': { component: 'api', reason: 'no' },
  'POST /api/v1/targets/{id}/retire': { reason: 'no', force: true },
  'POST /api/v1/targets/{id}/enrolment': {},
  'POST /api/v1/releases': {
    ...{ component: 'bad-input', version: 'v1.0.0', channel: 'stable', digest: `sha256:${'0'.repeat(64)}` },
    notes: 'none',
  },
  'POST /api/v1/releases/{component}/{version}/free': { reason: 'no' },
  'PUT /api/v1/components/{component}': { scheme: 'dotted' },
  'POST /api/v1/releases/{component}/{version}/withdraw': { reason: 'no' },
  'POST /api/v1/releases/{component}/{version}/promote': { channel: 'stable', reason: 'no' },
  'POST /api/v1/releases/{component}/{version}/block': { reason: 'no' },
  'POST /api/v1/releases/{component}/{version}/unblock': { reason: 'no' },
  'POST /api/v1/keys': {
    ...{ publicKey: Buffer.alloc(32, 7).toString('base64'), label: 'nobody', components: ['no-such'] },
    channels: ['none'],
  },
  'POST /api/v1/keys/{key}/revoke': { reason: 'no', from: '2030-01-01T00:00:00Z' },
  'PUT /api/v1/trust': { threshold: 1, components: { 'no-such': 1 } },
  'PUT /api/v1/policies/{name}': {
    description: 'none',
    selector: { components: ['no-such'], tags: { tier: 'gold' }, environments: ['none'] },
    approvals: { required: 1, approvers: ['nobody', 'somebody'], role: 'admin', expiresInSeconds: 60 },
    blockedVersions: ['v1.0.0'],
  },
  'POST /api/v1/upgrade-profiles': profile,
  'PUT /api/v1/upgrade-profiles/{id}': { ...profile, status: 'inactive' },
  'POST /api/v1/upgrade-profiles/{id}/assignments': {
    resource_assignments: [{ resource_id: 'no-such', resource_type: 'publisher', priority: 1 }],
  },
  'POST /api/v1/upgrade-profiles/{id}/executions': { reason: 'no' },
  'PUT /api/v1/calendars/{name}': {
    ...{ kind: 'dates', timezone: 'UTC', dates: [{ date: '12-25', name: 'holiday' }] },
  },
  'POST /api/v1/stop': { reason: 'no' },
  'POST /api/v1/agents/enrol': { key: 'A'.repeat(43) },
  'POST /api/v1/updates/status': {
    ...{ version: 'v1', status: 'in-progress', timestamp: '2026-01-01T00:00:00Z', details: 'words' },
    ...{ attempt: '00000000-0000-4000-8000-000000000000', sequence: 1, code: 'X', retryable: true },
    target: 'no-such',
  },
}
