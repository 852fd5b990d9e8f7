import { beforeAll, describe, expect, test } from 'vitest'
import type { Commit } from '../../events/envelope.ts'
import { streamKinds } from '../../events/stream.ts'
import { audit } from '../../functions/audit/audit.ts'
import type { Invariant } from '../../functions/audit/finding.ts'
import { rechained, validHistory, withCommit, withEvent } from './history.ts'

let valid: Commit[]
beforeAll(async () => {
  valid = await validHistory()
})

/** Expects a finding of an invariant at one place. There may be others: one lie seldom comes alone. */
async function expectFinding(
  commits: readonly Commit[],
  invariant: Invariant,
  stream: string,
  commit: number,
) {
  const { findings } = await audit(commits)
  const places = findings.map((finding) => `${finding.invariant} ${finding.stream}@${finding.commit}`)
  expect(places).toContain(`${invariant} ${stream}@${commit}`)
}

const streamOf = (type: string, fits: (data: string) => boolean = () => true): string => {
  const found = valid.find(({ events }) => events.some((event) => event.type === type && fits(event.data)))
  if (!found) throw new Error(`There is no ${type}.`)
  return found.stream
}

describe('a valid history', () => {
  test('gives no finding, in any order of its commits', async () => {
    const { findings, commits, streams } = await audit(valid)
    expect(findings).toEqual([])
    expect({ commits, streams }).toEqual({ commits: valid.length, streams: 13 })
    expect((await audit(valid.toReversed())).findings).toEqual([])
  })

  test('gives none when it is chained anew: the edits below are what is found', async () => {
    expect((await audit(rechained(valid))).findings).toEqual([])
  })
})

test('no kind of stream that the log may have is strange to the audit', async () => {
  const [first] = valid
  if (!first) throw new Error('The history is empty.')
  for (const kind of [...streamKinds, 'nonsense']) {
    const { findings } = await audit(
      rechained([...valid, { ...first, stream: `${kind}#strange`, commit: 1, events: [] }]),
    )
    const strange = findings.some(({ words }) => words === 'No part of the system has such streams.')
    expect([kind, strange]).toEqual([kind, kind === 'nonsense'])
  }
})

