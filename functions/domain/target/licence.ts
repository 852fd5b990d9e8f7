import { canonicalJson } from '../../../events/canonical.ts'
import type { HeldLicence } from '../../../events/target.ts'
import { accept } from '../aggregate.ts'
import { refuseTarget } from './refusals.ts'
import type { TargetDecision } from './state.ts'

/** Keeps with a target which licence it has (null: none), and what that entitles to; the same again changes nothing. */
export function holdLicence(licence: HeldLicence | null): TargetDecision {
  return (state) => {
    const refused = refuseTarget(state)
    if (refused) return refused
    if (canonicalJson(state.licence) === canonicalJson(licence)) return accept()
    return accept({ type: 'LicenceHeld', data: { licence, revision: state.revision + 1 } })
  }
}
