import { describe, expect, test } from 'vitest'
import { routes } from '../../contracts/routes.ts'
import { publicDetails } from '../../events/public.ts'
import { limits } from '../../functions/log/size.ts'
import { publicDetailsOf, publicTypes } from '../../functions/reactor/publishing/public-detail.ts'
import { commitOf, published, samples } from './public-samples.ts'

const isHeard = ({ aggregate, type }: (typeof samples)[number]) =>
  (publicTypes[aggregate] as readonly string[]).includes(type)
const heard = samples.filter(isHeard)

describe('what integrations hear', () => {
  test.each(heard)('$type $schema is what its schema says, and nothing else', (sample) => {
    const [detail, ...others] = published(sample)
    expect(others).toEqual([])
    // Parsing drops what the schema does not name: so nothing is there but that.
    expect(publicDetails[detail?.type ?? '']?.parse(detail)).toEqual(detail)
  })

  test('is every public event, of which there is a sample each', () => {
    const types = heard.flatMap(published).map(({ type }) => type)
    expect([...new Set(types)].sort()).toEqual(Object.keys(publicDetails).sort())
  })

  test('is nothing of any other event', () => {
    const silent = samples.filter((sample) => !isHeard(sample))
    expect(silent.length).toBeGreaterThan(10)
    expect(silent.flatMap(published)).toEqual([])
  })

  test('has no field of the internal event that nobody mapped', () => {
    const requested = samples.filter(({ type }) => type === 'UpgradeRequested')
    expect(requested.length).toBeGreaterThan(0)
    for (const sample of requested) {
      const inside = JSON.stringify(sample.data)
      const outside = JSON.stringify(published(sample))
      for (const field of ['selection', 'deadlines', 'parallel']) {
        expect(inside).toContain(`"${field}"`)
        expect(outside).not.toContain(`"${field}"`)
      }
    }
    for (const sample of heard)
      expect(
        JSON.stringify(published({ ...sample, data: { ...sample.data, tomorrow: 'inside' } })),
      ).not.toContain('tomorrow')
  })
})

test('a detail says what happened, where it stands in the log, and who caused it', () => {
  const paused = { type: 'UpgradePaused', schema: 1, data: { by: 'drydock', reason: '2 failed' } }
  const ended = { type: 'WaveEnded', schema: 1, data: { wave: 0 } }
  const detail = {
    stream: 'upgrade#u1',
    commit: 7,
    occurredAt: '2026-01-11T02:00:00.000Z',
    actor: 'ada',
    correlation: 'r1',
    links: { self: '/api/upgrades/u1' },
    upgradeId: 'u1',
  }
  expect(publicDetailsOf(commitOf('upgrade#u1', paused, ended))).toEqual([
    { ...detail, id: 'upgrade#u1@7.0', type: 'UpgradePaused', data: { by: 'drydock', reason: '2 failed' } },
    { ...detail, id: 'upgrade#u1@7.1', type: 'WaveEnded', data: { wave: 0, waveNumber: 1 } },
  ])
})

describe('where to look', () => {
  /** The path of a route as a pattern: what stands in braces is one part of a path. */
  const patternOf = (path: string) => new RegExp(`^${path.replace(/\{[^}]+\}/g, '[^/]+')}$`)

  test('is a path that the API answers, by an operation that reads one', () => {
    const reads = ['getUpgrade', 'getRollout', 'getUpgradeProfile', 'getRelease', 'getTarget']
    const patterns = routes
      .filter(({ operation }) => reads.includes(operation))
      .map(({ path }) => patternOf(path))
    expect(patterns).toHaveLength(reads.length)
    const links = new Set(heard.flatMap(published).map(({ links }) => links.self))
    for (const link of links)
      expect(
        patterns.filter((pattern) => pattern.test(link)),
        link,
      ).toHaveLength(1)
    expect(links.size).toBe(reads.length)
  })

  test.each([
    ['release#api@1.2.0+build.7', '/api/v1/releases/api/1.2.0%2Bbuild.7'],
    ['target#a/../../keys?x=1#y', '/api/v1/targets/a%2F..%2F..%2Fkeys%3Fx%3D1%23y'],
    ['upgrade#<script>', '/api/upgrades/%3Cscript%3E'],
  ])('is of %s alone, whatever it is called', (stream, self) => {
    const told = {
      release: { type: 'ReleaseBlocked', data: { reason: 'x' } },
      target: { type: 'TargetCloned', data: { sign: 'boot-ids', revision: 1 } },
      upgrade: { type: 'UpgradeAborted', data: {} },
    }[stream.split('#')[0] ?? '']
    const [detail] = told ? publicDetailsOf(commitOf(stream, { schema: 1, ...told })) : []
    expect(detail?.links).toEqual({ self })
  })
})

