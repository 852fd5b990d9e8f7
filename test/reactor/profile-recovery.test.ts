import { beforeEach, describe, expect, test } from 'vitest'
import { profileEvents } from '../../events/profile.ts'
import { type UpgradeEvent, upgradeEvents } from '../../events/upgrade.ts'
import { profileAggregate } from '../../functions/domain/profile/aggregate.ts'
import { judgeOpening, upgradeOfWindow } from '../../functions/reactor/profiles/open-window.ts'
import { openWorld, type World } from '../api/world.ts'
import { nextSunday, sunday, weekly } from './profile-world.ts'

const thirdSunday = '2026-01-25T02:00:00.000Z'
const week = 7 * 86_400
/** The world's clock starts on Monday 2026-01-05 at 10:00Z. */
const untilSunday = (Date.parse(sunday) - Date.parse('2026-01-05T10:00:00Z')) / 1000
const base = '/api/v1/upgrade-profiles'

let world: World
let id: string

interface End {
  readonly status: 'completed' | 'failed'
  readonly code?: string
  readonly retryable?: boolean
}
const completed: End = { status: 'completed' }

beforeEach(async () => {
  world = openWorld({ heard: true })
  await world.fleet(8)
  const reply = await world.call('POST', base, {
    body: { ...weekly, schedule: { ...weekly.schedule, retry_attempts: 3, retry_delay_minutes: 15 } },
  })
  expect(reply.status).toBe(201)
  id = reply.body.id
  world.pass(untilSunday)
})

const names = Array.from({ length: 8 }, (_, place) => `cust_000${place + 1}`)
const profile = async () => (await world.log.load(profileAggregate, id)).state
const upgrade = async (started: string) => await world.upgrade(started)

async function fire(scheduledAt: string): Promise<string> {
  await world.settle()
  const event = { profileId: id, scheduledAt }
  await judgeOpening(world.services, event)
  await world.settle()
  const { running } = await profile()
  if (running) await world.advance(running.upgrade)
  return running?.upgrade ?? ''
}

/** Lets the agent of each target that has been offered something say that its attempt has ended so. */
async function allEnd(ends: (target: string) => End): Promise<string[]> {
  const offered: string[] = []
  const as = (target: string) => ({ lambda: { kind: 'agent', target, tokenHash: '' } })
  for (const target of names) {
    const { body } = await world.call('GET', '/api/v1/updates/check', { as: as(target) })
    if (body.updateAvailable) offered.push(target)
  }
  const tell = async (target: string, end: object) => {
    const body = { version: 'v1.2.0', timestamp: '2026-01-11T02:00:00Z', ...end }
    const reply = await world.call('POST', '/api/v1/updates/status', { as: as(target), body })
    expect(reply.status).toBe(200)
  }
  // A pause takes back what nobody has accepted, so all accept before the first fails.
  for (const target of offered) await tell(target, { status: 'in-progress' })
  for (const target of offered) await tell(target, ends(target))
  await world.settle()
  return offered
}

async function eventsOf(stream: string) {
  const decode = stream.startsWith('profile#') ? profileEvents.decode : upgradeEvents.decode
  const commits = await Array.fromAsync(world.log.commits(stream, { consistent: true }))
  return commits.flatMap(({ at, events }) =>
    events.map(({ type, schema, data }) => ({ at, event: decode(type, schema, JSON.parse(data)) })),
  )
}

const alerts = async () =>
  (await eventsOf(`profile#${id}`)).flatMap(({ event }) =>
    event.type === 'AlertRaised' ? [event.data.code] : [],
  )

