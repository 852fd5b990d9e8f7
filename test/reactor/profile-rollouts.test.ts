import { beforeEach, describe, expect, test } from 'vitest'
import { type Commit, fromImage } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { rolloutAggregate } from '../../functions/domain/rollout/aggregate.ts'
import { exists } from '../../functions/domain/rollout/state.ts'
import { upgradeAggregate } from '../../functions/domain/upgrade/aggregate.ts'
import { upgradeOfWindow } from '../../functions/reactor/profiles/open-window.ts'
import { phasesOf, platform, statusOf } from '../api/rollout-world.ts'
import { approver, type Caller, report, type World } from '../api/world.ts'
import { withEvent } from '../audit/history.ts'
import { nextSunday, openProfileWorld, sunday, weekly } from './profile-world.ts'

const admin: Caller = { user: 'admin-1', roles: ['admin'] }
const { component: _, ...settings } = weekly.upgrade_settings
const phases = [
  { name: 'databases', component: 'db', pause_minutes: 10 },
  { name: 'workers', component: 'worker', depends_on: ['databases'], regions: ['us-east'] },
]
const definition = {
  ...weekly,
  upgrade_settings: { ...settings, pre_upgrade_checks: false },
  resource_filters: { resource_types: ['db', 'worker'] },
  rollout: { phases },
}

let profiles: Awaited<ReturnType<typeof openProfileWorld>>
let world: World
beforeEach(async () => {
  profiles = await openProfileWorld(0, await platform())
  world = profiles.world
})

const rollout = async (id: string) => {
  const { state } = await world.log.load(rolloutAggregate, id)
  if (!exists(state)) throw new Error(`There is no rollout ${id}.`)
  return state
}

/** Creates the profile, opens its window of Sunday, and returns its id and that of the rollout. */
async function opened(more: object = {}) {
  const id = await profiles.created({ ...definition, ...more })
  profiles.at(sunday)
  await profiles.fire(id, sunday)
  const execution = upgradeOfWindow(id, sunday)
  await world.advanceRollout(execution)
  return { id, execution }
}

async function history(id: string) {
  return (await world.call('GET', `/api/v1/upgrade-profiles/${id}/history`)).body
}

