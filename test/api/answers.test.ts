import { describe, expect, it } from 'vitest'
import { contracts } from '../../contracts/api.ts'
import type { Operation } from '../../contracts/routes.ts'
import { manifestOf, newSigner, signatureOf } from '../domain/trust/signing.ts'
import { cutOff, openProcedures, answered as taken } from '../procedures/world.ts'
import { examples } from './profile-examples.ts'
import { platform, twoPhases } from './rollout-world.ts'
import {
  approver,
  type Caller,
  canary,
  deployed,
  digest,
  openWorld,
  type Reply,
  type Request,
  report,
  type World,
} from './world.ts'

/** An answer has to be what `/openapi.json` says of it, to the field: schemas of answers strip what they do not know. */
function isDescribed(operation: Operation, reply: Reply): void {
  const answers: Readonly<Record<number, { schema: { parse(body: unknown): unknown } }>> =
    contracts[operation].answers
  const described = answers[reply.status]
  expect(described, `${operation} answers ${reply.status}: ${JSON.stringify(reply.body)}`).toBeDefined()
  expect(described?.schema.parse(reply.body), operation).toEqual(reply.body)
}

/** What tells in the access log who has called. */
function tellsOf(as: Caller | undefined): object {
  if (as && 'capability' in as) return { authentication: 'capability' }
  if (as && !('user' in as)) return { authentication: expect.stringMatching(/^(agent|enrolment)$/) }
  return { authentication: 'person', principal: as?.user ?? 'operator-1' }
}

/** Asks in a world, and notes what was asked. Whatever may write has its line in the access log, which says who it was (S31). */
function asking({ call, lines }: Pick<World, 'call' | 'lines'>, answered: Set<Operation>) {
  return async (operation: Operation, method: string, path: string, request: Request = {}) => {
    const before = lines.length
    const reply = await call(method, path, request)
    isDescribed(operation, reply)
    answered.add(operation)
    const told = { level: 'INFO', operation, status: reply.status, ...tellsOf(request.as) }
    // What a tool does has a line of its own.
    const expected = operation === 'sendMcpMessage' ? [] : [expect.objectContaining(told)]
    if (method !== 'GET') expect(lines.slice(before), operation).toEqual(expected)
    return reply
  }
}

