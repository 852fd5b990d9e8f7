import { type BudgetEvent, budgetEvents } from '../../../events/budget.ts'
import type { Aggregate, Decision } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'

/** What an upgrade may use of a budget. */
export interface Holder {
  readonly upgrade: string
  readonly share: number
  /** The commit that granted it last: what an upgrade says of its share is about that. */
  readonly grant: number
  /** From then on it is nobody's; null: it is the upgrade's until it gives it back. */
  readonly until: string | null
}

/** One bound on what all upgrades together may do that a policy binds, and who has which share of it. */
export interface BudgetState {
  readonly holders: readonly Holder[]
  /** Who could use more than they have, those who have waited longest first. */
  readonly waiting: readonly { readonly upgrade: string; readonly wants: number }[]
}

/** A decision about a budget. */
export type BudgetDecision = (state: BudgetState, now: string) => Decision<BudgetEvent, Rejection>

/** So many wait at most, and hold a share at most: whoever is not among them asks again by itself. */
const [waitingAtMost, holdersAtMost] = [100, 200]

/**
 * Who may use how much of what a policy bounds over all upgrades together: one stream a bound. No upgrade uses more than its share here, and only an
 * upgrade itself makes its share less, in its own stream first: so that never more is in use than there is (design: #budgets).
 */
export const budgetAggregate: Aggregate<BudgetState, BudgetEvent> = {
  name: 'budget',
  stateSchema: 1,
  initial: { holders: [], waiting: [] },
  evolve({ holders, waiting }, event, { at, commit }) {
    const { upgrade } = event.data
    const others = holders.filter((one) => one.upgrade !== upgrade && isHeld(one, at))
    switch (event.type) {
      case 'ShareAwaited': {
        const { wants } = event.data
        const waits = waiting.some((one) => one.upgrade === upgrade)
          ? waiting.map((one) => (one.upgrade === upgrade ? { upgrade, wants } : one))
          : [...waiting, { upgrade, wants }]
        return { holders, waiting: waits.filter((one) => one.wants > 0) }
      }
      case 'ShareGranted': {
        const { share } = event.data
        return {
          holders: [...others, { upgrade, share, grant: commit, until: null }],
          waiting: waiting.filter((one) => one.upgrade !== upgrade || one.wants > share),
        }
      }
      case 'ShareReturned': {
        const { share, until } = event.data
        const before = holders.find((one) => one.upgrade === upgrade)
        return {
          holders: before && share > 0 ? [...others, { ...before, share, until }] : others,
          waiting: waiting.filter((one) => one.upgrade !== upgrade),
        }
      }
    }
  },
  decode: (type, schema, data) => budgetEvents.decode(type, schema, data),
  encode: budgetEvents.encode,
}

function isHeld({ until }: Holder, now: string): boolean {
  return until === null || now < until
}

/** Returns what an upgrade may use; undefined: nothing. */
export function holderIn({ holders }: BudgetState, upgrade: string): Holder | undefined {
  return holders.find((one) => one.upgrade === upgrade)
}

/** Returns how much of a budget is shared out at an instant. */
export function sharedOut({ holders }: BudgetState, now: string): number {
  return holders.reduce((sum, one) => sum + (isHeld(one, now) ? one.share : 0), 0)
}

/** Returns the share that each would have of a budget if all who use it, or wait for it, had the same: whole, and it may be 0. */
export function fairShare({ holders, waiting }: BudgetState, limit: number, now: string): number {
  const users = new Set(
    [...holders.filter((one) => isHeld(one, now)), ...waiting].map(({ upgrade }) => upgrade),
  )
  return Math.floor(limit / Math.max(1, users.size))
}

/** Grants what is free to those who wait, in their order: each as much as all would have in equal parts, and then what is left. */
function* granted(state: BudgetState, limit: number, now: string): Generator<BudgetEvent> {
  const held = state.holders.filter((one) => isHeld(one, now))
  const shares = new Map(held.map(({ upgrade, share }) => [upgrade, share]))
  let free = limit - sharedOut(state, now)
  const level = Math.max(1, fairShare(state, limit, now))
  const raised = new Set<string>()
  for (const most of [level, Number.POSITIVE_INFINITY]) {
    for (const { upgrade, wants } of state.waiting) {
      const before = shares.get(upgrade) ?? 0
      const more = Math.min(free, Math.min(wants, most) - before)
      if (more <= 0 || (before === 0 && shares.size >= holdersAtMost)) continue
      shares.set(upgrade, before + more)
      raised.add(upgrade)
      free -= more
    }
  }
  for (const upgrade of raised)
    yield { type: 'ShareGranted', data: { upgrade, share: shares.get(upgrade) ?? 1, limit } }
}

/** Folds what is about to be recorded, so that what follows from it is decided in the same commit. */
function after(state: BudgetState, event: BudgetEvent, now: string): BudgetState {
  return budgetAggregate.evolve(state, event, { at: now, commit: 0, actor: '' })
}

/** Asks for a share: it is granted as far as something is free, and waited for beyond that. */
export function askForShare(asked: {
  readonly upgrade: string
  /** All that it could use now, what it has included. */
  readonly wants: number
  readonly limit: number
}): BudgetDecision {
  return (state, now) => {
    const { upgrade, limit } = asked
    const wants = Math.min(asked.wants, limit)
    const before = state.waiting.find((one) => one.upgrade === upgrade)
    const has = holderIn(state, upgrade)?.share ?? 0
    if (has >= wants || (!before && state.waiting.length >= waitingAtMost)) return { events: [] }
    const awaited: BudgetEvent[] =
      before?.wants === wants ? [] : [{ type: 'ShareAwaited', data: { upgrade, wants } }]
    const [event] = awaited
    return { events: [...awaited, ...granted(event ? after(state, event, now) : state, limit, now)] }
  }
}

/**
 * Takes back what an upgrade has said in its own stream that it does not use of a grant, and grants it to others. What it has said of an earlier grant
 * is of no account.
 */
export function takeBack(returned: {
  readonly upgrade: string
  readonly share: number
  /** Which grant that is said of; null: of any, as the upgrade is over or bound by this no more. */
  readonly grant: number | null
  /** Until when that much is still used; null: no end is known. */
  readonly until: string | null
  /** Null: there is no such bound any more, and nobody is granted anything. */
  readonly limit: number | null
}): BudgetDecision {
  return (state, now) => {
    const { upgrade, share, grant, until, limit } = returned
    const holder = holderIn(state, upgrade)
    const waits = state.waiting.some((one) => one.upgrade === upgrade)
    const isLess =
      holder !== undefined &&
      (grant === null || grant === holder.grant) &&
      (share < holder.share || until !== holder.until)
    if (!isLess && !(grant === null && waits)) return { events: [] }
    const event: BudgetEvent = { type: 'ShareReturned', data: { upgrade, share, until } }
    const next = after(state, event, now)
    return { events: [event, ...(limit === null ? [] : granted(next, limit, now))] }
  }
}
