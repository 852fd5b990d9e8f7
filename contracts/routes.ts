/**
 * Every route of the API, who may call it, and which Lambda function serves it. The deployed gateway, its authorizers and
 * `/openapi.json` are made from this table, so that none of them can know a route the others do not.
 */

/** Where one machine serves them, unless it is told otherwise. */
export const localUrl = 'http://127.0.0.1:3100'

/** What a person or a tool may be, taken from the role claim of its token. */
export const roles = ['viewer', 'operator', 'approver', 'admin'] as const
export type Role = (typeof roles)[number]

/** One Lambda function per group. */
export const groups = [
  'upgrades',
  'evidence',
  'rollouts',
  'procedures',
  'targets',
  'releases',
  'operations',
  'notifications',
  'profiles',
  'calendars',
  'agents',
  'mcp',
  'system',
] as const
export type Group = (typeof groups)[number]

/**
 * `public`: no credential. `agent`: the Lambda authorizer. `capability`: nobody at the gateway; the function checks the text that was given for one thing. A
 * list: the JWT authorizer and any one of these roles.
 */
export type Access = 'public' | 'agent' | 'capability' | readonly Role[]

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
type Row = readonly [operation: string, method: Method, path: `/${string}`, group: Group, access: Access]

const read = ['viewer', 'operator', 'approver', 'admin'] as const
const operate = ['operator', 'admin'] as const
// Whose word about releases counts, and what upgrades have to meet, is no everyday business.
const administer = ['admin'] as const
const approve = ['approver', 'admin'] as const
// Whoever answers for the word to go may also take it back: pause, abort, roll back.
const proceed = ['operator', 'approver', 'admin'] as const

