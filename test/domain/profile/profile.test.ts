import { describe, expect, test } from 'vitest'
import type { ProfileEvent } from '../../../events/profile.ts'
import { profileAggregate } from '../../../functions/domain/profile/aggregate.ts'
import {
  heedFailures,
  startExecution,
  summariseUpgrade,
} from '../../../functions/domain/profile/execution.ts'
import {
  activateProfile,
  createProfile,
  deactivateProfile,
  deleteProfile,
  updateProfile,
} from '../../../functions/domain/profile/lifecycle.ts'
import { type OpeningFacts, openWindow, skipWindow } from '../../../functions/domain/profile/opening.ts'
import { nextExecution, scheduleName, schedulesOf } from '../../../functions/domain/profile/schedules.ts'
import {
  failuresByCode,
  networkUtilization,
  statisticsOf,
} from '../../../functions/domain/profile/statistics.ts'
import { specOf } from '../given.ts'
import { clear, definition, summaryOf, upstreamWith } from './world.ts'

const { given, fold } = specOf(profileAggregate)
const by = 'ada'
const created: ProfileEvent = { type: 'ProfileCreated', data: { definition, by } }
const deactivated: ProfileEvent = { type: 'ProfileDeactivated', data: { reason: 'audit', by } }
const deleted: ProfileEvent = { type: 'ProfileDeleted', data: { force: false, cancelled: [], by } }

/** The openings after the start of every story: Sundays at 02:00 in New York. */
const first = '2026-03-08T07:00:00.000Z'
const firstEnd = '2026-03-08T11:00:00.000Z'
const second = '2026-03-15T06:00:00.000Z'
const secondEnd = '2026-03-15T10:00:00.000Z'
const third = '2026-03-22T06:00:00.000Z'

const opened: ProfileEvent = {
  type: 'WindowOpened',
  data: { scheduledAt: first, end: firstEnd, upgrade: 'u1', resumed: false },
}
const started: ProfileEvent = {
  type: 'ExecutionStarted',
  data: { upgrade: 'u1', reason: 'window', scheduledAt: first, justification: null, by },
}
const emergency: ProfileEvent = {
  type: 'ExecutionStarted',
  data: { upgrade: 'e1', reason: 'emergency', scheduledAt: null, justification: 'CVE-2026-1', by },
}
const summarised: ProfileEvent = { type: 'UpgradeSummarised', data: summaryOf('u1') }
const skipped = (scheduledAt: string, reason: 'holiday' | 'inactive' | 'running'): ProfileEvent => {
  return { type: 'WindowSkipped', data: { scheduledAt, reason, detail: 'why' } }
}
const open = (scheduledAt: string, upgrade: string, facts: Partial<OpeningFacts> = {}) =>
  openWindow({ scheduledAt, upgrade, facts: { ...clear, ...facts } })

describe('P1: creating a profile', () => {
  test('records it, once', () => {
    given().when(createProfile({ definition, by })).thenEvents(created)
    given().when(createProfile({ definition, by })).thenIdempotent()
  })
  test('is refused under an id that holds another one, or held one', () => {
    const other = { ...definition, name: 'Another' }
    given(created)
      .when(createProfile({ definition: other, by }))
      .thenRejected('profile-exists')
    given(created, deleted).when(createProfile({ definition, by })).thenRejected('profile-deleted')
  })
})

