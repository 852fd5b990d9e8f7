import { hashOf } from '../../../events/canonical.ts'
import type { ProcedureReference, StepHold } from '../../../events/procedure.ts'
import type {
  AttemptOutcome,
  Direction,
  HeldLicence,
  ProfileOverride,
  RegressedOutcome,
  SavedValues,
  TargetEvent,
  TargetFacts,
} from '../../../events/target.ts'
import type { Decision } from '../aggregate.ts'
import type { Generation } from '../generation.ts'
import type { Rejection } from '../rejection.ts'

/** Which admission an attempt answers, and what it shall do. */
export interface AttemptPlan {
  readonly attempt: string
  readonly upgrade: string
  readonly member: number
  readonly n: number
  readonly kind: 'deploy' | 'retry' | 'rollback'
  readonly component: string
  readonly from: string
  readonly to: string
}

/** The step that an attempt is at, since it has begun. */
export interface RunningStep {
  readonly step: string
  readonly name: string
  readonly tries: number
  readonly startedAt: string
  /** When its last try began. */
  readonly triedAt: string
  readonly deadline: string
  /** The last try is known to have failed, and the next is not before then; null: nobody knows yet what became of it. */
  readonly next: string | null
  /** It waits for a person, or for a callback. */
  readonly held: {
    readonly why: StepHold
    readonly ask: string
    readonly since: string
  } | null
  /** A person has said that it shall be done again. */
  readonly released: boolean
}

/** How far the procedure of an attempt is. */
export interface ProcedureProgress extends ProcedureReference {
  /** The target as it was when the attempt was assigned: what is begun in one place is undone there. */
  readonly facts: TargetFacts | null
  /** The execution that may go on; no other may. */
  readonly generation: number
  readonly execution: Generation
  /** It begins nothing before. */
  readonly notBefore: string
  readonly direction: Direction
  /** How many steps of that direction are behind it. */
  readonly passed: number
  /** The steps of the way back, in their order. */
  readonly back: readonly string[]
  readonly running: RunningStep | null
  /** What became of the steps there. */
  readonly outcomes: Readonly<Record<string, 'done' | 'skipped' | 'failed'>>
  readonly saved: Readonly<Record<string, SavedValues>>
  /** How long each step there took, in milliseconds, with its tries and what it waited for; those that were left out have no time. */
  readonly took?: Readonly<Record<string, number>>
  /** Why it is on the way back, or was stopped. */
  readonly failure: { readonly code: string; readonly output: string | null } | null
  /** Nothing more is done: it ends where it is. */
  readonly stopped: boolean
}

/** The one attempt that is under way. */
export interface ActiveAttempt extends AttemptPlan {
  readonly digest: string | null
  readonly acceptBy: string
  /** The end of an opening ends the time to accept it: who did not is not to blame. */
  readonly closing?: true
  readonly calendars?: readonly string[]
  /** Its release needs a licence. */
  readonly licensed?: true
  readonly breaksGlass?: true
  readonly seconds: number
  readonly assignedAt: string
  readonly acceptedAt: string | null
  readonly deadline: string | null
  readonly sequence: number
  /** The number of the report that accepted it, where its agent numbers them. */
  readonly reported?: number
  /** Left out: its agent does what is to be done. */
  readonly procedure?: ProcedureProgress
}

/** Does an attempt still wait to be accepted, within its time? */
export function mayBeAccepted(
  { acceptedAt, acceptBy }: Pick<ActiveAttempt, 'acceptedAt' | 'acceptBy'>,
  now: string,
): boolean {
  return acceptedAt === null && now < acceptBy
}

/** What a target said of an attempt after it had succeeded. */
export interface Regression {
  readonly outcome: RegressedOutcome
  readonly code: string | null
  readonly at: string
  /** Since when it is well again; null: it is not. */
  readonly recoveredAt: string | null
  /** How often the target has changed its word. */
  readonly turns: number
}

/** An attempt that is over. Ends are final; what comes after one that succeeded stands beside it. */
export interface EndedAttempt extends AttemptPlan {
  readonly outcome: AttemptOutcome
  readonly code: string | null
  readonly retryable: boolean
  /** The version that the target said it runs at the end; null when it did not say. */
  readonly version: string | null
  /** Null: the target was never touched. */
  readonly acceptedAt: string | null
  readonly endedAt: string
  /** The number of its last event. */
  readonly sequence: number
  /** Left out: nothing came after its end. */
  readonly regression?: Regression
  /** Since when the member has been put off again and again, as another attempt was under way; left out: it was not put off. */
  readonly busySince?: string
  /** The number of the last report about it that is known, where its agent numbers them. */
  readonly reported?: number
  /** Of a deferral: the upgrade whose attempt was under way. */
  readonly busyWith?: string
}

