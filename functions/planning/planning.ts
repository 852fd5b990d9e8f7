import { nameId } from '../../events/name-id.ts'
import { after, day, instantOf } from '../../events/time.ts'
import type { PlanTold, UpgradeRequest } from '../../events/upgrade.ts'
import { systemActor } from '../domain/actor.ts'
import { chunkId, planAggregate, storeChunk } from '../domain/plan/aggregate.ts'
import type { Candidate } from '../domain/plan/candidate.ts'
import { CandidateList } from '../domain/plan/candidate-list.ts'
import { runsFrom } from '../domain/plan/duration.ts'
import { withExpectedTime } from '../domain/plan/expected-time.ts'
import {
  type Exposure,
  type ExposureLimit,
  exposureOf,
  firstWaveOf,
  mayExpose,
} from '../domain/plan/exposure.ts'
import { groupValue } from '../domain/plan/groups.ts'
import { refuseNamed } from '../domain/plan/named.ts'
import { leftOutCounts, makePlan, type Plan, type TooOld } from '../domain/plan/plan.ts'
import {
  type PlanWarning,
  Unmatched,
  warningsOfCanaries,
  warningsOfEnvironments,
  warningsOfGroups,
  warningsOfParts,
} from '../domain/plan/warnings.ts'
import { freezePolicy, policyAggregate } from '../domain/policy/policy.ts'
import type { Rejection } from '../domain/rejection.ts'
import { releaseAggregate, releaseId } from '../domain/release/release.ts'
import { boundOf } from '../domain/rules/binding.ts'
import { type Demand, demandsOf, unmeetable } from '../domain/rules/demands.ts'
import { policyRejection } from '../domain/rules/judge.ts'
import type { Policy } from '../domain/rules/rules.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { authorsOf } from '../domain/upgrade/approvers.ts'
import type { UpgradeDecision } from '../domain/upgrade/draft.ts'
import { refuseUnfit } from '../domain/upgrade/fit.ts'
import { failPlanning, recordPlan, type WrittenPlan } from '../domain/upgrade/request.ts'
import type { AcceptedPlan, Requested } from '../domain/upgrade/state.ts'
import { isMoving } from '../domain/version/scheme.ts'
import { LastingError } from '../errors.ts'
import { type LogAndClock, planFacts } from '../facts/admission.ts'
import { expectedTime } from '../facts/attempt-times.ts'
import { closuresOf, unknownCalendars } from '../facts/closures.ts'
import { entitledAmong } from '../facts/entitlement.ts'
import { notReadyAmong } from '../facts/readiness.ts'
import {
  belowMinimum,
  newerThan,
  type ResolvedRelease,
  refuseDistrusted,
  releaseFor,
  releasesOf,
} from '../facts/release.ts'
import { bindingNow, freezesOf, unmetNow } from '../facts/rules.ts'
import { takesCanariesAlone } from '../facts/targeting.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'
import type { Telemetry } from '../work/telemetry.ts'
import { candidatesOf, choosesTargets, type Named, namedIn } from './candidates.ts'
import { type Fleet, Look } from './look.ts'

export interface PlanningServices {
  readonly log: Log
  readonly views: Views
  /** Asked where a request wants pre-upgrade checks. Only profiles do, and what they start is planned by its execution. */
  readonly telemetry?: Pick<Telemetry, 'lastSeenOf'>
  /** Asked where somebody deploys: children and what profiles start are bounded otherwise. */
  readonly exposure?: ExposureLimit
  /** The present instant, in milliseconds since the epoch. */
  now(): number
}

/** How many candidates a plan may have, and how many targets may be looked at for them, where somebody waits for it. */
export interface PlanBound {
  readonly candidates: number
  readonly looked: number
  /** The targets, where somebody has read them for it; left out: those of the view. */
  readonly fleet?: Fleet
}

/** So many targets are looked at while somebody waits: about 4,000 read units, in seconds. */
export const lookedAtMost = 50_000

/** A deploy within these is planned before it is answered; a larger one in the background. */
export const inline: PlanBound = { candidates: 10_000, looked: lookedAtMost }

/** Where no window bounds it, calendars are looked up so far ahead. */
const yearAhead = 366 * day

/** The name space of commit ids of chunks: the same chunk is the same commit, whoever stores it. */
const chunkNamespace = '5d0fd1c3-8a5f-5c55-8d6b-6e4f0c5e2f11'

