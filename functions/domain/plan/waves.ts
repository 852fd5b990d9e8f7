import type { UpgradeRequest, WaveCuts } from '../../../events/upgrade.ts'

/** A part of a plan's order, half open: `from` is in it, `to` is not. */
export interface WaveRange {
  readonly from: number
  readonly to: number
}

/** The waves of a plan, and the percentages whose wave would have been empty. */
export interface PlannedWaves {
  readonly waves: WaveCuts
  readonly droppedWaves: readonly number[]
  /** Which percentage, or which group, of the request each wave is of; left out: the request has neither. */
  readonly entries?: readonly number[]
}

/** A limit on failures: percent of a wave's members, and optionally a number that it never exceeds. */
export interface Limit {
  readonly percent: number
  readonly absolute: number | null
}

/** The part of a request that decides about waves. */
export type WaveRequest = Pick<
  UpgradeRequest,
  'strategy' | 'canaryPercent' | 'batchSize' | 'percentages' | 'selection'
>

/** Percent of a number, cleared of the noise of binary fractions: 1.1 % of 3,000 is 33, not 33.00000000000001. */
function percentOf(members: number, percent: number): number {
  return Number(((members * percent) / 100).toFixed(9))
}

/**
 * Returns the cumulative cuts of percentages over `members`: `cut = min(N, max(previous, ceil(N·p/100)))`, the last one N.
 * A percentage that adds nobody is dropped and reported (design: #waves): 10 members at 1/10/50/100 give 1, 4, 5.
 */
export function cutsAt(
  percentages: readonly number[],
  members: number,
): PlannedWaves & Required<Pick<PlannedWaves, 'entries'>> {
  const cuts: number[] = []
  const entries: number[] = []
  const droppedWaves: number[] = []
  let previous = 0
  percentages.forEach((percent, place) => {
    const last = place === percentages.length - 1
    const cut = last ? members : Math.min(members, Math.max(previous, Math.ceil(percentOf(members, percent))))
    if (cut > previous) {
      cuts.push(cut)
      entries.push(place)
    } else droppedWaves.push(percent)
    previous = cut
  })
  return { waves: { kind: 'cuts', cuts }, droppedWaves, entries }
}

/** The same where nothing that the request says of a percentage follows its wave. */
function plainCutsAt(percentages: readonly number[], members: number): PlannedWaves {
  const { waves, droppedWaves } = cutsAt(percentages, members)
  return { waves, droppedWaves }
}

/**
 * Returns the waves that a request asks for over so many members; those of groups follow from who is in them. The explicit canaries (`canaries` of them are members) are all in the
 * first wave of a canary; a percentage fills it up, and without one it has nobody else, but always one target.
 */
export function cutsOf(
  request: WaveRequest,
  members: number,
  canaries: number = request.selection.canaries.length,
): PlannedWaves {
  switch (request.strategy) {
    case 'all':
    case 'rolling':
    case 'serial':
    case 'groups':
      return plainCutsAt([100], members)
    case 'percentages':
      return cutsAt(request.percentages?.map(({ percent }) => percent) ?? [100], members)
    case 'canary': {
      const { canaryPercent: percent } = request
      const named = Math.min(members, Math.max(1, canaries))
      if (percent !== null && Math.ceil(percentOf(members, percent)) >= named)
        return plainCutsAt([percent, 100], members)
      const cuts = [named, members].filter((cut, place, all) => cut > (all[place - 1] ?? 0))
      return { waves: { kind: 'cuts', cuts }, droppedWaves: [] }
    }
    case 'batch':
      return { waves: { kind: 'batches', size: request.batchSize ?? Math.max(1, members) }, droppedWaves: [] }
  }
}

/** Explicit cuts are stored in one event of the upgrade: more would not fit beside the rest. */
export const cutsAtMost = 2000

/** The first wave holds no critical target, unless there are no others: it ends where they begin. */
export function sparingCritical(planned: PlannedWaves, members: number, uncritical: number): PlannedWaves {
  const { waves, droppedWaves, entries } = planned
  const first = waveRange(waves, members, 0).to
  if (uncritical === 0 || first <= uncritical) return planned
  if (waves.kind === 'cuts') {
    const cuts = [uncritical, ...waves.cuts]
    // What was asked of the first wave holds for both of its parts.
    const [firstEntry = 0] = entries ?? []
    return {
      waves: { kind: 'cuts', cuts },
      droppedWaves,
      ...(entries && { entries: [firstEntry, ...entries] }),
    }
  }
  const cuts = [uncritical]
  for (let cut = uncritical + waves.size; cut < members && cuts.length <= cutsAtMost; cut += waves.size)
    cuts.push(cut)
  return { waves: { kind: 'cuts', cuts: [...cuts, members] }, droppedWaves }
}

/** Returns how many waves so many members make. */
export function waveCount(cuts: WaveCuts, members: number): number {
  return cuts.kind === 'cuts' ? cuts.cuts.length : Math.ceil(members / cuts.size)
}

/** Returns where a wave begins and ends in the plan's order; a wave that does not exist is empty. */
export function waveRange(cuts: WaveCuts, members: number, wave: number): WaveRange {
  if (wave < 0 || wave >= waveCount(cuts, members)) return { from: members, to: members }
  if (cuts.kind === 'batches') {
    return { from: wave * cuts.size, to: Math.min(members, (wave + 1) * cuts.size) }
  }
  return { from: cuts.cuts[wave - 1] ?? 0, to: cuts.cuts[wave] ?? members }
}

/** Returns how many members each wave has. */
export function waveSizes(cuts: WaveCuts, members: number): number[] {
  return Array.from({ length: waveCount(cuts, members) }, (_, wave) => {
    const { from, to } = waveRange(cuts, members, wave)
    return to - from
  })
}

/** Returns the wave that a member belongs to, by its place in the plan's order; -1 when it is not in the plan. */
export function waveOf(cuts: WaveCuts, members: number, member: number): number {
  if (member < 0 || member >= members) return -1
  return cuts.kind === 'batches' ? Math.floor(member / cuts.size) : cuts.cuts.findIndex((cut) => member < cut)
}

/**
 * Returns how many failures a wave bears: `min(absolute, floor(Nw·percent/100))`, where Nw leaves the skipped out. One more
 * is a breach (design: #failures-borne): 10 % of 50 bears 5 and halts at the 6th.
 */
export function allowedFailures(limit: Limit, members: number, skipped: number): number {
  const share = Math.floor(percentOf(Math.max(0, members - skipped), limit.percent))
  return limit.absolute === null ? share : Math.min(limit.absolute, share)
}
