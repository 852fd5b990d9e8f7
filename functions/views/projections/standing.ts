import { type MemberCounts, noCounts } from '../../domain/upgrade/counts.ts'
import type { Hold } from '../../domain/upgrade/hold.ts'
import type { Standing } from '../../domain/upgrade/standing.ts'

/** Where an upgrade stands, as its row stores it: without the names of figures, so that ten waves stay within 1 KB. */
export interface PackedStanding extends Omit<Standing, 'counts' | 'approvals' | 'breakGlass' | 'holds'> {
  /** In the order of `countNames`. */
  readonly counts: readonly number[]
  readonly approvals: readonly [needed: number, given: number, withinSeconds: number]
  /** The approvals that policies ask for; left out: none ever did. */
  readonly demanded?: NonNullable<Standing['approvals']['demanded']>
  readonly holds: readonly PackedHold[]
  /** Is it to run even while everything is stopped? Left out: no. */
  readonly glass?: true
}

type PackedHold = readonly [
  code: Hold['code'],
  since: string,
  until: string | null,
  ref: string | null,
  lapses: string | null,
]

const countNames = [
  'inFlight',
  'retrying',
  'deferred',
  'succeeded',
  'failed',
  'unreachable',
  'skipped',
  'rolledBack',
] as const satisfies readonly (keyof MemberCounts)[]

/** Returns where an upgrade stands as it is stored. */
export function packed({ counts, approvals, holds, breakGlass, ...standing }: Standing): PackedStanding {
  return {
    ...standing,
    holds: holds.map(({ code, since, until, ref, lapses }): PackedHold => [code, since, until, ref, lapses]),
    counts: countNames.map((name) => counts[name]),
    approvals: [approvals.needed, approvals.given, approvals.withinSeconds],
    ...(approvals.demanded && { demanded: approvals.demanded }),
    ...(breakGlass && { glass: true }),
  }
}

/** Returns where an upgrade stands, from how it is stored. */
export function unpacked({
  counts,
  approvals,
  holds,
  glass,
  demanded,
  ...standing
}: PackedStanding): Standing {
  const [needed, given, withinSeconds] = approvals
  const named = countNames.map((name, place) => [name, counts[place] ?? 0] as const)
  return {
    ...standing,
    counts: { ...noCounts, ...Object.fromEntries(named) },
    approvals: { needed, given, withinSeconds, ...(demanded && { demanded }) },
    holds: holds.map(([code, since, until, ref, lapses]) => ({ code, since, until, ref, lapses })),
    breakGlass: glass === true,
  }
}
