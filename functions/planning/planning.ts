import { v5 } from 'uuid'
import { instantOf } from '../../events/time.ts'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import { systemActor } from '../domain/actor.ts'
import { chunkId, planAggregate, storeChunk } from '../domain/plan/aggregate.ts'
import type { Candidate } from '../domain/plan/candidate.ts'
import { leftOutCounts, makePlan, type Plan } from '../domain/plan/plan.ts'
import { refuseWindow } from '../domain/plan/window.ts'
import { freezePolicy, policyAggregate } from '../domain/policy/policy.ts'
import type { Rejection } from '../domain/rejection.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import { failPlanning, recordPlan, type WrittenPlan } from '../domain/upgrade/request.ts'
import type { AcceptedPlan } from '../domain/upgrade/state.ts'
import { LastingError } from '../errors.ts'
import { notReadyAmong } from '../facts/readiness.ts'
import { type ResolvedRelease, releaseFor, releasesOf } from '../facts/release.ts'
import { takesCanariesAlone } from '../facts/targeting.ts'
import type { Log } from '../log/log.ts'
import { atOnce } from '../patience.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'
import type { Telemetry } from '../work/telemetry.ts'
import { candidatesOf } from './candidates.ts'

export interface PlanningServices {
  readonly log: Log
  readonly views: Views
  /** Asked where a request wants pre-upgrade checks. Only profiles do, and what they start is planned by its execution. */
  readonly telemetry?: Pick<Telemetry, 'lastSeenOf'>
  /** The present instant, in milliseconds since the epoch. */
  now(): number
}

/** A deploy of at most so many targets is planned before it is answered; a larger one in the background. */
export const inlineAtMost = 10_000

/** The name space of commit ids of chunks: the same chunk is the same commit, whoever stores it. */
const chunkNamespace = '5d0fd1c3-8a5f-5c55-8d6b-6e4f0c5e2f11'

/** What is allowed and may not be meant. */
export interface PlanWarning {
  readonly code: string
  readonly detail: string
  /** Where it stands in the request. */
  readonly field: string
  readonly value: string
}

/** The plan of a request with what is to be said of it, or why there is none. */
export type Prospect =
  | { readonly plan: Plan; readonly warnings: readonly PlanWarning[] }
  /** With whom it leaves out, where it leaves everybody out. */
  | { readonly rejected: Rejection; readonly leftOut?: Plan['leftOut'] }

/** There are more candidates than were asked for. */
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
  bound: { readonly atMost: number },
): Promise<Prospect | TooLarge>
export async function prospectOf(
  services: PlanningServices,
  request: UpgradeRequest,
  { atMost = Number.POSITIVE_INFINITY } = {},
): Promise<Prospect | TooLarge> {
  const refused = refuseWindow(request, instantOf(services.now()))
  if (refused) return { rejected: refused }
  let release: ResolvedRelease | null = null
  const warnings: PlanWarning[] = []
  if (request.kind !== 'rollback') {
    const { component, version, selection } = request
    const standing = selection.profile !== undefined
    const found = await releaseFor(services, component, version, { standing })
    if ('rejected' in found) return { rejected: found.rejected }
    release = found.release
    if (found.heldBack !== null)
      warnings.push({ code: 'held_back', detail: found.heldBack, field: 'version', value: version })
  }
  const policy = await services.log.load(policyAggregate, freezePolicy)
  const candidates: Candidate[] = []
  for await (const candidate of candidatesOf(services, request)) {
    if (candidates.length >= atMost) return { large: true }
    candidates.push(candidate)
  }
  const checked = request.preUpgradeChecks ? await withReadiness(services, candidates) : candidates
  const { profile } = request.selection
  const canariesAlone =
    request.strategy === 'canary' && profile !== undefined && (await takesCanariesAlone(services, profile))
  const back = candidates.flatMap(({ to }) => to ?? [])
  const releases =
    request.kind === 'rollback' ? await releasesOf(services.log, request.component, back) : undefined
  const made = makePlan({
    request,
    candidates: checked,
    release,
    ...(releases && { releases }),
    policyVersion: policy.commit,
    canariesAlone,
  })
  return 'rejected' in made ? made : { ...made, warnings }
}

/** Marks those that are not ready. Only those are asked about that nothing else has ruled out yet. */
async function withReadiness(
  { telemetry, now }: PlanningServices,
  candidates: readonly Candidate[],
): Promise<Candidate[]> {
  if (!telemetry) throw new Error('Whoever plans an upgrade with pre-upgrade checks needs the telemetry.')
  const asked = candidates.filter(({ retired, excluded, from }) => !retired && !excluded && from !== null)
  const targets = asked.map(({ target, gateway = null }) => ({ target, gateway }))
  const notReady = await notReadyAmong({ telemetry, now }, targets)
  return candidates.map((candidate) => ({ ...candidate, notReady: notReady.has(candidate.target) }))
}

function acceptedPlan({ chunks: _, ...plan }: Plan): AcceptedPlan {
  return { ...plan, droppedWaves: [...plan.droppedWaves], leftOut: leftOutCounts(plan) }
}

/** Stores the members of a plan, so that a plan that is recorded has all of them, and returns what an upgrade records. */
export async function storePlan(log: Log, plan: Plan, upgrade: string): Promise<WrittenPlan> {
  await sideBySide([...plan.chunks.entries()], atOnce.chunks, async ([index, chunk]) => {
    const stream = log.of(planAggregate, chunkId(plan.planHash, index))
    const commitId = v5(stream.name, chunkNamespace)
    const cause = { actor: systemActor, correlation: upgrade, commitId }
    const stored = await stream.carryOut(storeChunk(chunk), cause)
    if (stored.kind === 'rejected') throw new PlanMismatch(stream.name, stored.rejection)
  })
  const { commit, state } = await log.load(policyAggregate, freezePolicy)
  const { releaseVersion } = plan
  return {
    plan: acceptedPlan(plan),
    facts: { policyVersion: commit, freeze: state.freeze, releaseVersion, releaseWithdrawn: null },
  }
}

/** Plans an upgrade that was requested. Doing it twice changes nothing; the first plan stands. Throws Contended. */
export async function writePlan(services: PlanningServices, upgrade: string): Promise<void> {
  const { log } = services
  const from = await log.load(upgradeAggregate, upgrade)
  const { state } = from
  if (state.stage !== 'requested' || state.abort) return
  const prospect = await prospectOf(services, state.request)
  const decision =
    'rejected' in prospect
      ? failPlanning(prospect.rejected)
      : recordPlan(await storePlan(log, prospect.plan, upgrade))
  const cause = { actor: systemActor, correlation: upgrade }
  await log.of(upgradeAggregate, upgrade).carryOut(decision, cause, { from })
}
