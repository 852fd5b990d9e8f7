/**
 * Every route of the API, who may call it, and which Lambda function serves it. The deployed gateway and `/openapi.json` are
 * both made from this table, so that neither can know a route the other does not.
 */

/** What a person or a tool may be, taken from the role claim of its token. */
export const roles = ['viewer', 'operator', 'approver', 'admin'] as const
export type Role = (typeof roles)[number]

/** One Lambda function per group. */
export const groups = [
  'upgrades',
  'targets',
  'releases',
  'operations',
  'profiles',
  'agents',
  'system',
] as const
export type Group = (typeof groups)[number]

/** `public`: no credential. `agent`: the Lambda authorizer. A list: the JWT authorizer and any one of these roles. */
export type Access = 'public' | 'agent' | readonly Role[]

export interface Route {
  readonly operation: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: `/${string}`
  readonly group: Group
  readonly access: Access
}

const read = ['viewer', 'operator', 'approver', 'admin'] as const
const operate = ['operator', 'admin'] as const
const approve = ['approver', 'admin'] as const
const proceed = ['operator', 'approver', 'admin'] as const

export const routes = [
  {
    operation: 'deployUpgrade',
    method: 'POST',
    path: '/api/upgrades/deploy',
    group: 'upgrades',
    access: operate,
  },
  { operation: 'planUpgrade', method: 'POST', path: '/api/upgrades/plan', group: 'upgrades', access: read },
  { operation: 'listUpgrades', method: 'GET', path: '/api/upgrades', group: 'upgrades', access: read },
  { operation: 'getUpgrade', method: 'GET', path: '/api/upgrades/{id}', group: 'upgrades', access: read },
  {
    operation: 'getUpgradeStatus',
    method: 'GET',
    path: '/api/upgrades/{id}/status',
    group: 'upgrades',
    access: read,
  },
  {
    operation: 'getUpgradeLogs',
    method: 'GET',
    path: '/api/upgrades/{id}/logs',
    group: 'upgrades',
    access: read,
  },
  {
    operation: 'getUpgradeEvents',
    method: 'GET',
    path: '/api/upgrades/{id}/events',
    group: 'upgrades',
    access: read,
  },
  {
    operation: 'getBlastRadius',
    method: 'GET',
    path: '/api/upgrades/{id}/blast-radius',
    group: 'upgrades',
    access: read,
  },
  {
    operation: 'continueUpgrade',
    method: 'POST',
    path: '/api/upgrades/{id}/continue',
    group: 'upgrades',
    access: proceed,
  },
  {
    operation: 'approveUpgrade',
    method: 'POST',
    path: '/api/upgrades/{id}/approve',
    group: 'upgrades',
    access: approve,
  },
  {
    operation: 'rejectUpgrade',
    method: 'POST',
    path: '/api/upgrades/{id}/reject',
    group: 'upgrades',
    access: approve,
  },
  {
    operation: 'pauseUpgrade',
    method: 'POST',
    path: '/api/upgrades/{id}/pause',
    group: 'upgrades',
    access: operate,
  },
  {
    operation: 'resumeUpgrade',
    method: 'POST',
    path: '/api/upgrades/{id}/resume',
    group: 'upgrades',
    access: operate,
  },
  {
    operation: 'abortUpgrade',
    method: 'POST',
    path: '/api/upgrades/{id}/abort',
    group: 'upgrades',
    access: operate,
  },
  {
    operation: 'rollBackUpgrade',
    method: 'POST',
    path: '/api/upgrades/{id}/rollback',
    group: 'upgrades',
    access: operate,
  },
  {
    operation: 'rollBackCustomer',
    method: 'POST',
    path: '/api/upgrades/{id}/rollback/{customerId}',
    group: 'upgrades',
    access: operate,
  },
  {
    operation: 'retryFailed',
    method: 'POST',
    path: '/api/upgrades/{id}/retry-failed',
    group: 'upgrades',
    access: operate,
  },
  {
    operation: 'skipTarget',
    method: 'POST',
    path: '/api/upgrades/{id}/targets/{targetId}/skip',
    group: 'upgrades',
    access: operate,
  },

  {
    operation: 'registerTargets',
    method: 'POST',
    path: '/api/v1/targets',
    group: 'targets',
    access: operate,
  },
  { operation: 'listTargets', method: 'GET', path: '/api/v1/targets', group: 'targets', access: read },
  { operation: 'getTarget', method: 'GET', path: '/api/v1/targets/{id}', group: 'targets', access: read },
  {
    operation: 'patchTarget',
    method: 'PATCH',
    path: '/api/v1/targets/{id}',
    group: 'targets',
    access: operate,
  },
  {
    operation: 'pinTarget',
    method: 'POST',
    path: '/api/v1/targets/{id}/pin',
    group: 'targets',
    access: operate,
  },
  {
    operation: 'unpinTarget',
    method: 'DELETE',
    path: '/api/v1/targets/{id}/pin',
    group: 'targets',
    access: operate,
  },
  {
    operation: 'retireTarget',
    method: 'POST',
    path: '/api/v1/targets/{id}/retire',
    group: 'targets',
    access: operate,
  },
  {
    operation: 'issueEnrolment',
    method: 'POST',
    path: '/api/v1/targets/{id}/enrolment',
    group: 'targets',
    access: operate,
  },
  {
    operation: 'explainTarget',
    method: 'GET',
    path: '/api/v1/targets/{id}/explain',
    group: 'targets',
    access: read,
  },

  {
    operation: 'registerRelease',
    method: 'POST',
    path: '/api/v1/releases',
    group: 'releases',
    access: operate,
  },
  { operation: 'listReleases', method: 'GET', path: '/api/v1/releases', group: 'releases', access: read },
  {
    operation: 'getRelease',
    method: 'GET',
    path: '/api/v1/releases/{component}/{version}',
    group: 'releases',
    access: read,
  },
  {
    operation: 'withdrawRelease',
    method: 'POST',
    path: '/api/v1/releases/{component}/{version}/withdraw',
    group: 'releases',
    access: operate,
  },

  { operation: 'listApprovals', method: 'GET', path: '/api/v1/approvals', group: 'operations', access: read },
  { operation: 'getStop', method: 'GET', path: '/api/v1/stop', group: 'operations', access: read },
  { operation: 'stopEverything', method: 'POST', path: '/api/v1/stop', group: 'operations', access: operate },
  { operation: 'liftStop', method: 'DELETE', path: '/api/v1/stop', group: 'operations', access: operate },
  { operation: 'getQueueStats', method: 'GET', path: '/api/queue/stats', group: 'operations', access: read },
  {
    operation: 'getQueueJob',
    method: 'GET',
    path: '/api/queue/jobs/{jobId}',
    group: 'operations',
    access: read,
  },

  {
    operation: 'createUpgradeProfile',
    method: 'POST',
    path: '/api/v1/upgrade-profiles',
    group: 'profiles',
    access: operate,
  },
  {
    operation: 'getUpgradeProfiles',
    method: 'GET',
    path: '/api/v1/upgrade-profiles',
    group: 'profiles',
    access: read,
  },
  {
    operation: 'getUpgradeProfile',
    method: 'GET',
    path: '/api/v1/upgrade-profiles/{id}',
    group: 'profiles',
    access: read,
  },
  {
    operation: 'updateUpgradeProfile',
    method: 'PUT',
    path: '/api/v1/upgrade-profiles/{id}',
    group: 'profiles',
    access: operate,
  },
  {
    operation: 'deleteUpgradeProfile',
    method: 'DELETE',
    path: '/api/v1/upgrade-profiles/{id}',
    group: 'profiles',
    access: operate,
  },
  {
    operation: 'assignUpgradeProfile',
    method: 'POST',
    path: '/api/v1/upgrade-profiles/{id}/assignments',
    group: 'profiles',
    access: operate,
  },
  {
    operation: 'getAssignmentJob',
    method: 'GET',
    path: '/api/v1/upgrade-profiles/{id}/assignments/jobs/{jobId}',
    group: 'profiles',
    access: read,
  },
  {
    operation: 'startProfileExecution',
    method: 'POST',
    path: '/api/v1/upgrade-profiles/{id}/executions',
    group: 'profiles',
    access: operate,
  },
  {
    operation: 'getUpgradeHistory',
    method: 'GET',
    path: '/api/v1/upgrade-profiles/{id}/history',
    group: 'profiles',
    access: read,
  },
  {
    operation: 'defineCalendar',
    method: 'PUT',
    path: '/api/v1/calendars/{name}',
    group: 'profiles',
    access: operate,
  },
  {
    operation: 'deleteCalendar',
    method: 'DELETE',
    path: '/api/v1/calendars/{name}',
    group: 'profiles',
    access: operate,
  },
  { operation: 'listCalendars', method: 'GET', path: '/api/v1/calendars', group: 'profiles', access: read },
  {
    operation: 'getCalendar',
    method: 'GET',
    path: '/api/v1/calendars/{name}',
    group: 'profiles',
    access: read,
  },
  {
    operation: 'getCalendarState',
    method: 'GET',
    path: '/api/v1/calendars/{name}/state',
    group: 'profiles',
    access: read,
  },

  { operation: 'enrolAgent', method: 'POST', path: '/api/v1/agents/enrol', group: 'agents', access: 'agent' },
  {
    operation: 'checkForUpdate',
    method: 'GET',
    path: '/api/v1/updates/check',
    group: 'agents',
    access: 'agent',
  },
  {
    operation: 'reportUpdateStatus',
    method: 'POST',
    path: '/api/v1/updates/status',
    group: 'agents',
    access: 'agent',
  },

  { operation: 'getHealth', method: 'GET', path: '/health', group: 'system', access: 'public' },
  { operation: 'getOpenApi', method: 'GET', path: '/openapi.json', group: 'system', access: 'public' },
] as const satisfies readonly Route[]

export type Operation = (typeof routes)[number]['operation']
