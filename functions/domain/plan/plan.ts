import { hashOf } from '../../../events/canonical.ts'
import { membersPerChunk } from '../../../events/plan.ts'
import type { UpgradeEvent, UpgradeRequest, WaveCuts } from '../../../events/upgrade.ts'
import { reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'
import { identityOf, sameVersion } from '../version/identity.ts'
import type { PlanChunk } from './aggregate.ts'
import type { Candidate } from './candidate.ts'
import { inOrder } from './order.ts'
import { cutsOf, type PlannedWaves, waveCount, waveRange } from './waves.ts'

/** Why a candidate is no member. */
export type LeftOutReason =
  | 'retired'
  | 'component_missing'
  | 'pinned'
  | 'no_earlier_version'
  | 'already_at_version'
  | 'newer_version'
  | 'update_in_progress'
  | 'not_ready'
  | 'after_canaries'
  | 'release_withdrawn'
  | NonNullable<Candidate['excluded']>

/** A plan: who is upgraded, from what to what, in which order and waves, bound together by its hash. */
export interface Plan {
  readonly planHash: string
  readonly version: string
  readonly digest: string | null
  readonly chunks: readonly PlanChunk[]
  readonly members: number
  readonly waves: WaveCuts
  readonly droppedWaves: readonly number[]
  readonly leftOut: readonly { readonly target: string; readonly reason: LeftOutReason }[]
  readonly policyVersion: number
  readonly releaseVersion: number
  /** Left out: the first wave exposes no more than one person may, or approvals were asked for. */
  readonly exposure?: NonNullable<Extract<UpgradeEvent, { type: 'UpgradePlanned' }>['data']['exposure']>
}

/** What a plan is made of: everything that it depends on, so that the same facts give the same plan. */
export interface PlanFacts {
  readonly request: UpgradeRequest
  /** In any order, each target once. */
  readonly candidates: readonly Candidate[]
  /** What the version asked for resolves to; null for a rollback, whose members have a version each. */
  readonly release: {
    readonly version: string
    readonly digest: string
    readonly releaseVersion: number
  } | null
  /** Of a rollback, the releases that its candidates go back to, by their version; those that are not registered are not among them. */
  readonly releases?: ReadonlyMap<string, { readonly digest: string; readonly withdrawn: string | null }>
  /** Which versions that candidates run are newer than a release that `latest` or `stable` stands for; left out: nobody asked. */
  readonly newer?: ReadonlySet<string>
  readonly policyVersion: number
  /** Is it for canaries alone? Whoever is not in the first wave is left out. */
  readonly canariesAlone?: boolean
}

/** Returns how many candidates of a plan were left out for each reason. */
export function leftOutCounts({ leftOut }: Pick<Plan, 'leftOut'>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { reason } of leftOut) counts[reason] = (counts[reason] ?? 0) + 1
  return counts
}

type Member = Candidate & { readonly from: string; readonly to: string }

/** Explicit cuts are stored in one event of the upgrade: more would not fit beside the rest. */
const cutsAtMost = 2000

function judge(
  candidate: Candidate,
  { request, release, releases, newer }: PlanFacts,
): LeftOutReason | Member {
  const { from, active } = candidate
  const to = request.kind === 'rollback' ? candidate.to : release?.version
  if (candidate.retired) return 'retired'
  if (candidate.excluded) return candidate.excluded
  if (from === null) return 'component_missing'
  if (candidate.pinned) return 'pinned'
  if (!to) return 'no_earlier_version'
  // A rollback undoes attempts that may have failed half-way: the inventory alone does not say that nothing is to be done.
  if (request.kind !== 'rollback' && sameVersion(from, to)) return 'already_at_version'
  if (newer?.has(from)) return 'newer_version'
  // A child waits for what its parent still has in flight; everybody else is refused (M19).
  if (active !== null && active !== request.parent) return 'update_in_progress'
  if (candidate.notReady) return 'not_ready'
  if (releases?.get(to)?.withdrawn && request.toWithdrawn === undefined) return 'release_withdrawn'
  return { ...candidate, from, to }
}

