import {
  type AttemptOutcome,
  type TargetEvent,
  type TargetFacts,
  targetEvents,
} from '../../../events/target.ts'
import type { Aggregate, CommitContext, Decision } from '../aggregate.ts'
import { hashOf } from '../canonical.ts'
import type { Rejection } from '../rejection.ts'

/** How many ended attempts the state keeps; the log keeps all of them. */
export const keptAttempts = 20

/** Which admission an attempt answers, and what it shall do. */
export interface AttemptPlan {
  readonly attempt: string
  readonly upgrade: string
  readonly phase: number
  readonly member: number
  readonly n: number
  readonly kind: 'deploy' | 'retry' | 'rollback'
  readonly component: string
  readonly from: string
  readonly to: string
}

/** The one attempt that is under way. */
export interface ActiveAttempt extends AttemptPlan {
  readonly digest: string | null
  readonly acceptBy: string
  readonly seconds: number
  readonly assignedAt: string
  readonly acceptedAt: string | null
  readonly deadline: string | null
  readonly step: number
}

/** An attempt that is over. Ends are final. */
export interface EndedAttempt extends AttemptPlan {
  readonly outcome: AttemptOutcome
  readonly code: string | null
  readonly retryable: boolean
  /** The version that the target said it runs at the end; null when it did not say. */
  readonly version: string | null
  /** Null: the target was never touched. */
  readonly acceptedAt: string | null
  readonly endedAt: string
}

/** The fold of one target's stream: plain JSON, bounded. */
export interface TargetState {
  readonly registered: boolean
  /** SHA-256 of what was registered: tells a repeated registration from another one under the same name. */
  readonly content: string | null
  readonly facts: TargetFacts | null
  readonly components: Readonly<Record<string, string>>
  readonly pin: { readonly component: string | null; readonly reason: string; readonly since: string } | null
  readonly retired: { readonly reason: string; readonly since: string } | null
  readonly enrolment: { readonly hash: string; readonly expiresAt: string; readonly used: boolean } | null
  readonly keyHash: string | null
  readonly active: ActiveAttempt | null
  /** The last ones, newest last. */
  readonly attempts: readonly EndedAttempt[]
  readonly revision: number
}

/** A decision about a target: `command => (state, now)`, where `now` is an ISO instant. */
export type TargetDecision = (state: TargetState, now: string) => Decision<TargetEvent, Rejection>

const initialTarget: TargetState = {
  registered: false,
  content: null,
  facts: null,
  components: {},
  pin: null,
  retired: null,
  enrolment: null,
  keyHash: null,
  active: null,
  attempts: [],
  revision: 0,
}

/** Returns the hash by which a repeated registration is known; the enrolment is left out, as its token is new each time. */
export function registrationHash(facts: TargetFacts, components: Readonly<Record<string, string>>): string {
  return hashOf({ facts, components })
}

/** Returns whether two attempts are tries of the same member of the same upgrade. */
export function sameMember(
  left: Pick<AttemptPlan, 'upgrade' | 'phase' | 'member'>,
  right: Pick<AttemptPlan, 'upgrade' | 'phase' | 'member'>,
): boolean {
  return left.upgrade === right.upgrade && left.phase === right.phase && left.member === right.member
}

/** A slot that was given back is forgotten once the member was tried again: a busy day must not push real attempts out. */
function remember(attempts: readonly EndedAttempt[], ended: EndedAttempt): readonly EndedAttempt[] {
  const kept = attempts.filter(
    (earlier) =>
      !(sameMember(earlier, ended) && (earlier.outcome === 'deferred' || earlier.outcome === 'withdrawn')),
  )
  return [...kept, ended].slice(-keptAttempts)
}

function end(
  state: TargetState,
  data: Extract<TargetEvent, { type: 'AttemptEnded' }>['data'],
  at: string,
): TargetState {
  const active = state.active?.attempt === data.attempt ? state.active : null
  const { step: _step, output: _output, revision, ...attempt } = data
  return {
    ...state,
    components:
      data.version === null ? state.components : { ...state.components, [data.component]: data.version },
    active: active ? null : state.active,
    attempts: remember(state.attempts, { ...attempt, acceptedAt: active?.acceptedAt ?? null, endedAt: at }),
    revision,
  }
}

function evolve(state: TargetState, event: TargetEvent, { at }: CommitContext): TargetState {
  switch (event.type) {
    case 'TargetRegistered': {
      const { facts, components, enrolment, revision } = event.data
      return {
        ...state,
        registered: true,
        content: registrationHash(facts, components),
        facts,
        components,
        enrolment: enrolment && { ...enrolment, used: false },
        revision,
      }
    }
    case 'TargetPatched': {
      // A partial fact leaves out what it does not change; JSON has no undefined, so nothing is overwritten by it.
      const facts = state.facts && ({ ...state.facts, ...event.data.facts } as TargetFacts)
      return { ...state, facts, revision: event.data.revision }
    }
    case 'TargetPinned': {
      const { component, reason, revision } = event.data
      return { ...state, pin: { component, reason, since: at }, revision }
    }
    case 'TargetUnpinned':
      return { ...state, pin: null, revision: event.data.revision }
    case 'TargetRetired': {
      const { reason, revision } = event.data
      return { ...state, retired: { reason, since: at }, enrolment: null, keyHash: null, revision }
    }
    case 'EnrolmentIssued': {
      const { hash, expiresAt, revision } = event.data
      return { ...state, enrolment: { hash, expiresAt, used: false }, revision }
    }
    case 'AgentEnrolled': {
      const { keyHash, revision } = event.data
      return {
        ...state,
        keyHash,
        enrolment: state.enrolment && { ...state.enrolment, used: true },
        revision,
      }
    }
    case 'VersionReported': {
      const { component, version, revision } = event.data
      return { ...state, components: { ...state.components, [component]: version }, revision }
    }
    case 'AttemptAssigned':
      return { ...state, active: { ...event.data, assignedAt: at, acceptedAt: null, deadline: null } }
    case 'AttemptAccepted': {
      const { attempt, deadline, step } = event.data
      if (state.active?.attempt !== attempt) return state
      return { ...state, active: { ...state.active, acceptedAt: at, deadline, step } }
    }
    case 'AttemptEnded':
      return end(state, event.data, at)
  }
}

/** What gets upgraded: one stream a target. It alone says when an attempt began and how it ended (M19, DESIGN §3). */
export const targetAggregate: Aggregate<TargetState, TargetEvent> = {
  name: 'target',
  stateSchema: 1,
  initial: initialTarget,
  evolve,
  decode: (type, schema, data) => targetEvents.decode(type, schema, data),
  schemaOf: (type) => targetEvents.schemaOf(type),
}
