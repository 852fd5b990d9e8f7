import { holdBack, releaseAggregate, releaseId } from '../../domain/release/release.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { exists, planOf } from '../../domain/upgrade/state.ts'
import { duty } from '../duty.ts'
import type { ReactorServices } from '../services.ts'

/** As much of a reason as a release keeps. */
const longestReason = 400

/**
 * A whole upgrade that has begun is taken back, by a breach or a person: its release is held back, whether there turns out to be anything
 * to take back or not. One target that is taken back says nothing about the release.
 */
export const holdReleaseBack = duty(
  'hold-back',
  upgradeAggregate,
  ['AbortRequested', 'ChildRequested'],
  async ({ id: upgrade, commit, events, cause }, { log }: Pick<ReactorServices, 'log'>) => {
    const asked = events.find(({ type, data }) =>
      type === 'AbortRequested' ? data.rollBack : data.kind === 'rollback' && data.target === null,
    )
    if (!asked) return
    const { state } = await log.load(upgradeAggregate, upgrade)
    const version = planOf(state)?.version
    // What takes something back is not taken back itself, nor is what has not begun.
    if (version === undefined || !exists(state) || state.request.kind === 'rollback') return
    if (state.standing.wave < 0) return
    const why = asked.type === 'AbortRequested' ? asked.data.reason : asked.data.request.reason
    const reason = `Taken back by ${asked.data.by}${why === null ? '' : `: ${why}`}`.slice(0, longestReason)
    const release = log.of(releaseAggregate, releaseId(state.request.component, version))
    await release.carryOut(holdBack({ reason, upgrade, at: commit.at }), cause)
  },
)