describe('P4: updating a profile', () => {
  const updates = { schedule: { timezone: 'Europe/London' } }
  test('records the whole new part and the fields that changed', () => {
    given(created)
      .when(updateProfile({ updates, by: 'bob' }))
      .thenEvents({
        type: 'ProfileUpdated',
        data: {
          parts: { schedule: { ...definition.schedule, timezone: 'Europe/London' } },
          changes: ['schedule.timezone'],
          by: 'bob',
        },
      })
    given(created).when(updateProfile({ updates, by })).thenIdempotent()
  })
  test('merges into what is there by then: two updates of different fields do not undo one another', () => {
    const [other] = given(created).when(
      updateProfile({ updates: { schedule: { retry_attempts: 5 } }, by }),
    ).events
    if (!other) throw new Error('nothing was decided')
    const [event] = given(created, other).when(updateProfile({ updates, by })).events
    expect(event?.data).toMatchObject({
      parts: { schedule: { retry_attempts: 5, timezone: 'Europe/London' } },
    })
  })
  test('of its status activates and deactivates', () => {
    const to = (status: string) => updateProfile({ updates: { status }, by })
    given(created).when(to('inactive')).thenTypes('ProfileDeactivated')
    given(created).when(to('inactive')).thenIdempotent()
    given(created, deactivated).when(to('active')).thenTypes('ProfileActivated')
    given(created).when(to('active')).thenNothing()
  })
  test('is refused with bad fields, and where there is no profile', () => {
    const bad = { schedule: { timezone: 'Mars' } }
    given(created)
      .when(updateProfile({ updates: bad, by }))
      .thenRejected('validation-failed')
    given().when(updateProfile({ updates, by })).thenRejected('profile-not-found')
    given(created, deleted).when(updateProfile({ updates, by })).thenRejected('profile-deleted')
  })
  test('makes whoever edited it last the requester of its upgrades', () => {
    const [event] = given(created).when(updateProfile({ updates: { description: 'x' }, by: 'bob' })).events
    if (!event) throw new Error('nothing was decided')
    const decided = given(created, event).when(open(first, 'u1'), first).events
    expect(decided[1]?.data).toMatchObject({ by: 'bob' })
  })
})

describe('taking a profile out of service', () => {
  const reason = 'audit'
  test('and putting it back is recorded with its reason, once', () => {
    given(created).when(deactivateProfile({ reason, by })).thenEvents(deactivated)
    given(created).when(deactivateProfile({ reason, by })).thenIdempotent()
    given(created, deactivated).when(activateProfile({ reason, by })).thenIdempotent()
    given(created).when(activateProfile({ reason, by })).thenNothing()
    given().when(deactivateProfile({ reason, by })).thenRejected('profile-not-found')
    given().when(activateProfile({ reason, by })).thenRejected('profile-not-found')
  })
})

describe('P5: deleting a profile', () => {
  test('is recorded once, and what follows is refused', () => {
    given(created)
      .when(deleteProfile({ force: false, by }))
      .thenEvents(deleted)
    given(created)
      .when(deleteProfile({ force: true, by }))
      .thenIdempotent()
    given()
      .when(deleteProfile({ force: true, by }))
      .thenRejected('profile-not-found')
  })
  test('while an upgrade runs takes force, and names what is to be cancelled', () => {
    given(created, opened, started)
      .when(deleteProfile({ force: false, by }))
      .thenRejected('execution-running')
    given(created, opened, started)
      .when(deleteProfile({ force: true, by }))
      .thenEvents({ type: 'ProfileDeleted', data: { force: true, cancelled: ['u1'], by } })
  })
  test('keeps the history: the cancelled upgrade is still summarised', () => {
    const cancelled = summaryOf('u1', { status: 'aborted' })
    const forced: ProfileEvent = { type: 'ProfileDeleted', data: { force: true, cancelled: ['u1'], by } }
    given(created, opened, started, forced).when(summariseUpgrade(cancelled)).thenTypes('UpgradeSummarised')
    const state = fold([created, opened, started, forced, { type: 'UpgradeSummarised', data: cancelled }])
    expect(statisticsOf(state)).toMatchObject({ executions: 1, cancelled: 1 })
  })
})

