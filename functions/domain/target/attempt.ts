import { nameId } from '../../../events/name-id.ts'
import type { ProcedureReference } from '../../../events/procedure.ts'
import type { Measured } from '../../../events/tally.ts'
import type { AttemptOutcome, TargetEvent } from '../../../events/target.ts'
import { after, between, earlier, later, second } from '../../../events/time.ts'
import { accept } from '../aggregate.ts'
import { type Compatibility, misfitOf } from '../release/compatibility.ts'
import { sameVersion } from '../version/identity.ts'
import { neverLeft } from './never-left.ts'
import { endsAttempt } from './outcome.ts'
import { ownWindowEnd, type ProfileWindow } from './own-window.ts'
import {
  type ActiveAttempt,
  type AttemptPlan,
  type EndedAttempt,
  isPinned,
  mayBeAccepted,
  putOffSince,
  sameMember,
  type TargetDecision,
  type TargetState,
} from './state.ts'

/** The name space of attempt ids. Changing it would let old attempts begin again under new names. */
const attemptNamespace = 'b1f0a2f4-5a83-5c0e-9f5d-3d8f6f0c7e21'

/** Returns an attempt's id: the uuid v5 of `upgrade/target/n`, so that whoever acts twice names the same attempt. */
export function attemptId(key: {
  readonly upgrade: string
  readonly target: string
  readonly n: number
}): string {
  return nameId(`${key.upgrade}/${key.target}/${key.n}`, attemptNamespace)
}

/** The code of a success that runs another version than the one that was asked for. */
export const versionMismatch = 'VERSION_MISMATCH'

/** The code of an attempt whose target is not entitled to the release. */
const notEntitled = 'not_entitled'

/** The code of an attempt whose release does not fit where its target runs. */
export const incompatible = 'incompatible'

/** Why a target is passed over when its turn comes. */
export type SkipCode =
  | 'not_registered'
  | 'retired'
  | 'pinned'
  | 'busy'
  | 'version_changed'
  | 'already_at_version'
  | 'release_distrusted'
  | 'release_unpublished'
  | 'release_withdrawn'
  | typeof incompatible
  | typeof notEntitled
  | 'not_ready'
  | 'outside_own_window'

/** How an attempt ends, beside which one it is. */
export interface AttemptEnd {
  readonly outcome: AttemptOutcome
  readonly code: string | null
  readonly retryable?: boolean
  readonly version?: string | null
  readonly output?: string | null
  /** When the target said so, by its own clock. */
  readonly saidAt?: string
  /** The number of the report that says so. */
  readonly reported?: number | undefined
  /** Of a deferral: the upgrade whose attempt is under way. */
  readonly busyWith?: string
}

/** Returns the number of the change by which a step of an attempt is held no more, as events tell it; nothing where none is held. */
export function holdingEnds(
  { active, holdings }: TargetState,
  attempt: string,
): { readonly holding?: number } {
  const isHeld = active?.attempt === attempt && active.procedure?.running?.held
  return isHeld ? { holding: holdings + 1 } : {}
}

/** Returns the event that ends an attempt, numbered for the rows that it feeds. */
export function endOf(
  state: TargetState,
  plan: (AttemptPlan & { readonly sequence?: number }) | ActiveAttempt,
  end: AttemptEnd,
  now: string,
): TargetEvent {
  const { attempt, upgrade, member, n, kind, component, from, to } = plan
  return {
    type: 'AttemptEnded',
    data: {
      ...{ attempt, upgrade, member, n, kind, component, from, to },
      outcome: end.outcome,
      code: end.code,
      retryable: end.retryable ?? false,
      version: end.version ?? null,
      output: end.output ?? null,
      ...(end.saidAt !== undefined && { saidAt: end.saidAt }),
      sequence: (plan.sequence ?? 0) + 1,
      revision: state.revision + 1,
      ...(end.reported !== undefined && { reported: end.reported }),
      ...(end.busyWith !== undefined && { busyWith: end.busyWith }),
      ...holdingEnds(state, attempt),
      ...('assignedAt' in plan && endsAttempt(end.outcome) && { measured: measuredOf(state, plan, now) }),
    },
  }
}

/** Returns what is counted of an attempt that ends now. */
function measuredOf(
  { facts }: TargetState,
  { assignedAt, acceptedAt, procedure }: ActiveAttempt,
  now: string,
): Measured {
  return {
    region: facts?.region ?? null,
    acceptance: acceptedAt === null ? null : between(assignedAt, acceptedAt),
    work: acceptedAt === null ? null : between(acceptedAt, now),
    ...(procedure && { steps: procedure.took ?? {} }),
  }
}