describe('P13: a failure that may be tried again', () => {
  type Admitted = Extract<UpgradeEvent, { type: 'TargetsAdmitted' }>
  const sizes = (ranges: readonly (readonly number[])[]) =>
    ranges.reduce((sum, [from = 0, to = 0]) => sum + to - from, 0)

  test('is, after 15, 30 and 60 minutes, with 3 and then 1 at once; the profile stays as it was', async () => {
    const before = await profile()
    const started = await fire(sunday)
    let stubborn: string | undefined
    const ends = (target: string): End => {
      stubborn ??= target
      return target === stubborn ? { status: 'failed', code: 'TIMEOUT', retryable: true } : completed
    }
    for (let minute = 0; minute <= 120; minute++) {
      await allEnd(ends)
      world.pass(60)
      await world.advance(started)
    }
    const admitted = (await eventsOf(`upgrade#${started}`)).flatMap(({ at, event }) =>
      event.type === 'TargetsAdmitted' ? [{ at, data: event.data satisfies Admitted['data'] }] : [],
    )
    const retries = admitted.filter(({ data }) => data.retried.length > 0)
    expect(retries.map(({ at, data }) => [at.slice(11, 16), sizes(data.retried)])).toEqual([
      ['02:15', 1],
      ['02:45', 1],
      ['03:45', 1],
    ])
    // 10 % of 8 targets are none: while one waits to be tried again, nobody else is begun.
    expect(
      admitted.filter(({ data }) => data.members.length > 0).map(({ data }) => sizes(data.members)),
    ).toEqual([5])
    expect((await upgrade(started)).status).toBe('paused')
    const { definition, updatedAt } = await profile()
    expect([definition, updatedAt]).toEqual([before.definition, before.updatedAt])
  })

  test('leaves nothing behind: the next run begins with as many at once as the profile says', async () => {
    const started = await fire(sunday)
    await allEnd(() => ({ status: 'failed', code: 'TIMEOUT', retryable: true }))
    expect((await upgrade(started)).failedTries).toBe(1)
    world.pass(15 * 60)
    await world.advance(started)
    expect((await upgrade(started)).counts.inFlight).toBe(3)
    await world.call('POST', `/api/upgrades/${started}/abort`, { body: { reason: 'enough' } })
    await allEnd(() => completed)
    await world.advance(started)
    await world.settle()
    expect((await profile()).summaries).toMatchObject([{ status: 'aborted' }])
    world.pass(week - 15 * 60)
    const next = await fire(nextSunday)
    expect(next).toBe(upgradeOfWindow(id, nextSunday))
    expect(await upgrade(next)).toMatchObject({
      failedTries: 0,
      counts: { inFlight: 5 },
      request: { parallel: 5 },
    })
  })
})

describe('P13: a critical failure', () => {
  /** One target says that its disk is broken, with the word that it might be tried again. */
  async function broken(): Promise<string> {
    const started = await fire(sunday)
    let first: string | undefined
    await allEnd((target) => {
      first ??= target
      return target === first ? { status: 'failed', code: 'CRITICAL_DISK', retryable: true } : completed
    })
    await world.settle()
    return started
  }

  test('takes the profile out of service at once, with one alert, and is not tried again', async () => {
    const started = await broken()
    const { status, deactivated, running, summaries } = await profile()
    expect([status, deactivated]).toMatchObject([
      'error',
      { reason: `Critical failures in upgrade ${started}: CRITICAL_DISK`, by: 'drydock' },
    ])
    expect([running?.upgrade, summaries]).toEqual([started, []])
    expect(await alerts()).toEqual(['CRITICAL_DISK'])
    expect((await upgrade(started)).counts).toMatchObject({ failed: 1, retrying: 0 })
    expect([...world.schedules.all.keys()]).toEqual([])
  })

  test('shows as the status error, until somebody activates the profile', async () => {
    await broken()
    const read = async () => (await world.call('GET', `${base}/${id}`)).body
    expect(await read()).toMatchObject({ status: 'error', schedule: { next_runs: [] } })
    const listed = async (status: string) =>
      (await world.call('GET', base, { query: { status } })).body.profiles.map(
        (one: { id: string }) => one.id,
      )
    expect([await listed('error'), await listed('inactive'), await listed('active')]).toEqual([[id], [], []])
    const refused = await world.call('POST', `${base}/${id}/executions`, { body: { reason: 'now' } })
    expect([refused.status, refused.body.code]).toEqual([409, 'profile-inactive'])
    await fire(sunday)
    expect((await world.call('PUT', `${base}/${id}`, { body: { status: 'active' } })).status).toBe(200)
    expect(await read()).toMatchObject({ status: 'active' })
    await world.settle()
    expect(world.schedules.all.size).toBe(2)
  })

  test('that a person has seen is not heeded again when its upgrade ends', async () => {
    const started = await broken()
    await world.call('PUT', `${base}/${id}`, { body: { status: 'active' } })
    await world.call('POST', `/api/upgrades/${started}/abort`, { body: { reason: 'new disk' } })
    await world.advance(started)
    await world.settle()
    const { status, summaries } = await profile()
    expect([status, summaries]).toMatchObject([
      'active',
      [{ failures: [{ code: 'CRITICAL_DISK', count: 1 }] }],
    ])
    expect(await alerts()).toEqual(['CRITICAL_DISK'])
  })
})