describe('P8: opening a window', () => {
  test('starts an upgrade that runs until the window’s end', () => {
    given(created).when(open(first, 'u1'), first).thenEvents(opened, started)
    expect(fold([created, opened, started]).running).toMatchObject({ upgrade: 'u1', end: firstEnd })
  })
  test('happens once by its scheduled time, whoever asks and whatever has changed since', () => {
    given(created).when(open(first, 'u1'), first).thenIdempotent()
    given(created, opened, started).when(open(first, 'u2'), first).thenNothing()
    given(created, opened, started, summarised).when(open(first, 'u2'), first).thenNothing()
    given(created, opened, started, deactivated)
      .when(open(first, 'u2', { stops: [{ reason: 'x' }] }), first)
      .thenNothing()
    given(created, skipped(first, 'holiday')).when(open(first, 'u1'), first).thenNothing()
  })
  test('is not forgotten when many windows have come since', () => {
    const later = Array.from({ length: 30 }, (_, week) =>
      skipped(new Date(Date.parse(second) + week * 604_800_000).toISOString(), 'holiday'),
    )
    given(created, opened, started, summarised, ...later)
      .when(open(first, 'u2'), first)
      .thenNothing()
  })
  test('resumes an upgrade that the window before did not finish', () => {
    given(created, opened, started)
      .when(open(second, 'u2'), second)
      .thenEvents({
        type: 'WindowOpened',
        data: { scheduledAt: second, end: secondEnd, upgrade: 'u1', resumed: true },
      })
    given(created, opened, started).when(open(second, 'u2'), second).thenIdempotent()
    given(created, opened, started, summarised)
      .when(open(second, 'u2'), second)
      .thenTypes('WindowOpened', 'ExecutionStarted')
  })
  test('is not done early', () => {
    given(created).when(open(second, 'u1'), first).thenRejected('window-not-due')
  })
  test('is recorded for the schedule of the moment alone: what an older one asked for is skipped', () => {
    const moved: ProfileEvent = {
      type: 'ProfileUpdated',
      data: {
        parts: { schedule: { ...definition.schedule, timezone: 'Europe/London' } },
        changes: ['schedule.timezone'],
        by,
      },
    }
    const reasonOf = (...history: ProfileEvent[]) => given(...history).when(open(first, 'u1'), first).events
    expect(reasonOf(created, moved)).toMatchObject([
      { type: 'WindowSkipped', data: { reason: 'not_in_schedule' } },
    ])
  })

  const profileWith = (parts: Partial<typeof definition>): ProfileEvent => {
    return { type: 'ProfileCreated', data: { definition: { ...definition, ...parts }, by } }
  }
  const closed = { from: '2026-03-08T05:00:00.000Z', to: '2026-03-09T04:00:00.000Z', why: 'Founders’ day' }
  const dependent = profileWith({
    depends_on: { profile_id: 'canary', min_success_rate: 95, min_resources: 2 },
  })
  const bad = { upstreams: [upstreamWith({ succeeded: 8, failed: 2 })] }
  test.each<[string, ProfileEvent[], Partial<OpeningFacts>, string, string]>([
    ['inactive', [created, deactivated], {}, first, 'audit'],
    ['inactive', [created, deleted], {}, first, 'deleted'],
    ['frozen', [created], { stops: [{ reason: 'incident 4711' }] }, first, 'incident 4711'],
    ['holiday', [created], { closures: [closed] }, first, 'Founders’ day'],
    ['running', [created, emergency], {}, first, 'e1'],
    [
      'dependency',
      [dependent],
      { upstreams: [upstreamWith(null)] },
      first,
      'no execution of publisher 4.2.1',
    ],
    ['dependency', [dependent, opened, started], { ...bad, begun: false }, second, '80 %'],
    ['held_back', [created], { heldBack: 'it was taken back' }, first, 'taken back'],
    [
      'held_back',
      [created, opened, started],
      { heldBack: 'it was taken back', begun: true },
      second,
      'taken back',
    ],
    ['nothing_to_upgrade', [created], { matching: 0 }, first, 'No resource'],
    ['not_in_schedule', [created], {}, firstEnd, 'over'],
  ])('is skipped as %s', (reason, history, facts, now, words) => {
    const spec = given(...history).when(open(now === second ? second : first, 'u1', facts), now)
    expect(spec.events).toEqual([
      {
        type: 'WindowSkipped',
        data: {
          scheduledAt: now === second ? second : first,
          reason,
          detail: expect.stringContaining(words),
        },
      },
    ])
    spec.thenIdempotent()
  })

  test('goes ahead with the release that the other profile was asked about, and when nobody counted what matches', () => {
    const { events } = given(dependent).when(open(first, 'u1', { upstreams: [upstreamWith()] }), first)
    expect(events).toMatchObject([
      { type: 'WindowOpened' },
      { type: 'ExecutionStarted', data: { release: { component: 'publisher', version: '4.2.1' } } },
    ])
    const [, free] = given(created).when(open(first, 'u1', { matching: null }), first).events
    expect(free).toMatchObject({ type: 'ExecutionStarted' })
    expect(free?.data).not.toHaveProperty('release')
  })
  test('carries on what has begun, although nothing new matches and the dependency has got worse', () => {
    given(dependent, opened, started)
      .when(open(second, 'u2', { ...bad, begun: true, matching: 0 }), second)
      .thenTypes('WindowOpened')
  })
  test('is skipped with an alert while what runs is paused, however it was started', () => {
    const paused = (upgrade: string) => ({ paused: { upgrade, reason: '2 failed in wave 1, 0 allowed' } })
    for (const [running, history] of [
      ['u1', [created, opened, started]],
      ['e1', [created, emergency]],
    ] as const) {
      const spec = given(...history).when(open(second, 'u2', paused(running)), second)
      const detail = expect.stringMatching(`Upgrade ${running} is paused .*/api/upgrades/${running}/resume`)
      spec.thenEvents(
        { type: 'WindowSkipped', data: { scheduledAt: second, reason: 'running', detail } },
        { type: 'AlertRaised', data: { code: 'UPGRADE_PAUSED', upgrade: running } },
      )
      spec.thenIdempotent()
    }
    // What was read is about an upgrade that has ended since.
    given(created, opened, started)
      .when(open(second, 'u2', paused('u0')), second)
      .thenTypes('WindowOpened')
    const closed = { from: second, to: '2026-03-16T04:00:00.000Z', why: 'Founders’ day' }
    given(created, opened, started)
      .when(open(second, 'u2', { ...paused('u1'), closures: [closed] }), second)
      .thenTypes('WindowSkipped')
  })
  test('is refused where there never was a profile', () => {
    given().when(open(first, 'u1'), first).thenRejected('profile-not-found')
  })
})

