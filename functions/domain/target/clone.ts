import { after, day } from '../../../events/time.ts'
import type { cloneSigns } from '../../../events/words.ts'
import { accept } from '../aggregate.ts'
import { meaningOf } from './outcome.ts'
import { refuseTarget } from './refusals.ts'
import { endFrom, type FinishReport } from './report.ts'
import type { TargetDecision, TargetState } from './state.ts'
import { subjectOf } from './subject.ts'

/** By what it is noticed that two machines speak with one credential. */
export type CloneSign = (typeof cloneSigns)[number]

/** Tells that two machines seem to speak with a target's credential, once a day at most: nothing is decided by it. */
export function tellClone({ sign }: { readonly sign: CloneSign }): TargetDecision {
  return (state, now) => {
    if (refuseTarget(state)) return accept()
    if (state.clonedAt !== null && now < after(state.clonedAt, day)) return accept()
    return accept({ type: 'TargetCloned', data: { sign, revision: state.revision + 1 } })
  }
}

/** An end that was reported, and another one of the same attempt that was too. */
export interface Contradiction {
  readonly attempt: string
  readonly recorded: string
  readonly reported: string
}

/** Returns how a report contradicts the end that its target has reported itself; null when it does not. */
export function contradictionOf(state: TargetState, report: FinishReport): Contradiction | null {
  const subject = subjectOf(state, report, report.status !== 'rejected')
  if (subject.kind !== 'ended') return null
  const { attempt, outcome, to } = subject.attempt
  const reported = endFrom(report, to).outcome
  return meaningOf(outcome).reported && reported !== outcome ? { attempt, recorded: outcome, reported } : null
}
