import type { UpgradeEvent } from '../../../events/upgrade.ts'

/** How long one attempt should take, in seconds, and from how many attempts that is known. */
export type ExpectedTime = NonNullable<Extract<UpgradeEvent, { type: 'UpgradePlanned' }>['data']['expected']>

/** Of fewer attempts nothing is said: one slow machine would be all of them. */
const leastAttempts = 10

/** That many of a hundred attempts are to take no longer. */
const percent = 95

/**
 * Returns how long one attempt should take by how long others took, in milliseconds: the 95th percentile by the nearest rank, in whole seconds and no
 * longer than an attempt may take; undefined where too few are known.
 */
export function expectedTimeOf(
  took: readonly number[],
  { attempt }: { readonly attempt: number },
): ExpectedTime | undefined {
  const { length: attempts } = took
  if (attempts < leastAttempts) return undefined
  const sorted = took.toSorted((left, right) => left - right)
  const milliseconds = sorted[Math.ceil((attempts * percent) / 100) - 1] ?? 0
  const seconds = Math.min(attempt, Math.max(1, Math.ceil(milliseconds / 1000)))
  return { seconds, attempts }
}

/** Returns a request with the time of one attempt as its plan has found it; as it is, where the plan says nothing of that. */
export function withExpectedTime<Request extends { readonly deadlines: { readonly expected: number } }>(
  request: Request,
  expected: ExpectedTime | undefined,
): Request {
  return expected ? { ...request, deadlines: { ...request.deadlines, expected: expected.seconds } } : request
}