describe('every answer is the one that is described', () => {
  it('from registration to rollback', async () => {
    const world = openWorld()
    const answered = new Set<Operation>()
    const ask = asking(world, answered)
    const release = { component: 'api', version: 'v1.2.0', digest }
    await ask('registerRelease', 'POST', '/api/v1/releases', { body: release })
    await ask('registerTargets', 'POST', '/api/v1/targets', { body: { id: 'gate', enrol: true } })
    const targets = Array.from({ length: 10 }, (_, index) => ({
      id: `t${index}`,
      gateway: 'gate',
      components: { api: 'v1.1.0' },
    }))
    await ask('registerTargets', 'POST', '/api/v1/targets', { body: { targets, enrol: true } })
    await ask('registerTargets', 'POST', '/api/v1/targets', { body: targets[0] })
    const spare = { id: 'spare', components: { web: 'v1.0.0' } }
    await ask('registerTargets', 'POST', '/api/v1/targets', { body: spare })
    await ask('patchTarget', 'PATCH', '/api/v1/targets/spare', { body: { critical: true } })
    const licence = `/api/v1/licences/${'ab'.repeat(32)}`
    await ask('defineLicence', 'PUT', licence, { body: { label: 'Customer 17' } })
    await ask('defineLicence', 'PUT', licence, { body: { label: 'Customer 17', components: ['api'] } })
    await ask('getLicence', 'GET', licence)
    await ask('listLicences', 'GET', '/api/v1/licences')
    const held = { licence: 'ab'.repeat(32) }
    await ask('setTargetLicence', 'PUT', '/api/v1/targets/spare/licence', { body: held })
    await ask('pinTarget', 'POST', '/api/v1/targets/spare/pin', { body: { reason: 'x' } })
    await ask('unpinTarget', 'DELETE', '/api/v1/targets/spare/pin')
    const issued = await ask('issueEnrolment', 'POST', '/api/v1/targets/gate/enrolment')
    const key = 'A'.repeat(43)
    const enrolled = await ask('enrolAgent', 'POST', '/api/v1/agents/enrol', {
      as: { bearer: issued.body.enrolmentToken },
      body: { key },
    })
    const as = { bearer: enrolled.body.credential }
    await ask('retireTarget', 'POST', '/api/v1/targets/spare/retire', { body: { reason: 'x' } })
    await ask('listTargets', 'GET', '/api/v1/targets')
    await ask('planUpgrade', 'POST', '/api/upgrades/plan', { body: canary })
    const metrics = [{ name: 'review', external: { withinSeconds: 600 }, atLeast: 1, count: 1 }]
    const body = { ...canary, approvals: { required: 1 }, bakeSeconds: 60, metrics }
    const { upgradeId: id } = (await ask('deployUpgrade', 'POST', '/api/upgrades/deploy', { body })).body
    await ask('listApprovals', 'GET', '/api/v1/approvals')
    const { planHash } = (await ask('getUpgrade', 'GET', `/api/upgrades/${id}`)).body.plan
    await ask('approveUpgrade', 'POST', `/api/upgrades/${id}/approve`, { as: approver, body: { planHash } })
    await world.advance(id)
    await ask('getUpgradeStatus', 'GET', `/api/upgrades/${id}/status`)
    await ask('checkForUpdate', 'GET', '/api/v1/updates/check', { as })
    const offers = await ask('checkForUpdate', 'GET', '/api/v1/updates/check', {
      as,
      query: { members: 'true' },
    })
    const headers = { 'x-assignment-nonce': 'n'.repeat(43) }
    await ask('checkForUpdate', 'GET', '/api/v1/updates/check', { as, headers, query: { members: 'true' } })
    const { target } = offers.body.offers[0]
    await ask('checkForUpdate', 'GET', '/api/v1/updates/check', { as, headers, query: { target } })
    await ask('checkForUpdate', 'GET', '/api/v1/updates/check', { as, query: { target } })
    await ask('explainTarget', 'GET', `/api/v1/targets/${target}/explain`)
    await ask('getTarget', 'GET', `/api/v1/targets/${target}`)
    const told = { version: 'v1.2.0', status: 'in-progress', timestamp: '2026-01-01T00:00:00Z', target }
    await ask('reportUpdateStatus', 'POST', '/api/v1/updates/status', { as, body: told })
    await ask('reportUpdateStatus', 'POST', '/api/v1/updates/status', {
      as,
      body: { reports: [told, { ...told, target: 'no' }] },
    })
    await report(world)
    await world.advance(id)
    await ask('listApprovals', 'GET', '/api/v1/approvals')
    await ask('pauseUpgrade', 'POST', `/api/upgrades/${id}/pause`)
    await ask('resumeUpgrade', 'POST', `/api/upgrades/${id}/resume`)
    const measured = { body: { metric: 'review', value: 1 } }
    await ask('postMeasurement', 'POST', `/api/upgrades/${id}/measurements`, measured)
    await ask('endBake', 'POST', `/api/upgrades/${id}/end-bake`, { body: { reason: 'x' } })
    await world.advance(id)
    await ask('continueUpgrade', 'POST', `/api/upgrades/${id}/continue`)
    const left = targets.find((one) => one.id !== target)?.id
    await ask('skipTarget', 'POST', `/api/upgrades/${id}/targets/${left}/skip`)
    await world.advance(id)
    await report(world, (member) => (member === 't1' || member === 't2' ? 'failed' : 'completed'))
    await world.advance(id)
    for (const [operation, path] of [
      ['getUpgradeLogs', 'logs'],
      ['getUpgradeEvents', 'events'],
      ['getBlastRadius', 'blast-radius'],
      ['forecastUpgrade', 'forecast'],
      ['getEvidence', 'evidence'],
    ] as const) {
      await ask(operation, 'GET', `/api/upgrades/${id}/${path}`)
    }
    await ask('replayUpgrade', 'POST', `/api/upgrades/${id}/replay`, { body: {} })
    await ask('retryFailed', 'POST', `/api/upgrades/${id}/retry-failed`)
    await ask('abortUpgrade', 'POST', `/api/upgrades/${id}/abort`)
    await world.advance(id)
    const back = await ask('rollBackCustomer', 'POST', `/api/upgrades/${id}/rollback/${target}`)
    await world.call('POST', `/api/upgrades/${back.body.upgradeId}/abort`)
    await world.advance(back.body.upgradeId)
    await ask('rollBackUpgrade', 'POST', `/api/upgrades/${id}/rollback`)
    const rejected = { ...body, version: '1.2.0', targets: { ids: ['t1'] } }
    await ask('getUpgrade', 'GET', `/api/upgrades/${id}`)
    await ask('listUpgrades', 'GET', '/api/upgrades')
    await ask('getQueueStats', 'GET', '/api/queue/stats')
    await ask('getQueueJob', 'GET', `/api/queue/jobs/${id}-1`)
    await ask('getAnalytics', 'GET', '/api/v1/analytics', { query: { by: 'release' } })
    await ask('getMetrics', 'GET', '/metrics')
    await ask('getStop', 'GET', '/api/v1/stop')
    await ask('stopEverything', 'POST', '/api/v1/stop', { body: { reason: 'x' } })
    await ask('liftStop', 'DELETE', '/api/v1/stop/stop-1', { query: { reason: 'x' } })
    await ask('listReleases', 'GET', '/api/v1/releases')
    await ask('getRelease', 'GET', '/api/v1/releases/api/v1.2.0')
    const admin = { user: 'admin-1', roles: ['admin'] }
    const signer = newSigner()
    const { keyId, publicKey } = signer
    const label = 'a signer'
    await ask('registerKey', 'POST', '/api/v1/keys', { as: admin, body: { publicKey, label } })
    await ask('setTrust', 'PUT', '/api/v1/trust', { as: admin, body: { threshold: 1 } })
    await ask('getTrust', 'GET', '/api/v1/trust')
    const manifest = manifestOf()
    const signed = { manifest, signatures: [signatureOf(signer, manifest)] }
    await ask('registerRelease', 'POST', '/api/v1/releases', { body: signed })
    await ask('registerRelease', 'POST', '/api/v1/releases', { body: signed })
    const published = '/api/v1/releases/api/2.4.1'
    await ask('getManifest', 'GET', `${published}/manifest`)
    await ask('promoteRelease', 'POST', `${published}/promote`, { body: { channel: 'beta', reason: 'x' } })
    await ask('blockRelease', 'POST', `${published}/block`, { body: { reason: 'x' } })
    await ask('getRelease', 'GET', published)
    await ask('listReleases', 'GET', '/api/v1/releases')
    await ask('unblockRelease', 'POST', `${published}/unblock`, { body: { reason: 'x' } })
    await ask('revokeKey', 'POST', `/api/v1/keys/${keyId}/revoke`, { as: admin, body: { reason: 'x' } })
    await ask('listKeys', 'GET', '/api/v1/keys')
    const policy = '/api/v1/policies/production'
    const rules = { selector: { components: ['web'] }, blockedVersions: ['1.0.0'] }
    await ask('definePolicy', 'PUT', policy, { as: admin, body: rules })
    await ask('definePolicy', 'PUT', policy, { as: admin, body: rules })
    await ask('getPolicy', 'GET', policy)
    await ask('listPolicies', 'GET', '/api/v1/policies')
    const place = '/api/v1/destinations/ops'
    const destination = { kind: 'webhook', url: 'https://hooks.example', secrets: ['drydock/key'] }
    await ask('defineDestination', 'PUT', place, { as: admin, body: destination })
    await ask('getDestination', 'GET', place)
    await ask('listDestinations', 'GET', '/api/v1/destinations')
    await ask('testDestination', 'POST', `${place}/test`)
    const { messages, inbox } = world.services
    const lost = { destination: 'ops@1', about: 'upgrade#u@1.0' }
    const event = JSON.stringify({ type: 'UpgradeAborted' })
    await messages.add(lost, { commit: 1, rank: 0, event, due: 0 })
    const claimed = await messages.claim(lost, world.services.now() + 60_000)
    if (claimed) await messages.giveUp(claimed.message, 'It was answered with 404.')
    await ask('listUndelivered', 'GET', `${place}/undelivered`)
    await ask('retryUndelivered', 'POST', `${place}/undelivered/retry`)
    await ask('removeDestination', 'DELETE', place, { as: admin, query: { reason: 'x' } })
    const at = new Date(world.services.now()).toISOString()
    await inbox.put({
      ...{ id: `${at}_upgrade#u@1.0`, severity: 'info', title: 'An upgrade', description: 'It is complete.' },
      ...{ version: null, link: '/console#/upgrades/u', actions: ['approve', 'learn-more'], at },
    })
    await ask('listNotifications', 'GET', '/api/v1/notifications')
    await ask('dismissNotification', 'POST', '/api/v1/notifications/dismiss', { body: { id: 'x' } })
    const evidence = { url: 'https://ci.example.com/scans/4711' }
    const verdict = { check: 'scan', verdict: 'passed', evidence }
    await ask('postVerdict', 'POST', `${published}/verdicts`, { as: approver, body: verdict })
    await ask('getVerdicts', 'GET', `${published}/verdicts`)
    const tried = { component: 'api', version: '1.2.0', strategy: 'all', targets: { ids: ['t1'] } }
    await ask('tryPolicies', 'POST', '/api/v1/policies/try', { body: { ...tried, allowDowngrade: true } })
    await ask('withdrawPolicy', 'DELETE', policy, { as: admin, query: { reason: 'x' } })
    await ask('setComponentScheme', 'PUT', '/api/v1/components/web', { body: { scheme: 'dotted' } })
    await ask('listComponents', 'GET', '/api/v1/components')
    await ask('getComponent', 'GET', '/api/v1/components/api')
    await ask('revokeLicence', 'POST', `${licence}/revoke`, { body: { reason: 'x' } })
    const licensing = '/api/v1/components/web/licensing'
    await ask('setLicensing', 'PUT', licensing, { as: admin, body: { required: false } })
    await ask('getHealth', 'GET', '/health')
    await ask('getOpenApi', 'GET', '/openapi.json')
    await ask('getMcpResource', 'GET', '/.well-known/oauth-protected-resource/mcp')
    const other = await openWorldToReject(rejected)
    isDescribed('rejectUpgrade', other)
    answered.add('rejectUpgrade')
    const calendar = { kind: 'country', country: 'DE' }
    await ask('defineCalendar', 'PUT', '/api/v1/calendars/de', { body: calendar })
    const profiles = '/api/v1/upgrade-profiles'
    const weekly = { body: examples.weekly }
    const { id: profile } = (await ask('createUpgradeProfile', 'POST', profiles, weekly)).body
    const path = `${profiles}/${profile}`
    const one = { resource_id: 't1', resource_type: 'customer' }
    const many = Array.from({ length: 1001 }, (_, index) => ({ ...one, resource_id: `t${index}` }))
    await ask('getUpgradeProfiles', 'GET', profiles)
    await ask('updateUpgradeProfile', 'PUT', path, { body: { description: 'Sundays' } })
    const assign = (resource_assignments: object[]) =>
      ask('assignUpgradeProfile', 'POST', `${path}/assignments`, { body: { resource_assignments } })
    await assign([one, { ...one, resource_id: 'nobody' }])
    const { job_id } = (await assign(many)).body
    await ask('getAssignmentJob', 'GET', `${path}/assignments/jobs/${job_id}`)
    const now = { body: { reason: 'CVE' } }
    await ask('startProfileExecution', 'POST', `${path}/executions`, now)
    await ask('getUpgradeProfile', 'GET', path)
    await ask('getUpgradeHistory', 'GET', `${path}/history`)
    await ask('deleteUpgradeProfile', 'DELETE', path, { query: { force: 'true' } })
    await ask('listCalendars', 'GET', '/api/v1/calendars')
    await ask('getCalendar', 'GET', '/api/v1/calendars/de')
    await ask('getCalendarState', 'GET', '/api/v1/calendars/de/state')
    await ask('deleteCalendar', 'DELETE', '/api/v1/calendars/de')
    await ask('freeRelease', 'POST', '/api/v1/releases/api/v1.2.0/free', { body: { reason: 'x' } })
    await ask('withdrawRelease', 'POST', '/api/v1/releases/api/v1.2.0/withdraw', { body: { reason: 'x' } })
    await askRollouts(answered)
    await askProcedures(answered)
    await askSigned(answered)
    await ask('sendMcpMessage', 'POST', '/mcp', {
      headers: { accept: 'application/json, text/event-stream' },
      body: { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    })
    // These two are refused, whoever asks.
    answered.add('listenToMcp').add('endMcpSession')
    expect([...answered].sort()).toEqual(Object.keys(contracts).sort())
  })
})

/** Asks all that can be asked of rollouts: one that is rejected, and one that goes to its end and back. */
async function askRollouts(answered: Set<Operation>): Promise<void> {
  const world = await platform()
  const ask = asking(world, answered)
  const all = '/api/v1/rollouts'
  await ask('planRollout', 'POST', `${all}/plan`, { body: twoPhases })
  const [first, second] = twoPhases.phases
  const phases = [{ ...first, parallel: 1 }, second]
  const body = { ...twoPhases, phases, approvals: { required: 1 } }
  const no = await ask('startRollout', 'POST', all, { body })
  await ask('rejectRollout', 'POST', `${all}/${no.body.rolloutId}/reject`, {
    as: approver,
    body: { reason: 'x' },
  })
  const { rolloutId: id, planHash } = (await ask('startRollout', 'POST', all, { body })).body
  const say = (operation: Operation, word: string, request = {}) =>
    ask(operation, 'POST', `${all}/${id}/${word}`, request)
  await say('approveRollout', 'approve', { as: approver, body: { planHash } })
  await world.advanceRollout(id)
  await say('pauseRollout', 'pause')
  await say('resumeRollout', 'resume')
  const [{ upgradeId }] = (await ask('getRolloutStatus', 'GET', `${all}/${id}/status`)).body.phases
  await world.call('POST', `/api/upgrades/${upgradeId}/targets/db-2/skip`)
  await world.call('POST', `/api/upgrades/${upgradeId}/targets/db-1/skip`)
  await report(world)
  await world.advanceRollout(id)
  await ask('explainRollout', 'GET', `${all}/${id}/explain`)
  await say('continueRollout', 'continue', { body: { phase: 'databases', reason: 'x' } })
  await world.advanceRollout(id)
  await report(world)
  await world.advanceRollout(id)
  await ask('getRolloutEvents', 'GET', `${all}/${id}/events`)
  await ask('getRolloutBlastRadius', 'GET', `${all}/${id}/blast-radius`)
  await ask('forecastRollout', 'GET', `${all}/${id}/forecast`)
  await ask('getRolloutMonitor', 'GET', `${all}/${id}/monitor`)
  const back = await say('rollBackRollout', 'rollback')
  await world.advanceRollout(back.body.rolloutId)
  await ask('getRollout', 'GET', `${all}/${id}`)
  await ask('getRollout', 'GET', `${all}/${back.body.rolloutId}`)
  await ask('abortRollout', 'POST', `${all}/${back.body.rolloutId}/abort`)
  await ask('listRollouts', 'GET', all)
}

/** Asks what an agent reads of a release that is signed, and offered to it. */
async function askSigned(answered: Set<Operation>): Promise<void> {
  const world = openWorld()
  const signer = newSigner()
  const admin = { user: 'admin-1', roles: ['admin'] }
  const { publicKey } = signer
  await world.call('POST', '/api/v1/keys', { as: admin, body: { publicKey, label: 'a signer' } })
  const artifact = { sha256: 'a'.repeat(64), length: 10, url: 'https://updates.example.com/2.4.1.tar' }
  const manifest = manifestOf({ components: { backend: artifact } })
  const body = { manifest, signatures: [signatureOf(signer, manifest)] }
  await world.call('POST', '/api/v1/releases', { body })
  await world.call('POST', '/api/v1/targets', { body: { id: 't1', components: { api: '2.4.0' } } })
  await deployed(world, { component: 'api', version: '2.4.1', strategy: 'all' })
  for (const operation of ['checkForUpdate', 'getOfferedManifest'] as const) {
    const path = `/api/v1/updates/${operation === 'checkForUpdate' ? 'check' : 'manifest'}`
    const reply = await world.call('GET', path, {
      as: { lambda: { kind: 'agent', target: 't1', tokenHash: '' } },
    })
    isDescribed(operation, reply)
    answered.add(operation)
  }
}

/** Asks all that can be asked of procedures: of one that waits for a person at each step, and that somebody starts for a target. */
async function askProcedures(answered: Set<Operation>): Promise<void> {
  const all = openProcedures((call) => (call.url.endsWith('/hook') ? taken() : cutOff))
  const ask = asking(all.world, answered)
  await all.world.fleet(1)
  const target = '/api/v1/targets/cust_0001'
  await all.world.call('PATCH', target, { body: { tags: { procedure: 'node' } } })
  const url = 'http://node.example/replace'
  const steps = [
    { id: 'alerts', name: 'Alerts', acknowledge: { ask: 'Has it been seen?' } },
    { id: 'agree', name: 'Agree', acknowledge: { ask: 'May it go on?' } },
    { id: 'replace', name: 'Replace', inverse: 'none', http: { request: { method: 'POST', url } } },
    { id: 'tell', name: 'Tell', inverse: 'none', webhook: { url: `${url}/hook`, secret: 'drydock/hook' } },
    { id: 'drain', name: 'Drain', inverse: 'none', agent: { command: 'drain', arguments: { zone: 'a' } } },
  ]
  all.secrets.set('drydock/hook', `whsec_${Buffer.alloc(32).toString('base64')}`)
  await ask('storeProcedure', 'PUT', '/api/v1/procedures/node', { body: { steps } })
  await ask('listProcedures', 'GET', '/api/v1/procedures')
  await ask('getProcedure', 'GET', '/api/v1/procedures/node')
  const one = { targetId: 'cust_0001', component: 'api', version: 'v1.2.0' }
  await ask('tryProcedure', 'POST', '/api/v1/procedures/node/try', { body: one })
  await ask('getUpgradeState', 'GET', `${target}/upgrade-status`)
  const { upgradeId } = (await ask('startTargetUpgrade', 'POST', `${target}/start-upgrade`)).body
  await all.world.advance(upgradeId)
  const held = (which: string) =>
    all.until(async () => (await all.steps('cust_0001')).includes(`${which} held`))
  await held('alerts')
  const { attempt } = (await ask('getSteps', 'GET', `${target}/steps`)).body
  await ask('acknowledgeAlerts', 'POST', `${target}/acknowledge-alerts`)
  await held('agree')
  const again = { body: { attempt, comment: 'seen' } }
  await ask('acknowledgeStep', 'POST', `${target}/steps/agree/acknowledge`, again)
  await held('replace')
  const settled = { body: { attempt, as: 'done', reason: 'I looked' } }
  await ask('settleStep', 'POST', `${target}/steps/replace/settle`, settled)
  await held('tell')
  const { token } = JSON.parse(all.calls.at(-1)?.body ?? '').callback
  const calledBack = { as: { capability: token }, body: { status: 'done' } }
  await ask('answerCallback', 'POST', '/api/v1/callbacks', calledBack)
  await held('drain')
  const as = { lambda: { kind: 'agent', target: 'cust_0001', tokenHash: '' } }
  const { command } = (await ask('checkForUpdate', 'GET', '/api/v1/updates/check', { as })).body
  const body = { id: command.id, status: 'done' }
  await ask('reportCommand', 'POST', '/api/v1/updates/commands', { as, body })
  await all.over(upgradeId)
  await ask('getUpgradeState', 'GET', `${target}/upgrade-status`)
  await ask('startTargetUpgrade', 'POST', `${target}/start-upgrade`)
  await ask('getTargetUpgradeLogs', 'GET', `${target}/upgrade-logs`)
  await ask('getUpgradeMetrics', 'GET', `${target}/upgrade-metrics`)
}

async function openWorldToReject(body: object): Promise<Reply> {
  const world = openWorld()
  await world.fleet(1)
  const id = await deployed(world, { ...body, targets: {} })
  return world.call('POST', `/api/upgrades/${id}/reject`, { as: approver, body: { reason: 'x' } })
}
