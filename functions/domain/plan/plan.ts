import { bytesOf } from '../../../events/bytes.ts'
import { hashOf } from '../../../events/canonical.ts'
import { counted, leftOutPhrase, type leftOutPhrases, leftOutWords } from '../../../events/phrases.ts'
import type { UpgradeEvent, UpgradeRequest, WaveCuts } from '../../../events/upgrade.ts'
import { reject } from '../aggregate.ts'
import type { Rejection } from '../rejection.ts'
import { asksUnsaid, type Compatibility, type Environment, misfitOf } from '../release/compatibility.ts'
import { identityOf, sameVersion } from '../version/identity.ts'
import type { PlanChunk } from './aggregate.ts'
import { CandidateList, type ListedCandidate } from './candidate-list.ts'
import { PlanChunks } from './chunks.ts'
import type { ExpectedTime } from './expected-time.ts'
import { putInGroups } from './groups.ts'
import { putInOrder } from './order.ts'
import { type Rolling, rollingOf } from './rolling.ts'
import { cutsAtMost, cutsOf, type PlannedWaves, sparingCritical, waveCount, waveRange } from './waves.ts'

/** Why a candidate is no member. */
export type LeftOutReason = keyof typeof leftOutPhrases

/** Why a version is not one that a release follows. */
export type TooOld = Extract<LeftOutReason, 'below_minimum_version' | 'version_unplaced'>

/** A candidate that is no member. */
export interface LeftOut {
  readonly target: string
  readonly reason: LeftOutReason
  /** What it does not meet; left out: the reason says all. */
  readonly detail?: string
}

/** A plan: who is upgraded, from what to what, in which order and waves, bound together by its hash. */
export interface Plan {
  readonly planHash: string
  readonly version: string
  readonly digest: string | null
  /** The channel that its release is in now, or, of a rollback, the one that is taken back; left out: nobody knows. No part of the hash. */
  readonly channel?: string
  readonly chunks: PlanChunks
  readonly members: number
  readonly waves: WaveCuts
  readonly droppedWaves: readonly number[]
  /** Which percentage, or which group, of the request each wave is of; left out: it has neither. */
  readonly entries?: number[]
  /** Left out: it is not rolling. */
  readonly rolling?: Rolling
  /** From the end of one attempt to the next admission; left out: it is not serial. */
  readonly spacingSeconds?: number
  readonly leftOut: readonly LeftOut[]
  /** How many members are critical; left out: none. No part of the hash: where the waves end is. */
  readonly critical?: number
  /** How many members there are of which nobody has said what the release asks for. No part of the hash. */
  readonly unsaid: number
  readonly policyVersion: number
  /** The hash over the policies that bind it, each with its revision; left out: none do. */
  readonly rules?: string
  readonly releaseVersion: number
  /** How long one attempt should take by those that there were; left out: as the request says. No part of the hash. */
  readonly expected?: ExpectedTime
  /** Left out: the first wave exposes no more than one person may, or approvals were asked for. */
  readonly exposure?: NonNullable<Extract<UpgradeEvent, { type: 'UpgradePlanned' }>['data']['exposure']>
}

/** What a plan is made of: everything that it depends on, so that the same facts give the same plan. */
export interface PlanFacts {
  readonly request: UpgradeRequest
  /** In any order, each target once. */
  readonly candidates: Iterable<ListedCandidate>
  /** What the version asked for resolves to; null for a rollback, whose members have a version each. */
  readonly release: {
    readonly version: string
    readonly digest: string
    readonly releaseVersion: number
    readonly compatibility?: Compatibility
  } | null
  /** Of a rollback, the releases that its candidates go back to, by their version; those that are not registered are not among them, unless nobody can go back to such a version. */
  readonly releases?: ReadonlyMap<
    string,
    {
      readonly digest: string | null
      readonly withdrawn: string | null
      readonly distrusted?: string | null
      readonly unpublished?: boolean
      readonly compatibility?: Compatibility
    }
  >
  /** Which versions that candidates run are newer than a release that `latest` or `stable` stands for; left out: nobody asked. */
  readonly newer?: ReadonlySet<string>
  /** Which versions that candidates run the release does not follow, and why; left out: nobody said. */
  readonly tooOld?: ReadonlyMap<string, TooOld>
  /** The licences that entitle to the release; left out: it needs none, as no rollback does. */
  readonly entitled?: ReadonlySet<string> | undefined
  readonly policyVersion: number
  /** Which policies bind it, each with its revision; left out: none. */
  readonly rules?: readonly (readonly [policy: string, revision: number])[]
  /** Is it for canaries alone? Whoever is not in the first wave is left out. */
  readonly canariesAlone?: boolean
}

