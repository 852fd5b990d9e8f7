import type { AttemptOutcome } from '../../../events/target.ts'
import type { UpgradeEvent, UpgradeRequest } from '../../../events/upgrade.ts'
import type { AdmissionFacts } from '../../../functions/domain/upgrade/admission.ts'
import { upgradeAggregate } from '../../../functions/domain/upgrade/aggregate.ts'
import { chunkOf } from '../../../functions/domain/upgrade/chunks.ts'
import type { UpgradeDecision } from '../../../functions/domain/upgrade/draft.ts'
import { type ReportedOutcome, recordOutcomes } from '../../../functions/domain/upgrade/outcomes.ts'
import type { Standing } from '../../../functions/domain/upgrade/standing.ts'
import type { Window } from '../../../functions/domain/window.ts'
import { later, specOf, start } from '../given.ts'
import { calm, existing, planOf, requestOf } from './world.ts'

/** Wake-ups go along with many decisions; their own specs look at them. */
export const { fold, given } = specOf(upgradeAggregate, { aside: ['WakeUpMoved'] })

type Data<Type extends UpgradeEvent['type']> = Extract<UpgradeEvent, { type: Type }>['data']

/** What happened to one upgrade, each event at the start unless it says when. */
export type History = readonly (UpgradeEvent | readonly [UpgradeEvent, string])[]

/** One member of the plan, or those from the first to before the second. */
export type Members = number | readonly [from: number, to: number]

/** Everything is stopped from the start on. */
export const stopped: AdmissionFacts = {
  ...calm,
  stops: [{ id: 'stop-1', reason: 'incident', by: 'bob', since: start }],
}

/** Every failure is borne, so that none halts the wave. */
export const everyFailureBorne = { percent: 100, absolute: null, action: 'pause' } as const

function eachOf(members: Members): number[] {
  const [from, to] = typeof members === 'number' ? [members, members + 1] : members
  return Array.from({ length: to - from }, (_, place) => from + place)
}

/** Alice asks for an upgrade. */
export function requested(changes: Partial<UpgradeRequest> = {}): UpgradeEvent {
  return { type: 'UpgradeRequested', data: { request: requestOf(changes), by: 'alice' } }
}

/** The same, ahead of a window of its profile. */
export function plannedAhead(changes: Partial<UpgradeRequest> = {}): UpgradeEvent {
  const request = requestOf(changes)
  return { type: 'UpgradeRequested', data: { request, by: 'alice', awaitsOpening: true } }
}

/** An execution begins, as a rule the first one. */
export function driven(generation = 1, reason = 'requested'): UpgradeEvent {
  return { type: 'ExecutionStarting', data: { generation, reason } }
}

/** A plan of so many members in one wave, or with waves that end at these cuts. */
export function planned(cuts: number | readonly number[]): UpgradeEvent {
  const all = typeof cuts === 'number' ? [cuts] : cuts
  return { type: 'UpgradePlanned', data: planOf(all.at(-1) ?? 0, all) }
}

/** An upgrade with its plan, whose first wave has not begun. */
export function upgradeOf(cuts: number | readonly number[], changes: Partial<UpgradeRequest> = {}) {
  return [requested(changes), driven(), planned(cuts)] as const
}

/** An upgrade whose first wave has begun, with as many in flight as it may have at once. */
export function running(cuts: number | readonly number[], changes: Partial<UpgradeRequest> = {}) {
  const [first = 0] = typeof cuts === 'number' ? [cuts] : cuts
  const admittedAtOnce = admitted([0, Math.min(first, requestOf(changes).parallel)])
  return [...upgradeOf(cuts, changes), waveStarted(), admittedAtOnce] as const
}

/** A wave begins, by default the first. */
export function waveStarted(wave = 0): UpgradeEvent {
  return { type: 'WaveStarted', data: { wave } }
}

/** Members are admitted for the first time; `changes` may say more. */
export function admitted(members: Members | null, changes: Partial<Data<'TargetsAdmitted'>> = {}) {
  const fresh = members === null ? [] : eachOf(members)
  const [from] = fresh
  const ranges: [number, number][] = from === undefined ? [] : [[from, from + fresh.length]]
  const checked = { policyVersion: 0, releaseVersion: 1 }
  return {
    type: 'TargetsAdmitted',
    data: {
      wave: 0,
      members: ranges,
      retried: [],
      readmitted: [],
      acceptBy: later(600),
      ...checked,
      ...changes,
    },
  } as const satisfies UpgradeEvent
}

/** The attempts of members end, each that of the n-th admission; `again` says what they wait for then, and from when on. */
export function ended(
  outcome: AttemptOutcome,
  members: Members,
  { n = 1, again }: { readonly n?: number; readonly again?: readonly ['retry' | 'deferred', string] } = {},
): UpgradeEvent {
  const ends = eachOf(members)
  const [kind = null, at = start] = again ?? []
  const chunks = kind === null ? [] : [...new Set(ends.map(chunkOf))]
  return {
    type: 'OutcomesRecorded',
    data: {
      outcomes: ends.map((member) => ({ member, n, outcome, code: null, again: kind, commit: 1 })),
      due: kind === null ? [] : chunks.map((chunk) => ({ chunk, kind, at })),
    },
  }
}

/** Members fail and are to be tried again, from an instant on. */
export function retrying(members: Members, at: string, n = 1): UpgradeEvent {
  return ended('failed', members, { n, again: ['retry', at] })
}

