import type { TargetEvent, TargetFacts } from '../../../events/target.ts'
import { targetAggregate } from '../../../functions/domain/target/aggregate.ts'
import { attemptId } from '../../../functions/domain/target/attempt.ts'
import { endsAttempt } from '../../../functions/domain/target/outcome.ts'
import type { AttemptPlan } from '../../../functions/domain/target/state.ts'
import { later, specOf, start } from '../given.ts'

export const { fold, given } = specOf(targetAggregate)

export const facts: TargetFacts = {
  type: 'customer_instance',
  region: 'eu-central-1',
  tags: { tier: 'gold' },
  critical: false,
  namespace: 'customer-1',
  gateway: null,
}

export const registered: TargetEvent = {
  type: 'TargetRegistered',
  data: {
    facts,
    components: { api: '1.1.0', web: '3.0.0' },
    enrolment: { hash: 'token-1', expiresAt: later(3600) },
    revision: 1,
  },
}

/** An attempt that takes api from 1.1.0 to v1.2.0 on the target customer-1. */
export function planned(changes: Partial<AttemptPlan> = {}): AttemptPlan {
  const plan = {
    upgrade: 'u1',
    member: 7,
    n: 1,
    kind: 'deploy',
    component: 'api',
    from: '1.1.0',
    to: 'v1.2.0',
    ...changes,
  } as const
  return { attempt: attemptId({ ...plan, target: 'customer-1' }), ...plan }
}

/** The instant until which an attempt may be accepted. */
export const acceptBy = later(600)
/** How long an attempt may take from its acceptance on. */
export const seconds = 1000

/** What an assignment says; its limits are the ones above. */
export function assignment(changes: Partial<AttemptPlan> = {}) {
  return { ...planned(changes), digest: 'sha256:1', acceptBy, seconds }
}

/** The assignment of an attempt. */
export function assigned(changes: Partial<AttemptPlan> = {}): TargetEvent {
  return { type: 'AttemptAssigned', data: { ...assignment(changes), sequence: 1 } }
}

/** Accepted at the start, so due `seconds` later. */
export function accepted(changes: Partial<AttemptPlan> = {}, at: string = start): TargetEvent {
  const { attempt, upgrade, member, n } = planned(changes)
  const deadline = new Date(Date.parse(at) + seconds * 1000).toISOString()
  return { type: 'AttemptAccepted', data: { attempt, upgrade, member, n, deadline, sequence: 2 } }
}

type Ended = Extract<TargetEvent, { type: 'AttemptEnded' }>['data']

/** What is counted of an attempt that was accepted at once, and took so many seconds; null: it was never accepted. */
export function measured(work: number | null): NonNullable<Ended['measured']> {
  const acceptance = work === null ? null : 0
  return { region: facts.region, acceptance, work: work === null ? null : work * 1000 }
}

/** The end of an attempt, as a success that took no time unless `end` says otherwise. */
export function ended(end: Partial<Ended>, changes: Partial<AttemptPlan> = {}): TargetEvent {
  return {
    type: 'AttemptEnded',
    data: {
      ...planned(changes),
      outcome: 'succeeded',
      code: null,
      retryable: false,
      version: null,
      output: null,
      sequence: 3,
      revision: 2,
      ...(endsAttempt(end.outcome ?? 'succeeded') && { measured: measured(0) }),
      ...end,
    },
  }
}