/** Returns how many candidates of a plan were left out for each reason. */
export function leftOutCounts({ leftOut }: Pick<Plan, 'leftOut'>): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { reason } of leftOut) counts[reason] = (counts[reason] ?? 0) + 1
  return counts
}

/** Returns what finds out how a candidate fits what its release asks for. A fleet has few environments: each is looked at once a release. */
function fitting({ request, release, releases }: PlanFacts) {
  const known = new Map<string, { readonly misfit: string | undefined; readonly unsaid: boolean }>()
  return ({ to, environment = null }: ListedCandidate) => {
    const version = (request.kind === 'rollback' ? to : release?.version) ?? ''
    const key = `${version} ${environment}`
    const before = known.get(key)
    if (before) return before
    const asked =
      (request.kind === 'rollback' ? releases?.get(version)?.compatibility : release?.compatibility) ?? {}
    const here: Environment | undefined = environment === null ? undefined : JSON.parse(environment)
    const found = { misfit: misfitOf(asked, here), unsaid: asksUnsaid(asked, here) }
    known.set(key, found)
    return found
  }
}

/** Returns why a candidate is no member; undefined: it is one. */
function refuseMember(
  candidate: ListedCandidate,
  { request, release, releases, newer, tooOld, entitled }: PlanFacts,
  misfit: string | undefined,
): LeftOutReason | undefined {
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
  const old = tooOld?.get(from)
  if (old) return old
  if (misfit !== undefined) return 'incompatible'
  if (entitled && !entitled.has(candidate.licence ?? '')) return 'not_entitled'
  // A child waits for what its parent still has in flight; everybody else is refused (M19).
  if (active !== null && active !== request.parent) return 'update_in_progress'
  if (candidate.notReady) return 'not_ready'
  if (releases?.get(to)?.unpublished) return 'release_unpublished'
  // Whoever may lift a withdrawal cannot vouch for what nobody has signed who counts.
  if (releases?.get(to)?.distrusted) return 'release_distrusted'
  if (releases?.get(to)?.withdrawn && request.toWithdrawn === undefined) return 'release_withdrawn'
  return undefined
}

/** Tells the candidates apart: the places of those that are members, and who is left out. */
function membersAmong(candidates: CandidateList, facts: PlanFacts, fits: ReturnType<typeof fitting>) {
  const places = new Uint32Array(candidates.length)
  const leftOut: LeftOut[] = []
  const canaries = new Set(facts.request.selection.canaries)
  let [count, uncritical, canariesPresent, unsaid] = [0, 0, 0, 0]
  for (let place = 0; place < candidates.length; place++) {
    const candidate = candidates.at(place)
    const { target, critical } = candidate
    const fit = fits(candidate)
    const reason = refuseMember(candidate, facts, fit.misfit)
    if (reason !== undefined) {
      leftOut.push({
        target,
        reason,
        ...(reason === 'incompatible' && fit.misfit !== undefined && { detail: fit.misfit }),
      })
      continue
    }
    places[count++] = place
    if (fit.unsaid) unsaid++
    if (critical) continue
    uncritical++
    if (canaries.has(target)) canariesPresent++
  }
  return { members: places.subarray(0, count), leftOut, uncritical, canariesPresent, unsaid }
}

/** Returns why one candidate would be no member of a plan over these facts; undefined: it would be one. */
export function whyLeftOut(
  candidate: ListedCandidate,
  facts: Omit<PlanFacts, 'candidates'>,
): LeftOut | undefined {
  const candidates = CandidateList.of([candidate])
  const all = { ...facts, candidates }
  return membersAmong(candidates, all, fitting(all)).leftOut[0]
}

