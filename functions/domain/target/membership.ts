import { canonicalJson } from '../../../events/canonical.ts'
import type { ProfileOverride } from '../../../events/target.ts'
import { accept, reject } from '../aggregate.ts'
import { refuseTarget } from './refusals.ts'
import type { TargetDecision } from './state.ts'

/** A target belongs to a few profiles, or its row in the views would grow without end. */
const mostProfiles = 8

/** Makes a target a member of a profile. The same membership again changes nothing; another priority or override replaces it. */
export function joinProfile(membership: {
  readonly profile: string
  /** What the caller takes the target for: a list of ids that got mixed up is noticed. */
  readonly type: string
  readonly priority: number
  readonly override: ProfileOverride
  /** How many hours the profile's windows have; left out: nobody knows. */
  readonly windowHours?: number | undefined
}): TargetDecision {
  return (state) => {
    const refused = refuseTarget(state)
    if (refused) return refused
    const { profile, type, priority, override, windowHours } = membership
    if (state.facts?.type !== type) {
      const detail = `The target is of type ${state.facts?.type}, not ${type}.`
      return reject({ code: 'resource-type-mismatch', detail })
    }
    const present = state.memberships[profile]
    if (present && canonicalJson(present) === canonicalJson({ priority, override })) return accept()
    const { maintenance_window_hours: hours } = override
    if (hours !== null && windowHours !== undefined && hours > windowHours) {
      const detail = `Its own ${hours} hours are more than the ${windowHours} that the windows of the profile have: at most as many.`
      return reject({ code: 'own-hours-too-long', detail })
    }
    if (!present && Object.keys(state.memberships).length >= mostProfiles) {
      const detail = `The target is a member of ${mostProfiles} profiles already: take it out of one first.`
      return reject({ code: 'too-many-profiles', detail })
    }
    const data = { profile, priority, override, revision: state.revision + 1 }
    return accept({ type: 'ProfileJoined', data })
  }
}

/** Takes a target out of a profile. A retired one too: what is left of the membership is of no use. */
export function leaveProfile({ profile }: { readonly profile: string }): TargetDecision {
  return (state) =>
    Object.hasOwn(state.memberships, profile)
      ? accept({ type: 'ProfileLeft', data: { profile, revision: state.revision + 1 } })
      : accept()
}
