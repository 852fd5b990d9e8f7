import { after, second } from '../../../events/time.ts'
import type { UpgradeRequest } from '../../../events/upgrade.ts'
import { systemActor } from '../actor.ts'
import { waveRange } from '../plan/waves.ts'
import { freshMembers, membersWith } from './chunks.ts'
import type { Draft } from './draft.ts'
import { holdOf } from './hold.ts'
import { limitOf, unacknowledged } from './limits.ts'
import { type Member, type Range, toRanges } from './members.ts'
import type { InWave, PlannedUpgrade } from './state.ts'

/** What an admission is checked against, read strongly just before (design: #admission). */
export interface AdmissionFacts {
  readonly policyVersion: number
  readonly freeze: { readonly reason: string; readonly since: string } | null
  readonly releaseVersion: number
  /** Why the release must not be rolled out any more; null while it may. */
  readonly releaseWithdrawn: string | null
}

/** At most this many chunks of a plan are open at a time: the state stays below 16 KB at any fleet size. */
const openChunks = 25

/** Returns why the clock does not allow an admission now: an attempt must fit before the end of the window. */
function closedWindow(
  { window, request, awaitsOpening }: PlannedUpgrade,
  now: string,
): { until: string | null } | null {
  if (!window) return null
  if (now < window.start) return { until: window.start }
  if (awaitsOpening) return { until: null }
  return now >= after(window.end, -request.deadlines.expected * second) ? { until: null } : null
}

/**
 * May the upgrade admit although everything is stopped? Only where it was asked for so (break-glass), and somebody else than who
 * asked has approved it (design: #break-glass).
 */
export function breaksGlass({ request, requestedBy, approvals }: PlannedUpgrade): boolean {
  return request.breakGlass && approvals.some(({ by }) => by !== requestedBy)
}

/** Brings the holds of window and freeze up to date; returns whether one of them forbids an admission now. */
export function checkHolds(draft: Draft, state: PlannedUpgrade, facts: AdmissionFacts): boolean {
  const { holds } = state.standing
  const closed = closedWindow(state, draft.now)
  const present = holdOf(holds, 'WINDOW_CLOSED')
  if (closed && (present === undefined || present.until !== closed.until)) {
    const ref = state.window?.end ?? null
    draft.add({ type: 'HoldPlaced', data: { code: 'WINDOW_CLOSED', until: closed.until, ref } })
  } else if (!closed && present) {
    draft.add({ type: 'HoldLifted', data: { code: 'WINDOW_CLOSED' } })
  }
  const frozen = facts.freeze !== null && !breaksGlass(state)
  const held = holdOf(holds, 'FREEZE') !== undefined
  if (frozen && !held) {
    const ref = facts.freeze?.reason ?? null
    draft.add({ type: 'HoldPlaced', data: { code: 'FREEZE', until: null, ref } })
  } else if (!frozen && held) {
    draft.add({ type: 'HoldLifted', data: { code: 'FREEZE' } })
  }
  return closed !== null || frozen
}

/** How many may be in flight: fewer after each failed try of this run, where the request says so, but always one (P13). */
function atOnce({ parallel, retry }: UpgradeRequest, failedTries: number): number {
  return Math.max(1, parallel - (retry.fewer ?? 0) * failedTries)
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

/** Returns who may be admitted in so many slots: due retries first, then deferred members, then new ones (design: #slots). */
function candidates(state: InWave, slots: number, now: string) {
  const { counts } = state.standing
  const retried = due(state, 'retrying', now).slice(0, Math.max(0, slots))
  // A waiting retry holds its slot.
  const free = slots - counts.retrying
  const readmitted = due(state, 'deferred', now).slice(0, Math.max(0, free))
  // While failures and waiting retries exceed what the wave allows, nothing new is admitted.
  const halted = unacknowledged(state, 'failures') + counts.retrying > limitOf(state, 'failures')
  const { to } = waveRange(state.plan.waves, state.plan.members, state.wave.number)
  const most = halted ? 0 : Math.max(0, free - readmitted.length)
  const fresh = freshMembers(state.chunks, to, openChunks).take(most).toArray()
  return { retried, readmitted, fresh }
}

/** Admits what the present wave may have in flight now, unless window, stop or release forbid it. */
export function admit(draft: Draft, facts: AdmissionFacts): void {
  if (draft.state.stage !== 'in-wave' || draft.state.standing.status !== 'running') return
  if (facts.releaseWithdrawn !== null) {
    const reason = `The release was withdrawn: ${facts.releaseWithdrawn}`.slice(0, 512)
    draft.add({ type: 'UpgradePaused', data: { by: systemActor, reason } })
    return
  }
  if (checkHolds(draft, draft.state, facts)) return
  const { state, now } = draft
  const { request, standing, wave, overrode } = state
  const slots = atOnce(request, state.failedTries) - standing.counts.inFlight
  const { retried, readmitted, fresh } = candidates(state, slots, now)
  if (retried.length + readmitted.length + fresh.length === 0) return
  if (facts.freeze !== null && overrode !== facts.freeze.since) {
    const { reason, since } = facts.freeze
    const breakGlass = request.reason ?? ''
    draft.add({ type: 'FreezeOverridden', data: { freeze: reason, since, breakGlass } })
  }
  draft.add({
    type: 'TargetsAdmitted',
    data: {
      wave: wave.number,
      members: toRanges(fresh),
      retried: again(retried),
      readmitted: again(readmitted),
      acceptBy: after(now, request.deadlines.accept * second),
      policyVersion: facts.policyVersion,
      releaseVersion: facts.releaseVersion,
    },
  })
}