/** The plan of a request with what is to be said of it, or why there is none. */
export type Prospect =
  | {
      readonly plan: Plan
      readonly warnings: readonly PlanWarning[]
      /** For how many of those that the plan takes no agent has ever enrolled; 0 where a procedure does it, or nobody waits for the plan. */
      readonly withoutAgent: number
      /** The approvals that policies ask for. */
      readonly demands: readonly Demand[]
      /** Returns who was selected, whether the plan takes it or not. */
      selected(): ReadonlySet<string>
    }
  /** With whom it leaves out, where it leaves everybody out. */
  | { readonly rejected: Rejection; readonly leftOut?: Plan['leftOut'] }

/** So many warnings are told in the words of a refusal. */
const warningsInWords = 5

/** There are more candidates, or targets to look at, than were asked for. */
interface TooLarge {
  readonly large: true
}

/** A chunk is stored already, with other members: the hash of a plan has failed its purpose. */
class PlanMismatch extends LastingError {
  override readonly name = 'PlanMismatch'
  constructor(stream: string, { detail }: Rejection) {
    super(`${stream}: ${detail}`)
  }
}

/** Makes the plan of a request from the facts of now, and writes nothing: a dry run and a deploy both plan by this (N2). */
export async function prospectOf(services: PlanningServices, request: UpgradeRequest): Promise<Prospect>
export async function prospectOf(
  services: PlanningServices,
  request: UpgradeRequest,
  bound: PlanBound,
): Promise<Prospect | TooLarge>
export async function prospectOf(
  services: PlanningServices,
  request: UpgradeRequest,
  bound: PlanBound = { candidates: Number.POSITIVE_INFINITY, looked: Number.POSITIVE_INFINITY },
): Promise<Prospect | TooLarge> {
  const { window } = request
  const expected = await expectedTime(services.views, request)
  const timed = withExpectedTime(request, expected)
  // Before the fleet is looked through for it.
  const one = { count: 1, apartSeconds: timed.deadlines.expected }
  const refused = refuseUnfit({ request: timed, window, runs: [one] }, [], instantOf(services.now()))
  if (refused) return { rejected: refused }
  const unknown = await refuseUnknownCalendars(services.log, request)
  if (unknown) return { rejected: unknown }
  const binding = await bindingNow(services.log, boundOf(request))
  let release: ResolvedRelease | null = null
  const heldBack: PlanWarning[] = []
  if (request.kind !== 'rollback') {
    const { component, version, judged, selection } = request
    const standing = selection.profile !== undefined
    const found = await releaseFor(services, component, judged ?? version, { standing })
    if ('rejected' in found) return { rejected: found.rejected }
    const distrusted = await refuseDistrusted(services, component, found.release.version)
    if (distrusted) return { rejected: distrusted }
    const { version: meant } = found.release
    const unmet = policyRejection(await unmetNow(services, binding.policies, boundOf(request), meant))
    if (unmet) return { rejected: unmet }
    release = found.release
    if (found.heldBack !== null)
      heldBack.push({ code: 'held_back', detail: found.heldBack, field: 'version', value: version })
  }
  const named: Named = choosesTargets(request) ? await namedIn(services, request) : new Map()
  const strangers = choosesTargets(request) ? refuseNamed(request.selection, named) : undefined
  if (strangers) return { rejected: strangers }
  const policy = await services.log.load(policyAggregate, freezePolicy)
  const candidates = new CandidateList()
  const unmatched = new Unmatched(request.selection)
  const look = new Look(bound.fleet ?? services.views, request.component, bound.looked)
  const chosen = candidatesOf(services, request, named, unmatched, look)
  const { groups } = request
  // Whoever waits for a plan is told of them; of a fleet that is planned in the background nobody keeps their names.
  const isTold = request.procedure === undefined && Number.isFinite(bound.looked)
  const lacking = new Set<string>()
  for await (const candidate of request.preUpgradeChecks ? withReadiness(services, chosen) : chosen) {
    if (candidates.length >= bound.candidates) return { large: true }
    if (isTold && candidate.withoutAgent) lacking.add(candidate.target)
    candidates.add(groups ? { ...candidate, group: groupValue(groups, candidate) } : candidate)
  }
  if (look.isCutShort) return { large: true }
  const { profile } = request.selection
  const canariesAlone =
    request.strategy === 'canary' && profile !== undefined && (await takesCanariesAlone(services, profile))
  const newer = release ? await newerAmong(services.log, request, release, candidates) : noVersions
  const tooOld = release
    ? await belowMinimum(services.log, request.component, release, candidates.versionsFrom)
    : new Map<string, TooOld>()
  const entitled = release
    ? await entitledAmong(
        services,
        { component: request.component, channel: release.channel },
        candidates.licences,
      )
    : undefined
  const releases =
    request.kind === 'rollback' ? await releasesOf(services, request, candidates.versionsTo) : undefined
  const made = makePlan({
    ...{ request, candidates, release, newer, tooOld, entitled, policyVersion: policy.commit, canariesAlone },
    rules: binding.policies.map(({ name, revision }) => [name, revision] as const),
    ...(releases && { releases }),
  })
  const warnings = [...heldBack, ...unmatched.warnings, ...warningsOfCanaries(request, candidates)]
  if ('rejected' in made) return { ...made, rejected: withWarnings(made.rejected, warnings) }
  const unfit = await refuseUnfitPlan(services, timed, made.plan, binding.policies)
  if (unfit) return { rejected: unfit }
  const selected = () => {
    const targets = new Set<string>()
    for (const { target, excluded } of candidates) if (!excluded) targets.add(target)
    return targets
  }
  const exposure = mayExpose(request) ? await exposedBy(services, made.plan, look) : undefined
  if (look.isCutShort) return { large: true }
  const channel = release?.channel ?? (await channelOf(services.log, request))
  const plan = {
    ...made.plan,
    ...(channel !== '' && { channel }),
    ...(exposure && { exposure }),
    ...(expected && { expected }),
  }
  const demands = demandsOf(binding.policies, request.kind)
  return {
    plan,
    warnings: [
      ...warnings,
      ...warningsOfGroups(request, plan),
      ...warningsOfEnvironments(plan),
      ...warningsOfParts(request, release),
    ],
    withoutAgent: targetsOf(plan).reduce((count, target) => count + (lacking.has(target) ? 1 : 0), 0),
    demands,
    selected,
  }
}

