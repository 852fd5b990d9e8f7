import { expect, test } from 'vitest'
import { targetAggregate } from '../../functions/domain/target/aggregate.ts'
import { upgradeOfWindow } from '../../functions/reactor/profiles/open-window.ts'
import { report } from '../api/world.ts'
import { openProfileWorld, sunday, weekly } from './profile-world.ts'

test('a target that wants to be taken back is, though its profile takes nothing back, and alone', async () => {
  const { world, ...profiles } = await openProfileWorld(4)
  const id = await profiles.created()
  profiles.at(sunday)
  await profiles.fire(id, sunday)
  const upgrade = upgradeOfWindow(id, sunday)
  await world.advance(upgrade)
  const resource_assignments = [
    { resource_id: 'cust_0001', resource_type: 'customer', override_settings: { rollback_on_failure: true } },
  ]
  const path = `/api/v1/upgrade-profiles/${id}/assignments`
  await world.call('POST', path, { body: { resource_assignments } })
  await world.settle()
  await report(world, () => 'failed')
  await world.settle()
  const { children } = await profiles.upgrade(upgrade)
  expect(children).toMatchObject([{ kind: 'rollback', target: 'cust_0001' }])
  const child = children[0]?.child ?? ''
  await profiles.finish(child)
  expect(await profiles.upgrade(child)).toMatchObject({ status: 'completed', counts: { succeeded: 1 } })
})

/** One target of four wants to be taken back; all are offered the upgrade of the window, and have accepted it. */
async function accepted(settings: object = {}) {
  const opened = await openProfileWorld(4)
  const { world, ...profiles } = opened
  const id = await profiles.created({
    ...weekly,
    upgrade_settings: { ...weekly.upgrade_settings, ...settings },
  })
  const resource_assignments = [
    { resource_id: wanting, resource_type: 'customer', override_settings: { rollback_on_failure: true } },
  ]
  await world.call('POST', `/api/v1/upgrade-profiles/${id}/assignments`, { body: { resource_assignments } })
  profiles.at(sunday)
  await profiles.fire(id, sunday)
  const execution = upgradeOfWindow(id, sunday)
  await world.advance(execution)
  const timestamp = '2026-01-11T02:00:00Z'
  const as = (target: string) => ({ lambda: { kind: 'agent', target, tokenHash: '' } })
  const tell = (target: string, more: object) =>
    world.call('POST', '/api/v1/updates/status', {
      as: as(target),
      body: { version: 'v1.2.0', timestamp, ...more },
    })
  const all = ['cust_0001', 'cust_0002', 'cust_0003', 'cust_0004']
  for (const target of all) await tell(target, { status: 'in-progress' })
  /** Ends what the others have, so that only the one that wants it is left. */
  const others = async (more: object) => {
    for (const target of all) if (target !== wanting) await tell(target, more)
  }
  /** Drives the rollback that there has to be to its end, and returns what it came to. */
  const takenBack = async () => {
    await world.settle()
    const { children } = await profiles.upgrade(execution)
    expect(children).toMatchObject([{ kind: 'rollback', target: wanting }])
    const child = children[0]?.child ?? ''
    await profiles.finish(child)
    const { status, counts, plan } = await profiles.upgrade(child)
    expect({ status, members: plan?.members, succeeded: counts.succeeded }).toEqual({
      ...{ status: 'completed', members: 1, succeeded: 1 },
    })
    expect((await world.log.load(targetAggregate, wanting)).state.components).toEqual({ api: 'v1.1.0' })
  }
  return { ...opened, execution, tell, others, takenBack }
}

const wanting = 'cust_0002'
const completed = { status: 'completed' }

test.each([
  ['failed', { status: 'failed', code: 'HEALTH_CHECK_FAILED' }],
  ['failed for running something else', { status: 'completed', version: 'v1.1.9' }],
  ['failed to take itself back', { status: 'rollback-failed', code: 'BROKEN' }],
])('a target that wants it is taken back after it has %s', async (_how, end) => {
  const { tell, others, takenBack } = await accepted()
  await others(completed)
  await tell(wanting, end)
  await takenBack()
})

test.each([
  ['timed out', true],
  ['was lost', false],
])('a target that wants it is taken back after it %s', async (_how, heard) => {
  const { world, execution, others, takenBack } = await accepted()
  await others(completed)
  world.pass(3500)
  const as = { lambda: { kind: 'agent', target: wanting, tokenHash: '' } }
  if (heard) await world.call('GET', '/api/v1/updates/check', { as })
  world.pass(200)
  await world.advance(execution)
  const { attempts } = (await world.log.load(targetAggregate, wanting)).state
  expect(attempts.at(-1)?.outcome).toBe(heard ? 'timed_out' : 'lost')
  await takenBack()
})

