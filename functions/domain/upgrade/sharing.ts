import { after, earliest, hour, minute } from '../../../events/time.ts'
import { type AdmissionFacts, atOnce, candidatesIn, openingOf } from './admission.ts'
import type { Draft } from './draft.ts'
import { holdOf } from './hold.ts'
import { bringHold } from './holding.ts'
import { type BudgetFact, leftOf, type Pace, shareOf, usableOf, usedOf } from './shares.ts'
import { isSpaced } from './spacing.ts'
import { type BetweenWaves, hasBegun, type InWave, type UpgradeState } from './state.ts'

/** Who lacks a share asks for it again after so long, whatever has become of what was asked before. */
const asksAgain = 5 * minute

/** What an upgrade could use of a budget. */
export interface Wanted {
  readonly budget: string
  readonly wants: number
  readonly limit: number
}

/** Returns at which pace an upgrade may admit now, whatever budgets say. */
function paceOf(state: InWave | BetweenWaves, facts: AdmissionFacts, now: string): Pace {
  if (state.stage !== 'in-wave' || state.standing.status !== 'running') return { most: 0, open: false }
  return { most: atOnce(state, facts), open: openingOf(state, facts, now) !== undefined }
}

/** Returns what an upgrade could use of each budget of which it has less; none, unless it is held by that. */
export function wantedBy(state: UpgradeState, facts: AdmissionFacts, now: string): Wanted[] {
  if (state.stage !== 'in-wave' || !holdOf(state.standing.holds, 'BUDGET')) return []
  const pace = paceOf(state, facts, now)
  return facts.budgets.flatMap((fact) => {
    const wants = usableOf(state, fact, pace, now)
    const { budget, limit } = fact
    return wants > shareOf(state, fact).share ? [{ budget, wants, limit }] : []
  })
}

/** Returns the budgets that alone keep members from being admitted now. */
function lackingIn(state: InWave, facts: AdmissionFacts, now: string): readonly BudgetFact[] {
  const lacking = facts.budgets.filter((fact) => leftOf(state, { budgets: [fact] }, now) === 0)
  if (lacking.length === 0) return []
  const { most, open } = paceOf(state, facts, now)
  if (!open || isSpaced(state, now)) return []
  const slots = most - state.standing.counts.inFlight
  const { retried, readmitted, fresh } = candidatesIn(state, { slots, left: Number.POSITIVE_INFINITY }, now)
  return retried.length + readmitted.length + fresh.length > 0 ? lacking : []
}

const wordsOf = ({ policy, per, limit }: BudgetFact) =>
  per === 'hour'
    ? `policy ${policy} lets ${limit} begin in an hour over all upgrades`
    : `policy ${policy} lets ${limit} be in flight at once over all upgrades`

/** Brings the hold of budgets up to date. It names when it is asked for a share again. */
export function holdForShare(draft: Draft, facts: AdmissionFacts): void {
  const { state, now } = draft
  if (!hasBegun(state)) return
  const lacking = state.stage === 'in-wave' ? lackingIn(state, facts, now) : []
  if (lacking.length === 0) {
    bringHold(draft, 'BUDGET', null)
    return
  }
  const ref = lacking.map(wordsOf).join('; ').slice(0, 512)
  const present = holdOf(state.standing.holds, 'BUDGET')
  // Of what is given back it hears; of what is free because time has passed nobody tells.
  const byTime = lacking.some(({ per }) => per === 'hour')
  const again = byTime || lacking.some(({ asked }) => !asked) ? after(now, asksAgain) : null
  const still = again === null ? present?.until === null : (present?.until ?? '') > now
  if (present?.ref === ref && still) return
  const [oldest] = state.lately
  const freed = byTime && oldest ? after(oldest[0], hour) : null
  bringHold(draft, 'BUDGET', { until: earliest(freed, again), ref, lapses: null })
}

/**
 * Gives back what an upgrade has no use for: all that it does not use while nothing can be admitted, what is more than its part where others wait, and of what is left
 * over otherwise not each bit by itself. From this event on it uses no more than it says.
 */
export function giveBack(draft: Draft, facts: AdmissionFacts): void {
  const { state, now } = draft
  if (facts.budgets.length === 0 || !hasBegun(state)) return
  const pace = paceOf(state, facts, now)
  for (const fact of facts.budgets) {
    const { share, grant } = shareOf(state, fact)
    const used = usedOf(state, fact, now)
    const usable = Math.min(share, usableOf(state, fact, pace, now))
    // What was just granted is used first, or two who wait would hand it to and fro.
    const isNew = (state.shares[fact.budget]?.grant ?? 0) < fact.grant
    const toOthers = fact.over || (fact.contended && !isNew)
    // While there is too much in use, nobody begins.
    const fair = fact.over ? 0 : fact.fair
    const kept = toOthers ? Math.max(used, Math.min(usable, fair)) : usable
    if (kept >= share || (!toOthers && kept > share / 2)) continue
    draft.add({ type: 'ShareKept', data: { budget: fact.budget, share: kept, grant } })
  }
}