describe('a corrupted history', () => {
  test('I1: a second attempt assigned while one is active', async () => {
    const target = streamOf('AttemptAssigned')
    const forged = withCommit(valid, target, 'AttemptAssigned', (commit) => {
      const again = commit.events.map((event) => ({
        ...event,
        data: event.data.replace(/"attempt":"[^"]+"/, '"attempt":"7b7f1a2e-0b63-4d3c-9f0e-0123456789ab"'),
      }))
      return [commit, { ...commit, events: again }]
    })
    await expectFinding(forged.commits, 'I1', target, forged.commit + 1)
  })

  test('I1: an attempt that ended twice', async () => {
    const target = streamOf('AttemptEnded')
    const forged = withCommit(valid, target, 'AttemptEnded', (commit) => [commit, commit])
    await expectFinding(forged.commits, 'I1', target, forged.commit + 1)
  })

  test('I2: an admission after the window', async () => {
    const later = (commit: Commit) => ({ ...commit, at: '2026-03-02T23:00:00.000Z' })
    const place = valid.find(({ events }) => events.some(({ type }) => type === 'TargetsAdmitted'))
    const commits = valid.map((commit) =>
      commit.stream === 'upgrade#up' && commit.commit >= (place?.commit ?? 0) ? later(commit) : commit,
    )
    await expectFinding(rechained(commits), 'I2', 'upgrade#up', place?.commit ?? 0)
  })

  test('I2: an admission inside a stop', async () => {
    const commits = valid.filter(({ events }) => events.every(({ type }) => type !== 'FreezeLifted'))
    const admitted = valid.find(({ events }) => events.some(({ type }) => type === 'TargetsAdmitted'))
    await expectFinding(rechained(commits), 'I2', 'upgrade#up', admitted?.commit ?? 0)
  })

  const acceptedIn = (commits: readonly Commit[]) =>
    commits.find(({ events }) => events.some(({ type }) => type === 'AttemptAccepted'))

  test('I2: a hand-over inside a stop', async () => {
    const commits = valid.filter(({ events }) => events.every(({ type }) => type !== 'FreezeLifted'))
    const { stream = '', commit = 0 } = acceptedIn(valid) ?? {}
    await expectFinding(rechained(commits), 'I2', stream, commit)
  })

  test('I2: a hand-over after its release was withdrawn', async () => {
    const release = valid.find(({ stream }) => stream === 'release#api@1.1.0')
    const { stream = '', commit = 0, at = '' } = acceptedIn(valid) ?? {}
    if (!release) throw new Error('There is no release.')
    const { category: _, since: __, ...first } = release
    const withdrawnAt = (milliseconds: number): Commit => ({
      ...first,
      at: new Date(Date.parse(at) - milliseconds).toISOString(),
      events: [{ type: 'ReleaseWithdrawn', schema: 1, data: '{"reason":"corrupts data"}' }],
    })
    await expectFinding(rechained([...valid, withdrawnAt(6000)]), 'I2', stream, commit)
    const { findings } = await audit(rechained([...valid, withdrawnAt(4000)]))
    expect(findings.filter((finding) => finding.stream === stream && finding.commit === commit)).toEqual([])
  })

  test('I2: an admission after one of two stops was lifted', async () => {
    const { commits } = withEvent(valid, 'policy#freeze', 'FreezeLifted', (data: object) => ({
      ...data,
      stop: 'stop-2',
    }))
    const admitted = valid.find(({ events }) => events.some(({ type }) => type === 'TargetsAdmitted'))
    await expectFinding(commits, 'I2', 'upgrade#up', admitted?.commit ?? 0)
  })

  test.each<[string, object]>([
    [
      'a range',
      {
        kind: 'ranges',
        ranges: [{ start: '2026-03-02T00:00:00.000Z', end: '2026-03-03T00:00:00.000Z', name: 'x' }],
      },
    ],
    ['a day of its zone', { kind: 'dates', timezone: 'Asia/Tokyo', dates: [{ date: '03-02', name: 'x' }] }],
    [
      'the time that nobody wrote out',
      { kind: 'ical', otherwise: 'open', ranges: [], knownUntil: '2026-03-01T00:00:00.000Z' },
    ],
    ['all that is no event', { kind: 'ical', otherwise: 'closed', ranges: [], knownUntil: null }],
  ])('I2: an admission while a calendar is closed: %s', async (_, definition) => {
    const { commits } = withEvent(valid, 'policy#calendar:acme', 'CalendarDefined', () => ({ definition }))
    const { findings } = await audit(commits)
    const told = findings.filter(({ invariant }) => invariant === 'I2').map(({ words }) => words)
    expect(told).toContainEqual(
      expect.stringMatching(/^Targets were admitted .* the calendar acme was closed\.$/),
    )
  })

  test('I3: more in flight than allowed', async () => {
    const { commits } = withEvent(valid, 'upgrade#up', 'UpgradeRequested', (data: { request: object }) => ({
      ...data,
      request: { ...data.request, parallel: 1 },
    }))
    const admitted = valid.find(({ events }) => events.some(({ type }) => type === 'TargetsAdmitted'))
    await expectFinding(commits, 'I3', 'upgrade#up', admitted?.commit ?? 0)
  })

  test('I3: new targets admitted while failures exceed what the wave bears', async () => {
    const edited = valid.map((commit) => {
      const last =
        commit.stream === 'upgrade#up' && commit.events.some(({ data }) => data.includes('"member":2'))
      if (!last) return commit
      const events = commit.events.map((event) => ({
        ...event,
        data: event.data.replace('"member":2', '"member":2,"outcome":"failed"'),
      }))
      return { ...commit, events }
    })
    const strict = withEvent(edited, 'upgrade#up', 'UpgradeRequested', (data: { request: object }) => ({
      ...data,
      request: { ...data.request, failures: { percent: 0, absolute: 0, action: 'pause' } },
    }))
    const at = edited.find(
      ({ stream, events }) =>
        stream === 'upgrade#up' && events.some(({ data }) => data.includes('"member":2')),
    )
    await expectFinding(strict.commits, 'I3', 'upgrade#up', at?.commit ?? 0)
  })

  test('I3: an assignment that was never admitted', async () => {
    const target = streamOf('AttemptAssigned')
    const forged = withEvent(valid, target, 'AttemptAssigned', (data: object) => ({ ...data, n: 2 }))
    await expectFinding(forged.commits, 'I3', target, forged.commit)
  })

  test('I4: a wave before the bake of the one before it is over', async () => {
    const early = withEvent(valid, 'upgrade#up', 'BakeStarted', (data: object) => ({
      ...data,
      until: '2026-03-02T23:00:00.000Z',
    }))
    await expectFinding(early.commits, 'I4', 'upgrade#up', secondWave())
  })

  test('I4: a wave before anybody continued, and before its gate', async () => {
    for (const type of ['ContinueGiven', 'GateEvaluated', 'WaveEnded']) {
      const commits = valid.map((commit) =>
        commit.stream === 'upgrade#up'
          ? { ...commit, events: commit.events.filter((event) => event.type !== type) }
          : commit,
      )
      await expectFinding(rechained(commits), 'I4', 'upgrade#up', secondWave())
    }
  })

  test('I4: a gate that passed with too few successes', async () => {
    const forged = withEvent(valid, 'upgrade#up', 'UpgradeRequested', (data: { request: object }) => ({
      ...data,
      request: { ...data.request, gate: { successRatePercent: 90 } },
    }))
    const judged = valid.find(({ events }) => events.some(({ type }) => type === 'GateEvaluated'))
    await expectFinding(forged.commits, 'I4', 'upgrade#up', judged?.commit ?? 0)
  })

  test('I5: an end that the target does not tell', async () => {
    const forged = withEvent(
      valid,
      'upgrade#up',
      'OutcomesRecorded',
      (data: { outcomes: object[] }) => ({
        ...data,
        outcomes: data.outcomes.map((end) => ({ ...end, outcome: 'succeeded' })),
      }),
      (data: { outcomes: { outcome: string }[] }) => data.outcomes[0]?.outcome === 'failed',
    )
    await expectFinding(forged.commits, 'I5', 'upgrade#up', forged.commit)
  })

  test('I5: an end that was counted twice', async () => {
    const forged = withCommit(valid, 'upgrade#up', 'OutcomesRecorded', (commit) => [commit, commit])
    await expectFinding(forged.commits, 'I5', 'upgrade#up', forged.commit + 1)
  })

  test('I5: a gate that saw another rate', async () => {
    const forged = withEvent(valid, 'upgrade#up', 'GateEvaluated', (data: object) => ({
      ...data,
      successRatePercent: 99,
    }))
    await expectFinding(forged.commits, 'I5', 'upgrade#up', forged.commit)
  })

  test('I9: an admission after a pause', async () => {
    const commits = valid.map((commit) =>
      commit.stream === 'upgrade#up'
        ? { ...commit, events: commit.events.filter(({ type }) => type !== 'UpgradeResumed') }
        : commit,
    )
    const paused = valid.find(({ events }) => events.some(({ type }) => type === 'UpgradePaused'))
    const admitted = valid.find(
      ({ stream, commit, events }) =>
        stream === 'upgrade#up' &&
        commit > (paused?.commit ?? 0) &&
        events.some(({ type }) => type === 'TargetsAdmitted'),
    )
    await expectFinding(rechained(commits), 'I9', 'upgrade#up', admitted?.commit ?? 0)
  })

  test('I9: more assignments after a pause than one batch', async () => {
    const assigned = valid.find(({ events }) => events.some(({ type }) => type === 'AttemptAssigned'))
    if (!assigned) throw new Error('Nobody was assigned.')
    const late = Array.from({ length: 101 }, (_, place) => ({
      ...assigned,
      stream: `target#late-${place}`,
      at: '2026-03-02T23:00:00.000Z',
    }))
    const unresumed = valid.map((commit) =>
      commit.stream === 'upgrade#up'
        ? { ...commit, events: commit.events.filter(({ type }) => type !== 'UpgradeResumed') }
        : commit,
    )
    const paused = valid.find(({ events }) => events.some(({ type }) => type === 'UpgradePaused'))
    await expectFinding(rechained([...unresumed, ...late]), 'I9', 'upgrade#up', paused?.commit ?? 0)
  })

  test('I10: a rollback to a version that never ran there', async () => {
    const isRollback = (data: { kind: string }) => data.kind === 'rollback'
    const target = streamOf('AttemptAssigned', (data) => isRollback(JSON.parse(data)))
    const forged = withEvent(
      valid,
      target,
      'AttemptAssigned',
      (data: object) => ({ ...data, to: '0.9.0' }),
      isRollback,
    )
    await expectFinding(forged.commits, 'I10', target, forged.commit)
  })

  describe('I16: a rollback of all that does not take one of those whom it has to', () => {
    /** The history with a rollback whose plan has a member less, and leaves out so many. */
    const short = (leftOut: Record<string, number>) =>
      withEvent(valid, 'upgrade#back', 'UpgradePlanned', (data: { members: number }) => ({
        ...{ ...data, members: data.members - 1, leftOut },
      }))
    const overlooked = async (commits: readonly Commit[]) => {
      const { findings } = await audit(commits)
      return findings.flatMap(({ invariant, words }) => (invariant === 'I16' ? [words] : []))
    }
    /** Whoever is the last of the plan. */
    const lastOf = (): string => {
      const chunks = valid.flatMap(({ events }) => events.filter(({ type }) => type === 'PlanChunkStored'))
      return JSON.parse(chunks.at(-1)?.data ?? '').members.at(-1)[0]
    }
    const missing = expect.stringMatching(/^1 targets .* neither taken back nor left out/)

    /** The history with a word of the upgrade about whom its rollback leaves out. */
    const naming = (target: string) => {
      const [asked] = valid.find(({ stream }) => stream === 'upgrade#back')?.events ?? []
      const note = {
        ...{ child: 'back', kind: 'rollback', target: null, by: 'alice' },
        request: JSON.parse(asked?.data ?? '').request,
        leftOut: { counts: { pinned: 1 }, first: [{ target, reason: 'pinned' }] },
      }
      const said = { type: 'ChildRequested', schema: 1, data: JSON.stringify(note) }
      return withCommit(short({ pinned: 1 }).commits, 'upgrade#up', 'UpgradeCompleted', (commit) => ({
        ...commit,
        events: [...commit.events, said],
      })).commits
    }

    test('and leaves nobody out', async () => {
      const forged = short({})
      await expectFinding(forged.commits, 'I16', 'upgrade#back', forged.commit)
    })

    test('and leaves out somebody else', async () => {
      expect(await overlooked(short({ pinned: 1 }).commits)).toEqual([missing])
      expect(await overlooked(naming('somebody-else'))).toEqual([missing])
    })

    test('is as it should be where it names that one, or where that one shows why', async () => {
      expect(await overlooked(naming(lastOf()))).toEqual([])
      const pin = { component: null, reason: 'audit season', revision: 2 }
      const pinned = withCommit(
        short({ pinned: 1 }).commits,
        `target#${lastOf()}`,
        'AttemptEnded',
        (commit) => ({
          ...commit,
          events: [...commit.events, { type: 'TargetPinned', schema: 1, data: JSON.stringify(pin) }],
        }),
      )
      expect(await overlooked(pinned.commits)).toEqual([])
    })

    test('is as it should be where only a release could say why', async () => {
      expect(await overlooked(short({ release_distrusted: 1 }).commits)).toEqual([])
    })
  })

  test('I15: a rollback to a release that was withdrawn', async () => {
    const old = valid.find(({ stream }) => stream === 'release#api@1.1.0')
    if (!old) throw new Error('No release is registered.')
    const release = { ...old, stream: 'release#api@1.0.0' }
    const withdrawn = { type: 'ReleaseWithdrawn', schema: 1, data: JSON.stringify({ reason: 'a hole' }) }
    const forged = rechained([...valid, { ...release, events: [withdrawn] }])
    const isRollback = (data: string) => JSON.parse(data).kind === 'rollback'
    const target = streamOf('AttemptAssigned', isRollback)
    const assigned = forged.find(
      ({ stream, events }) =>
        stream === target && events.some(({ type, data }) => type === 'AttemptAssigned' && isRollback(data)),
    )
    await expectFinding(forged, 'I15', target, assigned?.commit ?? 0)
  })

  test('I15: the same, however its version was written when it was registered', async () => {
    const old = valid.find(({ stream }) => stream === 'release#api@1.1.0')
    const [registered] = old?.events ?? []
    if (!old || !registered) throw new Error('No release is registered.')
    const data = JSON.stringify({ ...JSON.parse(registered.data), version: 'V1.0.0' })
    const withdrawn = { type: 'ReleaseWithdrawn', schema: 1, data: JSON.stringify({ reason: 'a hole' }) }
    const events = [{ ...registered, data }, withdrawn]
    const { findings } = await audit(rechained([...valid, { ...old, stream: 'release#api@1.0.0', events }]))
    const words = findings.filter(({ invariant }) => invariant === 'I15').map(({ words }) => words)
    expect(words).toContainEqual(expect.stringMatching(/^api 1.0.0 had been withdrawn at/))
  })

  test('I12: a wave started by another generation than the present one', async () => {
    const forged = withCommit(valid, 'upgrade#up', 'WaveStarted', (commit) => ({
      ...commit,
      correlation: 'up-7',
    }))
    await expectFinding(forged.commits, 'I12', 'upgrade#up', forged.commit)
  })

  test('I13: a commit that was edited, exchanged, deleted or cut off', async () => {
    const stream = 'upgrade#up'
    const edited = valid.map((commit) =>
      commit.stream === stream && commit.commit === 3 ? { ...commit, actor: 'mallory' } : commit,
    )
    await expectFinding(edited, 'I13', stream, 3)
    const exchanged = valid.map((commit) =>
      commit.stream === stream && (commit.commit === 3 || commit.commit === 4)
        ? { ...commit, commit: 7 - commit.commit }
        : commit,
    )
    await expectFinding(exchanged, 'I13', stream, 3)
    const deleted = valid.filter((commit) => !(commit.stream === stream && commit.commit === 3))
    await expectFinding(deleted, 'I13', stream, 3)
    const head = valid.findLast((commit) => commit.stream === stream)
    if (!head) throw new Error('There is no upgrade.')
    const kept = new Map([[stream, head]])
    const cut = await audit(
      valid.filter((commit) => commit !== head),
      { cut: kept },
    )
    expect(cut.findings).toContainEqual(
      expect.objectContaining({ invariant: 'I13', stream, commit: head.commit }),
    )
    const without = await audit(
      valid.filter((commit) => commit.stream !== stream),
      { cut: kept },
    )
    expect(without.findings).toContainEqual(expect.objectContaining({ invariant: 'I13', stream }))
  })

  test('I13: an event that cannot be read is a finding, not a crash', async () => {
    const forged = withEvent(valid, 'upgrade#up', 'WaveStarted', () => ({ wave: 'first' }))
    await expectFinding(forged.commits, 'I13', 'upgrade#up', forged.commit)
  })

  test('I14: approved by the requester, for another plan, by a stranger, or not at all', async () => {
    const lies = [{ by: 'alice' }, { planHash: 'other' }, { by: 'mallory' }]
    for (const lie of lies) {
      const forged = withEvent(valid, 'upgrade#up', 'ApprovalGiven', (data: object) => ({ ...data, ...lie }))
      await expectFinding(forged.commits, 'I14', 'upgrade#up', forged.commit)
    }
    const commits = valid.filter(({ events }) => events.every(({ type }) => type !== 'ApprovalGiven'))
    const started = commits.filter(({ stream }) => stream === 'upgrade#up')
    const place = started.findIndex(({ events }) => events.some(({ type }) => type === 'WaveStarted'))
    await expectFinding(rechained(commits), 'I14', 'upgrade#up', place + 1)
  })

  test('I14: members of the plan exchanged after it was approved', async () => {
    const planned = valid.find(({ events }) => events.some(({ type }) => type === 'UpgradePlanned'))
    const chunk = streamOf('PlanChunkStored')
    const forged = withEvent(valid, chunk, 'PlanChunkStored', (data: { members: unknown[] }) => ({
      ...data,
      members: data.members.toReversed(),
    }))
    await expectFinding(forged.commits, 'I14', 'upgrade#up', planned?.commit ?? 0)
  })

  test('I15: assigned though withdrawn, with another digest, pinned, or changed since planning', async () => {
    const target = streamOf('AttemptAssigned')
    const isAssigned = ({ events }: Commit) => events.some(({ type }) => type === 'AttemptAssigned')
    const assigned = valid.find((commit) => commit.stream === target && isAssigned(commit))
    const release = valid.find(({ stream }) => stream === 'release#api@1.1.0')
    if (!assigned || !release) throw new Error('The history lacks something.')
    const withdrawal = { type: 'ReleaseWithdrawn', schema: 1, data: '{"reason":"corrupts data"}' }
    await expectFinding(
      rechained([...valid, { ...release, events: [withdrawal] }]),
      'I15',
      target,
      assigned.commit,
    )
    const digest = withEvent(valid, target, 'AttemptAssigned', (data: object) => ({
      ...data,
      digest: 'sha256:2',
    }))
    await expectFinding(digest.commits, 'I15', target, assigned.commit)
    for (const event of [
      { type: 'TargetPinned', schema: 1, data: '{"component":null,"reason":"audit season","revision":2}' },
      { type: 'VersionReported', schema: 1, data: '{"component":"api","version":"0.9.0","revision":2}' },
    ]) {
      const forged = withCommit(valid, target, 'AttemptAssigned', (commit) => [
        { ...commit, events: [event] },
        commit,
      ])
      await expectFinding(forged.commits, 'I15', target, assigned.commit + 1)
    }
  })
})

function secondWave(): number {
  const started = valid.filter(
    ({ stream, events }) => stream === 'upgrade#up' && events.some(({ type }) => type === 'WaveStarted'),
  )
  return started[1]?.commit ?? 0
}
