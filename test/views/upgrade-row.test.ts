import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../events/canonical.ts'
import type { UpgradeEvent, WaveCuts } from '../../events/upgrade.ts'
import { shownUpgrade, upgrades } from '../../functions/views/projections/upgrades.ts'
import type { UpgradeBody } from '../../functions/views/rows.ts'
import { planOf, requestOf, start } from '../domain/upgrade/world.ts'

const id = '7f7a1b6e-3a42-5c0e-9f43-5b8f7f9f2f10'

const rollback = '0c2f8a1e-7d0b-5a0e-8f55-3a1b9c6d7e42'

/** The longest hold that an upgrade at work has of its own: a target of it is busy with another upgrade. */
const deferral: UpgradeEvent = {
  type: 'OutcomesRecorded',
  data: {
    outcomes: [
      {
        ...{ member: 0, n: 1, outcome: 'deferred', code: 'busy', again: 'deferred', commit: 1 },
        busyWith: id,
      },
    ],
    due: [{ chunk: 0, kind: 'deferred', at: start }],
  },
}

function outcomesOf(from: number, to: number): UpgradeEvent {
  const outcomes = Array.from({ length: to - from }, (_, place) => {
    const outcome = (['succeeded', 'succeeded', 'failed', 'unreachable'] as const)[place % 4] ?? 'succeeded'
    return { member: from + place, n: 1, outcome, code: null, again: null, commit: 1 }
  })
  return { type: 'OutcomesRecorded', data: { outcomes, due: [] } }
}

const admission = (wave: number, from: number, to: number) => ({
  ...{ wave, members: [[from, to]] as [number, number][], retried: [], readmitted: [] },
  ...{ acceptBy: start, policyVersion: 0, releaseVersion: 1 },
})

/** Runs every wave to its end: admitted, ended, one member of each skipped by hand. */
function rolledOut(
  waves: WaveCuts,
  members: number,
  ranges: readonly (readonly [number, number])[],
): UpgradeBody {
  const hash = 'a'.repeat(64)
  const story: UpgradeEvent[] = [
    {
      type: 'UpgradeRequested',
      data: { request: requestOf({ version: 'latest' }), by: 'someone@example.com' },
    },
    { type: 'UpgradePlanned', data: { ...planOf(members), planHash: hash, waves } },
  ]
  for (const [wave, [from, to]] of ranges.entries()) {
    story.push(
      { type: 'WaveStarted', data: { wave } },
      {
        type: 'MembersSkipped',
        data: { members: [[from, from + 1]], was: 'pending', code: 'by-hand', by: 'alice' },
      },
      {
        type: 'TargetsAdmitted',
        data: admission(wave, from + 1, to),
      },
      outcomesOf(from + 1, to),
      { type: 'WaveEnded', data: { wave } },
    )
  }
  const again: UpgradeEvent = { type: 'TargetsAdmitted', data: admission(ranges.length - 1, 0, 1) }
  story.push(again, deferral, {
    type: 'HoldPlaced',
    data: { code: 'WINDOW_CLOSED', until: start, ref: null, lapses: null },
  })
  return folded(story)
}

function folded(story: readonly UpgradeEvent[], begin?: UpgradeBody): UpgradeBody {
  const body = story.reduce<UpgradeBody | undefined>((before, event, place) => {
    const context = { id, commit: place + 1, number: place + 1, at: start, actor: 'alice', since: start }
    const after = upgrades.apply(before, event, context)
    return after === 'deleted' ? undefined : after
  }, begin)
  return body ?? expect.fail('no row')
}

function rollbackBy(child: string, target: string | null = null): UpgradeEvent {
  const data = { child, kind: 'rollback', target, by: 'alice', request: requestOf({}) } as const
  return { type: 'ChildRequested', data }
}

/** A row as DynamoDB counts it: names and values. */
function sizeOf(body: UpgradeBody): number {
  const keys = `viewv1/upgradesrow${start}#${id}versioncommitbody`
  return Buffer.byteLength(keys + canonicalJson(body)) + 8
}

describe('the row of an upgrade', () => {
  test('tells ten waves apart within 1 KB', () => {
    const cuts = Array.from({ length: 10 }, (_, wave) => (wave + 1) * 1000)
    const ranges = cuts.map((cut) => [cut - 1000, cut] as const)
    const body = rolledOut({ kind: 'cuts', cuts }, 10_000, ranges)
    expect(sizeOf(body)).toBeLessThanOrEqual(1024)
    const row = shownUpgrade(`${start}#${id}`, body)
    expect(row).toMatchObject({ waveCount: 10, otherWaves: null, total: 10_000, skipped: 10, inProgress: 0 })
    expect(row.waves).toHaveLength(10)
    expect(row.takenBackBy).toBeNull()
    expect(row.waves[3]).toEqual({
      wave: 3,
      group: null,
      size: 1000,
      succeeded: 500,
      failed: 250,
      unreachable: 249,
      skipped: 1,
    })
  })

  test('names the last rollback of all of it, which nothing holds it beside, within 1 KB', () => {
    const cuts = Array.from({ length: 10 }, (_, wave) => (wave + 1) * 1000)
    const ranges = cuts.map((cut) => [cut - 1000, cut] as const)
    const abort: UpgradeEvent = {
      type: 'AbortRequested',
      data: { by: 'alice', reason: 'no', rollBack: true },
    }
    const noted = [abort, rollbackBy('earlier'), rollbackBy(rollback), rollbackBy('one', 'customer-1')]
    const body = folded(noted, rolledOut({ kind: 'cuts', cuts }, 10_000, ranges))
    expect(sizeOf(body)).toBeLessThanOrEqual(1024)
    expect(shownUpgrade(`${start}#${id}`, body).takenBackBy).toBe(rollback)
  })

  test('sums a thousand batches up within 1 KB, and loses none', () => {
    const ranges = Array.from({ length: 1000 }, (_, wave) => [wave * 10, wave * 10 + 10] as const)
    const body = rolledOut({ kind: 'batches', size: 10 }, 10_000, ranges)
    expect(sizeOf(body)).toBeLessThanOrEqual(1024)
    const row = shownUpgrade(`${start}#${id}`, body)
    expect(row.waveCount).toBe(1000)
    expect(row.waves.map(({ wave }) => wave)).toEqual([990, 991, 992, 993, 994, 995, 996, 997, 998, 999])
    const told = [...row.waves, row.otherWaves ?? expect.fail('no sum')]
    const sum = (name: 'size' | 'succeeded' | 'failed' | 'unreachable' | 'skipped') =>
      told.reduce((total, wave) => total + wave[name], 0)
    expect(sum('size')).toBe(10_000)
    expect(sum('succeeded')).toBe(row.completed)
    expect(sum('failed')).toBe(row.failed)
    expect(sum('unreachable')).toBe(row.unreachable)
    expect(sum('skipped')).toBe(1000)
  })
})
