import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WaveCuts } from '../../../events/upgrade.ts'
import {
  allowedFailures,
  cutsAt,
  cutsOf,
  type WaveRequest,
  waveCount,
  waveOf,
  waveRange,
} from '../../../functions/domain/plan/waves.ts'

function sizes(waves: WaveCuts, members: number): number[] {
  return Array.from({ length: waveCount(waves, members) }, (_, wave) => {
    const { from, to } = waveRange(waves, members, wave)
    return to - from
  })
}

function request(changes: Partial<WaveRequest>): WaveRequest {
  const selection = { targets: null, types: null, regions: null, tags: null, canaries: [] }
  return { strategy: 'all', canaryPercent: null, batchSize: null, selection, ...changes }
}

const sizesOf = (changes: Partial<WaveRequest>, members: number, canaries?: number) =>
  sizes(cutsOf(request(changes), members, canaries).waves, members)

describe('the sizes of waves (design: #waves)', () => {
  it.each([
    [10, [1, 10, 50, 100], [1, 4, 5], [10]],
    [3, [1, 10, 50, 100], [1, 1, 1], [10]],
    [50, [1, 10, 50, 100], [1, 4, 20, 25], []],
    [50, [10, 100], [5, 45], []],
    [1, [10, 100], [1], [100]],
    [7, [50, 20, 100], [4, 3], [20]],
    [10, [100, 100], [10], [100]],
    [3000, [1.1, 100], [33, 2967], []],
  ])('%i members at %j give %j, and %j dropped', (members, percentages, expected, dropped) => {
    const { waves, droppedWaves } = cutsAt(percentages, members)
    expect(sizes(waves, members)).toEqual(expected)
    expect(droppedWaves).toEqual(dropped)
  })
  it('follow from the strategy', () => {
    expect(sizesOf({ strategy: 'all' }, 50)).toEqual([50])
    expect(sizesOf({ strategy: 'canary', canaryPercent: 10 }, 50)).toEqual([5, 45])
    expect(sizesOf({ strategy: 'batch', batchSize: 20 }, 50)).toEqual([20, 20, 10])
    expect(sizesOf({ strategy: 'batch' }, 50)).toEqual([50])
  })
  it('follow from the explicit canaries when no percentage is given', () => {
    expect(sizesOf({ strategy: 'canary' }, 50, 3)).toEqual([3, 47])
    expect(sizesOf({ strategy: 'canary' }, 50, 0)).toEqual([1, 49])
    expect(sizesOf({ strategy: 'canary' }, 2, 9)).toEqual([2])
  })
  it('sum to the members, never empty, the first one at least 1, in rising cuts', () => {
    const percent = fc.oneof(
      fc.integer({ min: 1, max: 100 }),
      fc.double({ min: 0.01, max: 100, noNaN: true }),
    )
    const percentages = fc.array(percent, { minLength: 1, maxLength: 8 })
    const planned = fc.oneof(
      fc.tuple(percentages, fc.integer({ min: 1, max: 20_000 })).map(([list, members]) => ({
        ...cutsAt(list, members),
        members,
        asked: list.length,
      })),
      fc
        .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 5000 }))
        .map(([size, members]) => ({
          ...cutsOf(request({ strategy: 'batch', batchSize: size }), members),
          members,
          asked: null,
        })),
    )
    fc.assert(
      fc.property(planned, ({ waves, droppedWaves, members, asked }) => {
        const all = sizes(waves, members)
        expect(all.reduce((sum, size) => sum + size, 0)).toBe(members)
        expect(Math.min(...all)).toBeGreaterThanOrEqual(1)
        if (waves.kind === 'cuts') {
          expect([...new Set(waves.cuts)].sort((a, b) => a - b)).toEqual(waves.cuts)
          if (asked !== null) expect(waves.cuts.length + droppedWaves.length).toBe(asked)
        }
      }),
    )
  })
  it('say in which wave a member is', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 })
    const any: fc.Arbitrary<[WaveCuts, number]> = fc.oneof(
      cuts.map((list): [WaveCuts, number] => {
        const sorted = list.sort((a, b) => a - b)
        return [{ kind: 'cuts', cuts: sorted }, sorted.at(-1) ?? 0]
      }),
      fc
        .tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 200 }))
        .map(([size, members]): [WaveCuts, number] => [{ kind: 'batches', size }, members]),
    )
    fc.assert(
      fc.property(any, fc.nat(400), ([waves, members], member) => {
        const wave = waveOf(waves, members, member)
        const { from, to } = waveRange(waves, members, wave)
        expect(wave >= 0).toBe(member < members)
        expect(from <= member && member < to).toBe(member < members)
      }),
    )
    expect(waveOf({ kind: 'cuts', cuts: [3] }, 3, -1)).toBe(-1)
  })
  it('are empty where there is no such wave', () => {
    expect(waveRange({ kind: 'batches', size: 10 }, 25, 3)).toEqual({ from: 25, to: 25 })
    expect(waveRange({ kind: 'cuts', cuts: [5, 25] }, 25, -1)).toEqual({ from: 25, to: 25 })
  })
})

describe('allowed failures', () => {
  it.each([
    ['10 % of 50', { percent: 10, absolute: null }, 50, 0, 5],
    ['10 % of 50, 1 skipped', { percent: 10, absolute: null }, 50, 1, 4],
    ['the absolute limit where it is lower', { percent: 10, absolute: 2 }, 50, 0, 2],
    ['the percentage where that is lower', { percent: 10, absolute: 9 }, 50, 0, 5],
    ['none of a small wave', { percent: 10, absolute: null }, 9, 0, 0],
    ['none at 0 %', { percent: 0, absolute: null }, 1000, 0, 0],
    ['all at 100 %', { percent: 100, absolute: null }, 7, 0, 7],
    ['none when all are skipped', { percent: 100, absolute: null }, 7, 9, 0],
    ['29 % of 100, which binary fractions make 28.999…', { percent: 29, absolute: null }, 100, 0, 29],
    ['0.7 % of 1,000', { percent: 0.7, absolute: null }, 1000, 0, 7],
  ])('%s', (_words, limit, members, skipped, allowed) => {
    expect(allowedFailures(limit, members, skipped)).toBe(allowed)
  })
})