/** No wave but the first may hold a critical target, unless there are no others: the first wave ends where they begin. */
function sparingCritical(planned: PlannedWaves, members: number, uncritical: number): PlannedWaves {
  const { waves, droppedWaves } = planned
  const first = waveRange(waves, members, 0).to
  if (uncritical === 0 || first <= uncritical) return planned
  if (waves.kind === 'cuts')
    return { waves: { kind: 'cuts', cuts: [uncritical, ...waves.cuts] }, droppedWaves }
  const cuts = [uncritical]
  for (let cut = uncritical + waves.size; cut < members && cuts.length <= cutsAtMost; cut += waves.size)
    cuts.push(cut)
  return { waves: { kind: 'cuts', cuts: [...cuts, members] }, droppedWaves }
}

function firstWaveOf({ waves, droppedWaves }: PlannedWaves, ordered: readonly Member[]) {
  const { to } = waveRange(waves, ordered.length, 0)
  const only: WaveCuts = { kind: 'cuts', cuts: [to] }
  return { taken: ordered.slice(0, to), waves: only, droppedWaves }
}

/** In each wave those whose own part of the window is shorter come first: later they would find it over. */
function shortestFirst(ordered: readonly Member[], waves: WaveCuts): readonly Member[] {
  if (ordered.every(({ hours }) => hours === undefined)) return ordered
  const byHours = Array.from({ length: waveCount(waves, ordered.length) }, (_, wave) => {
    const { from, to } = waveRange(waves, ordered.length, wave)
    return ordered.slice(from, to).toSorted((left, right) => (left.hours ?? 25) - (right.hours ?? 25))
  })
  return byHours.flat()
}

function chunksOf(
  { component }: UpgradeRequest,
  members: readonly Member[],
  releases: PlanFacts['releases'],
): PlanChunk[] {
  const chunks: PlanChunk[] = []
  for (let start = 0; start < members.length; start += membersPerChunk) {
    const places = new Map<string, number>()
    const place = (version: string): number => {
      const known = places.get(version)
      if (known !== undefined) return known
      places.set(version, places.size)
      return places.size - 1
    }
    const rows = members
      .slice(start, start + membersPerChunk)
      .map(({ target, from, to }): [string, number, number] => [target, place(from), place(to)])
    const versions = [...places.keys()]
    const digests = releases && versions.map((version) => releases.get(version)?.digest ?? null)
    chunks.push({ component, versions, ...(digests && { digests }), members: rows })
  }
  return chunks
}

function byTarget(left: { readonly target: string }, right: { readonly target: string }): number {
  return left.target < right.target ? -1 : 1
}

/** So many upgrades that are in the way are named in words. */
const namedAtMost = 5

/** Names the upgrades whose attempts are under way, each with how many of the candidates it has. */
function busyWith(candidates: readonly Candidate[]): string {
  const upgrades = [...Map.groupBy(candidates, ({ active }) => active)]
    .flatMap(([upgrade, held]) => (upgrade === null ? [] : [`${held.length} by upgrade ${upgrade}`]))
    .sort()
  const more = upgrades.length > namedAtMost ? ` and ${upgrades.length - namedAtMost} more upgrades` : ''
  return `${upgrades.slice(0, namedAtMost).join(', ')}${more}`
}

function nobody(leftOut: Plan['leftOut'], candidates: readonly Candidate[]): Rejection {
  if (leftOut.length > 0 && leftOut.every(({ reason }) => reason === 'update_in_progress')) {
    return {
      code: 'update-in-progress',
      detail: `Update already in progress on every target selected: ${busyWith(candidates)}. Wait for the end, or abort what is in the way first.`,
    }
  }
  const counts = Map.groupBy(leftOut, ({ reason }) => reason)
  const reasons = [...counts].sort(([left], [right]) => (left < right ? -1 : 1))
  const words = reasons.map(([reason, targets]) => `${targets.length} ${reason}`).join(', ')
  return {
    code: 'nothing-to-upgrade',
    detail: words
      ? `No target is left to upgrade: ${words}.`
      : 'The selection matches no target. GET /api/v1/targets lists those that are registered.',
  }
}

