import { beforeEach, describe, expect, test } from 'vitest'
import { type Commit, fromImage } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { upgradeOfWindow } from '../../functions/reactor/profiles/open-window.ts'
import { digest } from '../api/world.ts'
import { rechained, withEvent } from '../audit/history.ts'
import { openProfileWorld, sunday, weekly } from './profile-world.ts'

const wednesday = '2026-01-14T02:00:00.000Z'
const nextSunday = '2026-01-18T02:00:00.000Z'
const nextWednesday = '2026-01-21T02:00:00.000Z'

/** The canaries of the README's pair: two of ten, on Sundays, taken back where too many fail. */
const canaries = {
  ...weekly,
  name: 'canaries',
  upgrade_settings: { ...weekly.upgrade_settings, rollback_on_failure: true, canary_percentage: 20 },
}
/** The rest, on Wednesdays. */
const rest = {
  ...weekly,
  name: 'the rest',
  schedule: { ...weekly.schedule, cron_expression: '0 2 * * 3' },
  resource_filters: { ...weekly.resource_filters, exclude_canary_resources: true },
}

let world: Awaited<ReturnType<typeof openProfileWorld>>
let canary: string
let main: string

beforeEach(async () => {
  world = await openProfileWorld(10)
})

/** Everything that is in the log. */
const allCommits = (): Commit[] =>
  world.world.log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage))

async function pair(dependsOn: object | null = {}, canaryChanges: object = {}) {
  canary = await world.created({ ...canaries, ...canaryChanges })
  const depends_on = dependsOn && { profile_id: canary, ...dependsOn }
  main = await world.created({ ...rest, depends_on })
}

/** Opens the canaries' window, and lets them report; returns the upgrade. */
async function canariesGo(status?: (target: string) => string, at = sunday): Promise<string> {
  world.at(at)
  await world.fire(canary, at)
  const upgrade = upgradeOfWindow(canary, at)
  await world.finish(upgrade, status)
  for (const { child } of (await world.upgrade(upgrade)).children) await world.finish(child)
  return upgrade
}

/** Opens the window of the rest; returns what became of it, in words where it did not open. */
async function restOpens(at = wednesday): Promise<string> {
  // What was taken back is held back, too: somebody has freed it, and still the rest stays closed.
  const free = { body: { reason: 'it was the proxy' } }
  await world.world.call('POST', '/api/v1/releases/api/v1.2.0/free', free)
  await world.world.settle()
  world.at(at)
  await world.fire(main, at)
  const last = (await world.profile(main)).windows.at(-1)
  if (!last) return 'nothing'
  return last.result === 'opened' ? 'opened' : `${last.result}: ${last.detail}`
}

async function release(version: string): Promise<void> {
  await world.world.call('POST', '/api/v1/releases', { body: { component: 'api', version, digest } })
  await world.world.settle()
}

const running = async (): Promise<number> =>
  (await world.world.call('GET', '/api/v1/targets', { query: { limit: '100' } })).body.targets.filter(
    ({ components }: { components: { api: string } }) => components.api === 'v1.2.0',
  ).length

describe('the rest follows canaries', () => {
  test('that are well, with the very release that they run', async () => {
    await pair()
    await canariesGo()
    expect(await running()).toBe(2)
    world.at(wednesday)
    expect(await restOpens()).toBe('opened')
    const upgrade = upgradeOfWindow(main, wednesday)
    expect((await world.upgrade(upgrade)).request).toMatchObject({ version: 'latest', judged: 'v1.2.0' })
    await world.finish(upgrade)
    expect(await running()).toBe(10)
    expect((await audit(allCommits())).findings).toEqual([])
  })

  test('even if a newer release comes between the judgement and the plan', async () => {
    await pair()
    await canariesGo()
    world.at(wednesday)
    await world.fire(main, wednesday)
    await release('v1.3.0')
    await world.finish(upgradeOfWindow(main, wednesday))
    expect(await running()).toBe(10)
  })
})