test('the largest event that the log takes is within what a bus and a queue take', () => {
  const [sample] = samples.filter(({ type }) => type === 'ReleaseRegistered')
  const without = Buffer.byteLength(JSON.stringify({ ...sample?.data, notes: '' }))
  // A quotation mark is escaped wherever it stands, in the log as on the bus.
  const data = { ...sample?.data, notes: '"'.repeat((limits.event - without) / 2) }
  const commit = commitOf('release#api@1.2.0', { type: 'ReleaseRegistered', schema: 1, data })
  const size = Buffer.byteLength(JSON.stringify(publicDetailsOf(commit)))
  expect(size).toBeGreaterThan(limits.event - 1024)
  expect(size).toBeLessThan(200_000)
})

test('a window is told by what it starts, and by why it did not open', () => {
  const window = { scheduledAt: '2026-01-11T02:00:00.000Z', end: '2026-01-11T06:00:00.000Z' }
  const opened = { type: 'WindowOpened', schema: 1, data: { ...window, upgrade: 'u1', resumed: false } }
  const { scheduledAt } = window
  const skipped = {
    type: 'WindowSkipped',
    schema: 1,
    data: { scheduledAt, reason: 'frozen', detail: 'incident' },
  }
  expect(publicDetailsOf(commitOf('profile#p1', opened, skipped))).toMatchObject([
    { profileId: 'p1', data: { ...window, executionId: 'u1', resumed: false } },
    { profileId: 'p1', data: { scheduledAt, code: 'frozen', detail: 'incident' } },
  ])
})

test('an alert is about a profile, and names the upgrade that raised it in its data', () => {
  const alert = { type: 'AlertRaised', schema: 1, data: { code: 'CRITICAL_DISK', upgrade: 'u1' } }
  const [detail] = publicDetailsOf(commitOf('profile#p1', alert))
  expect(detail).toMatchObject({ profileId: 'p1', data: { code: 'CRITICAL_DISK', upgradeId: 'u1' } })
  expect(detail).not.toHaveProperty('upgradeId')
})

test('a rollout tells of itself by names that no upgrade has, and of its phases by number and name', () => {
  const given = { by: 'ada', planHash: 'ab', comment: null }
  const begun = { phase: 0, name: 'databases', upgrade: 'u1' }
  const commit = commitOf(
    'rollout#r1',
    { type: 'ApprovalGiven', schema: 1, data: given },
    { type: 'PhaseStarted', schema: 1, data: begun },
  )
  expect(publicDetailsOf(commit)).toMatchObject([
    { type: 'RolloutApprovalGiven', rolloutId: 'r1', data: given },
    {
      type: 'PhaseStarted',
      rolloutId: 'r1',
      data: { phaseNumber: 1, phaseName: 'databases', upgradeId: 'u1' },
    },
  ])
})

test('an upgrade that is a phase says of which rollout', () => {
  const [sample] = samples.filter(({ type }) => type === 'UpgradeRequested')
  const requested = (more: object) =>
    commitOf('upgrade#u1', { type: 'UpgradeRequested', schema: 1, data: { ...sample?.data, ...more } })
  expect(publicDetailsOf(requested({ rollout: { id: 'r1', phase: 1 } }))[0]?.data).toMatchObject({
    rolloutId: 'r1',
    phaseNumber: 2,
  })
  expect(publicDetailsOf(requested({}))[0]?.data).toMatchObject({ rolloutId: null, phaseNumber: null })
})

test('a plan is told by its figures, and batches by how many they are', () => {
  const [sample] = samples.filter(({ type }) => type === 'UpgradePlanned')
  const data = { ...sample?.data, members: 50, waves: { kind: 'batches', size: 20 }, leftOut: { pinned: 3 } }
  const [detail] = publicDetailsOf(commitOf('upgrade#u1', { type: 'UpgradePlanned', schema: 1, data }))
  expect(detail?.data).toMatchObject({ total: 50, waveCount: 3, leftOut: { pinned: 3 } })
})

test('a stream of another aggregate is silent, whatever the names of its events', () => {
  const alert = { type: 'AlertRaised', schema: 1, data: { code: 'X', upgrade: 'u1' } }
  for (const stream of ['target#t1', 'upgrade#u1', 'constructor#c']) {
    expect(publicDetailsOf(commitOf(stream, alert))).toEqual([])
  }
})
