import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import { allowedFailures, waveRange } from '../plan/waves.ts'
import type { Draft } from './draft.ts'
import { chunkOf, type Member, memberAt, membersOf, type Range, toRanges } from './members.ts'
import { holdOf, type UpgradeState } from './state.ts'

/** What an admission is checked against, read strongly just before (DESIGN §3). */
export interface AdmissionFacts {
  readonly policyVersion: number
  readonly freeze: { readonly reason: string; readonly since: string } | null
  readonly releaseVersion: number
  /** Why the release must not be rolled out any more; null while it may. */
  readonly releaseWithdrawn: string | null
}

/** At most this many chunks of a plan are open at a time: the state stays below 16 KB at any fleet size. */
const openChunks = 25

/** Who acts where nobody does. */
export const systemActor = 'drydock'

/** Returns why the clock does not allow an admission now: an attempt must fit before the end of the window. */
function closedWindow(state: UpgradeState, now: string): { until: string | null } | null {
  if (!state.window || !state.request) return null
  if (now < state.window.start) return { until: state.window.start }
  if (state.awaitsOpening) return { until: null }
  const lastAdmission = Date.parse(state.window.end) - state.request.deadlines.expected * 1000
  return Date.parse(now) >= lastAdmission ? { until: null } : null
}

/**
 * May the upgrade admit although everything is stopped? Only where it was asked for so (break-glass), and somebody else than who
 * asked has approved it (DESIGN §6).
 */
export function breaksGlass({ request, requestedBy, approvals }: UpgradeState): boolean {
  return request?.breakGlass === true && approvals.some(({ by }) => by !== requestedBy)
}

/** Brings the holds of window and freeze up to date; returns whether one of them forbids an admission now. */
export function checkHolds(draft: Draft, facts: AdmissionFacts): boolean {
  const { state, now } = draft
  const closed = closedWindow(state, now)
  const present = holdOf(state, 'WINDOW_CLOSED')
  if (closed && (present === undefined || present.until !== closed.until)) {
    draft.add({
      type: 'HoldPlaced',
      data: { code: 'WINDOW_CLOSED', until: closed.until, ref: state.window?.end ?? null },
    })
  } else if (!closed && present) {
    draft.add({ type: 'HoldLifted', data: { code: 'WINDOW_CLOSED' } })
  }
  const frozen = facts.freeze !== null && !breaksGlass(state)
  if (frozen && !holdOf(state, 'FREEZE')) {
    draft.add({
      type: 'HoldPlaced',
      data: { code: 'FREEZE', until: null, ref: facts.freeze?.reason ?? null },
    })
  } else if (!frozen && holdOf(state, 'FREEZE')) {
    draft.add({ type: 'HoldLifted', data: { code: 'FREEZE' } })
  }
  return closed !== null || frozen
}

/** Members of the present wave of which failures and unreachable ones are a share: those that were not skipped. */
export function limitOf(state: UpgradeState, kind: 'failures' | 'unreachable'): number {
  if (!state.plan || !state.request) return 0
  const { from, to } = waveRange(state.plan.waves, state.plan.members, state.wave)
  return allowedFailures(state.request[kind], to - from, state.skippedBefore + state.waveCounts.skipped)
}

/** Failures and unreachable members that no operator has accepted yet. */
export function unacknowledged(state: UpgradeState): {
  readonly failed: number
  readonly unreachable: number
} {
  return {
    failed: state.waveCounts.failed - state.acknowledged.failed,
    unreachable: state.waveCounts.unreachable - state.acknowledged.unreachable,
  }
}

/** How many may be in flight: fewer after each failed try of this run, where the request says so, but always one (P13). */
function atOnce({ parallel, retry }: UpgradeRequest, failedTries: number): number {
  return Math.max(1, parallel - (retry.fewer ?? 0) * failedTries)
}

function waitingFor(state: UpgradeState, status: 'retrying' | 'deferred', now: string): [number, Member][] {
  const found: [number, Member][] = []
  for (const [chunk, { retryAt, deferredAt }] of Object.entries(state.chunks)) {
    const due = status === 'retrying' ? retryAt : deferredAt
    if (due === null || due > now) continue
    for (const [index, member] of membersOf(state.chunks, Number(chunk))) {
      if (member.status === status) found.push([index, member])
    }
  }
  return found
}

function freshMembers(state: UpgradeState, atMost: number): number[] {
  if (!state.plan) return []
  const { to } = waveRange(state.plan.waves, state.plan.members, state.wave)
  const open = new Set(Object.keys(state.chunks).map(Number))
  const fresh: number[] = []
  for (let member = state.cursor; member < to && fresh.length < atMost; member++) {
    const chunk = chunkOf(member)
    if (!open.has(chunk) && open.size >= openChunks) break
    open.add(chunk)
    if ((memberAt(state.chunks, member)?.status ?? 'pending') === 'pending') fresh.push(member)
  }
  return fresh
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
 * Admits what the present wave may have in flight now: due retries first, then deferred members, then new ones. While failures
 * and waiting retries exceed what the wave allows, nothing new is admitted (DESIGN §6); a waiting retry holds its slot.
 */
export function admit(draft: Draft, facts: AdmissionFacts): void {
  if (draft.state.status !== 'running' || draft.state.stage !== 'active') return
  if (facts.releaseWithdrawn !== null) {
    const reason = `The release was withdrawn: ${facts.releaseWithdrawn}`.slice(0, 512)
    draft.add({ type: 'UpgradePaused', data: { by: systemActor, reason } })
    return
  }
  if (checkHolds(draft, facts)) return
  const { state, now } = draft
  if (!state.request || !state.plan) return
  const slots = atOnce(state.request, state.failedTries) - state.counts.inFlight
  const retried = waitingFor(state, 'retrying', now).slice(0, Math.max(0, slots))
  const free = slots - state.counts.retrying
  const readmitted = waitingFor(state, 'deferred', now).slice(0, Math.max(0, free))
  const { failed } = unacknowledged(state)
  const halted = failed + state.counts.retrying > limitOf(state, 'failures')
  const fresh = halted ? [] : freshMembers(state, Math.max(0, free - readmitted.length))
  if (retried.length + readmitted.length + fresh.length === 0) return
  if (facts.freeze !== null && state.overrode !== facts.freeze.since) {
    const { reason, since } = facts.freeze
    const breakGlass = state.request.reason ?? ''
    draft.add({ type: 'FreezeOverridden', data: { freeze: reason, since, breakGlass } })
  }
  const admitted: UpgradeEvent = {
    type: 'TargetsAdmitted',
    data: {
      wave: state.wave,
      members: toRanges(fresh),
      retried: again(retried),
      readmitted: again(readmitted),
      acceptBy: new Date(Date.parse(now) + state.request.deadlines.accept * 1000).toISOString(),
      policyVersion: facts.policyVersion,
      releaseVersion: facts.releaseVersion,
    },
  }
  draft.add(admitted)
}