describe('a profile whose windows start a rollout', () => {
  test('upgrades its resources phase after phase, and is summarised with the sums of them', async () => {
    const { id, execution } = await opened()
    expect((await profiles.profile(id)).running).toMatchObject({ upgrade: execution, rollout: true })
    expect(await phasesOf(world, execution)).toEqual({ databases: 'in_progress', workers: 'waiting' })
    expect(await report(world)).toEqual(['db-1', 'db-2'])
    await world.settle()
    expect(await world.advanceRollout(execution)).toBe('rest')
    world.pass(600)
    await world.advanceRollout(execution)
    expect((await history(id)).executions).toMatchObject([
      { execution_id: execution, status: 'running', resources_targeted: 6, resources_successful: 2 },
    ])
    expect(await report(world)).toEqual(['w-1', 'w-2', 'w-3', 'w-4'])
    await world.advanceRollout(execution)
    const { running, summaries } = await profiles.profile(id)
    expect(running).toBeNull()
    expect(summaries).toMatchObject([
      {
        ...{ upgrade: execution, status: 'completed', component: 'db, worker', version: null },
        counts: { targeted: 6, succeeded: 6, failed: 0, skipped: 0, rolledBack: 0 },
      },
    ])
    const { executions } = await history(id)
    expect(executions).toMatchObject([{ status: 'completed', resources_successful: 6 }])
    expect(executions[0].resource_results).toHaveLength(6)
  })

  test('each phase is bound by window, calendars and settings of the profile, and by its own selection', async () => {
    const { execution } = await opened()
    const { request } = await profiles.upgrade((await rollout(execution)).phases[0]?.upgrade ?? '')
    const window = { start: sunday, end: '2026-01-11T06:00:00.000Z' }
    expect(request).toMatchObject({ component: 'db', version: 'latest', parallel: 5, window })
    await report(world)
    await world.advanceRollout(execution)
    world.pass(700)
    await world.advanceRollout(execution)
    const later = (await rollout(execution)).phases[1]?.upgrade ?? ''
    expect((await profiles.upgrade(later)).request).toMatchObject({
      ...{ component: 'worker', window },
      selection: { regions: ['us-east'], types: null, tags: null },
    })
  })

  test('two phases of one component upgrade what each of them means', async () => {
    const [, workers] = phases
    const one = (name: string, region: string) => ({ ...workers, name, depends_on: [], regions: [region] })
    const rollout = { phases: [one('east', 'us-east'), one('central', 'eu-central')] }
    const { execution } = await opened({ rollout })
    expect(await phasesOf(world, execution)).toEqual({ east: 'in_progress', central: 'nothing_to_do' })
    expect(await report(world)).toEqual(['w-1', 'w-2', 'w-3', 'w-4'])
  })

  test('what is unfinished goes on in the next window, a phase that has not begun as well', async () => {
    const { id, execution } = await opened()
    profiles.at('2026-01-11T06:30:00.000Z')
    await world.advanceRollout(execution)
    expect(await report(world)).toEqual([])
    profiles.at(nextSunday)
    await profiles.fire(id, nextSunday)
    await world.advanceRollout(execution)
    const window = { start: nextSunday, end: '2026-01-18T06:00:00.000Z' }
    expect((await rollout(execution)).window).toEqual(window)
    for (let round = 0; round < 4; round++) {
      await report(world)
      world.pass(700)
      await world.advanceRollout(execution)
    }
    expect(await phasesOf(world, execution)).toEqual({ databases: 'completed', workers: 'completed' })
    const later = (await rollout(execution)).phases[1]?.upgrade ?? ''
    expect((await profiles.upgrade(later)).window).toEqual(window)
  })

  test('one that somebody has paused is named, with what lets it go on, by the window that it keeps shut', async () => {
    const { id, execution } = await opened()
    const paused = await world.call('POST', `/api/v1/rollouts/${execution}/pause`, {
      body: { reason: 'odd' },
    })
    expect(paused.status).toBe(200)
    profiles.at(nextSunday)
    await profiles.fire(id, nextSunday)
    const act = `POST /api/v1/rollouts/${execution}/resume goes on in the next window`
    expect((await profiles.profile(id)).windows.at(-1)).toMatchObject({
      result: 'running',
      detail: expect.stringContaining(act),
    })
    const refused = await world.call('DELETE', `/api/v1/upgrade-profiles/${id}`)
    expect(refused.body.detail).toContain(`Rollout ${execution} of this profile is not finished`)
  })

  test('a window for which there is nothing to do is skipped', async () => {
    const newest = { ...definition.upgrade_settings, target_version: 'v1.0.0' }
    for (const component of ['db', 'worker'])
      await world.call('POST', '/api/v1/releases', {
        body: { component, version: 'v1.0.0', digest: `sha256:${'3c'.repeat(32)}` },
      })
    const id = await profiles.created({ ...definition, upgrade_settings: newest })
    profiles.at(sunday)
    await profiles.fire(id, sunday)
    expect((await profiles.profile(id)).windows).toMatchObject([{ result: 'nothing_to_upgrade' }])
  })

  test('a calendar that is named while it runs binds the phases that begin later', async () => {
    const { id, execution } = await opened()
    const closed = { start: '2026-01-11T05:00:00.000Z', end: '2026-01-12T00:00:00.000Z', name: 'inventory' }
    const body = { kind: 'ranges', ranges: [closed] }
    await world.call('PUT', '/api/v1/calendars/acme', { body })
    await profiles.updated(id, { schedule: { calendars: ['acme'] } })
    await report(world)
    await world.advanceRollout(execution)
    world.pass(700)
    await world.advanceRollout(execution)
    const [first, second] = (await rollout(execution)).phases.map(({ upgrade }) => upgrade ?? '')
    for (const upgrade of [first, second])
      expect((await world.log.load(upgradeAggregate, upgrade ?? '')).state).toMatchObject({
        calendars: ['acme'],
      })
  })

  test('approvals are asked for when it starts; none of its editors gives them', async () => {
    const editor: Caller = { user: 'editor-1', roles: ['operator', 'approver'] }
    const id = await profiles.created({ ...definition, approvals: { required: 1 } })
    const body = { description: 'nightly' }
    for (const as of [editor, admin]) await world.call('PUT', `/api/v1/upgrade-profiles/${id}`, { as, body })
    profiles.at(sunday)
    await profiles.fire(id, sunday)
    const execution = upgradeOfWindow(id, sunday)
    await world.advanceRollout(execution)
    expect((await rollout(execution)).standing.status).toBe('pending_approval')
    const { planHash } = await statusOf(world, execution)
    const approve = (as: object) =>
      world.call('POST', `/api/v1/rollouts/${execution}/approve`, { ...as, body: { planHash } })
    expect((await approve({ as: editor })).body.code).toBe('self-approval')
    expect((await approve({ as: approver })).status).toBe(200)
    await world.advanceRollout(execution)
    expect(await phasesOf(world, execution)).toMatchObject({ databases: 'in_progress' })
  })

  test.each([
    ['edited', 'PUT', '', { description: 'nightly' }, 'changed after it was planned'],
    ['taken out of service', 'PUT', '', { status: 'inactive' }, 'taken out of service'],
  ])(
    'what waits for approval is aborted when its profile is %s',
    async (_words, method, path, body, reason) => {
      const change = (id: string) =>
        world.call(method, `/api/v1/upgrade-profiles/${id}${path}`, { as: admin, body })
      const { id, execution } = await opened({ approvals: { required: 1 } })
      expect((await rollout(execution)).standing.status).toBe('pending_approval')
      expect((await change(id)).status).toBe(200)
      await world.settle()
      await world.advanceRollout(execution)
      const { standing, abort } = await rollout(execution)
      expect([standing.status, abort?.reason]).toEqual(['aborted', expect.stringContaining(reason)])
      const { planHash } = await statusOf(world, execution)
      const approval = { as: approver, body: { planHash } }
      expect((await world.call('POST', `/api/v1/rollouts/${execution}/approve`, approval)).status).toBe(409)
    },
  )

  test('what has begun goes on when its profile is edited', async () => {
    const { id, execution } = await opened({ approvals: { required: 1 } })
    const { planHash } = await statusOf(world, execution)
    await world.call('POST', `/api/v1/rollouts/${execution}/approve`, { as: approver, body: { planHash } })
    await world.advanceRollout(execution)
    const body = { description: 'nightly' }
    await world.call('PUT', `/api/v1/upgrade-profiles/${id}`, { as: admin, body })
    await world.settle()
    await world.advanceRollout(execution)
    expect((await rollout(execution)).standing.status).toBe('running')
  })

  test('a critical failure in a phase takes the profile out of service', async () => {
    const { id } = await opened()
    await report(world, () => 'failed', 'CRITICAL_DATA')
    await world.settle()
    expect((await profiles.profile(id)).status).toBe('error')
  })

  test('a profile that is deleted by force aborts it', async () => {
    const { id, execution } = await opened()
    await world.call('DELETE', `/api/v1/upgrade-profiles/${id}`, { query: { force: 'true' } })
    await world.settle()
    await report(world)
    await world.advanceRollout(execution)
    expect((await rollout(execution)).standing.status).toBe('aborted')
  })

  test('one that is started out of turn is bound to no window', async () => {
    const id = await profiles.created(definition)
    const body = { reason: 'A hole that is being used' }
    const reply = await world.call('POST', `/api/v1/upgrade-profiles/${id}/executions`, { body })
    expect(reply.status).toBe(202)
    await world.settle()
    await world.advanceRollout(reply.body.execution_id)
    expect((await rollout(reply.body.execution_id)).standing.status).toBe('running')
  })
})