test.each([
  ['a person has paused it', true],
  ['too many failures have', false],
])('a target that wants it is taken back though %s', async (_how, byHand) => {
  const { world, execution, tell, others, takenBack, ...profiles } = await accepted()
  if (byHand) await world.call('POST', `/api/upgrades/${execution}/pause`)
  else await others({ status: 'failed', code: 'HEALTH_CHECK_FAILED' })
  expect((await profiles.upgrade(execution)).status).toBe('paused')
  await tell(wanting, { status: 'failed', code: 'HEALTH_CHECK_FAILED' })
  await takenBack()
  expect((await profiles.upgrade(execution)).status).toBe('paused')
})

test('a target that wants it is taken back once its last try has failed, and not before', async () => {
  const { world, execution, tell, others, takenBack, ...profiles } = await accepted()
  await others(completed)
  const failed = { status: 'failed', code: 'HEALTH_CHECK_FAILED', retryable: true }
  for (const delay of [900, 1800]) {
    await tell(wanting, failed)
    await world.settle()
    expect((await profiles.upgrade(execution)).children).toEqual([])
    world.pass(delay)
    await world.advance(execution)
    await tell(wanting, { status: 'in-progress' })
  }
  await tell(wanting, failed)
  await takenBack()
})

test('a target that wants it is taken back when somebody leaves it out before its next try', async () => {
  const { world, execution, tell, others, takenBack } = await accepted()
  await others(completed)
  await tell(wanting, { status: 'failed', code: 'HEALTH_CHECK_FAILED', retryable: true })
  await world.settle()
  const skip = await world.call('POST', `/api/upgrades/${execution}/targets/${wanting}/skip`)
  expect(skip.status).toBe(200)
  await takenBack()
})

test('a target that wants it is taken back when the upgrade is aborted before its next try', async () => {
  const { world, execution, tell, others, takenBack } = await accepted()
  await others(completed)
  await tell(wanting, { status: 'failed', code: 'HEALTH_CHECK_FAILED', retryable: true })
  await world.settle()
  const abort = await world.call('POST', `/api/upgrades/${execution}/abort`, { body: { reason: 'enough' } })
  expect(abort.status).toBe(202)
  await takenBack()
})

test('a target that wants it is taken back when it fails in a retry that a person asked for', async () => {
  const { world, execution, tell, others, ...profiles } = await accepted()
  await others(completed)
  await tell(wanting, { status: 'failed', code: 'HEALTH_CHECK_FAILED' })
  await world.settle()
  const [first] = (await profiles.upgrade(execution)).children
  await profiles.finish(first?.child ?? '')
  await world.advance(execution)
  const retry = await world.call('POST', `/api/upgrades/${execution}/retry-failed`)
  expect(retry.status).toBe(202)
  await world.advance(retry.body.upgradeId)
  await tell(wanting, { status: 'in-progress' })
  await tell(wanting, { status: 'failed', code: 'HEALTH_CHECK_FAILED' })
  await world.settle()
  const [second] = (await profiles.upgrade(retry.body.upgradeId)).children
  expect(second).toMatchObject({ kind: 'rollback', target: wanting })
  await profiles.finish(second?.child ?? '')
  expect((await world.log.load(targetAggregate, wanting)).state.attempts.at(-1)).toMatchObject({
    ...{ kind: 'rollback', to: 'v1.1.0', outcome: 'succeeded' },
  })
})

test('a target that wants no rollback is left out of the automatic one, and the plan says so', async () => {
  const { world, ...profiles } = await openProfileWorld(3)
  const id = await profiles.created({
    ...weekly,
    upgrade_settings: { ...weekly.upgrade_settings, parallel_upgrades: 1, rollback_on_failure: true },
  })
  profiles.at(sunday)
  await profiles.fire(id, sunday)
  const upgrade = upgradeOfWindow(id, sunday)
  await world.advance(upgrade)
  // The next may be admitted while the others are asked: only the first one is well.
  let asked = 0
  const [first = ''] = await report(world, () => (asked++ === 0 ? 'completed' : 'failed'))
  const resource_assignments = [
    { resource_id: first, resource_type: 'customer', override_settings: { rollback_on_failure: false } },
  ]
  const path = `/api/v1/upgrade-profiles/${id}/assignments`
  await world.call('POST', path, { body: { resource_assignments } })
  let child: string | undefined
  for (let round = 0; round < 40 && (await profiles.profile(id)).running; round++) {
    await world.advance(child ?? upgrade)
    child = (await profiles.upgrade(upgrade)).children[0]?.child
    await report(world, () => (child === undefined ? 'failed' : 'completed'))
    world.pass(300)
  }
  expect((await profiles.profile(id)).running).toBeNull()
  const plan = (await profiles.upgrade(child ?? '')).plan
  expect(plan?.leftOut).toEqual({ rollback_unwanted: 1 })
  expect(plan?.members).toBeGreaterThan(0)
  expect((await world.log.load(targetAggregate, first)).state.components).toEqual({ api: 'v1.2.0' })
})