describe('skipping a window', () => {
  const skip = skipWindow({ scheduledAt: first, reason: 'nothing_to_upgrade', detail: 'all are at 4.2.1' })
  test('is recorded once, and never of one that opened', () => {
    given(created).when(skip, first).thenTypes('WindowSkipped')
    given(created).when(skip, first).thenIdempotent()
    given(created, opened, started).when(skip, first).thenNothing()
    given().when(skip, first).thenRejected('profile-not-found')
  })
})

describe('P12: starting now', () => {
  const now = startExecution({ upgrade: 'e1', justification: 'CVE-2026-1', by })
  test('takes a reason, and is bound to no window', () => {
    given(created).when(now).thenEvents(emergency)
    given(created).when(now).thenIdempotent()
    expect(fold([created, emergency]).running).toMatchObject({ upgrade: 'e1', end: null })
    given(created)
      .when(startExecution({ upgrade: 'e1', justification: ' ', by }))
      .thenRejected('reason-required')
  })
  test('is nothing new after its end', () => {
    given(created, emergency, { type: 'UpgradeSummarised', data: summaryOf('e1') })
      .when(now)
      .thenNothing()
  })
  test('is refused while another runs, when inactive, and where there is no profile', () => {
    given(created, opened, started).when(now).thenRejected('execution-running')
    given(created, deactivated).when(now).thenRejected('profile-inactive')
    given(created, deleted).when(now).thenRejected('profile-deleted')
    given().when(now).thenRejected('profile-not-found')
  })
})

