import { after, second } from '../../../events/time.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { inFlightAtMost } from '../plan/rolling.ts'
import { waveRange } from '../plan/waves.ts'
import { type Closure, closureAt } from '../policy/closure.ts'
import type { Stop } from '../policy/policy.ts'
import type { Demand } from '../rules/demands.ts'
import type { Unmet } from '../rules/judge.ts'
import { awaitsApproval } from '../standing.ts'
import { hasSecondPerson } from './approvers.ts'
import { freshMembers, membersWith, roomForChunks } from './chunks.ts'
import type { Draft } from './draft.ts'
import { isHalted, unacknowledged, usesUp } from './limits.ts'
import { inParts, type Member, type Range, rangesPerEvent, toRanges } from './members.ts'
import { opennessOf } from './openness.ts'
import { type BudgetFact, leftOf, shareOf } from './shares.ts'
import { isSpaced } from './spacing.ts'
import type { InWave, PlannedUpgrade } from './state.ts'

/** What an admission is checked against, read strongly just before (design: #admission). */
export interface AdmissionFacts {
  readonly policyVersion: number
  /** The stops of everything that are in force, the oldest first. */
  readonly stops: readonly Stop[]
  /** When the calendars of the upgrade are closed, from now on. */
  readonly closures: readonly Closure[]
  /** Since when the profile that it is of opens no window; null: it does, or there is none. */
  readonly outOfService: string | null
  readonly releaseVersion: number
  /** Which commit of the policies it is. */
  readonly rulesVersion: number
  /** The rules of policies that the upgrade does not meet now. */
  readonly unmet: readonly Unmet[]
  /** How many members policies let be in flight at once; null: they say nothing. */
  readonly parallel: number | null
  /** What policies bound over all upgrades together, and this one's shares of it. */
  readonly budgets: readonly BudgetFact[]
  /** The approvals that policies ask for now. */
  readonly demands: readonly Demand[]
  /** Why the release must not be rolled out any more; null while it may. */
  readonly releaseWithdrawn: string | null
  /** Why it must not be rolled out now: it is blocked, has expired, or too few count of those who have signed it; null while it may. */
  readonly releaseRefused: string | null
}

/**
 * May the upgrade admit although everything is stopped? Only where it was asked for so (break-glass), and somebody else than who
 * asked has approved it (design: #break-glass).
 */
export function breaksGlass(state: PlannedUpgrade): boolean {
  return state.request.breakGlass && hasSecondPerson(state)
}

/** A time in which targets may be handed over. */
interface Opening {
  /** From then on nobody may; null: no end is known. */
  readonly until: string | null
  /** What would keep everybody out, had the glass not been broken. */
  readonly inSpiteOf: readonly { readonly ref: string; readonly why: string; readonly since: string }[]
}

/**
 * Returns the opening in which an upgrade may hand targets over at an instant; undefined while its window, a calendar of its or a stop forbids
 * it, a policy is not met, or approvals are lacking. Breaking the glass passes over stops and calendars, never over the window (design: #break-glass).
 */
export function openingOf(
  state: PlannedUpgrade,
  { stops, closures, unmet }: Pick<AdmissionFacts, 'stops' | 'closures' | 'unmet'>,
  now: string,
): Opening | undefined {
  if (awaitsApproval(state) || unmet.length > 0) return undefined
  const glass = breaksGlass(state)
  if (stops.length > 0 && !glass) return undefined
  const openness = opennessOf(state, glass ? [] : closures, now)
  if (!openness.open) return undefined
  if (!glass) return { until: openness.until, inSpiteOf: [] }
  const closure = closureAt(closures, now)
  return {
    until: openness.until,
    inSpiteOf: [
      ...stops.map(({ id, reason, since }) => ({ ref: id, why: reason, since })),
      ...(closure ? [{ ref: `${closure.why} ${closure.from}`, why: closure.why, since: closure.from }] : []),
    ],
  }
}

/** Returns until when a target may accept what it is handed at an instant, and whether it is the end of the opening that ends this time. */
export function acceptanceOf(
  { request }: Pick<PlannedUpgrade, 'request'>,
  { until }: Pick<Opening, 'until'>,
  at: string,
): { readonly acceptBy: string; readonly closing?: true } {
  const patience = after(at, request.deadlines.accept * second)
  return until !== null && until < patience ? { acceptBy: until, closing: true } : { acceptBy: patience }
}

/** How many may be in flight: fewer after each failed try of this run, where the request says so, but always one (P13). */
export function atOnce(
  { request, plan, failedTries }: InWave,
  { parallel }: Pick<AdmissionFacts, 'parallel'>,
): number {
  const most = Math.min(inFlightAtMost(request, plan), parallel ?? Number.POSITIVE_INFINITY)
  return Math.max(1, most - (request.retry.fewer ?? 0) * failedTries)
}