function firstWaveOf({ waves, droppedWaves }: PlannedWaves, members: Uint32Array) {
  const { to } = waveRange(waves, members.length, 0)
  const only: WaveCuts = { kind: 'cuts', cuts: [to] }
  return { taken: members.subarray(0, to), waves: only, droppedWaves, entries: undefined }
}

/** In each wave those whose own part of the window is shorter come first: later they would find it over. */
function shortestFirst(members: Uint32Array, candidates: CandidateList, waves: WaveCuts): void {
  if (candidates.haveAllHours) return
  const hoursAt = (place: number) => candidates.hoursAt(place) ?? 25
  for (let wave = 0; wave < waveCount(waves, members.length); wave++) {
    const { from, to } = waveRange(waves, members.length, wave)
    members.subarray(from, to).sort((left, right) => hoursAt(left) - hoursAt(right))
  }
}

function byTarget(left: { readonly target: string }, right: { readonly target: string }): number {
  return left.target < right.target ? -1 : 1
}

/** A chunk is one event: what names and versions of it are longer than that. With so few versions the longest names fit. */
const chunkAtMost = { bytes: 64_000, versions: 30 } as const

function isTooLarge(chunk: PlanChunk): boolean {
  return chunk.versions.length > chunkAtMost.versions && bytesOf(chunk) > chunkAtMost.bytes
}

function tooManyVersions({ members, versions }: PlanChunk): Rejection {
  const detail = `${members.length} targets with long names run ${versions.length} versions with long names, which is more than one event holds: upgrade fewer of them at a time.`
  return { code: 'plan-too-large', detail }
}

/** So many upgrades that are in the way are named in words. */
const namedAtMost = 5

/** Names the upgrades whose attempts are under way, each with how many of the candidates it has. */
function busyWith(candidates: Iterable<ListedCandidate>): string {
  const held = new Map<string, number>()
  for (const { active } of candidates) if (active !== null) held.set(active, (held.get(active) ?? 0) + 1)
  const upgrades = [...held].map(([upgrade, count]) => `${count} by upgrade ${upgrade}`).sort()
  const more =
    upgrades.length > namedAtMost ? ` and ${counted(upgrades.length - namedAtMost, 'more upgrade')}` : ''
  return `${upgrades.slice(0, namedAtMost).join(', ')}${more}`
}

function nobody(leftOut: Plan['leftOut'], candidates: Iterable<ListedCandidate>): Rejection {
  if (leftOut.length > 0 && leftOut.every(({ reason }) => reason === 'update_in_progress')) {
    return {
      code: 'update-in-progress',
      detail: `Update already in progress on every target selected: ${busyWith(candidates)}. Wait for the end, or abort what is in the way first.`,
    }
  }
  const words = leftOutWords(leftOutCounts({ leftOut })).join(', ')
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
    .map((target) => `${target} ${leftOutPhrase(reasons.get(target) ?? 'critical')}`)
  const more = canaries.length > namedAtMost ? ` and ${canaries.length - namedAtMost} more` : ''
  const detail = `None of the canaries that are named can be upgraded first: ${words.join(', ')}${more}. Name others, or a percentage.`
  return { code: 'no-canary-left', detail }
}

/** The rules of one strategy alone, as numbers. */
function paceOf(request: UpgradeRequest, members: number): Pick<Plan, 'rolling' | 'spacingSeconds'> {
  const rolling = rollingOf(request, members)
  const { spacingSeconds } = request
  return { ...(rolling && { rolling }), ...(spacingSeconds !== undefined && { spacingSeconds }) }
}

/**
 * A second person shall let it go on after some percentage, and would not be asked: its wave would be empty, or nothing follows it. Which protection
 * goes with it is for a person to say.
 */