/** Yields the targets of a plan in its order. */
export function* targetsOf({ chunks }: Pick<Plan, 'chunks'>): Generator<string> {
  for (const { members } of chunks) for (const [target] of members) yield target
}

/** Returns the channel of the release that a request names; of a rollback it is the one that is taken back. Empty: it is not registered. */
async function channelOf(log: Log, { component, version }: UpgradeRequest): Promise<string> {
  return (await log.load(releaseAggregate, releaseId(component, version))).state.channel
}

/** Returns what the first wave of a plan exposes, where that is more than one person may. */
async function exposedBy(
  { exposure }: PlanningServices,
  plan: Plan,
  look: Look,
): Promise<Exposure | undefined> {
  if (!exposure) throw new Error('Whoever plans what somebody deploys has to know how much may be exposed.')
  const firstWave = firstWaveOf(plan)
  if (firstWave <= exposure.targets) return undefined
  const fleet = await look.fleet()
  return fleet === undefined ? undefined : exposureOf(exposure, firstWave, fleet)
}

/** A calendar that is not defined would close nothing. Those of a profile are checked with it, those of a child with its parent. */
async function refuseUnknownCalendars(log: Log, request: UpgradeRequest): Promise<Rejection | undefined> {
  if (!choosesTargets(request)) return undefined
  const names = await unknownCalendars(log, request.calendars)
  const detail = `No calendar is defined as ${names.join(', ')}: PUT /api/v1/calendars/{name} defines one.`
  return names.length === 0 ? undefined : { code: 'calendar-not-defined', detail }
}

/** Returns why a plan cannot be carried out within its window and between what its calendars close; undefined when it can. */
async function refuseUnfitPlan(
  { log, now }: PlanningServices,
  request: UpgradeRequest,
  plan: Plan,
  policies: readonly Policy[],
): Promise<Rejection | undefined> {
  const instant = instantOf(now())
  const { window, calendars } = request
  const end = window?.end ?? after(instant, yearAhead)
  const own = await closuresOf(log, calendars, instant, end)
  const closures = [...own, ...(await freezesOf(log, policies, instant, end))]
  return refuseUnfit({ request, window, runs: runsFrom(request, plan) }, closures, instant)
}

const noVersions: ReadonlySet<string> = new Set()

