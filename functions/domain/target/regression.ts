import { type RegressedOutcome, regressions } from '../../../events/target.ts'
import { accept } from '../aggregate.ts'
import { type AttemptEnd, versionMismatch } from './attempt.ts'
import { type EndedAttempt, standsAs, type TargetDecision, type TargetState } from './state.ts'

/** A target changes its word about an attempt so often: it regresses, is well again, and regresses for good. */
const turnsAtMost = 3

function isRegression(outcome: AttemptEnd['outcome']): outcome is RegressedOutcome {
  return regressions.some((one) => one === outcome)
}

/**
 * Returns the decision on what a target says of its latest attempt on a component, which had succeeded: it regresses, or is well again.
 * Undefined where that is no news, or one turn too many: two machines may speak with one credential, and would go on for ever.
 */
export function reconsidered(
  state: TargetState,
  ended: EndedAttempt,
  end: AttemptEnd,
): ReturnType<TargetDecision> | undefined {
  const { attempt, upgrade, member, n, component, from, to, sequence, regression } = ended
  if ((regression?.turns ?? 0) >= turnsAtMost) return undefined
  // By its own clock it has said something newer since.
  const { [component]: lastSaid = '' } = state.said
  if (end.saidAt !== undefined && end.saidAt < lastSaid) return undefined
  const told = {
    ...{ attempt, upgrade, member, n, component },
    output: end.output ?? null,
    sequence: sequence + 1,
    revision: state.revision + 1,
    ...(end.reported !== undefined && { reported: end.reported }),
    ...(end.saidAt !== undefined && { saidAt: end.saidAt }),
  }
  const stands = standsAs(ended).outcome
  // A success that does not say what runs says nothing against the one before.
  const unclear = end.code === versionMismatch && !end.version
  if (stands === 'succeeded' && isRegression(end.outcome) && !unclear) {
    const { outcome, code } = end
    return accept({
      type: 'AttemptRegressed',
      data: { ...told, outcome, code, version: end.version ?? from },
    })
  }
  if (stands !== 'succeeded' && end.outcome === 'succeeded')
    return accept({ type: 'AttemptRecovered', data: { ...told, version: to } })
  return undefined
}
