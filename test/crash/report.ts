import type { Ends } from './ends.ts'
import { points } from './points.ts'

/** What a whole run showed. */
export interface Outcome extends Ends {
  readonly seed: number
  readonly size: number
  readonly seconds: number
  readonly figures: Readonly<Record<string, number>>
  readonly violations: readonly string[]
  /** How many checks held. */
  readonly passed: number
}

/** Returns a run in lines: kills by kind, the table of fail points, the figures, and every violation. */
export function report({
  seed,
  seconds,
  kills,
  hits,
  starts,
  story,
  figures,
  violations,
}: Outcome): string[] {
  const total = Object.values(kills).reduce((sum, count) => sum + count, 0)
  const cell = (point: string, side: string) =>
    String(hits.find((one) => one.point === point && one.side === side)?.hits ?? 0).padStart(8)
  return [
    '',
    `${total} kills and troubles in ${seconds} s, seed ${seed}`,
    `  ${String(kills.runtime).padStart(4)} of the whole runtime`,
    `  ${String(kills.dynamo).padStart(4)} of DynamoDB alone`,
    `  ${String(kills.failPoint).padStart(4)} at a fail point`,
    `  ${String(kills.full).padStart(4)} by a full disk`,
    `  ${String(kills.frozen).padStart(4)} times it stood still, all of it or DynamoDB (SIGSTOP)`,
    `  ${String(kills.withoutRights).padStart(4)} times its functions lost their rights`,
    `  starts took ${starts.median} ms in the median, ${starts.longest} ms at most, the first requests ${starts.warmUp} ms`,
    '',
    `  ${'fail point'.padEnd(22)}  before   after`,
    ...points.map((point) => `  ${point.padEnd(22)}${cell(point, 'before')}${cell(point, 'after')}`),
    '',
    ...Object.entries(figures).map(([name, value]) => `  ${name.padEnd(38)}${String(value).padStart(8)}`),
    '',
    ...(violations.length > 0 ? story : []),
    ...violations.map((violation) => `VIOLATED  ${violation}`),
  ]
}
