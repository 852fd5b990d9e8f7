import { rolloutAggregate } from '../domain/rollout/aggregate.ts'
import type { LivingRollback } from '../domain/rollout/control.ts'
import { type ExistingRollout, exists, hasEnded } from '../domain/rollout/state.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'

/** Returns the rollouts that take something of one back and are not over. One that has been noted and not begun is among them. */
export async function livingOf(
  log: Pick<Log, 'load'>,
  { children }: Pick<ExistingRollout, 'children'>,
): Promise<readonly LivingRollback[]> {
  const all = await sideBySide(children, atOnce.upgrades, async ({ child }) => ({
    child,
    state: (await log.load(rolloutAggregate, child)).state,
  }))
  return all.flatMap(({ child, state }) =>
    hasEnded(state) ? [] : [{ child, breakGlass: exists(state) && state.request.breakGlass === true }],
  )
}