describe('the audit', () => {
  let valid: Commit[]
  let execution: string
  let id: string
  beforeEach(async () => {
    const started = await opened()
    ;[id, execution] = [started.id, started.execution]
    profiles.at('2026-01-11T06:30:00.000Z')
    await world.advanceRollout(execution)
    profiles.at(nextSunday)
    await profiles.fire(id, nextSunday)
    for (let round = 0; round < 5; round++) {
      await world.advanceRollout(execution)
      await report(world)
      world.pass(700)
    }
    expect((await profiles.profile(id)).summaries).toHaveLength(1)
    valid = world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage))
  })

  const found = async (commits: readonly Commit[]) =>
    (await audit(commits)).findings.map(({ invariant, stream }) => `${invariant} ${stream}`)

  test('finds nothing in a rollout that took two windows', async () => {
    expect(await found(valid)).toEqual([])
  })

  test('W2: a rollout in a window that its profile did not open', async () => {
    const forged = withEvent(
      valid,
      `rollout#${execution}`,
      'WindowMoved',
      ({ window }: { window: object }) => ({
        window: { ...window, end: '2026-01-18T07:00:00.000Z' },
      }),
    )
    expect(await found(forged.commits)).toContain(`W2 rollout#${execution}`)
  })

  test('W2: a rollout that its profile did not start', async () => {
    const forged = withEvent(
      valid,
      `rollout#${execution}`,
      'RolloutRequested',
      (data: { request: object }) => ({
        ...data,
        request: { ...data.request, profile: 'another' },
      }),
    )
    expect(await found(forged.commits)).toContain(`W2 rollout#${execution}`)
  })

  test('W3: a summary with other figures than its phases', async () => {
    const forged = withEvent(valid, `profile#${id}`, 'UpgradeSummarised', (data: { counts: object }) => ({
      ...data,
      counts: { ...data.counts, succeeded: 2 },
    }))
    expect(await found(forged.commits)).toContain(`W3 profile#${id}`)
  })
})

