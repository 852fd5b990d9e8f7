import type { Measured } from '../../../events/tally.ts'
import type { AttemptOutcome } from '../../../events/target.ts'
import { after, later, minute, second } from '../../../events/time.ts'
import type { UpgradeEvent } from '../../../events/upgrade.ts'
import { accept } from '../aggregate.ts'
import { type TalliedAttempt, tallyOf } from '../tally/tally.ts'
import { isRetryable } from '../target/outcome.ts'
import type { AdmissionFacts } from './admission.ts'
import { advance } from './advance.ts'
import { attentionTo, chunkOf, memberAt } from './chunks.ts'
import { Draft, type UpgradeDecision } from './draft.ts'
import { type InWave, isPlanned } from './state.ts'
import { isLarge, isOverdue } from './telling.ts'

/** The end of one attempt, as the target's stream tells it, citing the commit there. */
export interface ReportedOutcome {
  readonly member: number
  readonly n: number
  readonly outcome: AttemptOutcome
  readonly code: string | null
  readonly retryable: boolean
  readonly commit: number
  /** Of a deferral: the upgrade whose attempt was under way. */
  readonly busyWith?: string
  /** What is counted of it; left out: it counts as none. */
  readonly measured?: Measured
}

/** What a member waits for after an end, and from when on it may have it. */
interface NextTry {
  readonly again: 'retry' | 'deferred'
  readonly at: string
}

/** A deferred member is admitted again after so long (design: #deferrals), in milliseconds. */
const deferFor = 5 * minute
/** A member that is given back so often stays out; its number of admissions also has to fit one character of the state. */
const mostAdmissions = 500
/** The longest delay before a retry (design: #retries), in milliseconds. */
const longestDelay = 60 * minute

/** Returns how long is waited at most after so many tries that failed before, in milliseconds: twice as long each time, an hour at most. */
export function retryDelay(delaySeconds: number, failures: number): number {
  return Math.min(longestDelay, delaySeconds * second * 2 ** failures)
}

/** Returns a number in [0, 1) that depends on its arguments alone: retries spread out, and a replay decides the same. */
function spread(planHash: string, member: number, n: number): number {
  let hash = 2166136261
  for (const character of `${planHash}/${member}/${n}`)
    hash = Math.imul(hash ^ character.charCodeAt(0), 16777619)
  return (hash >>> 0) / 2 ** 32
}

/** Returns when a failed member may be tried again; null when it may not: no tries left, or no room in the window. */
function retryAt(
  { request, plan, window }: InWave,
  reported: ReportedOutcome,
  failures: number,
  now: string,
): string | null {
  if (!isRetryable(reported) || failures >= request.retry.attempts) return null
  const delay = retryDelay(request.retry.delaySeconds, failures)
  // A run that becomes gentler has few in flight, whose retries need no spreading: they wait for as long as it says.
  const share = request.retry.fewer === undefined ? spread(plan.planHash, reported.member, reported.n) : 1
  const at = later(after(now, delay * share), after(now, (plan.spacingSeconds ?? 0) * second))
  return window && after(at, request.deadlines.expected * second) > window.end ? null : at
}

/** Returns what becomes of a member after its attempt ended: is it admitted again, as what, and from when on? */
function nextTry(state: InWave, reported: ReportedOutcome, failures: number, now: string): NextTry | null {
  if (state.abort || reported.n >= mostAdmissions) return null
  if (reported.outcome === 'withdrawn') return { again: 'deferred', at: now }
  if (reported.outcome === 'deferred') return { again: 'deferred', at: after(now, deferFor) }
  const at = retryAt(state, reported, failures, now)
  return at === null ? null : { again: 'retry', at }
}

/** Returns the event that records those outcomes that are news: the member is in flight, and with that admission. */
function newOutcomes(state: InWave, reported: readonly ReportedOutcome[], now: string): UpgradeEvent | null {
  const seen = new Set<number>()
  const counted: TalliedAttempt[] = []
  const outcomes: Extract<UpgradeEvent, { type: 'OutcomesRecorded' }>['data']['outcomes'] = []
  const due = new Map<string, { chunk: number; kind: 'retry' | 'deferred'; at: string }>()
  for (const end of reported) {
    const member = memberAt(state.chunks, end.member)
    if (member?.status !== 'in_flight' || member.n !== end.n || seen.has(end.member)) continue
    seen.add(end.member)
    const next = nextTry(state, end, member.failures, now)
    const { retryable: _, measured, ...recorded } = end
    if (measured) counted.push({ ...end, measured })
    outcomes.push({ ...recorded, again: next?.again ?? null })
    if (!next) continue
    const chunk = chunkOf(end.member)
    const key = `${chunk}/${next.again}`
    const open = attentionTo(state.chunks, chunk)
    const before = due.get(key)?.at ?? (next.again === 'retry' ? open?.retryAt : open?.deferredAt)
    due.set(key, { chunk, kind: next.again, at: later(before ?? next.at, next.at) })
  }
  if (outcomes.length === 0) return null
  const tally = tallyOf(counted)
  const data = { outcomes, due: [...due.values()], ...(tally.regions.length > 0 && { tally }) }
  return { type: 'OutcomesRecorded', data }
}

/** Records how attempts ended, and what follows in the same commit: a limit exceeded, the wave's end, or the next admissions. */
export function recordOutcomes(reported: readonly ReportedOutcome[], facts: AdmissionFacts): UpgradeDecision {
  return (state, now) => {
    const recorded = state.stage === 'in-wave' ? newOutcomes(state, reported, now) : null
    if (!recorded) return accept()
    const draft = new Draft(state, now)
    if (isOverdue(state, now)) draft.tell()
    draft.add(recorded)
    if (isLarge(draft.state)) draft.tell()
    advance(draft, facts)
    return draft.decision()
  }
}

/** Notes until when the attempts of a chunk may run on, as their targets answered. */
export function moveDeadline(command: { chunk: number; until: string }): UpgradeDecision {
  return (state, now) => {
    const chunk = isPlanned(state) ? attentionTo(state.chunks, command.chunk) : undefined
    if (!chunk || chunk.askAgain === command.until) return accept()
    const draft = new Draft(state, now)
    draft.add({ type: 'DeadlineMoved', data: command })
    return draft.decision()
  }
}
