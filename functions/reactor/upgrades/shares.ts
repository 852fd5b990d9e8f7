import { after, hour, instantOf, minute } from '../../../events/time.ts'
import { askForShare, budgetAggregate, holderIn, takeBack } from '../../domain/budget/budget.ts'
import { bindingOf, boundOf, boundsOf, budgetOf, budgetsOf } from '../../domain/rules/binding.ts'
import { type Policy, rulesAggregate, upgradeRules } from '../../domain/rules/rules.ts'
import { upgradeAggregate } from '../../domain/upgrade/aggregate.ts'
import { wantedBy } from '../../domain/upgrade/sharing.ts'
import { exists, hasBegun, hasEnded, type UpgradeState } from '../../domain/upgrade/state.ts'
import { type LogAndClock, loadWithFacts } from '../../facts/admission.ts'
import type { Metadata } from '../../log/log.ts'
import { OnTheirOwn } from '../../side-by-side.ts'
import { duty } from '../duty.ts'
import type { Healer } from '../healer.ts'
import { tickUpgrade } from './tick.ts'

/**
 * An upgrade may admit nobody for lack of a share: it is asked for in each budget of which it could use more. So does one that has given a part of its
 * share to others, and waits for the next from then on.
 */
export const askForShares = duty(
  'ask-for-shares',
  upgradeAggregate,
  ['HoldPlaced', 'ShareKept'],
  async ({ id: upgrade, events, cause }, services: LogAndClock) => {
    if (events.every(({ type, data }) => type === 'HoldPlaced' && data.code !== 'BUDGET')) return
    const { from, facts } = await loadWithFacts(services, upgrade)
    const each = new OnTheirOwn()
    await each.each(
      wantedBy(from.state, facts, instantOf(services.now())),
      1,
      ({ budget, wants, limit }) =>
        services.log.of(budgetAggregate, budget).carryOut(askForShare({ upgrade, wants, limit }), cause),
      ({ budget }) => budget,
    )
    each.end()
  },
)

/** Is an upgrade bound by a budget, as these policies have it? One that is not gives all of its share back. */
function isBound(policies: readonly Policy[], state: UpgradeState, budget: string): boolean {
  if (!exists(state)) return false
  const bound = boundOf(state.request)
  return budgetsOf(bindingOf(policies, bound), bound.kind).some((one) => one.budget === budget)
}

/** What is admitted in an hour is remembered for a little longer: an upgrade that has ended uses its share for so long. */
const usedFor = hour + 5 * minute

/** Takes back from an upgrade what its own stream says that it does not use of a budget. The budget's stream lets it be taken back once. */
async function settleShare(
  { log }: LogAndClock,
  { budget, upgrade }: { readonly budget: string; readonly upgrade: string },
  cause: Metadata,
): Promise<void> {
  const [{ state }, holder, policies] = await Promise.all([
    log.load(upgradeAggregate, upgrade),
    log.load(budgetAggregate, budget).then((loaded) => holderIn(loaded.state, upgrade)),
    log.load(rulesAggregate, upgradeRules).then((loaded) => loaded.state.policies),
  ])
  const inService = policies.filter(({ withdrawn }) => !withdrawn)
  const bounded = budgetsOf(inService, 'deploy').find((one) => one.budget === budget)
  const limit = bounded?.limit ?? null
  const settle = (said: Pick<Parameters<typeof takeBack>[0], 'share' | 'grant' | 'until'>) =>
    log.of(budgetAggregate, budget).carryOut(takeBack({ upgrade, limit, ...said }), cause)
  if (hasEnded(state)) {
    const lasts = bounded?.per === 'hour' && holder && state.standing.endedAt
    const until = lasts ? after(lasts, usedFor) : null
    await settle({ share: until === null ? 0 : (holder?.share ?? 0), grant: null, until })
    return
  }
  if (!isBound(policies, state, budget)) await settle({ share: 0, grant: null, until: null })
  const said = hasBegun(state) ? state.shares[budget] : undefined
  if (said) await settle({ ...said, until: null })
}

/** An upgrade gives a part of its shares back, or is over. */
export const returnShares = duty(
  'return-shares',
  upgradeAggregate,
  ['ShareKept', 'UpgradeCompleted', 'UpgradeAborted'],
  async ({ id: upgrade, events, cause }, services: LogAndClock) => {
    const { state } = await services.log.load(upgradeAggregate, upgrade)
    const kept = events.flatMap((event) => (event.type === 'ShareKept' ? [event.data.budget] : []))
    const budgets = new Set([...kept, ...(hasEnded(state) ? state.budgets : [])])
    const each = new OnTheirOwn()
    await each.each(
      budgets,
      1,
      (budget) => settleShare(services, { budget, upgrade }, cause),
      (budget) => budget,
    )
    each.end()
  },
)

/** An upgrade was granted a share: it is told, and gives back at once what it has no use for any more. */
async function tellOf(
  services: LogAndClock,
  share: { readonly budget: string; readonly upgrade: string },
  cause: Metadata,
): Promise<void> {
  await tickUpgrade(services, share.upgrade, cause)
  await settleShare(services, share, cause)
}

/** Somebody's share has become more: the upgrade hears of it at once. */
export const heedShares = duty(
  'heed-shares',
  budgetAggregate,
  ['ShareGranted'],
  async ({ id: budget, events, cause }, services: LogAndClock) => {
    const each = new OnTheirOwn()
    const tell = ({ upgrade }: { readonly upgrade: string }) => tellOf(services, { budget, upgrade }, cause)
    await each.each(
      events.map(({ data }) => data),
      1,
      tell,
      ({ upgrade }) => upgrade,
    )
    each.end()
  },
)

/** What a policy bounds, or whom, is something else than before: whoever is bound by it no more leaves their share to others. */
export const heedBounds = duty(
  'heed-bounds',
  rulesAggregate,
  ['PolicyDefined', 'PolicyWithdrawn'],
  async ({ events, cause }, services: LogAndClock) => {
    const each = new OnTheirOwn()
    for (const { data } of events)
      for (const per of boundsOf) {
        const budget = budgetOf(data.name, per)
        const settle = ({ upgrade }: { readonly upgrade: string }) =>
          settleShare(services, { budget, upgrade }, cause)
        await each.one(budget, async () => {
          const { state } = await services.log.load(budgetAggregate, budget)
          await each.each(state.holders, 1, settle, ({ upgrade }) => upgrade)
        })
      }
    each.end()
  },
)

/** Looks after everybody who has a share of a budget, or waits for one: what was given back and never taken, and ends that nobody heard of. */
export const settlesShares: Healer = {
  aggregate: budgetAggregate.name,
  async heal(services, { id: budget, cause }) {
    const { state, commit } = await services.log.load(budgetAggregate, budget)
    const each = new OnTheirOwn()
    const tell = ({ upgrade }: { readonly upgrade: string }) => tellOf(services, { budget, upgrade }, cause)
    await each.each([...state.holders, ...state.waiting], 1, tell, ({ upgrade }) => upgrade)
    each.end()
    return (await services.log.load(budgetAggregate, budget)).commit - commit
  },
}