/** Has this admission of the member, or a later one, been here already? */
function isKnown(state: TargetState, plan: AttemptPlan): boolean {
  const known: readonly (ActiveAttempt | EndedAttempt)[] = state.active
    ? [...state.attempts, state.active]
    : state.attempts
  return known.some((attempt) => sameMember(attempt, plan) && attempt.n >= plan.n)
}

const skipped = (code: SkipCode): AttemptEnd => ({ outcome: 'skipped', code })

/** How long a busy target is asked again: from its own first refusal on, or since the upgrade has been open again. */
export interface BusyPatience {
  readonly openSince: string
  readonly seconds: number
}

/** What becomes of a member whose target has another attempt under way: it is put off, and in the end left out. */
function busy(
  state: TargetState,
  { upgrade }: ActiveAttempt,
  plan: AttemptPlan,
  patience: BusyPatience | undefined,
  now: string,
): AttemptEnd {
  const since = later(putOffSince(state, plan) ?? now, patience?.openSince ?? now)
  const over = patience !== undefined && now >= after(since, patience.seconds * second)
  return over ? skipped('busy') : { outcome: 'deferred', code: 'busy', busyWith: upgrade }
}

/** What a release is withheld for: what it asks of where it runs, and the licence of the target that does not entitle to it (null: it has none; undefined: it is entitled). */
interface Withholding {
  readonly compatibility: Compatibility
  readonly unentitled: string | null | undefined
}

/** Why a release must not reach the target, whoever sends it there; null: it may. */
function withholding(
  { facts, licence }: TargetState,
  { compatibility, unentitled }: Withholding,
): AttemptEnd | null {
  const misfit = misfitOf(compatibility, facts?.environment)
  if (misfit !== undefined) return { ...skipped(incompatible), output: `${misfit}.` }
  // Of another licence than was asked about the hand-over judges.
  return unentitled !== undefined && unentitled === (licence?.id ?? null) ? skipped(notEntitled) : null
}

/** Why the target cannot take an attempt now; null when it can. */
function obstacle(
  state: TargetState,
  plan: AttemptPlan,
  {
    ready = true,
    withdrawn = false,
    distrusted = false,
    unpublished = false,
    compatibility = {},
    unentitled,
    patience,
  }: {
    readonly ready?: boolean
    readonly withdrawn?: boolean
    readonly distrusted?: boolean
    readonly unpublished?: boolean
    readonly compatibility?: Compatibility
    readonly unentitled?: string | null
    readonly patience?: BusyPatience
  },
  now: string,
): AttemptEnd | null {
  if (!state.registered) return skipped('not_registered')
  if (state.retired) return skipped('retired')
  if (isPinned(state, plan.component)) return skipped('pinned')
  if (state.active) return busy(state, state.active, plan, patience, now)
  const present = state.components[plan.component]
  if (present === undefined) return skipped('version_changed')
  // What a rollback undoes may have failed: the inventory may name the old version while something else runs.
  if (plan.kind === 'rollback' ? neverLeft(state, plan) : sameVersion(present, plan.to))
    return skipped('already_at_version')
  const isBack = plan.kind === 'rollback' && sameVersion(present, plan.to)
  if (!isBack && !sameVersion(present, plan.from)) return skipped('version_changed')
  if (unpublished) return skipped('release_unpublished')
  if (distrusted) return skipped('release_distrusted')
  if (withdrawn) return skipped('release_withdrawn')
  const withheld = withholding(state, { compatibility, unentitled })
  if (withheld) return withheld
  return ready ? null : skipped('not_ready')
}

/**
 * Begins an attempt, unless another is under way (deferred) or the target is not what the plan saw (skipped). An admission
 * that has been here, even only to be withdrawn, never begins again.
 */