describe('an upgrade that failures have paused, without rollback_on_failure', () => {
  async function paused(): Promise<string> {
    const started = await fire(sunday)
    await allEnd(() => ({ status: 'failed', code: 'TIMEOUT' }))
    expect((await upgrade(started)).status).toBe('paused')
    world.pass(week)
    return started
  }

  test('takes no window, and each that is lost to it says who has to act', async () => {
    const started = await paused()
    await fire(nextSunday)
    await fire(nextSunday)
    world.pass(week)
    await fire(thirdSunday)
    const { windows, running } = await profile()
    expect(windows.map(({ scheduledAt, result }) => [scheduledAt, result])).toEqual([
      [sunday, 'opened'],
      [nextSunday, 'running'],
      [thirdSunday, 'running'],
    ])
    expect(windows.at(-1)).toMatchObject({
      detail: expect.stringMatching(
        `^Upgrade ${started} is paused \\(\\d failed in wave 1, 0 allowed\\) and waits for an operator: POST /api/upgrades/${started}/resume`,
      ),
    })
    expect(await alerts()).toEqual(['UPGRADE_PAUSED', 'UPGRADE_PAUSED'])
    expect(running).toMatchObject({ upgrade: started, scheduledAt: sunday })
  })

  test('goes on in the next window once somebody has resumed it', async () => {
    const started = await paused()
    await fire(nextSunday)
    const resume = (body?: object) => world.call('POST', `/api/upgrades/${started}/resume`, body && { body })
    const { failed } = (await upgrade(started)).counts
    expect((await resume()).body).toMatchObject({ status: 409, code: 'not-acknowledged' })
    const few = await resume({ acknowledge: { failed: failed - 1 } })
    expect(few.body).toMatchObject({ status: 409, code: 'more-failed' })
    expect((await resume({ acknowledge: { failed } })).status).toBe(200)
    await world.advance(started)
    expect((await upgrade(started)).holds).toMatchObject([{ code: 'WINDOW_CLOSED' }])
    world.pass(week)
    expect(await fire(thirdSunday)).toBe(started)
    expect((await profile()).windows.at(-1)).toMatchObject({ result: 'opened', resumed: true })
    await allEnd(() => completed)
    await world.advance(started)
    await world.settle()
    expect((await profile()).summaries).toMatchObject([
      { status: 'completed_with_exceptions', counts: { succeeded: 3, failed: 5 } },
    ])
    expect(await alerts()).toEqual(['UPGRADE_PAUSED'])
  })

  test('gives way to a new one once somebody has aborted it', async () => {
    const started = await paused()
    await world.call('POST', `/api/upgrades/${started}/abort`, { body: { reason: 'not this release' } })
    await world.advance(started)
    await world.settle()
    expect(await fire(nextSunday)).toBe(upgradeOfWindow(id, nextSunday))
    expect(await alerts()).toEqual([])
  })
})