/** How a profile upgrades a target that is its member. */
export interface ProfileMembership {
  /** From 1, which comes first, to 10. */
  readonly priority: number
  readonly override: ProfileOverride
}

/** A component runs something else than what was put there, since its target said so. */
export interface Drift {
  /** What it was known to run. */
  readonly from: string
  readonly to: string
  readonly since: string
}

/** The fold of one target's stream: plain JSON, bounded. */
export interface TargetState {
  readonly registered: boolean
  /** SHA-256 of what was registered: tells a repeated registration from another one under the same name. */
  readonly content: string | null
  readonly facts: TargetFacts | null
  readonly components: Readonly<Record<string, string>>
  /** The components that drifted, until an attempt or the target itself puts them right. */
  readonly drift: Readonly<Record<string, Drift>>
  /** The latest time, by its own clock, at which the target has said what a component runs. */
  readonly said: Readonly<Record<string, string>>
  readonly pin: { readonly component: string | null; readonly reason: string; readonly since: string } | null
  readonly retired: { readonly reason: string; readonly since: string } | null
  readonly enrolment: { readonly hash: string; readonly expiresAt: string; readonly used: boolean } | null
  readonly keyHash: string | null
  /** When it was last told that two machines seem to speak with its credential. */
  readonly clonedAt: string | null
  /** The profiles that it is a member of, by their id. */
  readonly memberships: Readonly<Record<string, ProfileMembership>>
  /** Null: it has none. */
  readonly licence: HeldLicence | null
  readonly active: ActiveAttempt | null
  /** The last ones, newest last. */
  readonly attempts: readonly EndedAttempt[]
  readonly revision: number
  /** How many executions have driven procedures on it. */
  readonly generation: number
  /** How often a step of it was held, or was so no more: what the row of its held step is numbered by. */
  readonly holdings: number
}

/** Returns how an attempt stands after all that its target said of it: its end, or what became of a success. */
export function standsAs({
  outcome,
  code,
  regression,
}: Pick<EndedAttempt, 'outcome' | 'code' | 'regression'>): {
  readonly outcome: AttemptOutcome
  readonly code: string | null
} {
  return regression && regression.recoveredAt === null ? regression : { outcome, code }
}

/** A decision about a target: `command => (state, now)`, where `now` is an ISO instant. */
export type TargetDecision = (state: TargetState, now: string) => Decision<TargetEvent, Rejection>

/** A target of which nothing is known yet. */
export const initialTarget: TargetState = {
  registered: false,
  content: null,
  facts: null,
  components: {},
  drift: {},
  said: {},
  pin: null,
  retired: null,
  enrolment: null,
  keyHash: null,
  clonedAt: null,
  memberships: {},
  licence: null,
  active: null,
  attempts: [],
  revision: 0,
  generation: 0,
  holdings: 0,
}

/** Returns the hash by which a repeated registration is known; the enrolment is left out, as its token is new each time. */
export function registrationHash(facts: TargetFacts, components: Readonly<Record<string, string>>): string {
  return hashOf({ facts, components })
}

/** Returns whether two attempts are tries of the same member of the same upgrade. */
export function sameMember(
  left: Pick<AttemptPlan, 'upgrade' | 'member'>,
  right: Pick<AttemptPlan, 'upgrade' | 'member'>,
): boolean {
  return left.upgrade === right.upgrade && left.member === right.member
}

/** Returns since when a member has been put off without a break because the target was busy; undefined when it has not. */
export function putOffSince(
  { attempts }: Pick<TargetState, 'attempts'>,
  member: Pick<AttemptPlan, 'upgrade' | 'member'>,
): string | undefined {
  return attempts.findLast((attempt) => sameMember(attempt, member))?.busySince
}

/** Returns whether the target is pinned against changes of a component. */
export function isPinned({ pin }: Pick<TargetState, 'pin'>, component: string): boolean {
  return pin !== null && (pin.component === null || pin.component === component)
}

/**
 * Returns the last version that was confirmed before any of these upgrades first touched the component, which is what a rollback of
 * them goes back to; null when the state knows of no such attempt (design: #children, I10).
 */
export function confirmedBefore(
  state: TargetState,
  upgrades: ReadonlySet<string>,
  component: string,
): string | null {
  const first = state.attempts.find(
    (attempt) =>
      upgrades.has(attempt.upgrade) && attempt.component === component && attempt.acceptedAt !== null,
  )
  if (first) return first.from
  const { active } = state
  return active && upgrades.has(active.upgrade) && active.component === component ? active.from : null
}

/** Has no agent ever enrolled for a target, nor does another target speak for it? `enrolled` is undefined where nobody has looked: then it may have. */
export function hasNoAgent({
  facts,
  enrolled,
}: {
  readonly facts: TargetFacts | null
  readonly enrolled: boolean | undefined
}): boolean {
  return enrolled === false && (facts?.gateway ?? null) === null
}