/** How many more the lost of a rolling upgrade leave room for: they are out of service like those in flight (design: #rolling). */
function besidesLost(state: InWave): number {
  const { rolling } = state.plan
  if (!rolling) return Number.POSITIVE_INFINITY
  const { inFlight } = state.standing.counts
  return rolling.unavailable + rolling.surge - unacknowledged(state, 'unavailable') - inFlight
}

/** As many bytes of the state as what is asked of each wave takes: the chunks leave room for it. */
function bytesOfWaves({ request, plan }: InWave): number {
  const { percentages, groups } = request
  const lists = [percentages, groups?.order, plan.entries, plan.entries && plan.waves]
  return lists.reduce((sum, list) => sum + (list ? Buffer.byteLength(JSON.stringify(list)) : 0), 0)
}

/** Who may be admitted once more by now, of those that wait for it. */
function due({ chunks }: InWave, status: 'retrying' | 'deferred', now: string): [number, Member][] {
  const isDue = (instant: string | null) => instant !== null && instant <= now
  return [
    ...membersWith(chunks, status, ({ retryAt, deferredAt }) =>
      isDue(status === 'retrying' ? retryAt : deferredAt),
    ),
  ]
}

function again(members: readonly [number, Member][]): [number, number, number][] {
  const byN = Map.groupBy(members, ([, member]) => member.n + 1)
  return [...byN].flatMap(([n, group]) =>
    toRanges(group.map(([index]) => index)).map(([from, to]: Range): [number, number, number] => [
      from,
      to,
      n,
    ]),
  )
}

/**
 * Returns who may be admitted in so many slots, of whom budgets let so many be admitted: due retries first, then deferred members, then new ones (design:
 * #slots).
 */
export function candidatesIn(
  state: InWave,
  { slots, left }: { readonly slots: number; readonly left: number },
  now: string,
) {
  const { counts } = state.standing
  const retried = due(state, 'retrying', now).slice(0, Math.max(0, Math.min(slots, left)))
  // A waiting retry holds its slot.
  const free = Math.min(Math.min(slots, besidesLost(state)) - counts.retrying, left - retried.length)
  // Whoever was given back is in service still, as those who are new.
  const readmitted = usesUp(state) ? [] : due(state, 'deferred', now).slice(0, Math.max(0, free))
  const { to } = waveRange(state.plan.waves, state.plan.members, state.wave.number)
  const most = isHalted(state) ? 0 : Math.max(0, free - readmitted.length)
  const room = roomForChunks - bytesOfWaves(state)
  const fresh = freshMembers(state.chunks, to, room).take(most).toArray()
  return { retried, readmitted, fresh }
}

/** Admits what the present wave may have in flight now, unless window, calendars or a stop forbid it. */
export function admit(draft: Draft, facts: AdmissionFacts): void {
  if (draft.state.stage !== 'in-wave' || draft.state.standing.status !== 'running') return
  const { state, now } = draft
  const opening = openingOf(state, facts, now)
  if (!opening || isSpaced(state, now)) return
  const { request, standing, wave, overrode } = state
  const slots = atOnce(state, facts) - standing.counts.inFlight
  const left = leftOf(state, facts, now)
  const { retried, readmitted, fresh } = candidatesIn(state, { slots, left }, now)
  if (retried.length + readmitted.length + fresh.length === 0) return
  for (const { ref, why, since } of opening.inSpiteOf) {
    if (overrode.some((before) => before.ref === ref)) continue
    const breakGlass = request.reason ?? ''
    draft.add({ type: 'FreezeOverridden', data: { ref, freeze: why, since, breakGlass } })
  }
  const budgets = facts.budgets.map((fact) => ({ budget: fact.budget, ...shareOf(state, fact) }))
  for (const part of partsOf(toRanges(fresh), again(retried), again(readmitted))) {
    draft.add({
      type: 'TargetsAdmitted',
      data: {
        wave: wave.number,
        ...part,
        ...acceptanceOf(state, opening, now),
        policyVersion: facts.policyVersion,
        releaseVersion: facts.releaseVersion,
        ...(facts.rulesVersion > 0 && { rulesVersion: facts.rulesVersion }),
        ...(budgets.length > 0 && { budgets }),
      },
    })
  }
}

type Parts = Pick<
  Extract<UpgradeEvent, { type: 'TargetsAdmitted' }>['data'],
  'members' | 'retried' | 'readmitted'
>

/** Yields an admission in parts that fit into an event each, however scattered its members are. */
function* partsOf(
  members: Parts['members'],
  retried: Parts['retried'],
  readmitted: Parts['readmitted'],
): Generator<Parts> {
  const none: Parts = { members: [], retried: [], readmitted: [] }
  if (members.length + retried.length + readmitted.length <= rangesPerEvent) {
    yield { members, retried, readmitted }
    return
  }
  for (const some of inParts(retried, rangesPerEvent)) yield { ...none, retried: some }
  for (const some of inParts(readmitted, rangesPerEvent)) yield { ...none, readmitted: some }
  for (const some of inParts(members, rangesPerEvent)) yield { ...none, members: some }
}