describe('P13: what an upgrade came to', () => {
  const running = [created, opened, started]
  const critical = summaryOf('u1', {
    status: 'failed',
    failures: [
      { code: 'CRITICAL_DISK', count: 2 },
      { code: 'TIMEOUT', count: 1 },
    ],
  })
  test('is recorded once', () => {
    given(...running)
      .when(summariseUpgrade(summaryOf('u1')))
      .thenEvents(summarised)
    given(...running)
      .when(summariseUpgrade(summaryOf('u1')))
      .thenIdempotent()
    given(...running)
      .when(summariseUpgrade(summaryOf('other')))
      .thenNothing()
  })
  test('takes the profile out of service and alerts when a code begins with CRITICAL_', () => {
    given(...running)
      .when(summariseUpgrade(critical))
      .thenEvents(
        { type: 'UpgradeSummarised', data: critical },
        {
          type: 'ProfileDeactivated',
          data: { reason: 'Critical failures in upgrade u1: CRITICAL_DISK', by: 'drydock' },
        },
        { type: 'AlertRaised', data: { code: 'CRITICAL_DISK', upgrade: 'u1' } },
      )
    given(...running)
      .when(summariseUpgrade(critical))
      .thenIdempotent()
  })
  test('alerts, but changes nothing more, where the profile is out of service already', () => {
    given(...running, deactivated)
      .when(summariseUpgrade(critical))
      .thenTypes('UpgradeSummarised', 'AlertRaised')
  })
  test('heeds a critical failure while the upgrade runs, each code once', () => {
    const heed = (...codes: string[]) => heedFailures({ upgrade: 'u1', codes })
    given(...running)
      .when(heed('CRITICAL_DISK', 'CRITICAL_DISK', 'TIMEOUT'))
      .thenTypes('ProfileDeactivated', 'AlertRaised')
    given(...running)
      .when(heed('CRITICAL_DISK'))
      .thenIdempotent()
    given(...running)
      .when(heed('TIMEOUT'))
      .thenNothing()
    given(created).when(heed('CRITICAL_DISK')).thenNothing()
    const alerted: ProfileEvent = { type: 'AlertRaised', data: { code: 'CRITICAL_DISK', upgrade: 'u1' } }
    given(...running, alerted)
      .when(heed('CRITICAL_DISK', 'CRITICAL_CPU'))
      .thenEvents(
        {
          type: 'ProfileDeactivated',
          data: { reason: 'Critical failures in upgrade u1: CRITICAL_CPU', by: 'drydock' },
        },
        { type: 'AlertRaised', data: { code: 'CRITICAL_CPU', upgrade: 'u1' } },
      )
    given(...running, alerted)
      .when(summariseUpgrade(critical))
      .thenTypes('UpgradeSummarised')
  })
  test('alerts about twenty codes of an execution at most', () => {
    const codes = Array.from({ length: 30 }, (_, place) => `CRITICAL_${place}`)
    const { events } = given(...running).when(heedFailures({ upgrade: 'u1', codes }))
    expect(events.filter(({ type }) => type === 'AlertRaised')).toHaveLength(20)
    given(...running, ...events)
      .when(heedFailures({ upgrade: 'u1', codes: ['CRITICAL_X'] }))
      .thenNothing()
  })
  test('leaves the profile in error until somebody activates it, or takes it out of service', () => {
    const broken = [
      ...running,
      { type: 'ProfileDeactivated', data: { reason: 'x', by: 'drydock' } } as ProfileEvent,
    ]
    expect(fold(broken).status).toBe('error')
    given(...broken)
      .when(deactivateProfile({ reason: 'audit', by }))
      .thenTypes('ProfileDeactivated')
    given(...broken)
      .when(activateProfile({ reason: 'mended', by }))
      .thenTypes('ProfileActivated')
    expect(schedulesOf(fold(broken), 'p1', '2026-03-01T12:00:00.000Z')).toEqual([])
    given(...broken)
      .when(open(second, 'u2'), second)
      .thenTypes('WindowSkipped')
    given(created, { type: 'ProfileDeactivated', data: { reason: 'x', by: 'drydock' } })
      .when(startExecution({ upgrade: 'e1', justification: 'now', by }))
      .thenRejected('profile-inactive')
  })
  test('is not critical where the word stands elsewhere in the code', () => {
    const failures = [{ code: 'NOT_CRITICAL_DISK', count: 1 }]
    given(...running)
      .when(summariseUpgrade(summaryOf('u1', { failures })))
      .thenTypes('UpgradeSummarised')
  })
})