function refuseUnasked(
  { percentages }: UpgradeRequest,
  { entries = [], droppedWaves }: PlannedWaves,
  members: number,
): Rejection | undefined {
  const asked = new Set(entries.slice(0, -1))
  const number = percentages?.findIndex(
    ({ continueBySecondPerson }, place) => continueBySecondPerson && !asked.has(place),
  )
  const stage = percentages?.[number ?? -1]
  if (number === undefined || !stage) return undefined
  const empty = droppedWaves.includes(stage.percent)
  const why = empty ? 'adds nobody to those before' : 'is all of them'
  return {
    code: 'no-second-wave',
    detail: `Of ${counted(members, 'target')} ${stage.percent} % ${why}: nobody would have to continue after that. Ask for a second person at another percentage, or leave it out.`,
    fields: [
      {
        field: `percentages.${number}.continueRequiresSecondPerson`,
        value: 'true',
        expected: 'a percentage that adds targets, and is not the last that does',
      },
    ],
  }
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
  const { request, candidates, release, releases, policyVersion, rules: binding = [] } = facts
  const rules = binding.length > 0 && { rules: hashOf(binding) }
  if (!release && request.kind !== 'rollback') {
    return reject({
      code: 'release-not-registered',
      detail: `${request.component} ${request.version} is not registered. Register it with POST /api/v1/releases.`,
    })
  }
  const listed = CandidateList.of(candidates)
  const fits = fitting(facts)
  const { members, leftOut, uncritical, canariesPresent, ...all } = membersAmong(listed, facts, fits)
  if (members.length === 0) return { ...reject(nobody(leftOut, listed)), leftOut: leftOut.toSorted(byTarget) }

  const seed = hashOf({
    component: request.component,
    version: identityOf(release?.version ?? request.version),
  })
  putInOrder(members, listed, seed, request.selection.canaries)
  const refused = refuseWithoutCanaries(request, canariesPresent, leftOut)
  if (refused) return reject(refused)
  const { length: count } = members
  const grouped = request.groups && putInGroups(request.groups, members, listed)
  if (grouped && 'rejected' in grouped) return { ...reject(grouped.rejected) }
  const asked = grouped ?? sparingCritical(cutsOf(request, count, canariesPresent), count, uncritical)
  const { taken, waves, droppedWaves, entries } = facts.canariesAlone
    ? firstWaveOf(asked, members)
    : { ...asked, taken: members }
  let { unsaid } = all
  for (const one of members.subarray(taken.length)) {
    leftOut.push({ target: listed.targetAt(one), reason: 'after_canaries' })
    if (fits(listed.at(one)).unsaid) unsaid--
  }
  leftOut.sort(byTarget)
  if (waves.kind === 'cuts' && waveCount(waves, taken.length) > cutsAtMost) {
    return reject({
      code: 'too-many-waves',
      detail: `Batches this small, with critical targets kept out of the first, make more than ${cutsAtMost} waves. Choose a larger batch size.`,
    })
  }
  const unasked = refuseUnasked(request, asked, count)
  if (unasked) return reject(unasked)
  const one = waveCount(waves, taken.length) === 1
  if (one && !request.percentages && request.continueByHand && request.continueBySecondPerson)
    return reject(neverContinued(taken.length))
  shortestFirst(taken, listed, waves)
  const chunks = new PlanChunks({
    ...{ component: request.component, candidates: listed, members: taken, releases },
    version: request.kind === 'rollback' ? null : (release?.version ?? null),
  })
  const versions = new Set<string>()
  const chunkHashes: string[] = []
  for (const chunk of chunks) {
    if (isTooLarge(chunk)) return reject(tooManyVersions(chunk))
    for (const [, , to] of chunk.members) versions.add(chunk.versions[to] ?? '')
    chunkHashes.push(hashOf(chunk))
  }
  const [only = request.version] = versions
  const version = release?.version ?? (versions.size === 1 ? only : request.version)
  const digest = release?.digest ?? (versions.size === 1 ? releases?.get(only)?.digest : null) ?? null
  // Of the first wave alone none are critical, unless all are.
  const critical = Math.max(0, taken.length - uncritical)
  const frozen = { waves, ...(entries && { entries: [...entries] }), ...paceOf(request, taken.length) }
  const planHash = hashOf({
    request: hashOf(request),
    chunks: chunkHashes,
    ...{ version, digest, policyVersion },
    ...rules,
    ...frozen,
  })
  return {
    plan: {
      ...{ planHash, version, digest, chunks, members: taken.length, droppedWaves, leftOut, unsaid },
      ...(critical > 0 && { critical }),
      ...frozen,
      ...{ policyVersion, releaseVersion: release?.releaseVersion ?? 0 },
      ...rules,
    },
  }
}