/** A moving word leads nobody downwards, unless the request says that it may. */
async function newerAmong(
  log: Log,
  { component, version, allowDowngrade }: UpgradeRequest,
  release: ResolvedRelease,
  candidates: CandidateList,
): Promise<ReadonlySet<string>> {
  if (!isMoving(version) || allowDowngrade) return noVersions
  return newerThan(log, component, release, candidates.versionsFrom)
}

/** Where nobody is left, what nobody has is most likely why. */
function withWarnings(rejected: Rejection, warnings: readonly PlanWarning[]): Rejection {
  const words = [rejected.detail, ...warnings.slice(0, warningsInWords).map(({ detail }) => detail)]
  return { ...rejected, detail: words.join(' ') }
}

/** So many candidates are asked about at once. */
const askedAtOnce = 1000

/** Yields candidates, and marks those that are not ready. Only those are asked about that nothing else has ruled out yet. */
async function* withReadiness(
  { telemetry, now }: PlanningServices,
  candidates: AsyncIterable<Candidate> | Iterable<Candidate>,
): AsyncGenerator<Candidate> {
  if (!telemetry) throw new Error('Whoever plans an upgrade with pre-upgrade checks needs the telemetry.')
  const ask = async (batch: readonly Candidate[]): Promise<Candidate[]> => {
    const asked = batch.filter(({ retired, excluded, from }) => !retired && !excluded && from !== null)
    const targets = asked.map(({ target, gateway = null }) => ({ target, gateway }))
    const notReady = await notReadyAmong({ telemetry, now }, targets)
    return batch.map((candidate) => ({ ...candidate, notReady: notReady.has(candidate.target) }))
  }
  let batch: Candidate[] = []
  for await (const candidate of candidates) {
    batch.push(candidate)
    if (batch.length < askedAtOnce) continue
    yield* await ask(batch)
    batch = []
  }
  yield* await ask(batch)
}

/** Returns what an upgrade records of a plan. */
export function acceptedPlan({ chunks: _, unsaid: __, ...plan }: Plan): AcceptedPlan {
  return { ...plan, droppedWaves: [...plan.droppedWaves], leftOut: leftOutCounts(plan) }
}

function* numbered<Value>(values: Iterable<Value>): Generator<[number, Value]> {
  let number = 0
  for (const value of values) yield [number++, value]
}

/**
 * Stores the members of a plan, so that a plan that is recorded has all of them, and returns what an upgrade records; `told` is what whoever
 * waits for it is told beside it.
 */
export async function storePlan(
  services: LogAndClock,
  plan: Plan,
  request: UpgradeRequest,
  upgrade: string,
  told?: PlanTold,
): Promise<WrittenPlan> {
  const { log } = services
  await sideBySide(numbered(plan.chunks), atOnce.chunks, async ([index, chunk]) => {
    const stream = log.of(planAggregate, chunkId(plan.planHash, index))
    const commitId = nameId(stream.name, chunkNamespace)
    const cause = { actor: systemActor, correlation: upgrade, commitId }
    const stored = await stream.carryOut(storeChunk(chunk), cause)
    if (stored.kind === 'rejected') throw new PlanMismatch(stream.name, stored.rejection)
  })
  return {
    plan: { ...acceptedPlan(plan), ...(told && { told }) },
    facts: await planFacts(services, request, plan),
  }
}

/** What is recorded of a plan: it, or why there is none that anybody could approve. */
async function planDecision(
  services: PlanningServices,
  state: Requested,
  prospect: Prospect,
  upgrade: string,
): Promise<UpgradeDecision> {
  if ('rejected' in prospect) return failPlanning(prospect.rejected)
  const refused = policyRejection(unmeetable(prospect.demands, authorsOf(state)))
  if (refused) return failPlanning(refused)
  return recordPlan(await storePlan(services, prospect.plan, state.request, upgrade))
}

/** Plans an upgrade that was requested. Doing it twice changes nothing; the first plan stands. Throws Contended. */
export async function writePlan(services: PlanningServices, upgrade: string): Promise<void> {
  const { log } = services
  const from = await log.load(upgradeAggregate, upgrade)
  const { state } = from
  if (state.stage !== 'requested' || state.abort) return
  const prospect = await prospectOf(services, state.request)
  const decision = await planDecision(services, state, prospect, upgrade)
  const cause = { actor: systemActor, correlation: upgrade }
  await log.of(upgradeAggregate, upgrade).carryOut(decision, cause, { from })
}
