import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Commit } from '../../events/envelope.ts'
import { type publicData, publicDetails } from '../../events/public.ts'
import { publicDetailsOf, publicTypes } from '../../functions/reactor/publishing/public-detail.ts'

type Samples = Record<string, Record<string, Record<string, object>>>
const golden: Samples = JSON.parse(readFileSync(new URL('../events/golden.json', import.meta.url), 'utf8'))

function commitOf(
  stream: string,
  ...events: readonly { type: string; schema: number; data: object }[]
): Commit {
  return {
    ...{ stream, commit: 7, version: 9, count: events.length, id: 'c', at: '2026-01-11T02:00:00.000Z' },
    ...{ actor: 'ada', correlation: 'r1', hash: '' },
    events: events.map(({ data, ...event }) => ({ ...event, data: JSON.stringify(data) })),
  }
}

/** Every version of every event of an aggregate, from the golden samples. */
const samplesOf = (aggregate: keyof typeof publicData) =>
  Object.entries(golden[aggregate] ?? {}).flatMap(([type, versions]) =>
    Object.entries(versions).map(([version, data]) => ({ aggregate, type, schema: Number(version), data })),
  )
const samples = [
  ...samplesOf('upgrade'),
  ...samplesOf('rollout'),
  ...samplesOf('profile'),
  ...samplesOf('target'),
]

const published = ({ aggregate, ...event }: (typeof samples)[number]) =>
  publicDetailsOf(commitOf(`${aggregate}#x`, event))

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
    upgradeId: 'u1',
  }
  expect(publicDetailsOf(commitOf('upgrade#u1', paused, ended))).toEqual([
    { ...detail, id: 'upgrade#u1@7.0', type: 'UpgradePaused', data: { by: 'drydock', reason: '2 failed' } },
    { ...detail, id: 'upgrade#u1@7.1', type: 'WaveEnded', data: { wave: 0, waveNumber: 1 } },
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