// biome-ignore format: one line an operation, in columns
const table = [
  ['deployUpgrade',         'POST',   '/api/upgrades/deploy',                                   'upgrades',   operate],
  ['planUpgrade',           'POST',   '/api/upgrades/plan',                                     'upgrades',   read],
  ['listUpgrades',          'GET',    '/api/upgrades',                                          'upgrades',   read],
  ['getUpgrade',            'GET',    '/api/upgrades/{id}',                                     'upgrades',   read],
  ['getUpgradeStatus',      'GET',    '/api/upgrades/{id}/status',                              'upgrades',   read],
  ['getUpgradeLogs',        'GET',    '/api/upgrades/{id}/logs',                                'upgrades',   read],
  ['getUpgradeEvents',      'GET',    '/api/upgrades/{id}/events',                              'upgrades',   read],
  ['getBlastRadius',        'GET',    '/api/upgrades/{id}/blast-radius',                        'upgrades',   read],
  ['getEvidence',           'GET',    '/api/upgrades/{id}/evidence',                            'evidence',   read],
  ['forecastUpgrade',       'GET',    '/api/upgrades/{id}/forecast',                            'upgrades',   read],
  ['replayUpgrade',         'POST',   '/api/upgrades/{id}/replay',                               'upgrades',   read],
  ['continueUpgrade',       'POST',   '/api/upgrades/{id}/continue',                            'upgrades',   proceed],
  ['approveUpgrade',        'POST',   '/api/upgrades/{id}/approve',                             'upgrades',   approve],
  ['rejectUpgrade',         'POST',   '/api/upgrades/{id}/reject',                              'upgrades',   approve],
  ['pauseUpgrade',          'POST',   '/api/upgrades/{id}/pause',                               'upgrades',   proceed],
  ['resumeUpgrade',         'POST',   '/api/upgrades/{id}/resume',                              'upgrades',   operate],
  ['endBake',               'POST',   '/api/upgrades/{id}/end-bake',                            'upgrades',   operate],
  ['postMeasurement',       'POST',   '/api/upgrades/{id}/measurements',                         'upgrades',   operate],
  ['abortUpgrade',          'POST',   '/api/upgrades/{id}/abort',                               'upgrades',   proceed],
  ['rollBackUpgrade',       'POST',   '/api/upgrades/{id}/rollback',                            'upgrades',   proceed],
  ['rollBackCustomer',      'POST',   '/api/upgrades/{id}/rollback/{customerId}',               'upgrades',   proceed],
  ['retryFailed',           'POST',   '/api/upgrades/{id}/retry-failed',                        'upgrades',   operate],
  ['skipTarget',            'POST',   '/api/upgrades/{id}/targets/{targetId}/skip',             'upgrades',   operate],

  ['getUpgradeState',       'GET',    '/api/v1/targets/{id}/upgrade-status',                    'upgrades',   read],
  ['startTargetUpgrade',    'POST',   '/api/v1/targets/{id}/start-upgrade',                     'upgrades',   operate],
  ['acknowledgeAlerts',     'POST',   '/api/v1/targets/{id}/acknowledge-alerts',                'upgrades',   operate],
  ['getTargetUpgradeLogs',  'GET',    '/api/v1/targets/{id}/upgrade-logs',                      'upgrades',   read],
  ['getUpgradeMetrics',     'GET',    '/api/v1/targets/{id}/upgrade-metrics',                   'upgrades',   read],

  ['definePolicy',          'PUT',    '/api/v1/policies/{name}',                                'upgrades',   administer],
  ['listPolicies',          'GET',    '/api/v1/policies',                                       'upgrades',   read],
  ['getPolicy',             'GET',    '/api/v1/policies/{name}',                                'upgrades',   read],
  ['tryPolicies',           'POST',   '/api/v1/policies/try',                                   'upgrades',   read],
  ['withdrawPolicy',        'DELETE', '/api/v1/policies/{name}',                                'upgrades',   administer],

  ['startRollout',          'POST',   '/api/v1/rollouts',                                       'rollouts',   operate],
  ['planRollout',           'POST',   '/api/v1/rollouts/plan',                                  'rollouts',   read],
  ['listRollouts',          'GET',    '/api/v1/rollouts',                                       'rollouts',   read],
  ['getRollout',            'GET',    '/api/v1/rollouts/{id}',                                  'rollouts',   read],
  ['getRolloutStatus',      'GET',    '/api/v1/rollouts/{id}/status',                           'rollouts',   read],
  ['getRolloutEvents',      'GET',    '/api/v1/rollouts/{id}/events',                           'rollouts',   read],
  ['getRolloutMonitor',     'GET',    '/api/v1/rollouts/{id}/monitor',                          'rollouts',   read],
  ['getRolloutBlastRadius', 'GET',    '/api/v1/rollouts/{id}/blast-radius',                     'rollouts',   read],
  ['forecastRollout',       'GET',    '/api/v1/rollouts/{id}/forecast',                         'rollouts',   read],
  ['explainRollout',        'GET',    '/api/v1/rollouts/{id}/explain',                          'rollouts',   read],
  ['approveRollout',        'POST',   '/api/v1/rollouts/{id}/approve',                          'rollouts',   approve],
  ['rejectRollout',         'POST',   '/api/v1/rollouts/{id}/reject',                           'rollouts',   approve],
  ['pauseRollout',          'POST',   '/api/v1/rollouts/{id}/pause',                            'rollouts',   proceed],
  ['resumeRollout',         'POST',   '/api/v1/rollouts/{id}/resume',                           'rollouts',   operate],
  ['continueRollout',       'POST',   '/api/v1/rollouts/{id}/continue',                         'rollouts',   proceed],
  ['abortRollout',          'POST',   '/api/v1/rollouts/{id}/abort',                            'rollouts',   proceed],
  ['rollBackRollout',       'POST',   '/api/v1/rollouts/{id}/rollback',                         'rollouts',   proceed],

  ['storeProcedure',        'PUT',    '/api/v1/procedures/{name}',                              'procedures', operate],
  ['listProcedures',        'GET',    '/api/v1/procedures',                                     'procedures', read],
  ['getProcedure',          'GET',    '/api/v1/procedures/{name}',                              'procedures', read],
  ['tryProcedure',          'POST',   '/api/v1/procedures/{name}/try',                          'procedures', read],
  ['getSteps',              'GET',    '/api/v1/targets/{id}/steps',                             'procedures', read],
  ['acknowledgeStep',       'POST',   '/api/v1/targets/{id}/steps/{step}/acknowledge',          'procedures', proceed],
  ['settleStep',            'POST',   '/api/v1/targets/{id}/steps/{step}/settle',               'procedures', operate],
  ['answerCallback',        'POST',   '/api/v1/callbacks',                                      'procedures', 'capability'],

  ['registerTargets',       'POST',   '/api/v1/targets',                                        'targets',    operate],
  ['listTargets',           'GET',    '/api/v1/targets',                                        'targets',    read],
  ['getTarget',             'GET',    '/api/v1/targets/{id}',                                   'targets',    read],
  ['patchTarget',           'PATCH',  '/api/v1/targets/{id}',                                   'targets',    operate],
  ['setTargetLicence',      'PUT',    '/api/v1/targets/{id}/licence',                           'targets',    operate],
  ['pinTarget',             'POST',   '/api/v1/targets/{id}/pin',                               'targets',    operate],
  ['unpinTarget',           'DELETE', '/api/v1/targets/{id}/pin',                               'targets',    operate],
  ['retireTarget',          'POST',   '/api/v1/targets/{id}/retire',                            'targets',    operate],
  ['issueEnrolment',        'POST',   '/api/v1/targets/{id}/enrolment',                         'targets',    operate],
  ['explainTarget',         'GET',    '/api/v1/targets/{id}/explain',                           'targets',    read],

  ['registerRelease',       'POST',   '/api/v1/releases',                                       'releases',   operate],
  ['listReleases',          'GET',    '/api/v1/releases',                                       'releases',   read],
  ['getRelease',            'GET',    '/api/v1/releases/{component}/{version}',                 'releases',   read],
  ['getManifest',           'GET',    '/api/v1/releases/{component}/{version}/manifest',        'releases',   read],
  ['promoteRelease',        'POST',   '/api/v1/releases/{component}/{version}/promote',         'releases',   operate],
  ['blockRelease',          'POST',   '/api/v1/releases/{component}/{version}/block',           'releases',   operate],
  ['unblockRelease',        'POST',   '/api/v1/releases/{component}/{version}/unblock',         'releases',   operate],
  ['withdrawRelease',       'POST',   '/api/v1/releases/{component}/{version}/withdraw',        'releases',   operate],
  ['postVerdict',           'POST',   '/api/v1/releases/{component}/{version}/verdicts',        'releases',   approve],
  ['getVerdicts',           'GET',    '/api/v1/releases/{component}/{version}/verdicts',        'releases',   read],
  ['freeRelease',           'POST',   '/api/v1/releases/{component}/{version}/free',            'releases',   operate],
  ['setComponentScheme',    'PUT',    '/api/v1/components/{component}',                         'releases',   operate],
  ['listComponents',        'GET',    '/api/v1/components',                                     'releases',   read],
  ['getComponent',          'GET',    '/api/v1/components/{component}',                         'releases',   read],

  ['setLicensing',          'PUT',    '/api/v1/components/{component}/licensing',               'releases',   administer],
  ['defineLicence',         'PUT',    '/api/v1/licences/{licence}',                             'releases',   operate],
  ['listLicences',          'GET',    '/api/v1/licences',                                       'releases',   read],
  ['getLicence',            'GET',    '/api/v1/licences/{licence}',                             'releases',   read],
  ['revokeLicence',         'POST',   '/api/v1/licences/{licence}/revoke',                      'releases',   operate],

  ['registerKey',           'POST',   '/api/v1/keys',                                           'releases',   administer],
  ['listKeys',              'GET',    '/api/v1/keys',                                           'releases',   read],
  ['revokeKey',             'POST',   '/api/v1/keys/{key}/revoke',                              'releases',   administer],
  ['getTrust',              'GET',    '/api/v1/trust',                                          'releases',   read],
  ['setTrust',              'PUT',    '/api/v1/trust',                                          'releases',   administer],

  ['defineDestination',     'PUT',    '/api/v1/destinations/{name}',                            'notifications', administer],
  ['listDestinations',      'GET',    '/api/v1/destinations',                                   'notifications', read],
  ['getDestination',        'GET',    '/api/v1/destinations/{name}',                            'notifications', read],
  ['removeDestination',     'DELETE', '/api/v1/destinations/{name}',                            'notifications', administer],
  ['testDestination',       'POST',   '/api/v1/destinations/{name}/test',                       'notifications', operate],
  ['listUndelivered',       'GET',    '/api/v1/destinations/{name}/undelivered',                'notifications', read],
  ['retryUndelivered',      'POST',   '/api/v1/destinations/{name}/undelivered/retry',          'notifications', operate],
  ['listNotifications',     'GET',    '/api/v1/notifications',                                  'notifications', read],
  ['dismissNotification',   'POST',   '/api/v1/notifications/dismiss',                          'notifications', read],

  ['listApprovals',         'GET',    '/api/v1/approvals',                                      'operations', read],
  ['getStop',               'GET',    '/api/v1/stop',                                           'operations', read],
  ['stopEverything',        'POST',   '/api/v1/stop',                                           'operations', operate],
  ['liftStop',              'DELETE', '/api/v1/stop/{stopId}',                                  'operations', operate],
  ['getQueueStats',         'GET',    '/api/queue/stats',                                       'operations', read],
  ['getQueueJob',           'GET',    '/api/queue/jobs/{jobId}',                                'operations', read],
  ['getAnalytics',          'GET',    '/api/v1/analytics',                                      'operations', read],
  ['getMetrics',            'GET',    '/metrics',                                               'operations', read],

  ['createUpgradeProfile',  'POST',   '/api/v1/upgrade-profiles',                               'profiles',   operate],
  ['getUpgradeProfiles',    'GET',    '/api/v1/upgrade-profiles',                               'profiles',   read],
  ['getUpgradeProfile',     'GET',    '/api/v1/upgrade-profiles/{id}',                          'profiles',   read],
  ['updateUpgradeProfile',  'PUT',    '/api/v1/upgrade-profiles/{id}',                          'profiles',   operate],
  ['deleteUpgradeProfile',  'DELETE', '/api/v1/upgrade-profiles/{id}',                          'profiles',   operate],
  ['assignUpgradeProfile',  'POST',   '/api/v1/upgrade-profiles/{id}/assignments',              'profiles',   operate],
  ['getAssignmentJob',      'GET',    '/api/v1/upgrade-profiles/{id}/assignments/jobs/{jobId}', 'profiles',   read],
  ['startProfileExecution', 'POST',   '/api/v1/upgrade-profiles/{id}/executions',               'profiles',   operate],
  ['getUpgradeHistory',     'GET',    '/api/v1/upgrade-profiles/{id}/history',                  'profiles',   read],
  ['defineCalendar',        'PUT',    '/api/v1/calendars/{name}',                               'calendars',  operate],
  ['deleteCalendar',        'DELETE', '/api/v1/calendars/{name}',                               'calendars',  operate],
  ['listCalendars',         'GET',    '/api/v1/calendars',                                      'calendars',  read],
  ['getCalendar',           'GET',    '/api/v1/calendars/{name}',                               'calendars',  read],
  ['getCalendarState',      'GET',    '/api/v1/calendars/{name}/state',                         'calendars',  read],

  ['enrolAgent',            'POST',   '/api/v1/agents/enrol',                                   'agents',     'agent'],
  ['checkForUpdate',        'GET',    '/api/v1/updates/check',                                  'agents',     'agent'],
  ['getOfferedManifest',    'GET',    '/api/v1/updates/manifest',                               'agents',     'agent'],
  ['reportCommand',         'POST',   '/api/v1/updates/commands',                               'agents',     'agent'],
  ['reportUpdateStatus',    'POST',   '/api/v1/updates/status',                                 'agents',     'agent'],

  ['sendMcpMessage',        'POST',   '/mcp',                                                   'mcp',        read],
  ['listenToMcp',           'GET',    '/mcp',                                                   'mcp',        read],
  ['endMcpSession',         'DELETE', '/mcp',                                                   'mcp',        read],

  ['getHealth',             'GET',    '/health',                                                'system',     'public'],
  ['getOpenApi',            'GET',    '/openapi.json',                                          'system',     'public'],
  ['getMcpResource',        'GET',    '/.well-known/oauth-protected-resource/mcp',              'system',     'public'],
] as const satisfies readonly Row[]

/**
 * What browsers load: the console, and the reference of the API. They are files, and no operations: no credential is needed to load them, and
 * none is in them.
 */
export const pages = ['/', '/console', '/console/{file+}', '/reference'] as const

/**
 * Where Slack says what people press. No operation of the API: what comes is signed by Slack over its raw body, and is read by nobody before that is
 * checked.
 */
export const signedPath = '/slack/{destination}'

/** The names of all operations; `contracts` has a contract for each. */
export type Operation = (typeof table)[number][0]

/** Returns the roles that may call an operation; none for what is not for people. */
export function rolesFor(operation: Operation): readonly Role[] {
  const access = routes.find((route) => route.operation === operation)?.access
  return access === undefined || typeof access === 'string' ? [] : access
}

export interface Route {
  readonly operation: Operation
  readonly method: Method
  readonly path: `/${string}`
  readonly group: Group
  readonly access: Access
}

// Marked as pure, so that a bundle of who needs the roles alone carries no routes.
export const routes: readonly Route[] = /* @__PURE__ */ table.map(
  ([operation, method, path, group, access]) => ({ operation, method, path, group, access }),
)
