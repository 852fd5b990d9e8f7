import { canonicalJson } from '../../../events/canonical.ts'
import type { ProfileOverride } from '../../../events/target.ts'
import { accept, reject } from '../aggregate.ts'
import { refusal } from './registration.ts'
import type { TargetDecision } from './state.ts'

/** A target belongs to a few profiles, or its row in the views would grow without end. */
const mostProfiles = 8

/** Assigns a target to a profile. The same assignment again changes nothing; another priority or override replaces it. */
export function assignProfile(assignment: {
  readonly profile: string
  /** What the caller takes the target for: a list of ids that got mixed up is noticed. */
  readonly type: string
  readonly priority: number
  readonly override: ProfileOverride
}): TargetDecision {
  return (state) => {
    const refused = refusal(state)
    if (refused) return refused
    const { profile, type, priority, override } = assignment
    if (state.facts?.type !== type) {
      const detail = `The target is of type ${state.facts?.type}, not ${type}.`
      return reject({ code: 'resource-type-mismatch', detail })
    }
    const present = state.assignments[profile]
    if (present && canonicalJson(present) === canonicalJson({ priority, override })) return accept()
    if (!present && Object.keys(state.assignments).length >= mostProfiles) {
      const detail = `The target is assigned to ${mostProfiles} profiles already: take it out of one first.`
      return reject({ code: 'too-many-profiles', detail })
    }
    const data = { profile, priority, override, revision: state.revision + 1 }
    return accept({ type: 'ProfileAssigned', data })
  }
}

/** Takes a target out of a profile. A retired one too: what is left of the assignment is of no use. */
export function unassignProfile({ profile }: { readonly profile: string }): TargetDecision {
  return (state) =>
    Object.hasOwn(state.assignments, profile)
      ? accept({ type: 'ProfileUnassigned', data: { profile, revision: state.revision + 1 } })
      : accept()
}
