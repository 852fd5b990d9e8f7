import { beforeAll, describe, expect, test } from 'vitest'
import { type Commit, fromImage } from '../../events/envelope.ts'
import { audit } from '../../functions/audit/audit.ts'
import { deployed, openWorld, report, type World } from '../api/world.ts'
import { type Change, wordsOf } from './history.ts'

const written = ({ log }: World): Commit[] => log.records.map(({ dynamodb }) => fromImage(dynamodb?.NewImage))

/** Returns what the audit has against a log. Here waves are started in nobody's name (I12). */
async function found(commits: readonly Commit[]): Promise<string[]> {
  const { findings } = await audit(commits)
  return findings.flatMap(({ invariant, words }) => (invariant === 'I12' ? [] : [`${invariant} ${words}`]))
}

/** Returns the events that stop an upgrade, or let it go on, in their order. */
function stopsIn(commits: readonly Commit[]): string[] {
  const stops = ['ThresholdBreached', 'GateEvaluated', 'UpgradePaused', 'UpgradeResumed', 'WaveStarted']
  return commits
    .flatMap(({ events }) => events.map(({ type }) => type))
    .filter((type) => stops.includes(type))
}

/** Two of six fail while somebody has paused the upgrade, of which one is borne; it is resumed by somebody who has seen both. */
async function failedInAPause(): Promise<Commit[]> {
  const world = openWorld()
  await world.fleet(6)
  const failureThreshold = { percent: 20 }
  const id = await deployed(world, { component: 'api', version: 'v1.2.0', strategy: 'all', failureThreshold })
  await report(world, () => 'in-progress')
  await world.call('POST', `/api/upgrades/${id}/pause`, { body: { reason: 'to look' } })
  for (let place = 1; place <= 6; place++) {
    const as = { lambda: { kind: 'agent', target: `cust_000${place}`, tokenHash: '' } }
    const status = place <= 2 ? 'failed' : 'completed'
    const body = { version: 'v1.2.0', timestamp: '2026-01-05T10:00:00Z', status }
    await world.call('POST', '/api/v1/updates/status', { as, body })
  }
  await world.settle()
  await world.call('POST', `/api/upgrades/${id}/resume`, {
    body: { acknowledge: { failed: 2, unreachable: 0 } },
  })
  await world.advance(id)
  return written(world)
}

/** The canary is skipped before it has begun, which leaves nobody to go by; somebody resumes it all the same. */
async function emptyCanary(): Promise<Commit[]> {
  const world = openWorld()
  await world.fleet(4)
  const { body } = await world.call('POST', '/api/upgrades/deploy', {
    body: {
      ...{ component: 'api', version: 'v1.2.0', strategy: 'canary', autoContinue: true },
      targets: { canaries: ['cust_0001'] },
    },
  })
  const upgrade = `/api/upgrades/${body.upgradeId}`
  await world.call('POST', `${upgrade}/targets/cust_0001/skip`)
  await world.advance(body.upgradeId)
  await world.call('POST', `${upgrade}/resume`, { body: { acknowledge: { failed: 0, unreachable: 0 } } })
  await world.advance(body.upgradeId)
  await report(world)
  await world.advance(body.upgradeId)
  return written(world)
}

/** Returns the words of an invariant about a log in which events of one type were other ones. */
const told = async (invariant: string, commits: readonly Commit[], type: string, change: Change) =>
  (await wordsOf(invariant, commits, type, change)).join('\n')

let commits: Commit[]

describe('failures in a pause', () => {
  beforeAll(async () => {
    commits = await failedInAPause()
  })

  test('are told and seen, and the audit has nothing against that', async () => {
    expect(await found(commits)).toEqual([])
    expect(stopsIn(commits)).toEqual([
      ...['WaveStarted', 'UpgradePaused'],
      ...['ThresholdBreached', 'UpgradePaused', 'UpgradeResumed'],
    ])
  })

  test.each<[string, string, Change, RegExp]>([
    [
      'that nothing tells',
      'ThresholdBreached',
      () => undefined,
      /2 exceed the limit of 1 \(failures\), and nothing tells it/,
    ],
    [
      'that nothing follows',
      'UpgradePaused',
      (data) => (data.by === 'drydock' ? undefined : data),
      /A breach of failures was to pause, and nothing followed/,
    ],
    [
      'of which somebody who resumed it had seen fewer',
      'UpgradeResumed',
      (data) => ({ ...data, acknowledged: { failed: 1, unreachable: 0 } }),
      /operator-1 resumed it with 2 failed and 0 unreachable, and had not seen all of them/,
    ],
    [
      'of which somebody who resumed it had seen none',
      'UpgradeResumed',
      ({ acknowledged: _, ...data }) => data,
      /operator-1 resumed it with 2 failed and 0 unreachable, and had not seen all of them/,
    ],
  ])('are named %s', async (_words, type, change, words) => {
    expect(await told('I3', commits, type, change)).toMatch(words)
  })
})

describe('a wave in which nobody ran', () => {
  beforeAll(async () => {
    commits = await emptyCanary()
  })

  test('is followed by the next once somebody has resumed it, and the audit has nothing against that', async () => {
    expect(await found(commits)).toEqual([])
    expect(stopsIn(commits)).toEqual([
      ...['WaveStarted', 'GateEvaluated', 'UpgradePaused'],
      ...['UpgradeResumed', 'WaveStarted'],
    ])
  })

  test.each<[string, string, Change, RegExp]>([
    [
      'nobody judged it',
      'GateEvaluated',
      () => undefined,
      /Wave 1 began though the gate was not evaluated, with 0 succeeded/,
    ],
    [
      'nobody resumed it',
      'UpgradeResumed',
      () => undefined,
      /Wave 1 began though the gate was inconclusive, with 0 succeeded/,
    ],
    [
      'it was not to stop there',
      'UpgradePaused',
      () => undefined,
      /A gate that is inconclusive was to pause, and nothing followed/,
    ],
  ])('is named where %s', async (_words, type, change, words) => {
    expect(await told('I4', commits, type, change)).toMatch(words)
  })
})
