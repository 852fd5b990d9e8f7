import { between } from '../../events/time.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import { type ExpectedTime, expectedTimeOf } from '../domain/plan/expected-time.ts'
import type { Views } from '../views/views.ts'

/** So many upgrades of a component are looked at, the newest first: one page. */
const upgradesLookedAt = 20
/** Attempts of so many of them are read, and so many of each: at most five pages. */
const upgradesRead = 5
const attemptsOfEach = 100

/**
 * Returns how long one attempt on a component should take by those that succeeded last, from acceptance to end by the log's clock; undefined where the
 * request says it itself, or too few are known. Rollbacks are left out: they take another time. The views tell it, and may lag: whoever plans writes
 * down what was found, and nothing is asked again.
 */
export async function expectedTime(
  views: Pick<Views, 'listUpgrades' | 'listAttempts'>,
  { component, deadlines, expectedByHistory }: UpgradeRequest,
): Promise<ExpectedTime | undefined> {
  if (!expectedByHistory) return undefined
  const { rows } = await views.listUpgrades({ limit: upgradesLookedAt, filters: { component } })
  const told = rows.filter(({ kind, completed }) => kind !== 'rollback' && completed > 0)
  const took: number[] = []
  for (const { upgradeId } of told.slice(0, upgradesRead)) {
    const succeeded = { limit: attemptsOfEach, status: 'succeeded' } as const
    for (const { acceptedAt, completedAt } of (await views.listAttempts(upgradeId, succeeded)).rows)
      if (acceptedAt !== null && completedAt !== null) took.push(between(acceptedAt, completedAt))
  }
  return expectedTimeOf(took, deadlines)
}