describe('phases of a profile are refused', () => {
  const refused = async (more: object) => {
    const reply = await world.call('POST', '/api/v1/upgrade-profiles', { body: { ...definition, ...more } })
    expect(reply.status).toBe(400)
    return reply.body.errors.map(({ field }: { field: string }) => field)
  }

  test.each<[words: string, more: object, fields: string[]]>([
    ['in a circle', { phases: phases.map((one) => ({ ...one, depends_on: [one.name] })) }, ['depends_on[0]']],
    [
      'that wait for nobody that there is',
      { phases: [{ ...phases[0], depends_on: ['x'] }] },
      ['depends_on[0]'],
    ],
    ['with one name', { phases: [phases[0], phases[0]] }, ['name']],
    ['without a component', { phases: [{ name: 'a' }] }, ['component']],
    ['with a procedure that is not stored', { phases: [{ ...phases[0], procedure: 'none' }] }, ['procedure']],
    ['with a field that there is not', { phases: [{ ...phases[0], parallel: 3 }] }, ['parallel']],
  ])('%s', async (_words, more, fields) => {
    const found = await refused({ rollout: more })
    expect(found.map((field: string) => field.split('.').at(-1))).toEqual(expect.arrayContaining(fields))
    expect(found.every((field: string) => field.startsWith('rollout.phases['))).toBe(true)
  })

  test('beside what its phases say, or what they do not wait for', async () => {
    const found = await refused({
      upgrade_settings: { ...definition.upgrade_settings, component: 'db' },
      resource_filters: { ...definition.resource_filters, exclude_canary_resources: true },
      depends_on: { profile_id: 'other' },
    })
    expect(found.sort()).toEqual([
      'depends_on',
      'resource_filters.exclude_canary_resources',
      'upgrade_settings.component',
    ])
  })
})