describe('P2: the schedules that should exist', () => {
  const at = (now: string, ...history: ProfileEvent[]) => schedulesOf(fold(history), 'p1', now)
  test('are those of the next two openings', () => {
    expect(at('2026-03-01T12:00:00.000Z', created)).toEqual([
      { name: 'window-p1-29549220', scheduledAt: first, plansAt: null, due: false },
      { name: scheduleName('p1', second), scheduledAt: second, plansAt: null, due: false },
    ])
  })
  test('keep one whose time has come until it is judged', () => {
    const soon = '2026-03-08T07:00:20.000Z'
    expect(at(soon, created).map(({ scheduledAt, due }) => [scheduledAt, due])).toEqual([
      [first, true],
      [second, false],
      [third, false],
    ])
    expect(at(soon, created, opened, started).map(({ scheduledAt }) => scheduledAt)).toEqual([second, third])
    expect(at(firstEnd, created).map(({ scheduledAt }) => scheduledAt)).toEqual([second, third])
  })
  test('are none without an active profile', () => {
    expect(at(first, created, deactivated)).toEqual([])
    expect(at(first, created, deleted)).toEqual([])
    expect(at(first)).toEqual([])
  })
  test('begin with the next opening for a profile that was activated inside one', () => {
    const state = fold([
      created,
      [{ type: 'ProfileActivated', data: { reason: 'x', by } }, '2026-03-08T08:00:00.000Z'],
    ])
    expect(schedulesOf(state, 'p1', '2026-03-08T09:00:00.000Z').map(({ due }) => due)).toEqual([false, false])
  })
  test('say when it runs next, holidays passed over', () => {
    const state = fold([created])
    const closure = { from: '2026-03-08T00:00:00.000Z', to: '2026-03-09T00:00:00.000Z', why: 'holiday' }
    expect(nextExecution(state, '2026-03-01T12:00:00.000Z')).toBe(first)
    expect(nextExecution(state, '2026-03-01T12:00:00.000Z', [closure])).toBe(second)
    expect(nextExecution(fold([created, deactivated]), '2026-03-01T12:00:00.000Z')).toBeNull()
  })
})

describe('P7: statistics', () => {
  const run = (upgrade: string, changes: Parameters<typeof summaryOf>[1] = {}): ProfileEvent[] => [
    { ...started, data: { ...started.data, upgrade } } as ProfileEvent, // the same event of another upgrade
    { type: 'UpgradeSummarised', data: summaryOf(upgrade, changes) },
  ]
  test('are null before there is anything to compute them from', () => {
    expect(statisticsOf(fold([created]))).toMatchObject({
      executions: 0,
      successRate: null,
      averageMinutes: null,
      mostCommonFailure: null,
    })
  })
  test('are sums over every execution, of which the state keeps the last twenty', () => {
    const failing = {
      status: 'failed' as const,
      counts: { targeted: 10, succeeded: 4, failed: 3, unreachable: 1, skipped: 2, rolledBack: 3 },
      failures: [
        { code: 'B', count: 2 },
        { code: 'A', count: 2 },
      ],
      peak: 7,
      endedAt: '2026-03-08T08:00:00.000Z',
    }
    const history = [
      created,
      ...Array.from({ length: 29 }, (_, place) => run(`u${place}`)).flat(),
      ...run('bad', failing),
    ]
    const state = fold(history)
    expect(state.summaries).toHaveLength(20)
    expect(state.summaries.at(-1)?.upgrade).toBe('bad')
    expect(statisticsOf(state)).toEqual({
      executions: 30,
      successful: 29,
      failed: 1,
      cancelled: 0,
      successRate: (294 * 100) / 298,
      averageMinutes: (29 * 30 + 60) / 30,
      resourcesUpgraded: 294,
      mostCommonFailure: 'A',
      peak: 7,
      rollbacks: 3,
      lastExecutionAt: '2026-03-01T12:00:00.000Z',
    })
  })
  test('failures are counted by code; of too many the critical and the commonest are kept', () => {
    expect(failuresByCode([])).toEqual([])
    expect(failuresByCode(['B', 'A', 'B'])).toEqual([
      { code: 'A', count: 1 },
      { code: 'B', count: 2 },
    ])
    const many = Array.from({ length: 150 }, (_, place) => `CODE_${place}`)
    const counted = failuresByCode([...many, 'CODE_149', 'CRITICAL_Z'])
    expect(counted).toHaveLength(101)
    expect(counted).toContainEqual({ code: 'CRITICAL_Z', count: 1 })
    expect(counted).toContainEqual({ code: 'CODE_149', count: 2 })
    expect(counted).toContainEqual({ code: 'OTHER', count: 51 })
    expect(counted.reduce((sum, { count }) => sum + count, 0)).toBe(152)
  })
  test('network_utilization is bytes to all targets by the second of the execution', () => {
    expect(networkUtilization(summaryOf('u1'))).toBe(10_000)
    expect(networkUtilization(summaryOf('u1', { endedAt: summaryOf('u1').startedAt }))).toBeNull()
    expect(networkUtilization(summaryOf('u1', { bytes: 0 }))).toBe(0)
    expect(networkUtilization(summaryOf('u1', { bytes: null }))).toBeNull()
  })
})
