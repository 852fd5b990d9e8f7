import type { Spread } from './spread.ts'

/** A figure beside the bar that it has to meet. */
export interface Judged {
  readonly bar: string
  readonly kind: 'counted' | 'timed'
  readonly measured: string
  readonly value: number
  readonly limit: string
  readonly met: boolean
  /** Does this stop a build? A counted bar that is missed, or a timed one that is missed by half. */
  readonly failed: boolean
}

/** Judges a counted figure that has to lie between two bounds. */
export function counted(bar: string, value: number, bounds: { least?: number; most?: number }): Judged {
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = bounds
  const met = value >= least && value <= most
  return { bar, kind: 'counted', measured: shown(value), value, limit: limitOf(bounds), met, failed: !met }
}

/** Judges a timed ratio by its median: `least` where more is better, `most` where less is. */
export function timed(
  bar: string,
  { median, least: low, most: high, rounds }: Spread,
  bounds: { least: number } | { most: number },
): Judged {
  const met = 'least' in bounds ? median >= bounds.least : median <= bounds.most
  const half = 'least' in bounds ? median >= bounds.least / 2 : median <= bounds.most * 2
  const measured = `${shown(median)} (${shown(low)} to ${shown(high)} in ${rounds} rounds)`
  return { bar, kind: 'timed', measured, value: median, limit: limitOf(bounds), met, failed: !half }
}

/** Reports a figure beside the bar that it has to meet elsewhere, on another machine or in a larger rollout: it never stops a build. */
export function reported(bar: string, value: number, most: number): Judged {
  const met = value <= most
  return { bar, kind: 'timed', measured: shown(value), value, limit: limitOf({ most }), met, failed: false }
}

/** Returns the figures as a table. */
export function tableOf(judged: readonly Judged[]): string {
  const rows = judged.map(({ bar, kind, limit, measured, met, failed }) => [
    bar,
    kind,
    limit,
    measured,
    met ? 'met' : failed ? 'MISSED' : 'missed, stops nothing',
  ])
  const all = [['bar', 'kind', 'limit', 'measured', ''], ...rows]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function limitOf({ least, most }: { least?: number; most?: number }): string {
  if (least !== undefined && most !== undefined) return `${shown(least)} to ${shown(most)}`
  return least === undefined ? `≤ ${shown(most ?? 0)}` : `≥ ${shown(least)}`
}

function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(Math.abs(value) < 10 ? 3 : 1)
}
