import { after, hour, instantOf, minute } from '../../../events/time.ts'
import { waveRange } from '../plan/waves.ts'
import type { Bounded } from '../rules/binding.ts'
import { isHalted } from './limits.ts'
import type { InWave, Share, WithWave } from './state.ts'

/** What an upgrade may use of a bound on all upgrades together, as it was read just before (design: #budgets). */
export interface BudgetFact extends Bounded {
  readonly share: number
  /** The commit that granted it; 0: nothing was. */
  readonly grant: number
  /** Is it known there that the upgrade could use more, or has it all? */
  readonly asked: boolean
  /** Does another upgrade wait for a part of it? */
  readonly contended: boolean
  /** Has more been shared out than there is, since there was made less of it? */
  readonly over: boolean
  /** What each would have in equal parts. */
  readonly fair: number
}

/** Admissions of so long are remembered together, as if all had been at its end. */
const remembered = 5 * minute

/** Returns the admissions of the last hour with these of now, as [instant, how many]: 13 at most. */
export function withAdmissions(lately: WithWave['lately'], count: number, at: string): WithWave['lately'] {
  const end = instantOf((Math.floor(Date.parse(at) / remembered) + 1) * remembered)
  const kept = lately.filter(([instant]) => after(instant, hour) > at)
  const [last, before] = kept.at(-1) ?? [null, 0]
  return last === end ? [...kept.slice(0, -1), [end, before + count]] : [...kept, [end, count]]
}

/** Returns how much of a budget an upgrade uses now. */
export function usedOf(
  { standing, lately }: Pick<WithWave, 'standing' | 'lately'>,
  { per }: Pick<BudgetFact, 'per'>,
  now: string,
): number {
  if (per === 'at-once') return standing.counts.inFlight
  return lately.reduce((sum, [instant, count]) => sum + (after(instant, hour) > now ? count : 0), 0)
}

/**
 * Returns as much of a budget as an upgrade may use: what it was granted, unless it has given some of that back since. What was read may be older than what
 * it has said, and then counts for less.
 */
export function shareOf(
  { shares }: Pick<WithWave, 'shares'>,
  { budget, share, grant }: Pick<BudgetFact, 'budget' | 'share' | 'grant'>,
): Share {
  const kept = shares[budget]
  if (!kept || kept.grant < grant) return { share, grant }
  return { share: Math.min(kept.share, share), grant: kept.grant }
}

/** Returns how many more may be admitted as far as budgets go: as many as one likes where none binds. */
export function leftOf(
  state: WithWave,
  { budgets }: { readonly budgets: readonly BudgetFact[] },
  now: string,
): number {
  const left = budgets.map((fact) => shareOf(state, fact).share - usedOf(state, fact, now))
  return Math.max(0, Math.min(Number.POSITIVE_INFINITY, ...left))
}

/** How many a wave may have in flight, and whether anybody may be handed over now. */
export interface Pace {
  readonly most: number
  readonly open: boolean
}

/** Returns how much of a budget a wave could use now, what it uses included: nothing more, while nobody may be handed over. */
export function usableOf(state: WithWave, fact: BudgetFact, { most, open }: Pace, now: string): number {
  const used = usedOf(state, fact, now)
  if (!open || !isInWave(state)) return used
  const { inFlight } = state.standing.counts
  const { retrying, deferred } = state.wave.counts
  const { to } = waveRange(state.plan.waves, state.plan.members, state.wave.number)
  // What is halted tries again, and begins with nobody else.
  const fresh = isHalted(state) ? 0 : Math.max(0, to - state.chunks.cursor)
  const remaining = fresh + retrying + deferred
  return used + Math.max(0, Math.min(remaining, fact.per === 'hour' ? remaining : most - inFlight))
}

function isInWave(state: WithWave): state is InWave {
  return 'stage' in state && state.stage === 'in-wave'
}
