import { v5 } from 'uuid'
import type { UpgradeRequest } from '../../events/upgrade.ts'
import { chunkId, planAggregate, storeChunk } from '../domain/plan/aggregate.ts'
import { type Candidate, makePlan, type Plan } from '../domain/plan/plan.ts'
import { policyAggregate } from '../domain/policy/policy.ts'
import type { Rejection } from '../domain/rejection.ts'
import { systemActor } from '../domain/upgrade/admission.ts'
import { upgradeAggregate } from '../domain/upgrade/aggregate.ts'
import type { UpgradeDecision } from '../domain/upgrade/draft.ts'
import { failPlanning, type Planned, type PlanSummary, recordPlan } from '../domain/upgrade/lifecycle.ts'
import { exists } from '../domain/upgrade/state.ts'
import type { Log } from '../log/log.ts'
import { sideBySide } from '../side-by-side.ts'
import type { Views } from '../views/views.ts'
import type { Telemetry } from '../work/telemetry.ts'
import { candidatesOf } from './candidates.ts'
import { freezePolicy } from './facts.ts'
import { candidatesOfChild } from './members-of-parent.ts'
import { takesCanariesAlone } from './profile-targets.ts'
import { notReadyAmong } from './readiness.ts'
import { type ResolvedRelease, releaseFor } from './release.ts'

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

/** How long planning goes on against other writers, in milliseconds. */
const retryFor = 5000
/** The name space of commit ids of chunks: the same chunk is the same commit, whoever stores it. */
const chunkNamespace = '5d0fd1c3-8a5f-5c55-8d6b-6e4f0c5e2f11'

/** The plan of a request, why there is none, or that there are more candidates than were asked for. */
export type Prospect = { readonly plan: Plan } | { readonly rejected: Rejection } | { readonly large: true }

function refuseWindow({ window, deadlines }: UpgradeRequest, now: string): Rejection | undefined {
  if (!window) return undefined
  if (window.end <= now) return { code: 'window-over', detail: `The window ended at ${window.end}.` }
  const seconds = (Date.parse(window.end) - Date.parse(window.start)) / 1000
  if (seconds > deadlines.expected) return undefined
  const detail = `One attempt is expected to take ${deadlines.expected} seconds, the window has ${seconds}.`
  return { code: 'window-too-short', detail }
}

/** Makes the plan of a request from the facts of now, and writes nothing: a dry run and a deploy both plan by this (N2). */
export async function prospectOf(
  services: PlanningServices,
  request: UpgradeRequest,
  { atMost = Number.POSITIVE_INFINITY } = {},
): Promise<Prospect> {
  const refused = refuseWindow(request, new Date(services.now()).toISOString())
  if (refused) return { rejected: refused }
  const { log } = services
  let release: ResolvedRelease | null = null
  if (request.kind !== 'rollback') {
    const found = await releaseFor(services, request.component, request.version)
    if ('rejected' in found) return found
    release = found.release
  }
  const policy = await log.load(policyAggregate, freezePolicy)
  const candidates: Candidate[] = []
  const source = request.parent === null ? candidatesOf(services, request) : candidatesOfChild(log, request)
  for await (const candidate of source) {
    if (candidates.length >= atMost) return { large: true }
    candidates.push(candidate)
  }
  const checked = request.preUpgradeChecks ? await withReadiness(services, candidates) : candidates
  const { profile } = request.selection
  const canariesAlone =
    request.strategy === 'canary' && profile !== undefined && (await takesCanariesAlone(services, profile))
  return makePlan({ request, candidates: checked, release, policyVersion: policy.commit, canariesAlone })
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

async function store(log: Log, plan: Plan, correlation: string): Promise<void> {
  await sideBySide([...plan.chunks.entries()], 8, async ([index, chunk]) => {
    const id = chunkId(plan.planHash, index)
    const metadata = { actor: systemActor, correlation, commitId: v5(`plan#${id}`, chunkNamespace) }
    const outcome = await log.execute(planAggregate, id, storeChunk(chunk), metadata, { retryFor })
    if (outcome.kind !== 'committed' && outcome.kind !== 'unchanged') {
      throw new Error(`The chunk ${id} could not be stored: ${outcome.kind}.`)
    }
  })
}

function summaryOf({ chunks: _, leftOut, ...plan }: Plan): PlanSummary {
  const counts: Record<string, number> = {}
  for (const { reason } of leftOut) counts[reason] = (counts[reason] ?? 0) + 1
  return { ...plan, droppedWaves: [...plan.droppedWaves], leftOut: counts }
}

/** Stores the members of a plan, so that a plan that is recorded has all of them, and returns what an upgrade records. */
export async function keepPlan(
  { log }: Pick<PlanningServices, 'log'>,
  plan: Plan,
  upgradeId: string,
): Promise<Planned> {
  await store(log, plan, upgradeId)
  const policy = await log.load(policyAggregate, freezePolicy)
  const { releaseVersion } = plan
  const { freeze } = policy.state
  return {
    plan: summaryOf(plan),
    facts: { policyVersion: policy.commit, freeze, releaseVersion, releaseWithdrawn: null },
  }
}

/** Plans an upgrade that was requested. Doing it twice changes nothing; the first plan stands. */
export async function writePlan(services: PlanningServices, upgradeId: string): Promise<void> {
  const { log } = services
  const from = await log.load(upgradeAggregate, upgradeId)
  const { state } = from
  if (!exists(state) || state.plan || state.status !== 'requested') return
  const prospect = await prospectOf(services, state.request)
  if ('large' in prospect) throw new Error('A plan without a bound is never too large.')
  let decision: UpgradeDecision
  if ('rejected' in prospect) decision = failPlanning(prospect.rejected)
  else {
    const { plan, facts } = await keepPlan(services, prospect.plan, upgradeId)
    decision = recordPlan(plan, facts)
  }
  const metadata = { actor: systemActor, correlation: upgradeId }
  const outcome = await log.execute(upgradeAggregate, upgradeId, decision, metadata, { retryFor, from })
  if (outcome.kind === 'contended') throw new Error(`upgrade#${upgradeId} is contended.`)
}