/** Members are busy, and are to be admitted again from an instant on. */
export function deferred(members: Members, at: string = later(300), n = 1): UpgradeEvent {
  return ended('deferred', members, { n, again: ['deferred', at] })
}

/** Members are taken out, who were until then as `was` says. */
export function skipped(members: Members, was: Data<'MembersSkipped'>['was'] = 'pending'): UpgradeEvent {
  const all = eachOf(members)
  const [from = 0] = all
  const data = {
    members: [[from, from + all.length] satisfies [number, number]],
    was,
    code: 'operator',
    by: 'alice',
  }
  return { type: 'MembersSkipped', data }
}

/** Members that waited to be tried again are not, and have failed. */
export function givenUp(members: Members): UpgradeEvent {
  const all = eachOf(members)
  const [from = 0] = all
  return { type: 'RetriesGivenUp', data: { members: [[from, from + all.length]] } }
}

export const paused: UpgradeEvent = { type: 'UpgradePaused', data: { by: 'alice', reason: 'look' } }
export const resumed: UpgradeEvent = { type: 'UpgradeResumed', data: { by: 'alice' } }

/** Alice resumes it, having seen so many failures. */
export function acknowledging(failed: number, unreachable = 0): UpgradeEvent {
  return { type: 'UpgradeResumed', data: { by: 'alice', acknowledged: { failed, unreachable } } }
}

/** Nobody has succeeded after the first wave, which has no gate. */
export const nobodySucceeded: UpgradeEvent = {
  type: 'GateEvaluated',
  data: { wave: 0, result: 'inconclusive', successRatePercent: null, required: 0 },
}

/** Approvals are asked for until then, by default one of whoever may. */
export function asked(until: string, changes: Partial<Data<'ApprovalAwaited'>> = {}): UpgradeEvent {
  const asks = { planHash: 'a1', window: null, needed: 1, given: 0, approvers: null, demands: [], until }
  return { type: 'ApprovalAwaited', data: { ...asks, ...changes } }
}

/** Somebody approves the plan, with the window that it has. */
export function approved(by: string, window: Window | null = null): UpgradeEvent {
  return { type: 'ApprovalGiven', data: { by, planHash: 'a1', window, comment: null } }
}

/** Somebody has moved the window out of what was approved. */
export function voided(by: string, { start, end }: Window): UpgradeEvent {
  const reason = `The window was moved: from ${start} to ${end} is not inside what was approved.`
  return { type: 'ApprovalsVoided', data: { by, reason } }
}

/** Alice aborts the upgrade, and leaves it at that unless the changes say otherwise. */
export function aborting(changes: Partial<Data<'AbortRequested'>> = {}): UpgradeEvent {
  return { type: 'AbortRequested', data: { by: 'alice', reason: 'stop', rollBack: false, ...changes } }
}

/** A wave is over, by default the first. */
export function waveEnded(wave = 0): UpgradeEvent {
  return { type: 'WaveEnded', data: { wave } }
}

/** The first wave bakes until an instant. */
export function baking(until: string): UpgradeEvent {
  return { type: 'BakeStarted', data: { wave: 0, until } }
}

export const baked: UpgradeEvent = { type: 'BakeEnded', data: { wave: 0 } }
export const continueAwaited: UpgradeEvent = {
  type: 'ContinueAwaited',
  data: { wave: 0, until: later(7 * 86_400) },
}

/** The gate after the first wave, which wants 90 % to have succeeded, says this. */
export function judged(result: Data<'GateEvaluated'>['result'], successRatePercent: number | null) {
  return { type: 'GateEvaluated', data: { wave: 0, result, successRatePercent, required: 90 } } as const
}

/** A closed window or the stop keeps everybody out; `ref` is the end of the window, or the reason for the stop; `lapses`: nothing opens any more. */
export function held(
  code: Data<'HoldPlaced'>['code'],
  until: string | null,
  ref: string | null,
  lapses: string | null = null,
) {
  return { type: 'HoldPlaced', data: { code, until, ref, lapses } } as const satisfies UpgradeEvent
}

/** Nothing of the kind keeps anybody out any more. */
export function lifted(code: Data<'HoldLifted'>['code']): UpgradeEvent {
  return { type: 'HoldLifted', data: { code } }
}

/** The upgrade is given another window. */
export function windowSet(window: { readonly start: string; readonly end: string }, by = 'alice') {
  return { type: 'WindowSet', data: { ...window, by } } as const satisfies UpgradeEvent
}

/** The upgrade is over with everybody well. */
export const completed: UpgradeEvent = { type: 'UpgradeCompleted', data: { exceptions: false } }

/** Records that attempts of members ended so, those of their first admission unless the changes say otherwise. */
export function attemptsEnd(
  outcome: AttemptOutcome,
  members: Members,
  changes: Partial<Omit<ReportedOutcome, 'member' | 'outcome'>> = {},
  facts: AdmissionFacts = calm,
): UpgradeDecision {
  const as = { n: 1, code: null, retryable: false, commit: 1, ...changes }
  return recordOutcomes(
    eachOf(members).map((member) => ({ member, outcome, ...as })),
    facts,
  )
}

/** Where an upgrade stands after what happened. */
export function standingAfter(...history: History): Standing {
  return existing(fold(history)).standing
}

/** The fields of a refusal to resume: how many failed, and unreachable, were seen, and how many there are. */
export const unseen = (seen: readonly [string, string], there: readonly [string, string]) => [
  { field: 'acknowledge.failed', value: seen[0], expected: there[0] },
  { field: 'acknowledge.unreachable', value: seen[1], expected: there[1] },
]
