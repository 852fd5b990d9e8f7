import type { RegressedOutcome } from '../../../events/target.ts'
import { systemActor } from '../actor.ts'
import { accept } from '../aggregate.ts'
import { waveRange } from '../plan/waves.ts'
import type { AdmissionFacts } from './admission.ts'
import { advance } from './advance.ts'
import { memberAt } from './chunks.ts'
import { Draft, type UpgradeDecision } from './draft.ts'
import { judgeAgain } from './gate.ts'
import { type BetweenWaves, hasBegun, type InWave } from './state.ts'

/** An attempt that had succeeded and has regressed, as the target's stream tells it, citing the commit there. */
export interface ReportedRegression {
  readonly member: number
  readonly n: number
  readonly outcome: RegressedOutcome
  readonly code: string | null
  readonly commit: number
}

/** So many members of a wave are told apart: the state keeps their numbers, and stays below 16 KB. */
const toldApart = 256

/** Returns those that are news: members of the present wave, by their last admission, that have not regressed in it before. */
function newRegressions(
  { plan, wave, chunks }: InWave | BetweenWaves,
  reported: readonly ReportedRegression[],
): ReportedRegression[] {
  const { from, to } = waveRange(plan.waves, plan.members, wave.number)
  const seen = new Set(wave.regressed.members)
  return reported.filter(({ member, n }) => {
    if (member < from || member >= to || seen.has(member)) return false
    // Of a chunk that is through nothing is kept: the target's stream has nothing newer on it.
    const known = memberAt(chunks, member)
    const had = known ? known.status === 'succeeded' && known.n === n : member < chunks.cursor
    if (had) seen.add(member)
    return had
  })
}

/**
 * Counts members of the present wave as failed after all, as long as the next wave has not begun: they were exposed to it, and whoever follows
 * would be (design: #regressions). What passed its gate before is judged again.
 */
export function recordRegressions(
  reported: readonly ReportedRegression[],
  facts: AdmissionFacts,
): UpgradeDecision {
  return (state, now) => {
    if (!hasBegun(state) || state.wave.regressed.more) return accept()
    const fresh = newRegressions(state, reported)
    if (fresh.length === 0) return accept()
    const { number: wave, regressed } = state.wave
    const members = fresh.slice(0, toldApart - regressed.members.length)
    const more = members.length < fresh.length
    const draft = new Draft(state, now)
    draft.add({ type: 'MembersRegressed', data: { wave, members, ...(more && { more }) } })
    if (more && state.standing.status !== 'paused' && !state.abort) {
      const reason = `More than ${toldApart} targets of wave ${wave + 1} failed after they had succeeded.`
      draft.add({ type: 'UpgradePaused', data: { by: systemActor, reason } })
    }
    judgeAgain(draft)
    advance(draft, facts)
    return draft.decision()
  }
}