export function assignAttempt(
  assignment: AttemptPlan & {
    readonly digest: string | null
    readonly acceptBy: string
    readonly closing?: true
    readonly calendars?: readonly string[]
    readonly breaksGlass?: true
    readonly seconds: number
    /** By what it is done; left out: by the target's agent. */
    readonly procedure?: ProcedureReference
    /** Left out: it is put off for as long as its target is busy. */
    readonly patience?: BusyPatience
    /** What checks before the upgrade found; left out: nobody asked. */
    readonly ready?: boolean
    /** Was the release that it goes to withdrawn, so that nothing is sent there? */
    readonly withdrawn?: boolean
    /** Do too few count of those who have signed the release that it goes back to? */
    readonly distrusted?: boolean
    /** Was the version that it goes back to never published, and must be? */
    readonly unpublished?: boolean
    /** Does the release need a licence? */
    readonly licensed?: boolean
    /** What the release asks of where it runs; left out: nothing. */
    readonly compatibility?: Compatibility
    /** The licence of the target that does not entitle to the release; null: it has none; left out: it is entitled, or need not be. */
    readonly unentitled?: string | null
    /** The window that the upgrade runs in, where a profile opened it. */
    readonly window?: ProfileWindow
  },
): TargetDecision {
  return (state, now) => {
    if (isKnown(state, assignment)) return accept()
    const refusal = obstacle(state, assignment, assignment, now)
    if (refusal) return accept(endOf(state, assignment, refusal, now))
    const closes = assignment.window ? ownWindowEnd(state, assignment.window) : null
    if (closes !== null && now >= closes)
      return accept(endOf(state, assignment, skipped('outside_own_window'), now))
    const { attempt, upgrade, member, n, kind, component, from, to } = assignment
    const { digest, seconds, calendars = [], procedure } = assignment
    const acceptBy = earlier(closes ?? assignment.acceptBy, assignment.acceptBy)
    const closing = assignment.closing === true || acceptBy === closes
    return accept({
      type: 'AttemptAssigned',
      data: {
        ...{ attempt, upgrade, member, n, kind, component, from, to, digest, acceptBy, seconds },
        ...(closing && { closing }),
        ...(calendars.length > 0 && { calendars: [...calendars] }),
        ...(assignment.licensed && { licensed: true }),
        ...(assignment.breaksGlass && { breaksGlass: true }),
        ...(procedure && { procedure, generation: state.generation + 1 }),
        sequence: 1,
      },
    })
  }
}

/**
 * Takes back what the target has not accepted. An admission that never arrived is ended as well, so that a late assignment
 * finds it over; what is accepted runs to its end.
 */
export function withdrawAttempt(plan: AttemptPlan): TargetDecision {
  return (state, now) => {
    const { active } = state
    if (active && sameMember(active, plan) && active.n === plan.n) {
      return active.acceptedAt === null
        ? accept(endOf(state, active, { outcome: 'withdrawn', code: null }, now))
        : accept()
    }
    return isKnown(state, plan)
      ? accept()
      : accept(endOf(state, plan, { outcome: 'withdrawn', code: null }, now))
  }
}

/** Gives back what is offered to a target that its release must not reach, or not any more; what is accepted runs to its end. */
export function withholdAttempt({
  attempt,
  ...why
}: Withholding & { readonly attempt: string }): TargetDecision {
  return (state, now) => {
    const { active } = state
    if (active?.attempt !== attempt || active.acceptedAt !== null) return accept()
    const end = withholding(state, why)
    return end ? accept(endOf(state, active, end, now)) : accept()
  }
}

/**
 * Ends an attempt that has run out: unreachable when nobody accepted it in time, withdrawn when only the end of an opening ended that time;
 * after its deadline lost when the target has been silent since the middle of its time, else timed out. Not due, over or unknown: nothing to do (`nextDeadline` says which).
 */
export function expireAttempt(
  expiry: Pick<AttemptPlan, 'attempt'> & { readonly lastSeen: string | null },
): TargetDecision {
  return (state, now) => {
    const { active } = state
    if (active?.attempt !== expiry.attempt) return accept()
    if (active.acceptedAt === null || active.deadline === null) {
      if (mayBeAccepted(active, now)) return accept()
      const unreachable = { outcome: 'unreachable', code: 'NOT_ACCEPTED' } as const
      return accept(
        endOf(state, active, active.closing ? { outcome: 'withdrawn', code: null } : unreachable, now),
      )
    }
    if (now < active.deadline) return accept()
    const middle = after(active.acceptedAt, active.seconds * 500)
    // A procedure is driven from here: nobody falls silent.
    const lost = !active.procedure && (expiry.lastSeen === null || expiry.lastSeen < middle)
    const end = lost
      ? { outcome: 'lost' as const, code: 'SILENT' }
      : { outcome: 'timed_out' as const, code: 'DEADLINE' }
    return accept(endOf(state, active, end, now))
  }
}

/**
 * Returns when to ask again whether an attempt has run out; null when it is over or was never assigned. One that is not accepted yet may
 * be accepted at once, and then runs out after its own time, however long it might have taken to accept it.
 */
export function nextDeadline(
  state: TargetState,
  identity: Pick<AttemptPlan, 'attempt'>,
  now: string,
): string | null {
  const { active } = state
  if (active?.attempt !== identity.attempt) return null
  if (active.deadline !== null) return active.deadline
  const soonest = after(now, active.seconds * second)
  return earlier(soonest, active.acceptBy)
}