describe('the rest stays closed on Wednesday', () => {
  test('when the canaries failed on Sunday and were taken back', async () => {
    await pair()
    await canariesGo(() => 'failed')
    expect(await restOpens()).toMatch(/^dependency: .*(taken back|ended as failed)/)
  })

  test('when a breach took them back, though the share that was well is high enough', async () => {
    await pair({ min_success_rate: 40 })
    let count = 0
    const upgrade = await canariesGo(() => (count++ === 0 ? 'completed' : 'failed'))
    expect((await world.upgrade(upgrade)).status).toBe('aborted')
    expect((await world.profile(canary)).summaries[0]?.counts).toMatchObject({ succeeded: 1, failed: 1 })
    expect(await restOpens()).toMatch(/^dependency: .*taken back/)
  })

  test('because of the canaries, though the release that it names is held back as well', async () => {
    canary = await world.created(canaries)
    const upgrade_settings = { ...rest.upgrade_settings, target_version: 'v1.2.0' }
    main = await world.created({ ...rest, upgrade_settings, depends_on: { profile_id: canary } })
    await canariesGo(() => 'failed')
    world.at(wednesday)
    await world.fire(main, wednesday)
    expect((await world.profile(main)).windows.at(-1)).toMatchObject({
      result: 'dependency',
      detail: expect.stringMatching(/taken back|ended as failed/),
    })
  })

  test('when a newer release came that no canary has had', async () => {
    await pair()
    await canariesGo()
    await release('v1.3.0')
    expect(await restOpens()).toMatch(/^dependency: .*no execution of api v1.3.0/)
  })

  test('when the window of the canaries was skipped, whatever an older one came to', async () => {
    await pair()
    await canariesGo()
    expect(await restOpens()).toBe('opened')
    await world.finish(upgradeOfWindow(main, wednesday))
    await release('v1.3.0')
    await world.world.call('POST', '/api/v1/stop', { body: { reason: 'incident' } })
    world.at(nextSunday)
    await world.fire(canary, nextSunday)
    const { stops } = (await world.world.call('GET', '/api/v1/stop')).body
    for (const { stopId } of stops)
      await world.world.call('DELETE', `/api/v1/stop/${stopId}`, { query: { reason: 'over' } })
    expect(await restOpens(nextWednesday)).toMatch(/^dependency: .*no execution of api v1.3.0/)
  })

  test('when a person has taken the canaries back since, all at once or one by one', async () => {
    await pair()
    const upgrade = await canariesGo()
    const back = await world.world.call('POST', `/api/upgrades/${upgrade}/rollback`)
    expect(back.status).toBe(202)
    await world.finish(back.body.upgradeId)
    expect(await restOpens()).toMatch(/^dependency: .*taken back by/)
  })

  test('when a person has taken the canaries back one by one', async () => {
    await pair()
    const upgrade = await canariesGo()
    const { logs } = (await world.world.call('GET', `/api/upgrades/${upgrade}/logs`)).body
    for (const { customer_id } of logs) {
      const back = await world.world.call('POST', `/api/upgrades/${upgrade}/rollback/${customer_id}`)
      await world.finish(back.body.upgradeId)
    }
    expect(await restOpens()).toMatch(/^dependency: .*0 % with api v1.2.0/)
  })

  test('when the canaries failed after all, long after their wave was over', async () => {
    await pair()
    const upgrade = await canariesGo()
    const { logs } = (await world.world.call('GET', `/api/upgrades/${upgrade}/logs`)).body
    world.at('2026-01-12T02:00:00.000Z')
    const target = logs[0].customer_id
    const as = { lambda: { kind: 'agent', target, tokenHash: '' } }
    const said = { version: 'v1.2.0', timestamp: sunday, status: 'failed', code: 'CRASH_LOOP' }
    const reply = await world.world.call('POST', '/api/v1/updates/status', { as, body: said })
    expect(reply.body.result).toBe('regressed')
    await world.world.settle()
    expect(await restOpens()).toMatch(/^dependency: .*50 % with api v1.2.0/)
  })

  test('when the profile of the canaries is out of service', async () => {
    await pair()
    await canariesGo()
    await world.updated(canary, { status: 'inactive' })
    expect(await restOpens()).toMatch(/^dependency: .*out of service/)
  })

  test('when a critical failure took it out of service', async () => {
    await pair({ min_success_rate: 0, min_resources: 1 })
    world.at(sunday)
    await world.fire(canary, sunday)
    const upgrade = upgradeOfWindow(canary, sunday)
    await world.world.advance(upgrade)
    await criticalFailure()
    await world.finish(upgrade)
    for (const { child } of (await world.upgrade(upgrade)).children) await world.finish(child)
    expect((await world.profile(canary)).status).toBe('error')
    expect(await restOpens()).toMatch(/^dependency: .*out of service \(error/)
  })

  test('when one of one was well', async () => {
    await pair({}, { upgrade_settings: { ...canaries.upgrade_settings, canary_percentage: 10 } })
    await canariesGo()
    expect(await restOpens()).toMatch(/^dependency: .*1 resources.*2 are needed/)
    await world.updated(main, { depends_on: { min_resources: 1 } })
    expect(await restOpens(nextWednesday)).toBe('opened')
  })

  test('while the canaries are not finished', async () => {
    await pair()
    world.at(sunday)
    await world.fire(canary, sunday)
    await world.world.advance(upgradeOfWindow(canary, sunday))
    await world.world.call('POST', `/api/upgrades/${upgradeOfWindow(canary, sunday)}/pause`, {
      body: { reason: 'to look' },
    })
    expect(await restOpens()).toMatch(/^dependency: .*not finished/)
  })

  test('when nothing is named, and the canaries that leave the rest to it have not gone', async () => {
    await pair(null)
    expect(await restOpens()).toMatch(/^dependency: .*no execution of api v1.2.0/)
    await canariesGo(undefined, nextSunday)
    expect(await restOpens(nextWednesday)).toBe('opened')
  })

  test('when nothing is named, and canaries of other filters that it passes over were taken back', async () => {
    await world.world.call('PATCH', '/api/v1/targets/cust_0001', { body: { tags: { ring: 'canary' } } })
    await world.world.call('PATCH', '/api/v1/targets/cust_0002', { body: { tags: { ring: 'canary' } } })
    const filters = { ...weekly.resource_filters, tags: [{ key: 'ring', value: 'canary' }] }
    await pair(null, { resource_filters: filters })
    await canariesGo(() => 'failed')
    expect(await restOpens()).toMatch(/^dependency: .*(taken back|ended as failed)/)
  })
})

/** One canary fails critically. */
async function criticalFailure(): Promise<void> {
  const { targets } = (await world.world.call('GET', '/api/v1/targets', { query: { limit: '100' } })).body
  for (const { id } of targets) {
    const as = { lambda: { kind: 'agent', target: id, tokenHash: '' } }
    const offer = await world.world.call('GET', '/api/v1/updates/check', { as })
    if (!offer.body.updateAvailable) continue
    const told = { version: offer.body.version, timestamp: sunday }
    for (const said of [{ status: 'in-progress' }, { status: 'failed', code: 'CRITICAL_DATA_LOSS' }])
      await world.world.call('POST', '/api/v1/updates/status', { as, body: { ...told, ...said } })
    break
  }
  await world.world.settle()
}

test('an execution of the rest out of turn asks nobody: a person has taken it upon themselves', async () => {
  await pair()
  const body = { reason: 'CVE-2026-1' }
  const reply = await world.world.call('POST', `/api/v1/upgrade-profiles/${main}/executions`, { body })
  expect(reply.status).toBe(202)
})

test('what was planned ahead is judged by its own version when its window opens', async () => {
  const approvals = { required: 1, lead_time_hours: 24 }
  canary = await world.created(canaries)
  main = await world.created({ ...rest, depends_on: { profile_id: canary }, approvals })
  await canariesGo()
  world.at('2026-01-13T02:00:00.000Z')
  await world.fire(main, wednesday, true)
  const planned = (await world.profile(main)).planned?.upgrades[0]?.upgrade ?? ''
  await world.world.advance(planned)
  await release('v1.3.0')
  expect(await restOpens()).toBe('opened')
  expect((await world.upgrade(planned)).plan?.version).toBe('v1.2.0')
})

test('what was planned ahead and aborted before its window rolls nothing out, and the audit accuses nobody', async () => {
  const approvals = { required: 1, lead_time_hours: 24 }
  canary = await world.created(canaries)
  main = await world.created({ ...rest, depends_on: { profile_id: canary }, approvals })
  world.at('2026-01-13T02:00:00.000Z')
  await world.fire(main, wednesday, true)
  const planned = (await world.profile(main)).planned?.upgrades[0]?.upgrade ?? ''
  await world.world.advance(planned)
  const abort = await world.world.call('POST', `/api/upgrades/${planned}/abort`, {
    body: { reason: 'not now' },
  })
  expect(abort.status).toBe(202)
  await world.world.advance(planned)
  expect(await restOpens()).toBe('opened')
  expect((await world.profile(main)).summaries.at(-1)).toMatchObject({ upgrade: planned, status: 'aborted' })
  expect(await running()).toBe(0)
  expect((await audit(allCommits())).findings).toEqual([])
})

test('a log in which the rest opened without that is found by the audit', async () => {
  await pair()
  await canariesGo()
  await restOpens()
  await world.finish(upgradeOfWindow(main, wednesday))
  const commits = allCommits()
  const words = async (log: readonly Commit[]) =>
    (await audit(log)).findings.map(({ invariant, words }) => `${invariant}: ${words}`)
  const without = commits.filter(
    ({ stream, events }) =>
      stream !== `profile#${canary}` || events.every(({ type }) => type !== 'UpgradeSummarised'),
  )
  expect(await words(rechained(without))).toContainEqual(expect.stringMatching(/^W4: .*had not finished/))
  const other = withEvent(commits, `profile#${canary}`, 'UpgradeSummarised', (data: object) => ({
    ...data,
    version: 'v1.1.9',
  }))
  expect(await words(other.commits)).toContainEqual(
    expect.stringMatching(/^W4: .*no execution of api v1.2.0/),
  )
  const failed = withEvent(commits, `profile#${canary}`, 'UpgradeSummarised', (data: object) => ({
    ...data,
    status: 'aborted',
  }))
  expect(await words(failed.commits)).toContainEqual(expect.stringMatching(/^W4: .*aborted/))
})
