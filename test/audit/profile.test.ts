import { beforeAll, describe, expect, test } from 'vitest'
import type { Commit } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import type { Invariant } from '../../functions/audit/finding.ts'
import { rechained, withCommit, withEvent } from './history.ts'
import { profileHistory } from './profile-history.ts'

let valid: Commit[]
beforeAll(async () => {
  valid = await profileHistory()
})

const profile = 'profile#p1'
const holding = (stream: string, type: string) => {
  const found = valid.find((commit) => commit.stream === stream && commit.events.some((e) => e.type === type))
  if (!found) throw new Error(`${stream} holds no ${type}.`)
  return found
}

/** The findings as `<invariant> <stream>@<commit>`. */
async function found(commits: readonly Commit[]): Promise<string[]> {
  const { findings } = await audit(commits)
  return findings.map(({ invariant, stream, commit }) => `${invariant} ${stream}@${commit}`)
}

/** Expects a finding of an invariant at one place. There may be others: one lie seldom comes alone. */
async function expectFinding(
  commits: readonly Commit[],
  invariant: Invariant,
  stream: string,
  commit: number,
) {
  expect(await found(commits)).toContain(`${invariant} ${stream}@${commit}`)
}

/** The history without the events of one type in one stream. */
const without = (stream: string, type: string) =>
  rechained(
    valid.flatMap((commit) => {
      if (commit.stream !== stream) return [commit]
      const events = commit.events.filter((event) => event.type !== type)
      return events.length > 0 ? [{ ...commit, events }] : []
    }),
  )

describe('a valid history of a profile', () => {
  test('gives no finding, chained anew or not, in any order', async () => {
    expect(await found(valid)).toEqual([])
    expect(await found(rechained(valid).toReversed())).toEqual([])
  })
})

describe('a corrupted history of a profile', () => {
  test('W1: a window that opened twice', async () => {
    const opened = holding(profile, 'WindowOpened')
    const first = { ...opened, events: opened.events.filter(({ type }) => type === 'WindowOpened') }
    const forged = withCommit(valid, profile, 'WindowOpened', (commit) => [commit, first])
    await expectFinding(forged.commits, 'W1', profile, opened.commit + 1)
  })

  test('W1: a window that was skipped after it had opened', async () => {
    const { scheduledAt } = JSON.parse(holding(profile, 'WindowOpened').events[0]?.data ?? '')
    const forged = withEvent(valid, profile, 'WindowSkipped', (data: object) => ({ ...data, scheduledAt }))
    await expectFinding(forged.commits, 'W1', profile, forged.commit)
  })

  test('W2: a window that opened after the profile was taken out of service', async () => {
    const created = holding(profile, 'ProfileCreated')
    const data = JSON.stringify({ reason: 'by hand', by: 'alice' })
    const events = [{ type: 'ProfileDeactivated', schema: 1, data }]
    const forged = withCommit(valid, profile, 'ProfileCreated', (commit) => [commit, { ...commit, events }])
    await expectFinding(forged.commits, 'W2', profile, created.commit + 2)
  })

  test('W2: a window that opened before its time', async () => {
    const opened = holding(profile, 'WindowOpened')
    const early = valid.map((commit) =>
      commit === opened ? { ...commit, at: '2026-03-02T08:59:59.000Z' } : commit,
    )
    await expectFinding(rechained(early), 'W2', profile, opened.commit)
  })

  test('W2: a window that is longer than its profile says', async () => {
    const forged = withEvent(valid, profile, 'WindowOpened', (data: object) => ({
      ...data,
      end: '2026-03-02T12:00:00.000Z',
    }))
    await expectFinding(forged.commits, 'W2', profile, forged.commit)
  })

  test('W2: an execution that no open window started', async () => {
    const start = holding(profile, 'ExecutionStarted')
    const closed = withEvent(valid, profile, 'ExecutionStarted', (data: object) => ({
      ...data,
      scheduledAt: '2026-03-01T09:00:00.000Z',
    }))
    await expectFinding(closed.commits, 'W2', profile, start.commit)
  })

  test('W2: an upgrade in a window that its profile did not open', async () => {
    const forged = withEvent(valid, 'upgrade#u1', 'UpgradeRequested', (data: { request: object }) => ({
      ...data,
      request: {
        ...data.request,
        window: { start: '2026-03-02T09:00:00.000Z', end: '2026-03-02T17:00:00.000Z' },
      },
    }))
    await expectFinding(forged.commits, 'W2', 'upgrade#u1', 1)
  })

  test('W2: an upgrade that goes on in a window that its profile did not open', async () => {
    const forged = withEvent(valid, 'upgrade#u1', 'WindowSet', (data: object) => ({
      ...data,
      end: '2026-03-03T17:00:00.000Z',
    }))
    await expectFinding(forged.commits, 'W2', 'upgrade#u1', forged.commit)
  })

  test('W2: an upgrade of a profile that did not start it', async () => {
    await expectFinding(without(profile, 'ExecutionStarted'), 'W2', 'upgrade#u4', 1)
  })

  test('W2: an upgrade that was planned ahead and began before its window opened', async () => {
    const started = holding(profile, 'ExecutionStarted')
    const { scheduledAt, upgrade, by } = JSON.parse(
      started.events.find(({ type }) => type === 'ExecutionStarted')?.data ?? '',
    )
    const { end } = JSON.parse(started.events[0]?.data ?? '')
    const data = JSON.stringify({ scheduledAt, end, upgrades: [{ upgrade, component: 'api' }], by })
    const events = [{ type: 'WindowPlanned', schema: 1, data }]
    const forged = valid.map((commit) => (commit === started ? { ...commit, events } : commit))
    const admitted = holding('upgrade#u1', 'TargetsAdmitted')
    await expectFinding(rechained(forged), 'W2', 'upgrade#u1', admitted.commit)
  })

  test('W3: an execution that is over and not summarised', async () => {
    const start = holding(profile, 'ExecutionStarted')
    await expectFinding(without(profile, 'UpgradeSummarised'), 'W3', profile, start.commit)
  })

  test('W3: an execution that was summarised twice', async () => {
    const forged = withCommit(valid, profile, 'UpgradeSummarised', (commit) => [commit, commit])
    await expectFinding(forged.commits, 'W3', profile, forged.commit + 1)
  })

  test('W3: a summary that says another end, or other figures, than its upgrade', async () => {
    const failed = withEvent(valid, profile, 'UpgradeSummarised', (data: object) => ({
      ...data,
      status: 'failed',
    }))
    await expectFinding(failed.commits, 'W3', profile, failed.commit)
    const more = withEvent(valid, profile, 'UpgradeSummarised', (data: { counts: object }) => ({
      ...data,
      counts: { ...data.counts, succeeded: 3 },
    }))
    await expectFinding(more.commits, 'W3', profile, more.commit)
  })

  test('W3: a summary of an upgrade that still runs', async () => {
    const summary = holding(profile, 'UpgradeSummarised')
    await expectFinding(without('upgrade#u1', 'UpgradeCompleted'), 'W3', profile, summary.commit)
  })
})
