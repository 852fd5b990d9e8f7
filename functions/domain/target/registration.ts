import { canonicalJson } from '../../../events/canonical.ts'
import type { TargetEvent, TargetFacts } from '../../../events/target.ts'
import { sameSecret } from '../../same-secret.ts'
import { accept, reject } from '../aggregate.ts'
import { endOf } from './attempt.ts'
import { refuseTarget } from './refusals.ts'
import { registrationHash, type TargetDecision } from './state.ts'

/** A one-time token by which an agent enrols: only its hash is known here. */
export interface Enrolment {
  readonly hash: string
  readonly expiresAt: string
}

/** Registers a target. The same content again changes nothing; other content under a known name is refused. */
export function registerTarget(registration: {
  readonly facts: TargetFacts
  readonly components: Readonly<Record<string, string>>
  readonly enrolment: Enrolment | null
}): TargetDecision {
  return (state) => {
    const { facts, components, enrolment } = registration
    if (state.registered) {
      if (state.content === registrationHash(facts, components)) return accept()
      return reject({
        code: 'target-exists',
        detail:
          'A target of this name was registered with other content. Change it with PATCH, or choose another name.',
      })
    }
    const event: TargetEvent = {
      type: 'TargetRegistered',
      data: { facts, components: { ...components }, enrolment, revision: state.revision + 1 },
    }
    return accept(event)
  }
}

/** Changes facts of a target; what it already is changes nothing. */
export function patchTarget(
  changes: {
    readonly [Fact in keyof TargetFacts]?: TargetFacts[Fact] | undefined
  },
): TargetDecision {
  return (state) => {
    const refused = refuseTarget(state)
    if (refused) return refused
    const present: Readonly<Record<string, unknown>> = { ...state.facts }
    const changed = Object.entries(changes).filter(
      ([fact, value]) => value !== undefined && canonicalJson(present[fact] ?? null) !== canonicalJson(value),
    )
    if (changed.length === 0) return accept()
    // The entries are those of `changes`, whose type names only facts.
    const facts = Object.fromEntries(changed) as Partial<TargetFacts>
    return accept({ type: 'TargetPatched', data: { facts, revision: state.revision + 1 } })
  }
}

/** Keeps a component, or all of them (null), at the version that runs now. A new pin takes the place of the old one. */
export function pinTarget(pin: {
  readonly component: string | null
  readonly reason: string
}): TargetDecision {
  return (state) => {
    const refused = refuseTarget(state)
    if (refused) return refused
    const { component, reason } = pin
    if (state.pin && state.pin.component === component && state.pin.reason === reason) return accept()
    return accept({ type: 'TargetPinned', data: { component, reason, revision: state.revision + 1 } })
  }
}

/** Lifts the pin, where there is one. */
export function unpinTarget(): TargetDecision {
  return (state) => {
    const refused = refuseTarget(state)
    if (refused) return refused
    if (!state.pin) return accept()
    return accept({ type: 'TargetUnpinned', data: { revision: state.revision + 1 } })
  }
}

/** Takes a target out of service for good and revokes its key. Under an update only by force, which cancels that update. */
export function retireTarget(retirement: {
  readonly reason: string
  readonly force: boolean
}): TargetDecision {
  return (state, now) => {
    if (state.retired) return accept()
    const refused = refuseTarget(state)
    if (refused) return refused
    const { reason, force } = retirement
    const { active, revision } = state
    if (!active) return accept({ type: 'TargetRetired', data: { reason, revision: revision + 1 } })
    if (!force) {
      return reject({
        code: 'update-in-progress',
        detail: `Update already in progress: attempt ${active.attempt} of upgrade ${active.upgrade}. Wait for its end, or retire with force, which cancels it.`,
      })
    }
    return accept(endOf(state, active, { outcome: 'cancelled', code: 'RETIRED' }, now), {
      type: 'TargetRetired',
      data: { reason, revision: revision + 2 },
    })
  }
}

/** Issues a one-time enrolment token; an earlier one that was not used is void from then on. */
export function issueEnrolment(enrolment: Enrolment): TargetDecision {
  return (state) => {
    const refused = refuseTarget(state)
    if (refused) return refused
    const { hash, expiresAt } = enrolment
    if (sameSecret(hash, state.enrolment?.hash)) return accept()
    return accept({ type: 'EnrolmentIssued', data: { hash, expiresAt, revision: state.revision + 1 } })
  }
}

/** Gives an agent its key in return for its token, once. The agent makes the key, so it may ask again when the answer was lost. */
export function enrolAgent(request: {
  readonly tokenHash: string
  readonly keyHash: string
}): TargetDecision {
  return (state, now) => {
    const refused = refuseTarget(state)
    if (refused) return refused
    const { tokenHash, keyHash } = request
    const { enrolment } = state
    if (!enrolment || !sameSecret(tokenHash, enrolment.hash)) {
      return reject({
        code: 'enrolment-refused',
        detail:
          'This enrolment token is not the one that was issued last for this target. Ask an operator for a new one.',
      })
    }
    if (enrolment.used) {
      if (sameSecret(keyHash, state.keyHash)) return accept()
      return reject({
        code: 'enrolment-used',
        detail: 'This enrolment token was used already. Ask an operator for a new one.',
      })
    }
    if (now >= enrolment.expiresAt) {
      return reject({
        code: 'enrolment-expired',
        detail: `This enrolment token expired at ${enrolment.expiresAt}. Ask an operator for a new one.`,
      })
    }
    return accept({ type: 'AgentEnrolled', data: { keyHash, revision: state.revision + 1 } })
  }
}