/** Named canaries, and nobody beside them, are the first wave: where none of them is a member, nobody else becomes one in their place. */
function refuseWithoutCanaries(
  { strategy, canaryPercent, selection: { canaries } }: UpgradeRequest,
  present: number,
  leftOut: Plan['leftOut'],
): Rejection | undefined {
  if (strategy !== 'canary' || canaryPercent !== null || canaries.length === 0 || present > 0)
    return undefined
  const reasons = new Map(leftOut.map(({ target, reason }) => [target, reason]))
  const words = canaries
    .slice(0, namedAtMost)
    .map((target) => `${target} ${reasons.get(target) ?? 'critical'}`)
  const more = canaries.length > namedAtMost ? ` and ${canaries.length - namedAtMost} more` : ''
  const detail = `None of the canaries that are named can be upgraded first: ${words.join(', ')}${more}. Name others, or a percentage.`
  return { code: 'no-canary-left', detail }
}

/** A second person shall let it go on, and there is nothing to go on with: that would be a protection which nobody notices to be off. */
function neverContinued(members: number): Rejection {
  const all = members === 1 ? 'one target, which is' : `${members} targets, which are`
  return {
    code: 'no-second-wave',
    detail: `There are ${all} the first wave: nobody would have to continue. Leave continueRequiresSecondPerson out, or ask for approvals.`,
    fields: [
      { field: 'continueRequiresSecondPerson', value: 'true', expected: 'a plan of more than one wave' },
    ],
  }
}

/**
 * Returns the plan of a request over these facts, or why there is none. It depends on nothing else and on no order among the
 * candidates: a dry run and a deploy over the same facts give the same `planHash`, and any change of a member, digest, wave,
 * setting or policy version gives another, which is what an approval is bound to (N2, design: #plans).
 */
export function makePlan(
  facts: PlanFacts,
): { readonly plan: Plan } | { readonly rejected: Rejection; readonly leftOut?: Plan['leftOut'] } {
  const { request, candidates, release, releases, policyVersion } = facts
  if (!release && request.kind !== 'rollback') {
    return reject({
      code: 'release-not-registered',
      detail: `${request.component} ${request.version} is not registered. Register it with POST /api/v1/releases.`,
    })
  }
  const members: Member[] = []
  const leftOut: { target: string; reason: LeftOutReason }[] = []
  for (const candidate of candidates) {
    const verdict = judge(candidate, facts)
    if (typeof verdict === 'string') leftOut.push({ target: candidate.target, reason: verdict })
    else members.push(verdict)
  }
  if (members.length === 0)
    return { ...reject(nobody(leftOut, candidates)), leftOut: leftOut.toSorted(byTarget) }

  const seed = hashOf({
    component: request.component,
    version: identityOf(release?.version ?? request.version),
  })
  const { canaries } = request.selection
  const ordered = inOrder(members, seed, canaries)
  const uncritical = members.filter(({ critical }) => !critical).length
  const canariesIn = new Set(canaries)
  const present = members.filter(({ target, critical }) => canariesIn.has(target) && !critical).length
  const refused = refuseWithoutCanaries(request, present, leftOut)
  if (refused) return reject(refused)
  const asked = sparingCritical(cutsOf(request, members.length, present), members.length, uncritical)
  const { taken, waves, droppedWaves } = facts.canariesAlone
    ? firstWaveOf(asked, ordered)
    : { ...asked, taken: ordered }
  for (const { target } of ordered.slice(taken.length)) leftOut.push({ target, reason: 'after_canaries' })
  leftOut.sort(byTarget)
  if (waves.kind === 'cuts' && waveCount(waves, taken.length) > cutsAtMost) {
    return reject({
      code: 'too-many-waves',
      detail: `Batches this small, with critical targets kept out of the first, make more than ${cutsAtMost} waves. Choose a larger batch size.`,
    })
  }
  if (request.continueByHand && request.continueBySecondPerson && waveCount(waves, taken.length) === 1)
    return reject(neverContinued(taken.length))
  const chunks = chunksOf(request, shortestFirst(taken, waves), releases)
  const versions = new Set(taken.map(({ to }) => to))
  const [only = request.version] = versions
  const version = release?.version ?? (versions.size === 1 ? only : request.version)
  const digest = release?.digest ?? (versions.size === 1 ? releases?.get(only)?.digest : null) ?? null
  const planHash = hashOf({
    request: hashOf(request),
    chunks: chunks.map(hashOf),
    ...{ version, digest, policyVersion, waves },
  })
  return {
    plan: {
      ...{ planHash, version, digest, chunks, members: taken.length, waves, droppedWaves, leftOut },
      ...{ policyVersion, releaseVersion: release?.releaseVersion ?? 0 },
    },
  }
}
