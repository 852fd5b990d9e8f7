import { atMostFail, rateWhere } from './binomial.ts'

/** How sure everything is that is said here, in percent. */
export const confidencePercent = 95
const doubt = 1 - confidencePercent / 100

/** Hundredths of a percent, rounded to the side on which less is claimed. */
const up = (rate: number) => Math.ceil(Number((rate * 10_000).toFixed(6))) / 100
const down = (rate: number) => Math.floor(Number((rate * 10_000).toFixed(6))) / 100

/**
 * Returns the smallest share of defective targets, in percent, of which so many show more failures than so many, with 95 % confidence; null where none
 * does. It is that of a fleet without end: of a small one a wave of the same size shows smaller ones too.
 */
export function shownBy(targets: number, allowedFailures: number): number | null {
  if (allowedFailures >= targets) return null
  return up(rateWhere((rate) => atMostFail(allowedFailures, targets, rate) > doubt))
}

/** Returns how many targets it takes until at least one fails, with 95 % confidence, of which so many percent are defective: 59 for 5 %, 299 for 1 %. */
export function targetsToSee(percent: number): number {
  return Math.ceil(Math.log(doubt) / Math.log1p(-percent / 100))
}

/** What the first wave of a plan, whose outcomes decide whether others follow, shows of a release. */
export interface CanaryPower {
  readonly size: number
  readonly allowedFailures: number
  readonly confidencePercent: number
  /** At least one of it fails where more are defective than this. */
  readonly seesPercent: number
  /** More of it fail than it may; null: all of it may. */
  readonly stopsPercent: number | null
  /** How large it would have to be to see less. */
  readonly sizeToSee: readonly { readonly percent: number; readonly size: number }[]
}

const sought = [5, 1]

/** Returns what a first wave of so many targets shows. */
export function canaryPower(size: number, allowedFailures: number): CanaryPower {
  return {
    ...{ size, allowedFailures, confidencePercent },
    seesPercent: shownBy(size, 0) ?? 100,
    stopsPercent: shownBy(size, allowedFailures),
    sizeToSee: sought.map((percent) => ({ percent, size: targetsToSee(percent) })),
  }
}

/** What outcomes say of the share of targets that a release breaks, in percent. Each bound holds with 95 % confidence. */
export interface DefectBounds {
  readonly atLeastPercent: number
  readonly atMostPercent: number
}

/** Returns what so many failures among so many outcomes leave possible, by the exact bounds of Clopper and Pearson. There is at least one outcome. */
export function defectBounds(failures: number, outcomes: number): DefectBounds {
  const atMost = rateWhere((rate) => atMostFail(failures, outcomes, rate) > doubt)
  const atLeast = rateWhere((rate) => 1 - atMostFail(failures - 1, outcomes, rate) < doubt)
  return {
    atLeastPercent: failures === 0 ? 0 : down(atLeast),
    atMostPercent: failures === outcomes ? 100 : up(atMost),
  }
}
