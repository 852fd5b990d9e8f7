import { after, day, instantOf, second } from '../../events/time.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import { boundedMapsBy } from '../bounded-map.ts'
import { freezePolicy, type PolicyState, policyAggregate } from '../domain/policy/policy.ts'
import { profileAggregate } from '../domain/profile/aggregate.ts'
import { type ReleaseState, releaseAggregate, releaseId } from '../domain/release/release.ts'
import { distrustOf } from '../domain/release/trusted.ts'
import { type Bound, boundOf, parallelOf } from '../domain/rules/binding.ts'
import { demandsOf } from '../domain/rules/demands.ts'
import type { AdmissionFacts } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import {
  exists,
  hasEnded,
  planOf,
  profileOf,
  type RecordedPlan,
  type UpgradeState,
} from '../domain/upgrade/state.ts'
import type { Loaded, Log } from '../log/log.ts'
import { closuresOf } from './closures.ts'
import { bindingNow, freezesOf, noBinding, unmetBy } from './rules.ts'
import { sharesNow } from './shares.ts'
import { judgesOf } from './trust.ts'

/** What facts are read with: the log, and the instant that they are of. */
export interface LogAndClock {
  readonly log: Log
  /** The present instant, in milliseconds since the epoch. */
  now(): number
}

/** Calendars are looked up so far ahead: an upgrade asks again at least daily. */
const horizon = 14 * day

/** What has to be looked up about an upgrade. */
interface Subject {
  /** Null: it has none yet, or what it takes its members back to is theirs. */
  readonly release: string | null
  readonly calendars: readonly string[]
  /** Whose shares of budgets are asked for; null: it has none yet. */
  readonly upgrade: string | null
  /** Its profile, where its window is over and only another one could let it go on. */
  readonly profile: string | null
  /** By what policies are found that bind it; null: it has no plan to be held against them. */
  readonly bound: Bound | null
}

/** What facts were found by, for who goes on with it. */
interface LookedUp {
  /** Null: there is none that all members have. */
  readonly release: ReleaseState | null
}

const nothingToLookUp: Subject = { upgrade: null, release: null, calendars: [], profile: null, bound: null }

/** By log, what is looked up about upgrades with a plan: a warm function need not read the upgrade first to know. */
const subjectsBy = boundedMapsBy<Log, Subject>(20_000)

function subjectOf(upgrade: string, state: UpgradeState, now: string): Subject {
  if (!exists(state) || hasEnded(state)) return nothingToLookUp
  const { request, calendars, window } = state
  const plan = planOf(state)
  const release = plan && request.kind !== 'rollback' ? releaseId(request.component, plan.version) : null
  const over = window !== null && now >= after(window.end, -request.deadlines.expected * second)
  const bound = plan && boundOf(request)
  return { upgrade, release, calendars, profile: over ? (profileOf(state) ?? null) : null, bound }
}

function same(left: Subject, right: Subject): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}

/**
 * Returns what an admission of this upgrade is checked against now, read strongly: a stop, a closed calendar or a withdrawal that was
 * acknowledged before the call is in it (design: #admission).
 */
export function admissionFacts(
  { log, now }: LogAndClock,
  upgrade: string,
  state: UpgradeState,
): Promise<AdmissionFacts & LookedUp> {
  const instant = instantOf(now())
  return factsAbout(log, subjectOf(upgrade, state, instant), instant)
}

/** Returns what holds a plan that is only about to be recorded: stops, calendars that are closed, and policies. */
export function planFacts(
  { log, now }: LogAndClock,
  request: UpgradeRequest,
  { version }: Pick<RecordedPlan, 'version'>,
): Promise<AdmissionFacts> {
  const { calendars } = request
  const release = request.kind === 'rollback' ? null : releaseId(request.component, version)
  const bound = boundOf(request)
  return factsAbout(log, { ...nothingToLookUp, release, calendars, bound }, instantOf(now()))
}

/** Returns an upgrade with what its admissions are checked against, read at once where it is known what that is. */
export async function loadWithFacts(
  { log, now }: LogAndClock,
  upgrade: string,
): Promise<{ readonly from: Loaded<UpgradeState>; readonly facts: AdmissionFacts }> {
  const instant = instantOf(now())
  const known = subjectsBy(log)
  const guess = known.get(upgrade)
  const [from, guessed] = await Promise.all([
    log.load(upgradeAggregate, upgrade),
    guess && factsAbout(log, guess, instant),
  ])
  const subject = subjectOf(upgrade, from.state, instant)
  if (guess && guessed && same(guess, subject)) return { from, facts: guessed }
  if (planOf(from.state)) known.set(upgrade, subject)
  return { from, facts: await factsAbout(log, subject, instant) }
}

async function factsAbout(
  log: Log,
  { upgrade, release, calendars, profile, bound }: Subject,
  now: string,
): Promise<AdmissionFacts & LookedUp> {
  const until = after(now, horizon)
  const binding = bound ? bindingNow(log, bound) : Promise.resolve(noBinding)
  const [policy, known, closures, frozen, outOfService, rules, budgets] = await Promise.all([
    log.load(policyAggregate, freezePolicy),
    release === null ? null : log.load(releaseAggregate, release),
    closuresOf(log, calendars, now, until),
    binding.then(({ policies }) => freezesOf(log, policies, now, until)),
    profile === null ? null : outOfServiceSince(log, profile),
    binding,
    binding.then(({ policies }) => (bound && upgrade ? sharesNow(log, policies, bound, upgrade, now) : [])),
  ])
  const { policies } = rules
  return {
    policyVersion: policy.commit,
    stops: policy.state.stops,
    closures: [...closures, ...frozen],
    outOfService,
    release: known?.state ?? null,
    releaseVersion: known?.commit ?? 0,
    releaseWithdrawn: known?.state.withdrawn?.reason ?? null,
    rulesVersion: rules.version,
    unmet: bound && known ? await unmetBy(log, policies, bound, known.state, now) : [],
    demands: bound ? demandsOf(policies, bound.kind) : [],
    parallel: parallelOf(policies),
    budgets,
    releaseRefused: known && (await refusedNow(log, known.state, policy.state, now)),
  }
}

/** Why a release must not be rolled out now, in words, though nobody has withdrawn it; null: it may be. `back`: to where a target was before, which who asks has to answer for. */
export async function refusedNow(
  log: Log,
  release: ReleaseState,
  policy: PolicyState,
  now: string,
  { back = false } = {},
): Promise<string | null> {
  if (release.blocked && !back) return `it is blocked: ${release.blocked.reason}`
  return distrustOf(release, await judgesOf(log, release, policy), now, { back })?.words ?? null
}

/** Since when a profile opens no window; null: it does. */
async function outOfServiceSince(log: Log, profile: string): Promise<string | null> {
  const { state } = await log.load(profileAggregate, profile)
  const { status, deactivated, deletedAt, updatedAt } = state
  return status === 'active' ? null : (deactivated?.at ?? deletedAt ?? updatedAt)
}
