import { rolloutAggregate } from '../domain/rollout/aggregate.ts'
import type { LivingRollback } from '../domain/rollout/control.ts'
import { type ExistingRollout, exists, hasEnded, type RolloutState } from '../domain/rollout/state.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'

/** A rollout that takes another back, as far as it has begun. */
export interface KnownRollback {
  readonly child: string
  readonly state: RolloutState
}

/** Returns the rollouts that take something of one back, in the order in which they were asked for. */
export function rollbacksOf(
  log: Pick<Log, 'load'>,
  { children }: Pick<ExistingRollout, 'children'>,
): Promise<readonly KnownRollback[]> {
  return sideBySide(children, atOnce.upgrades, async ({ child }) => ({
    child,
    state: (await log.load(rolloutAggregate, child)).state,
  }))
}

/** Returns those that are not over. One that has been noted and not begun is among them. */
export function livingAmong(rollbacks: readonly KnownRollback[]): readonly LivingRollback[] {
  return rollbacks.flatMap(({ child, state }) =>
    hasEnded(state) ? [] : [{ child, breakGlass: exists(state) && state.request.breakGlass === true }],
  )
}
